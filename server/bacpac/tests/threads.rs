//! Several threads read and write what one does, and find the same damage.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
mod made;

use bacpac::*;
use made::*;
use std::io::Cursor;
use std::path::Path;
use std::sync::Arc;

type Opened = Package<Cursor<Arc<[u8]>>>;

fn sample() -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/aw-lt-2025.bacpac")).unwrap()
}

fn open(bytes: &[u8]) -> Result<Opened, Error> {
    Package::open(Cursor::new(Arc::from(bytes)), &Limits::default())
}

/// The rows of a part, or its error: how many rows come before a damage depends on how much is inflated at once.
fn rows<R: std::io::Read>(reader: Result<PartReader<R>, Error>) -> Result<Vec<Vec<Value>>, String> {
    let rows = reader.map_err(|error| error.to_string())?;
    rows.collect::<Result<_, _>>().map_err(|error| error.to_string())
}

/// Whether a file is read or refused alike by one thread and by several.
fn agree(bytes: &[u8]) -> bool {
    let Ok(mut package) = open(bytes) else {
        return false;
    };
    let alone = package.check().map_err(|error| error.to_string());
    for threads in [1, 2, 5] {
        let together = package.check_with(threads).map_err(|error| error.to_string());
        assert_eq!(together, alone);
    }
    assert_eq!(package.verify(|_, _| {}).map_err(|error| error.to_string()), alone);
    for (index, table) in package.model().tables.clone().iter().enumerate() {
        for part in package.parts(index).to_vec() {
            let ahead = rows(package.rows_ahead(table, &part));
            assert!(ahead == rows(package.rows(table, &part)), "{}", part.entry.name);
        }
    }
    alone.is_ok()
}

#[test]
fn several_threads_read_what_one_does_and_find_the_same_damage() {
    let original = sample();
    assert!(agree(&original));
    let mut refused = 0;
    for seed in 0..100 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut bytes = original.clone();
        // In the data: the file still opens.
        for _ in 0..random.usize(1..5) {
            let at = random.usize(0..bytes.len() * 9 / 10);
            bytes[at] ^= 1 << random.u8(0..8);
        }
        refused += u32::from(!agree(&bytes));
    }
    assert!(refused > 50);
}

#[test]
fn a_reader_that_is_given_up_leaves_its_thread_behind_no_more() {
    let mut package = open(&sample()).unwrap();
    for (index, table) in package.model().tables.clone().iter().enumerate() {
        for part in package.parts(index).to_vec() {
            let first = package.rows_ahead(table, &part).unwrap().next();
            assert!(first.is_some_and(|row| row.is_ok()));
        }
    }
}

#[test]
fn a_file_is_written_and_checked_alike_with_any_number_of_threads() {
    let folder = tempfile::tempdir().unwrap();
    let checked = [1, 2, 4].map(|threads| {
        let path = folder.path().join(format!("{threads}.bacpac"));
        let options = WriterOptions {
            threads,
            part_bytes: 500,
            ..WriterOptions::default()
        };
        let mut file = FileWriter::create(&path, &model(), options).unwrap();
        for id in 1..200 {
            file.row(0, &parent(id)).unwrap();
        }
        file.finish().unwrap().1
    });
    assert_eq!(checked[0], checked[1]);
    assert_eq!(checked[0], checked[2]);
}
