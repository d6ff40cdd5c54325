//! What the worst files take of memory. One test alone, because the system tells the peak of a process, not of a test.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
mod forged;

use bacpac::{Error, Limits, MaxForm, Package, RowEncoder};
use bacpac::{Field, SqlType, Value};
use forged::*;
use std::io::{Cursor, Write};
use zip::write::{SimpleFileOptions, ZipWriter};

/// The most memory that this process had at once, in MiB.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? >> 10)
}

/// A table of one column `varbinary(max)` with so many rows of so many mebibytes of zeros, made without holding it.
fn zeros(rows: usize, mebibytes: usize) -> Vec<u8> {
    let model = model("").replace("[int]", "[varbinary]").replace(
        "<Relationship Name=\"Type\">",
        "<Property Name=\"IsMax\" Value=\"True\"/><Relationship Name=\"Type\">",
    );
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in entries_of(&model) {
        writer.start_file(name.as_str(), SimpleFileOptions::default()).unwrap();
        if name != PART {
            writer.write_all(&bytes).unwrap();
            continue;
        }
        for _ in 0..rows {
            writer.write_all(&((mebibytes as u64) << 20).to_le_bytes()).unwrap();
            (0..mebibytes).for_each(|_| writer.write_all(&vec![0; 1 << 20]).unwrap());
        }
    }
    writer.finish().unwrap().into_inner()
}

#[test]
fn memory_stays_bounded_whatever_a_file_says() {
    if peak().is_none() {
        eprintln!("NOT TESTED: this system does not tell the memory of a process in /proc");
        return;
    }
    let limits = Limits {
        ratio: 2_000,
        ..Limits::default()
    };
    let file = zeros(5, 64);
    let report = Package::open(Cursor::new(&file), &limits).unwrap().check().unwrap();
    assert_eq!(report.rows, 5);
    assert!(peak().unwrap() < 32, "checking values of 64 MiB took {:?} MiB", peak());

    let report = Package::open(Cursor::new(&file), &limits).unwrap().verify(|_, row| {
        assert!(matches!(&row[0], Value::Binary(bytes) if bytes.len() == 64 << 20));
    });
    assert_eq!(report.unwrap().rows, 5);
    assert!(peak().unwrap() < 128, "reading values of 64 MiB took {:?} MiB", peak());

    // As many elements as are allowed, of the kind that takes most memory.
    let all = entries(&"<Element Type=\"SqlSequence\"/>".repeat(499_000));
    assert!(verify(&archive(&all), &Limits::default()).is_ok());
    let all = entries(&"<Element Type=\"SqlSequence\"/>".repeat(2_000_000));
    assert!(matches!(
        verify(&archive(&all), &Limits::default()),
        Err(Error::Limit { .. })
    ));
    assert!(peak().unwrap() < 256, "a model of many elements took {:?} MiB", peak());

    let long = [Value::Text("語".repeat(10 << 20))];
    let mut part = Vec::new();
    let fields = [Field::new("x", SqlType::NVarCharMax, true)];
    RowEncoder::new(&fields, MaxForm::Vendor)
        .encode(&long, &mut part)
        .unwrap();
    let mut rows = bacpac::PartReader::new(part.as_slice(), "t", "p", &fields, &Limits::default());
    assert!(rows.next().unwrap().unwrap() == long);
    assert!(peak().unwrap() < 256, "a long text took {:?} MiB", peak());
    eprintln!("at most {:?} MiB of memory", peak());
}
