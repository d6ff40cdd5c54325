//! How fast files are written and read, as ratios to deflate and inflate alone over the same bytes: `make bench-bacpac`. What is
//! compared takes turns, so that whatever else the machine does meets both. It judges nothing: it prints.
mod alone;
mod clock;
mod database;
mod programs;

use alone::{DeflateAlone, InflateAlone};
use bacpac::{FileWriter, Limits, Model, Package, SharedFile, WriterOptions};
use clock::Clock;
use database::{Group, database};
use std::error::Error;
use std::fs::File;
use std::path::Path;
use std::time::{Duration, Instant};
use zip::ZipArchive;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// What is measured on: every table is its group, so many times.
pub struct Bench {
    model: Model,
    groups: Vec<Group>,
    repeats: usize,
}

impl Bench {
    fn bytes(&self) -> u64 {
        let group: usize = self.groups.iter().map(|group| group.bytes.len()).sum();
        (group * self.repeats) as u64
    }

    fn rows(&self) -> usize {
        self.groups.iter().map(|group| group.rows.len()).sum::<usize>() * self.repeats
    }

    /// One line: this against that.
    fn line(&self, what: &str, took: Duration, than: &str, alone: Duration) {
        let speed = |took: Duration| self.bytes() as f64 / 1e6 / took.as_secs_f64();
        let ratio = alone.as_secs_f64() / took.as_secs_f64();
        println!(
            "{what:<44} {:>6.0} MB/s   {than:<20} {:>6.0} MB/s   ratio {ratio:.2}",
            speed(took),
            speed(alone)
        );
    }
}

fn main() -> Outcome<()> {
    let megabytes = std::env::args()
        .skip(1)
        .find_map(|argument| argument.parse::<u64>().ok());
    let (model, groups) = database();
    let group: usize = groups.iter().map(|group| group.bytes.len()).sum();
    let repeats = (megabytes.unwrap_or(500) * 1_000_000).div_ceil(group as u64).max(1);
    let bench = Bench {
        model,
        groups,
        repeats: usize::try_from(repeats)?,
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    println!(
        "{} MB of BCP bytes, {} rows in {} tables, {cores} cores. MB are of these bytes; CRC-32 is in every figure.\n",
        bench.bytes() / 1_000_000,
        bench.rows(),
        bench.model.tables.len(),
    );
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("speed.bacpac");
    let clock = Clock::new();
    println!("one core, in turns every few hundred kilobytes; {}", clock.kind());
    let export = write(&bench, clock, &path)?;
    let decode = read(&bench, clock, &path, true)?;
    read(&bench, clock, &path, false)?;
    println!("\nseveral threads, by whole passes; time on the wall, which needs a machine with nothing else to do");
    on_all_cores(&bench, &path, cores)?;
    println!("\nother programs on the same parts; their time on the wall");
    programs::compare(&bench, &path, export, decode)?;
    match peak_memory() {
        Some(kib) => println!(
            "\npeak memory of this process, groups of rows included: {} MiB",
            kib / 1024
        ),
        None => println!("\npeak memory: this system does not tell it in /proc"),
    }
    Ok(())
}

/// Writes the file on one core, taking turns with deflate alone. Gives the time of the writing.
fn write(bench: &Bench, clock: Clock, path: &Path) -> Outcome<Duration> {
    let (mut writing, mut alone) = (Duration::ZERO, Duration::ZERO);
    let start = clock.now();
    let mut file = FileWriter::create(path, &bench.model, options(bench, 1))?;
    writing += clock.now() - start;
    for (table, group) in bench.groups.iter().enumerate() {
        let mut deflate = DeflateAlone::new();
        for _ in 0..bench.repeats {
            let start = clock.now();
            for row in &group.rows {
                file.row(table, row)?;
            }
            writing += clock.now() - start;
            let start = clock.now();
            deflate.write(&group.bytes)?;
            alone += clock.now() - start;
        }
        let start = clock.now();
        deflate.finish()?;
        alone += clock.now() - start;
    }
    let start = clock.now();
    let (written, checked) = file.finish()?;
    let finishing = clock.now() - start;
    assert_eq!(written.rows, bench.rows() as u64);
    bench.line("export: rows to file", writing, "deflate -1 alone", alone);
    bench.line(
        "export, synced and checked by reading back",
        writing + finishing,
        "deflate -1 alone",
        alone,
    );
    println!(
        "{:<44} {:>6.1} % of the rows' bytes",
        "size of the file",
        checked.bytes as f64 * 100.0 / bench.bytes() as f64
    );
    Ok(writing)
}

/// Reads the file, taking turns with inflate alone: rows with their values, or only checked. Gives the time of the reading.
fn read(bench: &Bench, clock: Clock, path: &Path, values: bool) -> Outcome<Duration> {
    let (mut reading, mut alone) = (Duration::ZERO, Duration::ZERO);
    let mut package = Package::open(File::open(path)?, &Limits::default())?;
    let mut raw = ZipArchive::new(File::open(path)?)?;
    for (index, group) in bench.groups.iter().enumerate() {
        let table = package.model().tables[index].clone();
        let mut row = Vec::new();
        for part in package.parts(index).to_vec() {
            let mut rows = package.rows(&table, &part)?;
            let mut inflate = InflateAlone::new(raw.by_index_raw(raw.index_for_name(&part.entry.name).ok_or("lost")?)?);
            let mut more = true;
            while more {
                let start = clock.now();
                for _ in 0..group.rows.len() {
                    more = more
                        && if values {
                            rows.next_row(&mut row)?
                        } else {
                            rows.check_row()?
                        };
                }
                reading += clock.now() - start;
                let start = clock.now();
                inflate.read(group.bytes.len())?;
                alone += clock.now() - start;
            }
            let start = clock.now();
            inflate.finish(part.entry.size)?;
            alone += clock.now() - start;
        }
    }
    let what = if values {
        "decode: file to rows"
    } else {
        "check: every row, no values made"
    };
    bench.line(what, reading, "inflate alone", alone);
    Ok(reading)
}

/// What several cores give, by whole passes in turns with one core of deflate or inflate alone.
fn on_all_cores(bench: &Bench, path: &Path, cores: usize) -> Outcome<()> {
    let (mut ahead, mut checked, mut inflated) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
    for _ in 0..2 {
        let timer = Instant::now();
        let mut package = Package::open(SharedFile::open(path)?, &Limits::default())?;
        let mut row = Vec::new();
        for index in 0..bench.groups.len() {
            let table = package.model().tables[index].clone();
            for part in package.parts(index).to_vec() {
                let mut rows = package.rows_ahead(&table, &part)?;
                while rows.next_row(&mut row)? {}
            }
        }
        ahead += timer.elapsed() / 2;
        let timer = Instant::now();
        let mut raw = ZipArchive::new(File::open(path)?)?;
        for index in 0..raw.len() {
            let entry = raw.by_index_raw(index)?;
            let size = entry.size();
            InflateAlone::new(entry).finish(size)?;
        }
        inflated += timer.elapsed() / 2;
        let timer = Instant::now();
        let report = Package::open(SharedFile::open(path)?, &Limits::default())?.check_with(cores)?;
        assert_eq!(report.rows, bench.rows() as u64);
        checked += timer.elapsed() / 2;
    }
    bench.line(
        "decode, inflated ahead on a second core",
        ahead,
        "inflate alone",
        inflated,
    );
    bench.line(
        &format!("check with {cores} threads"),
        checked,
        "inflate alone",
        inflated,
    );
    let timer = Instant::now();
    for group in &bench.groups {
        let mut deflate = DeflateAlone::new();
        for _ in 0..bench.repeats {
            deflate.write(&group.bytes)?;
        }
        deflate.finish()?;
    }
    let deflated = timer.elapsed();
    for threads in (1..=cores.min(8)).filter(|threads| threads.is_power_of_two() || *threads == cores) {
        let timer = Instant::now();
        let mut file = FileWriter::create(&path.with_extension("again"), &bench.model, options(bench, threads))?;
        for (table, group) in bench.groups.iter().enumerate() {
            for _ in 0..bench.repeats {
                for row in &group.rows {
                    file.row(table, row)?;
                }
            }
        }
        let written = timer.elapsed();
        file.finish()?;
        let plural = if threads == 1 { "" } else { "s" };
        bench.line(
            &format!("export, {threads} thread{plural}"),
            written,
            "deflate -1 alone",
            deflated,
        );
        bench.line(
            &format!("export, {threads} thread{plural}, synced, read back"),
            timer.elapsed(),
            "deflate -1 alone",
            deflated,
        );
    }
    Ok(())
}

fn options(bench: &Bench, threads: usize) -> WriterOptions {
    WriterOptions {
        threads,
        expected_bytes: bench.bytes(),
        ..WriterOptions::default()
    }
}

/// The most memory that this process had at once, in KiB.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
