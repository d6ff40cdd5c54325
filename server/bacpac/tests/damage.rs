//! Deterministic damage to real files: bits flipped, bytes overwritten, ends cut off, entries swapped. Whatever changes the
//! content must be refused or told, nothing may panic, and memory stays bounded.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
mod files;
use bacpac::{Finding, Limits, MaxForm, Model, Origin, Package, RowEncoder};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{Cursor, Read, Write};
use std::path::Path;
use std::time::{Duration, Instant};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

/// All that a reader learns from a file, or `None` when it was refused. Rows have no order.
#[derive(PartialEq)]
struct Content {
    origin: Origin,
    model: Model,
    rows: Vec<(u64, u64)>,
    findings: Vec<Finding>,
}

fn content(bytes: &[u8]) -> Option<Content> {
    let mut package = Package::open(Cursor::new(bytes), &Limits::default()).ok()?;
    let tables = &package.model().tables;
    let encoders: Vec<_> = tables
        .iter()
        .map(|table| RowEncoder::new(&table.fields(), MaxForm::Plain))
        .collect();
    let mut rows = vec![(0, 0u64); encoders.len()];
    let mut encoded = Vec::new();
    let report = package.verify(|table, row| {
        encoded.clear();
        encoders[table].encode(row, &mut encoded).unwrap_or_default();
        let mut hasher = DefaultHasher::new();
        encoded.hash(&mut hasher);
        rows[table].0 += 1;
        rows[table].1 = rows[table].1.wrapping_add(hasher.finish());
    });
    let findings = report.ok()?.findings;
    Some(Content {
        origin: package.origin().clone(),
        model: package.model().clone(),
        rows,
        findings,
    })
}

fn damage(random: &mut fastrand::Rng, original: &[u8]) -> Vec<u8> {
    let mut bytes = original.to_vec();
    // Half of the damage goes to the end, where the directory is and nothing has a CRC.
    let directory = bytes.len() - (bytes.len() / 4).min(2_000);
    let from = if random.bool() { 0 } else { directory };
    let at = random.usize(from..bytes.len());
    match random.u8(0..16) {
        0 | 1 => bytes.truncate(at),
        2 | 3 => bytes[at] = random.u8(..),
        4 | 5 => {
            let to = (at + random.usize(1..64)).min(bytes.len());
            bytes[at..to].fill(if random.bool() { 0 } else { 0xff });
        }
        6 => drop(bytes.remove(at)),
        7 => bytes.insert(at, random.u8(..)),
        8 => return swap_contents(random, original),
        9 => return swap_places(random, original),
        _ => bytes[at] ^= 1 << random.u8(0..8),
    }
    bytes
}

/// How often each file is damaged; `BACPAC_DAMAGE` says otherwise.
fn times() -> u64 {
    let told = std::env::var("BACPAC_DAMAGE").ok();
    told.and_then(|told| told.parse().ok()).unwrap_or(1_000)
}

/// Damages the file so many times and gives how often that had no effect on what is read.
fn prove(path: &Path, times: u64, damage: impl Fn(&mut fastrand::Rng, &[u8]) -> Vec<u8>) -> u64 {
    let original = std::fs::read(path).unwrap();
    let sound = content(&original).unwrap();
    let (mut refused, mut told, mut slowest) = (0, 0, Duration::ZERO);
    for seed in 0..times {
        let bytes = damage(&mut fastrand::Rng::with_seed(seed), &original);
        let started = Instant::now();
        let found = content(&bytes);
        slowest = slowest.max(started.elapsed());
        match found {
            None => refused += 1,
            Some(found) if found.findings != sound.findings => told += 1,
            Some(found) => assert!(
                found == sound,
                "{}: the damage of seed {seed} changed the content and was not noticed",
                path.display()
            ),
        }
    }
    let harmless = times - refused - told;
    let name = path.file_name().unwrap().display();
    eprintln!(
        "{name}: {times} times damaged, {refused} refused, {told} reported, {harmless} without effect on what is read"
    );
    eprintln!("{name}: the slowest took {} ms", slowest.as_millis());
    check_memory();
    harmless
}

/// The most memory that this process had at once.
fn check_memory() {
    let Ok(status) = std::fs::read_to_string("/proc/self/status") else {
        eprintln!("NOT TESTED: this system does not tell the memory of a process in /proc");
        return;
    };
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    let kib: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    eprintln!("at most {} MiB of memory", kib >> 10);
    assert!(kib < 256 << 10);
}

/// The archive written again with the contents of two entries exchanged: every header and CRC is right.
fn swap_contents(random: &mut fastrand::Rng, original: &[u8]) -> Vec<u8> {
    let mut source = ZipArchive::new(Cursor::new(original)).unwrap();
    let mut entries = Vec::new();
    for index in 0..source.len() {
        let mut entry = source.by_index(index).unwrap();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        entries.push((entry.name().unwrap().into_owned(), content));
    }
    // No loader reads these two; to exchange them changes nothing that any would see.
    let unread = |name: &str| matches!(name, "DacMetadata.xml" | "_rels/.rels");
    let meaning: Vec<usize> = (0..entries.len()).filter(|index| !unread(&entries[*index].0)).collect();
    let one = random.usize(0..meaning.len());
    let other = (one + random.usize(1..meaning.len())) % meaning.len();
    let (one, other) = (meaning[one], meaning[other]);
    let kept = entries[one].1.clone();
    entries[one].1 = std::mem::replace(&mut entries[other].1, kept);
    let mut target = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in entries {
        let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        target.start_file(name.as_str(), stored).unwrap();
        target.write_all(&content).unwrap();
    }
    target.finish().unwrap().into_inner()
}

/// The places of two entries exchanged in the directory: each name leads to the other's bytes.
fn swap_places(random: &mut fastrand::Rng, original: &[u8]) -> Vec<u8> {
    let mut bytes = original.to_vec();
    let heads: Vec<usize> = (0..bytes.len() - 46)
        .filter(|at| bytes[*at..].starts_with(b"PK\x01\x02"))
        .collect();
    let one = random.usize(0..heads.len());
    let other = (one + random.usize(1..heads.len())) % heads.len();
    for field in 42..46 {
        bytes.swap(heads[one] + field, heads[other] + field);
    }
    bytes
}

#[test]
fn damage_to_a_small_file_is_always_noticed() {
    prove(&files::own("nsaga.bacpac"), times(), damage);
}

#[test]
fn damage_to_a_file_of_many_tables_is_always_noticed() {
    prove(&files::own("aw-lt-2025.bacpac"), times(), damage);
}

/// The other two beside the project are those in `testdata`.
fn prove_beside(name: &str) {
    if let Some(path) = files::shared(name) {
        prove(&path, times(), damage);
    }
}

#[test]
fn damage_to_old_types_and_many_parts_is_always_noticed() {
    prove_beside("northwind.bacpac");
}

#[test]
fn damage_to_alias_types_and_images_is_always_noticed() {
    prove_beside("pubs.bacpac");
}

#[test]
fn damage_to_a_big_model_is_always_noticed() {
    prove_beside("wwi-model-only.bacpac");
}

#[test]
fn entries_exchanged_are_always_noticed() {
    let many = files::own("aw-lt-2025.bacpac");
    assert_eq!(prove(&many, 200, swap_contents), 0);
    assert_eq!(prove(&many, 200, swap_places), 0);
    assert_eq!(prove(&files::own("nsaga.bacpac"), 50, swap_places), 0);
}
