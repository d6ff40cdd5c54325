//! The same parts packed and unpacked by the system's `zip` and `unzip`, where they are.
use crate::{Bench, Outcome};
use bacpac::{Limits, Package};
use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

pub fn compare(bench: &Bench, path: &Path, export: Duration, decode: Duration) -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let mut package = Package::open(File::open(path)?, &Limits::default())?;
    for index in 0..bench.model.tables.len() {
        for part in package.parts(index).to_vec() {
            let name = part.entry.name.replace('/', "_");
            std::io::copy(
                &mut package.bytes(&part.entry)?,
                &mut File::create(folder.path().join(name))?,
            )?;
        }
    }
    let run = |program: &str, arguments: &[&str]| -> Option<Duration> {
        let timer = Instant::now();
        let status = Command::new(program)
            .args(arguments)
            .current_dir(folder.path())
            .stdout(Stdio::null())
            .status();
        let took = timer.elapsed();
        if status.is_ok_and(|status| status.success()) {
            return Some(took);
        }
        println!("{program} is not there or failed: not compared");
        None
    };
    if let Some(took) = run("zip", &["-1", "-q", "-r", "all.zip", "."]) {
        bench.line("export, as above", export, "zip -1", took);
        if let Some(took) = run("unzip", &["-p", "all.zip"]) {
            bench.line("decode, as above", decode, "unzip -p", took);
        }
    }
    Ok(())
}
