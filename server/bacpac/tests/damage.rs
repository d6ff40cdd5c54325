//! Deterministic damage to real files: bits flipped, bytes overwritten, ends cut off, entries swapped. Whatever changes the
//! content must be refused or told, nothing may panic, and memory stays bounded.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
use bacpac::{Limits, MaxForm, Package, RowEncoder};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{Cursor, Read, Write};
use std::path::Path;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

/// All that a reader learns from a file, or `None` when it was refused or something was told.
fn content(bytes: &[u8]) -> Option<u64> {
    let mut package = Package::open(Cursor::new(bytes), &Limits::default()).ok()?;
    let mut hasher = DefaultHasher::new();
    format!("{:?}{:?}", package.origin(), package.model()).hash(&mut hasher);
    let tables = &package.model().tables;
    let encoders: Vec<_> = tables
        .iter()
        .map(|table| RowEncoder::new(&table.fields(), MaxForm::Plain))
        .collect();
    let mut encoded = Vec::new();
    let report = package
        .verify(|table, row| {
            encoded.clear();
            encoders[table].encode(row, &mut encoded).unwrap_or_default();
            (table, &encoded).hash(&mut hasher);
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

fn prove(name: &str, times: u64, damage: impl Fn(&mut fastrand::Rng, &[u8]) -> Vec<u8>) -> u64 {
    let original = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(name)).unwrap();
    prove_bytes(name, &original, times, damage)
}

/// Damages the file so many times and gives how often that had no effect on the content.
fn prove_bytes(name: &str, original: &[u8], times: u64, damage: impl Fn(&mut fastrand::Rng, &[u8]) -> Vec<u8>) -> u64 {
    let sound = content(original).unwrap();
    let mut harmless = 0;
    for seed in 0..times {
        let bytes = damage(&mut fastrand::Rng::with_seed(seed), original);
        match content(&bytes) {
            None => {}
            Some(found) if found == sound => harmless += 1,
            Some(_) => panic!("{name}: the damage of seed {seed} changed the content and was not noticed"),
        }
    }
    eprintln!("{name}: {times} times damaged, {harmless} without effect on the content, all others noticed");
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
    prove("nsaga.bacpac", 1_000, damage);
}

#[test]
fn damage_to_a_file_of_many_tables_is_always_noticed() {
    prove("aw-lt-2025.bacpac", 1_000, damage);
}

#[test]
fn damage_to_the_files_beside_the_project_is_always_noticed() {
    for name in ["pubs.bacpac", "northwind.bacpac"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../../shared/samples")
            .join(name);
        match std::fs::read(&path) {
            Ok(original) => drop(prove_bytes(name, &original, 1_000, damage)),
            Err(_) => eprintln!("NOT TESTED: {} is not there", path.display()),
        }
    }
}

#[test]
fn entries_exchanged_are_always_noticed() {
    assert_eq!(prove("aw-lt-2025.bacpac", 100, swap_contents), 0);
    assert_eq!(prove("aw-lt-2025.bacpac", 100, swap_places), 0);
    assert_eq!(prove("nsaga.bacpac", 20, swap_places), 0);
}
