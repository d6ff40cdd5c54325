//! A real file read and written again: the reader finds the same rows in it, and equal input gives equal bytes.

use std::fs::File;
use std::io::Cursor;
use std::path::Path;

use bacpac::{Limits, Model, Package, PackageWriter, Value, WriterOptions};

type Rows = Vec<(usize, Vec<Value>)>;

fn read<R: std::io::Read + std::io::Seek>(source: R) -> (Model, Rows) {
    let mut package = Package::open(source, &Limits::default()).expect("the file opens");
    let mut rows = Vec::new();
    let report = package
        .verify(|table, row| rows.push((table, row.to_vec())))
        .expect("every part decodes");
    assert_eq!(report.findings, []);
    (package.model().clone(), rows)
}

fn write(model: &Model, rows: &Rows) -> Vec<u8> {
    let options = WriterOptions {
        expected_bytes: 10_000_000,
        ..WriterOptions::default()
    };
    let mut writer = PackageWriter::new(Cursor::new(Vec::new()), model, options).expect("the model can be written");
    for (table, row) in rows {
        writer.row(*table, row).expect("the row can be written");
    }
    writer.finish().expect("the file can be ended").0.into_inner()
}

#[test]
fn every_row_of_a_real_file_survives_being_written_again() {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/nsaga.bacpac");
    let (model, rows) = read(File::open(sample).expect("the sample is there"));
    assert!(!rows.is_empty());
    let written = write(&model, &rows);
    assert_eq!(written, write(&model, &rows), "equal input gives equal bytes");
    let (_, again) = read(Cursor::new(written));
    assert_eq!(again, rows);
}
