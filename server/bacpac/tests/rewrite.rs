//! Real files written again: their model and every row go through the writer and come back the same. What the writer does not
//! carry (programmable objects and what describes them) is left out first.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
mod files;
use bacpac::*;
use files::{own, shared};
use std::fs::File;
use std::io::{Cursor, Read};
use std::path::Path;

/// The model as it can be written, and what had to be left out of it.
fn carried(model: &Model) -> (Model, Vec<String>) {
    let mut model = model.clone();
    let mut left_out = Vec::new();
    for property in std::mem::take(&mut model.extended_properties) {
        let kinds = [
            "SqlColumn",
            "SqlTableBase",
            "SqlSchema",
            "SqlDatabaseOptions",
            "SqlConstraint",
            "SqlIndexBase",
        ];
        if kinds.contains(&property.host.0[0].as_str()) {
            model.extended_properties.push(property);
        } else {
            left_out.push(format!("{} of {}", property.name, property.host));
        }
    }
    model.settle_names();
    // Properties of the columns of views and of functions; checks that call a function.
    let broken: Vec<String> = model
        .violations(false)
        .iter()
        .map(|found| found.object.clone())
        .collect();
    let keep = |name: String| !broken.contains(&name);
    model
        .extended_properties
        .retain(|found| keep(format!("extended property {} of {}", found.name, found.host)));
    for table in &mut model.tables {
        let name = table.full_name();
        table
            .foreign_keys
            .retain(|found| keep(format!("{name}: {}", found.name)));
        table.unique.retain(|found| keep(format!("{name}: {}", found.name)));
        table.indexes.retain(|found| keep(format!("{name}: {}", found.name)));
        table.checks.retain(|found| keep(format!("{name}: {}", found.name)));
    }
    left_out.extend(broken);
    (model, left_out)
}

type Rows = Vec<Vec<Vec<Value>>>;

fn rows(package: &mut Package<impl std::io::Read + std::io::Seek>) -> Rows {
    let mut rows = vec![Vec::new(); package.model().tables.len()];
    package.verify(|table, row| rows[table].push(row.to_vec())).unwrap();
    rows
}

fn prove(path: &Path) -> Vec<String> {
    let mut source = Package::open(File::open(path).unwrap(), &Limits::default()).unwrap();
    let (model, left_out) = carried(source.model());
    let options = WriterOptions {
        form: MaxForm::Vendor,
        threads: 2,
        ..WriterOptions::default()
    };
    let mut writer = PackageWriter::new(Cursor::new(Vec::new()), &model, options).unwrap();
    let meant = rows(&mut source);
    for (table, rows) in meant.iter().enumerate() {
        for row in rows {
            writer.row(table, row).unwrap();
        }
    }
    let (sink, written) = writer.finish().unwrap();
    let bytes = sink.into_inner();
    let checked = self_check(Cursor::new(&bytes), &written).unwrap();
    let mut target = Package::open(Cursor::new(&bytes), &Limits::default()).unwrap();
    assert!(rows(&mut target) == meant);
    assert_eq!(target.model().extended_properties, model.extended_properties);
    // The parts of a table one after another are the same bytes as before.
    let mut same = 0;
    for index in 0..model.tables.len() {
        let (before, after) = (inflated(&mut source, index), inflated(&mut target, index));
        assert!(
            before == after,
            "the bytes of {} differ",
            model.tables[index].full_name()
        );
        same += after.len();
    }
    eprintln!(
        "{}: {} rows, {same} bytes of data the same, {} bytes of archive (before: {}), {} left out: {:?}",
        path.file_name().unwrap().display(),
        written.rows,
        checked.bytes,
        path.metadata().unwrap().len(),
        left_out.len(),
        left_out.iter().take(5).collect::<Vec<_>>(),
    );
    left_out
}

fn inflated(package: &mut Package<impl std::io::Read + std::io::Seek>, table: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    for part in package.parts(table).to_vec() {
        package.bytes(&part.entry).unwrap().read_to_end(&mut bytes).unwrap();
    }
    bytes
}

#[test]
fn the_newest_writers_file_can_be_written_again() {
    prove(&own("aw-lt-2025.bacpac"));
}

#[test]
fn the_oldest_writers_file_can_be_written_again() {
    assert!(prove(&own("nsaga.bacpac")).is_empty());
}

#[test]
fn the_files_beside_the_project_can_be_written_again() {
    for name in ["northwind.bacpac", "pubs.bacpac", "wwi-model-only.bacpac"] {
        if let Some(path) = shared(name) {
            prove(&path);
        }
    }
}
