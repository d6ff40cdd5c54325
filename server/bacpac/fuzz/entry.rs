//! What the fuzz targets do with bytes, shared with the short deterministic run in the tests. Every function panics when the
//! library breaks a promise, and only then.
#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "each target uses one function; a broken promise must panic"
)]
use bacpac::*;
use sha2::{Digest, Sha256};
use std::io::{Cursor, Write};
use zip::write::{SimpleFileOptions, ZipWriter};

fn limits() -> Limits {
    Limits {
        entries: 1_000,
        entry_bytes: 8 << 20,
        total_bytes: 32 << 20,
        model_bytes: 4 << 20,
        value_bytes: 1 << 20,
        row_bytes: 2 << 20,
        ..Limits::default()
    }
}

/// A whole file.
pub fn archive(bytes: &[u8]) {
    let read = || Package::open(Cursor::new(bytes), &limits())?.verify(|_, _| {});
    match (read(), read()) {
        (Ok(one), Ok(other)) => assert_eq!(one, other),
        (Err(one), Err(other)) => assert_eq!(one.to_string(), other.to_string()),
        _ => panic!("read once, refused once"),
    }
}

/// One byte for the number of columns, two for each column, then a part.
pub fn part(bytes: &[u8]) {
    let Some((&count, rest)) = bytes.split_first() else {
        return;
    };
    let Some((columns, data)) = rest.split_at_checked(usize::from(count % 16) * 2) else {
        return;
    };
    let fields: Vec<Field> = columns.chunks_exact(2).map(|pair| field(pair[0], pair[1])).collect();
    let mut reader = PartReader::new(data, "t", "p", &fields, &limits());
    let encoder = RowEncoder::new(&fields, MaxForm::Plain);
    let (mut row, mut count, mut again) = (Vec::new(), 0, Vec::new());
    agree(data, &fields);
    while let Ok(true) = reader.next_row(&mut row) {
        let nulls = row
            .iter()
            .zip(&fields)
            .any(|(value, field)| *value == Value::Null && !field.nullable);
        assert_eq!(encoder.encode(&row, &mut again).is_err(), nulls);
        count += u64::from(!nulls);
    }
    // Short nchar text was filled and chunks were joined; from here on the bytes stay the same.
    let mut reader = PartReader::new(again.as_slice(), "t", "p", &fields, &limits());
    let mut third = Vec::new();
    while reader.next_row(&mut row).unwrap() {
        encoder.encode(&row, &mut third).unwrap();
    }
    assert_eq!(reader.rows(), count);
    assert!(third == again);
}

/// Rows that lie whole in memory, rows that come byte by byte, and rows that are only checked are judged alike.
fn agree(data: &[u8], fields: &[Field]) {
    let mut whole = PartReader::new(data, "t", "p", fields, &limits());
    let mut bytes = PartReader::new(ByteByByte(data), "t", "p", fields, &limits());
    let mut check = PartReader::new(data, "t", "p", fields, &limits());
    let mut stream_check = PartReader::new(ByteByByte(data), "t", "p", fields, &limits());
    let (mut one, mut other) = (Vec::new(), Vec::new());
    loop {
        let found = told(whole.next_row(&mut one));
        assert_eq!(found, told(bytes.next_row(&mut other)));
        // NaN is not equal to itself.
        assert_eq!(format!("{one:?}"), format!("{other:?}"));
        assert_eq!(found, told(check.check_row()));
        assert_eq!(found, told(stream_check.check_row()));
        if found != Ok(true) {
            break;
        }
    }
    for other in [
        bytes.unexpected_nulls(),
        check.unexpected_nulls(),
        stream_check.unexpected_nulls(),
    ] {
        assert_eq!(whole.unexpected_nulls(), other);
    }
}

fn told(result: Result<bool, Error>) -> Result<bool, String> {
    result.map_err(|error| error.to_string())
}

struct ByteByByte<'a>(&'a [u8]);

impl std::io::Read for ByteByByte<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = buffer.len().min(1);
        std::io::Read::read(&mut self.0, &mut buffer[..count])
    }
}

fn field(kind: u8, more: u8) -> Field {
    let n = u16::from(more >> 1) + 1;
    let sql_type = match kind % 39 {
        0 => SqlType::TinyInt,
        1 => SqlType::SmallInt,
        2 => SqlType::Int,
        3 => SqlType::BigInt,
        4 => SqlType::Bit,
        5 => SqlType::Real,
        6 => SqlType::Float,
        7 => SqlType::SmallMoney,
        8 => SqlType::Money,
        9 => SqlType::Decimal {
            precision: 38,
            scale: 4,
        },
        10 => SqlType::Date,
        11 => SqlType::Time { scale: 7 },
        12 => SqlType::DateTime2 { scale: 3 },
        13 => SqlType::DateTimeOffset { scale: 0 },
        14 => SqlType::DateTime,
        15 => SqlType::SmallDateTime,
        16 => SqlType::UniqueIdentifier,
        17 => SqlType::Char(n),
        18 => SqlType::NChar(n),
        19 => SqlType::VarChar(n),
        20 => SqlType::NVarChar(n),
        21 => SqlType::Binary(n),
        22 => SqlType::VarBinary(n),
        23 => SqlType::RowVersion,
        24 => SqlType::Text,
        25 => SqlType::NText,
        26 => SqlType::Image,
        27 => SqlType::VarCharMax,
        28 => SqlType::NVarCharMax,
        29 => SqlType::VarBinaryMax,
        30 => SqlType::Xml,
        31 => SqlType::Json,
        32 => SqlType::Geography,
        33 => SqlType::Geometry,
        34 => SqlType::HierarchyId,
        35 => SqlType::SqlVariant,
        36 => SqlType::Unsupported("vector".to_owned()),
        37 => SqlType::NChar(4_000),
        _ => SqlType::VarChar(8_000),
    };
    Field::new("c", sql_type, more & 1 == 1)
}

/// A `model.xml`, put into a file whose checksum is right.
pub fn model(bytes: &[u8]) {
    let checksum: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02X}")).collect();
    let origin = format!(
        "<DacOrigin><PackageProperties><Version>3.0.0.0</Version><ContainsExportedData>true</ContainsExportedData><StreamVersions>\
         <Version StreamName=\"Data\">2.0.0.0</Version></StreamVersions></PackageProperties><Checksums>\
         <Checksum Uri=\"/model.xml\">{checksum}</Checksum></Checksums></DacOrigin>"
    );
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in [("model.xml", bytes), ("Origin.xml", origin.as_bytes())] {
        archive.start_file(name, SimpleFileOptions::default()).unwrap();
        archive.write_all(content).unwrap();
    }
    let archive = archive.finish().unwrap().into_inner();
    let Ok(package) = Package::open(Cursor::new(archive), &limits()) else {
        return;
    };
    let mut model = package.model().clone();
    model.settle_names();
    assert!(model.clone().settle_names().is_empty(), "names are settled once");
    if !model.violations(false).is_empty() {
        return;
    }
    let writer = PackageWriter::new(Cursor::new(Vec::new()), &model, WriterOptions::default()).unwrap();
    let (sink, written) = writer.finish().unwrap();
    self_check(Cursor::new(sink.into_inner()), &written).unwrap();
}

/// A name.
pub fn name(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Some(name) = ObjectName::parse(text) {
        assert_eq!(ObjectName::parse(&name.to_string()), Some(name));
    }
    let halves = text.split_once('.').unwrap_or((text, ""));
    let name = ObjectName(vec![halves.0.to_owned(), halves.1.to_owned()]);
    assert_eq!(ObjectName::parse(&name.to_string()), Some(name));
    let folder = encode_folder(halves.0, halves.1);
    assert_eq!(decode_folder(&folder), Some(format!("{}.{}", halves.0, halves.1)));
    drop(decode_folder(text));
}
