//! Files written here: read back as they were meant, the same twice, split, checked by themselves, and never silently less than
//! was meant.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
mod cells;
mod made;

use bacpac::*;
use made::*;
use proptest::prelude::*;
use std::io::{Cursor, Read, Write};
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

fn write(model: &Model, options: WriterOptions, rows: &[(usize, Vec<Value>)]) -> (Vec<u8>, Written) {
    let mut writer = PackageWriter::new(Cursor::new(Vec::new()), model, options).unwrap();
    for (table, row) in rows {
        writer.row(*table, row).unwrap();
    }
    let (sink, written) = writer.finish().unwrap();
    (sink.into_inner(), written)
}

fn some_rows() -> Vec<(usize, Vec<Value>)> {
    let parents = (1..=20).map(|id| (0, parent(id)));
    parents.chain((1..=20).map(|id| (1, child(id)))).collect()
}

fn check(bytes: &[u8], written: &Written) -> Result<Checked, CheckError> {
    self_check(Cursor::new(bytes), written)
}

/// The archive with entries changed, left out (`None`) or renamed, as a faulty writer would have made it.
fn changed(bytes: &[u8], change: impl Fn(&str, Vec<u8>) -> Option<(String, Vec<u8>)>) -> Vec<u8> {
    let mut source = ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut target = ZipWriter::new(Cursor::new(Vec::new()));
    for index in 0..source.len() {
        let mut entry = source.by_index(index).unwrap();
        let name = entry.name().unwrap().into_owned();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        if let Some((name, content)) = change(&name, content) {
            target.start_file(name.as_str(), SimpleFileOptions::default()).unwrap();
            target.write_all(&content).unwrap();
        }
    }
    target.finish().unwrap().into_inner()
}

#[test]
fn everything_that_was_written_is_read_back() {
    let model = model();
    let rows = some_rows();
    let (bytes, written) = write(&model, WriterOptions::default(), &rows);
    let checked = check(&bytes, &written).unwrap();
    assert_eq!(checked.bytes, bytes.len() as u64);
    let (found, found_rows) = read_back(&bytes, 3);
    for (number, expected) in found_rows.iter().enumerate() {
        let meant: Vec<_> = rows
            .iter()
            .filter(|(table, _)| *table == number)
            .map(|(_, row)| row.clone())
            .collect();
        assert_eq!(*expected, meant);
    }
    assert_eq!(found.sequences, model.sequences);
    assert_eq!(found.extended_properties, model.extended_properties);
    assert_eq!(
        found.extended_properties[1].value().as_deref(),
        Some("l'été ]]> <b>&\n")
    );
    for (found, meant) in found.tables.iter().zip(&model.tables) {
        assert_eq!(found.fields(), meant.fields());
        assert_eq!((&found.primary_key, &found.unique), (&meant.primary_key, &meant.unique));
        assert_eq!(
            (&found.foreign_keys, &found.checks),
            (&meant.foreign_keys, &meant.checks)
        );
        assert_eq!((&found.defaults, &found.indexes), (&meant.defaults, &meant.indexes));
        assert_eq!(found.computed, meant.computed);
        assert_eq!(found.columns[0].identity, meant.columns[0].identity);
    }
}

#[test]
fn equal_input_gives_equal_bytes_with_any_number_of_threads() {
    let with = |options| write(&model(), options, &some_rows()).0;
    let one = with(WriterOptions::default());
    assert!(
        one == with(WriterOptions {
            threads: 4,
            ..WriterOptions::default()
        })
    );
    assert!(
        one != with(WriterOptions {
            identity: [7; 16],
            ..WriterOptions::default()
        })
    );
}

#[test]
fn a_long_table_is_split_between_rows_and_an_empty_one_has_no_part() {
    let options = WriterOptions {
        part_bytes: 150,
        ..WriterOptions::default()
    };
    let (bytes, written) = write(&model(), options, &some_rows());
    check(&bytes, &written).unwrap();
    assert!(written.tables[0].parts > 3 && written.tables[1].parts > 3);
    assert_eq!((written.tables[2].parts, written.rows), (0, 40));
    let mut package = Package::open(Cursor::new(&bytes), &Limits::default()).unwrap();
    let names: Vec<_> = package.parts(1).iter().map(|part| part.entry.name.clone()).collect();
    assert_eq!(names[1], "Data/dbo.Child/TableData-001-00000.BCP");
    // A part is longer than asked for only when one row is.
    for index in 0..2 {
        let table = package.model().tables[index].clone();
        for part in package.parts(index).to_vec() {
            let rows = package.rows(&table, &part).unwrap().count();
            assert!(part.entry.size <= 150 || rows == 1);
        }
    }
}

#[test]
fn zip64_is_in_every_entry_or_in_none() {
    let count = |bytes: &[u8], wanted: &[u8]| bytes.windows(wanted.len()).filter(|found| *found == wanted).count();
    for (expected_bytes, version) in [(3_899_999_999, 20), (3_900_000_000, 45u8)] {
        let options = WriterOptions {
            expected_bytes,
            ..WriterOptions::default()
        };
        let (bytes, written) = write(&model(), options, &some_rows());
        check(&bytes, &written).unwrap();
        let entries = ZipArchive::new(Cursor::new(&bytes)).unwrap().len();
        assert_eq!(count(&bytes, &[b'P', b'K', 3, 4, version, 0]), entries);
        assert_eq!(count(&bytes, &[b'P', b'K', 1, 2, version, 0, version, 0]), entries);
        assert_eq!(count(&bytes, b"PK\x06\x06"), usize::from(version == 45));
        read_back(&bytes, 3);
    }
}

#[test]
fn headers_that_differ_in_the_version_needed_do_not_pass() {
    let (mut bytes, written) = write(&model(), WriterOptions::default(), &some_rows());
    let at = bytes.windows(4).position(|found| found == b"PK\x01\x02").unwrap();
    bytes[at + 6] = 45;
    let error = check(&bytes, &written).unwrap_err().to_string();
    assert!(
        error.contains("model.xml: version needed 45") && error.contains("two headers differ"),
        "{error}"
    );
}

/// The four faults after which a loader reports success and leaves rows out.
#[test]
fn each_silent_loss_is_caught_by_the_self_check() {
    let (bytes, written) = write(&model(), WriterOptions::default(), &some_rows());
    type Change<'a> = &'a dyn Fn(&str, Vec<u8>) -> Option<(String, Vec<u8>)>;
    let refusal = |change: Change| {
        let changed = changed(&bytes, change);
        check(&changed, &written).unwrap_err().to_string()
    };
    let edited = |entry: &'static str, from: &'static str, to: &'static str| {
        move |name: &str, content: Vec<u8>| {
            let content = match String::from_utf8(content) {
                Ok(text) if name == entry => {
                    assert!(text.contains(from));
                    text.replace(from, to).into_bytes()
                }
                Ok(text) => text.into_bytes(),
                Err(error) => error.into_bytes(),
            };
            Some((name.to_owned(), content))
        }
    };
    let renamed = |from: &'static str, to: &'static str| {
        move |name: &str, content: Vec<u8>| Some((name.replace(from, to), content))
    };
    let version = refusal(&edited("Origin.xml", "\"Data\">2.0.0.0", "\"Data\">1.0.0.0"));
    assert!(version.contains("data stream version"), "{version}");
    let types = refusal(&edited("[Content_Types].xml", "\"BCP\"", "\"BCQ\""));
    assert!(types.contains("does not name BCP"), "{types}");
    let folder = refusal(&renamed("Parent%20table", "Parent+table"));
    assert!(folder.contains("belongs to no table"), "{folder}");
    let part = refusal(&renamed("/TableData-000-00000", "/Rows"));
    assert!(part.contains("not named as a data part"), "{part}");
    // An encoding of the folder that our own reader understands, but that is not the one.
    let lower = refusal(&renamed("Parent%20table", "Parent table"));
    assert!(lower.contains("not those written"), "{lower}");
}

#[test]
fn a_row_that_cannot_be_written_is_named_and_the_file_goes_on() {
    let fields = vec![
        column("f", SqlType::Float, true),
        column("d", SqlType::Decimal { precision: 5, scale: 2 }, true),
        column("o", SqlType::DateTimeOffset { scale: 7 }, true),
        column("t", SqlType::NVarChar(2), false),
    ];
    let model = Model {
        tables: vec![table("dbo", "T", fields)],
        ..Model::default()
    };
    let mut writer = PackageWriter::new(Cursor::new(Vec::new()), &model, WriterOptions::default()).unwrap();
    let good = vec![Value::Null, Value::Null, Value::Null, Value::Text("ab".to_owned())];
    writer.row(0, &good).unwrap();
    let decimal = Decimal {
        precision: 6,
        scale: 2,
        negative: false,
        magnitude: 1,
    };
    let early = Value::DateTimeOffset {
        days: 0,
        ticks: 0,
        offset: -1,
    };
    let late = Value::DateTimeOffset {
        days: 3_652_058,
        ticks: 863_999_999_999,
        offset: 1,
    };
    for (at, bad) in [
        (0, Value::Float(f64::NAN)),
        (0, Value::Float(f64::NEG_INFINITY)),
        (1, Value::Decimal(decimal)),
        (2, early),
        (2, late),
        (3, Value::Text("abc".to_owned())),
        (3, Value::Null),
        (3, Value::Int(1)),
    ] {
        let mut row = good.clone();
        row[at] = bad;
        let error = writer.row(0, &row).unwrap_err().to_string();
        let column = ["column f", "column d", "column o", "column t"][at];
        assert!(
            error.starts_with("table dbo.T, row 2: ") && error.contains(column),
            "{error}"
        );
    }
    assert!(matches!(writer.row(1, &good), Err(WriteError::Table(1))));
    writer.row(0, &good).unwrap();
    let (sink, written) = writer.finish().unwrap();
    check(sink.get_ref(), &written).unwrap();
    assert_eq!(read_back(sink.get_ref(), 1).1[0], [good.clone(), good]);
}

#[test]
fn a_file_has_its_name_only_when_it_is_complete() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.bacpac");
    let names = || {
        std::fs::read_dir(folder.path())
            .unwrap()
            .flatten()
            .map(|found| found.file_name())
            .collect::<Vec<_>>()
    };
    let writer = FileWriter::create(&path, &model(), WriterOptions::default()).unwrap();
    assert_eq!(names(), ["x.bacpac.partial"]);
    drop(writer);
    assert!(names().is_empty());
    let mut writer = FileWriter::create(&path, &model(), WriterOptions::default()).unwrap();
    writer.row(0, &parent(1)).unwrap();
    let (written, checked) = writer.finish().unwrap();
    assert_eq!(names(), ["x.bacpac"]);
    let bytes = std::fs::read(&path).unwrap();
    assert_eq!((written.rows, checked.bytes), (1, bytes.len() as u64));
    assert_eq!(check(&bytes, &written).unwrap(), checked);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_table_reads_back_from_a_whole_file(
        columns in proptest::collection::vec((cells::cell(), any::<bool>()), 1..20),
        name in "\\PC{1,12}",
        part_bytes in 1u64..2_000
    ) {
        let mut fields = Vec::new();
        let mut row = Vec::new();
        for (index, ((sql_type, value), nullable)) in columns.into_iter().enumerate() {
            let writable = match &value {
                Value::Float(number) => number.is_finite(),
                Value::Real(number) => number.is_finite(),
                Value::DateTimeOffset { days, .. } => (1..3_652_058).contains(days),
                _ => true,
            };
            let second = sql_type == SqlType::RowVersion && index > 0;
            let known = sql_type != SqlType::Json && !second;
            if writable && known {
                fields.push(column(&format!("c{index} {name}"), sql_type, nullable));
                row.push(value);
            }
        }
        fields.push(column("last", SqlType::Bit, false));
        row.push(Value::Bit(true));
        let mut model = Model { tables: vec![table(&name, &name, fields)], ..Model::default() };
        model.settle_names();
        let options = WriterOptions { part_bytes, ..WriterOptions::default() };
        let (bytes, written) = write(&model, options, &[(0, row.clone()), (0, row.clone())]);
        check(&bytes, &written).unwrap();
        prop_assert_eq!(&read_back(&bytes, 1).1[0], &vec![row.clone(), row]);
    }
}

/// A disk that is full after so many bytes, and later has room again.
struct FullDisk {
    disk: Cursor<Vec<u8>>,
    refusals: u32,
}

impl Write for FullDisk {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.disk.get_ref().len() > 100_000 && self.refusals > 0 {
            self.refusals -= 1;
            return Err(std::io::ErrorKind::StorageFull.into());
        }
        self.disk.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl std::io::Seek for FullDisk {
    fn seek(&mut self, to: std::io::SeekFrom) -> std::io::Result<u64> {
        self.disk.seek(to)
    }
}

#[test]
fn a_file_with_a_hole_is_never_finished() {
    for threads in [1, 2] {
        let disk = FullDisk {
            disk: Cursor::new(Vec::new()),
            refusals: 1,
        };
        let options = WriterOptions {
            threads,
            ..WriterOptions::default()
        };
        let mut writer = PackageWriter::new(disk, &model(), options).unwrap();
        let noise = |random: &mut fastrand::Rng| (0..5_000).map(|_| random.alphanumeric()).collect();
        let mut random = fastrand::Rng::with_seed(1);
        let rows = (0..1_000).map(|id| vec![Value::BigInt(id), Value::Text(noise(&mut random))]);
        let failed = rows.map(|row| writer.row(1, &row)).filter(Result::is_err).count();
        assert!(failed > 1, "{failed} rows were refused");
        assert!(matches!(writer.finish(), Err(WriteError::Io(_))));
    }
}
