//! Deterministic damage to real files: bits flipped, bytes overwritten, ends cut off. Whatever changes the content must be
//! refused or told, and nothing may panic.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
use bacpac::{Limits, Package};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Cursor;
use std::path::Path;

/// All that a reader learns from a file, or `None` when it was refused or something was told.
fn content(bytes: &[u8]) -> Option<u64> {
    let mut package = Package::open(Cursor::new(bytes), &Limits::default()).ok()?;
    let mut hasher = DefaultHasher::new();
    format!("{:?}{:?}", package.origin(), package.model()).hash(&mut hasher);
    let report = package
        .verify(|table, row| {
            table.hash(&mut hasher);
            format!("{row:?}").hash(&mut hasher);
        })
        .ok()?;
    report.tables.iter().for_each(|table| table.rows.hash(&mut hasher));
    report.findings.is_empty().then(|| hasher.finish())
}

fn damage(random: &mut fastrand::Rng, original: &[u8]) -> Vec<u8> {
    let mut bytes = original.to_vec();
    // Half of the damage goes to the end, where the directory is and nothing has a CRC.
    let directory = bytes.len() - (bytes.len() / 4).min(2_000);
    let from = if random.bool() { 0 } else { directory };
    let at = random.usize(from..bytes.len());
    match random.u8(0..8) {
        0 => bytes.truncate(at),
        1 => bytes[at] = random.u8(..),
        2 => {
            let to = (at + random.usize(1..64)).min(bytes.len());
            bytes[at..to].fill(if random.bool() { 0 } else { 0xff });
        }
        3 => drop(bytes.remove(at)),
        _ => bytes[at] ^= 1 << random.u8(0..8),
    }
    bytes
}

fn prove(name: &str, times: u64) {
    let original = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(name)).unwrap();
    let sound = content(&original).unwrap();
    let mut harmless = 0;
    for seed in 0..times {
        let bytes = damage(&mut fastrand::Rng::with_seed(seed), &original);
        match content(&bytes) {
            None => {}
            Some(found) if found == sound => harmless += 1,
            Some(_) => panic!("{name}: the damage of seed {seed} changed the content and was not noticed"),
        }
    }
    eprintln!("{name}: {times} times damaged, {harmless} without effect on the content, all others noticed");
}

#[test]
fn damage_to_a_small_file_is_always_noticed() {
    prove("nsaga.bacpac", 1_000);
}

#[test]
fn damage_to_a_file_of_many_tables_is_always_noticed() {
    prove("aw-lt-2025.bacpac", 1_000);
}
