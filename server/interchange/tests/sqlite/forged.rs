//! Files that say they were made from a SQLite database and are not to be trusted: nothing but their own objects comes into
//! being, and a file whose tables are no longer those it tells of is read like any other.

use std::fs::File;
use std::path::Path;

use bacpac::{FileWriter, Limits, Package, WriterOptions};
use domain::export_log::{ImportWarning, LeftOut};
use interchange::{ImportError, sqlite};

use crate::dump::{go_on, make, open, options};

const SCHEMA: &str = "CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT); INSERT INTO t VALUES (1, 'x');
    CREATE INDEX i ON t(b); CREATE VIEW v AS SELECT 1; CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT 1; END;";

/// Exports `SCHEMA` and writes the file again with what `change` makes of its model.
fn forge(folder: &Path, change: impl Fn(&mut bacpac::Model)) -> std::path::PathBuf {
    let (source, honest, forged) = (folder.join("source"), folder.join("honest"), folder.join("forged"));
    make(&source, SCHEMA);
    sqlite::export(&source, &honest, &options(), &go_on).unwrap();
    let mut package = Package::open(File::open(&honest).unwrap(), &Limits::default()).unwrap();
    let mut model = package.model().clone();
    change(&mut model);
    let mut file = FileWriter::create(&forged, &model, WriterOptions::default()).unwrap();
    let (table, parts) = (package.model().tables[0].clone(), package.parts(0).to_vec());
    for part in parts {
        for row in package.rows(&table, &part).unwrap() {
            file.row(0, &row.unwrap()).unwrap();
        }
    }
    file.finish().unwrap();
    std::fs::remove_file(source).unwrap();
    std::fs::remove_file(honest).unwrap();
    forged
}

/// Puts another text in the place of one.
fn replace(model: &mut bacpac::Model, from: &str, to: &str) {
    let json = serde_json::to_string(to).unwrap().replace('\'', "''");
    let property = model
        .extended_properties
        .iter_mut()
        .find(|found| found.name.starts_with("CoffreSource_"))
        .unwrap();
    assert!(property.literal.contains(from), "{}", property.literal);
    property.literal = property.literal.replace(from, json.trim_matches('"'));
}

#[test]
fn a_statement_that_does_anything_else_is_refused() {
    for evil in [
        "DROP TABLE t",
        "ATTACH 'evil.db' AS e",
        "PRAGMA writable_schema = ON",
        "INSERT INTO t VALUES (7, 'evil')",
        "CREATE VIRTUAL TABLE e USING fts5(x)",
        "CREATE TABLE e AS SELECT 1",
        "CREATE TEMP VIEW v AS SELECT 1",
        "VACUUM INTO 'evil.db'",
        "COMMIT",
        "SELECT load_extension('evil')",
        "UPDATE sqlite_master SET sql = 'evil'",
        "",
    ] {
        let folder = tempfile::tempdir().unwrap();
        let forged = forge(folder.path(), |model| replace(model, "CREATE VIEW v AS SELECT 1", evil));
        let back = folder.path().join("back");
        let report = sqlite::import(&forged, &back, &Limits::default(), &go_on).unwrap();
        assert_eq!(report.not_carried.len(), 1, "{evil}");
        assert_eq!(report.not_carried[0].reason, LeftOut::Refused);
        let names: String = open(&back)
            .query_row(
                "SELECT group_concat(name) FROM (SELECT name FROM sqlite_schema ORDER BY 1)",
                [],
                |row| row.get(0),
            )
            .unwrap();
        assert_eq!(names, "g,i,t", "{evil}");
        assert_eq!(
            open(&back)
                .query_row("SELECT count(*) FROM t", [], |row| row.get::<_, i64>(0))
                .unwrap(),
            1
        );
    }
}

#[test]
fn a_table_that_calls_what_is_not_harmless_is_refused_and_nothing_is_left() {
    for evil in [
        "CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT, c AS (load_extension('evil')))",
        "CREATE TABLE t AS SELECT 1 AS a, 2 AS b",
        "CREATE TABLE other(a, b)",
        "CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT CHECK (b = (SELECT 1)))",
        "CREATE TEMP TABLE t(a, b)",
        "CREATE TABLE sqlite_t(a, b)",
    ] {
        let folder = tempfile::tempdir().unwrap();
        let forged = forge(folder.path(), |model| {
            replace(model, "CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT)", evil)
        });
        let error = sqlite::import(&forged, &folder.path().join("back"), &Limits::default(), &go_on).unwrap_err();
        assert!(matches!(error, ImportError::Target(_)), "{evil}: {error}");
        let left: Vec<_> = std::fs::read_dir(folder.path())
            .unwrap()
            .flatten()
            .map(|entry| entry.file_name())
            .collect();
        assert_eq!(left, ["forged"]);
    }
}

#[test]
fn a_file_whose_columns_changed_since_is_read_like_any_other() {
    let folder = tempfile::tempdir().unwrap();
    let forged = forge(folder.path(), |model| {
        model.tables[0].columns[1].field.name = "renamed".to_owned();
        model.tables[0].indexes.clear();
        model.extended_properties.retain(|found| found.host.0.len() == 1);
    });
    let back = folder.path().join("back");
    let report = sqlite::import(&forged, &back, &Limits::default(), &go_on).unwrap();
    assert!(!report.restored);
    assert!(report.warnings.contains(&ImportWarning::SourceSchemaIgnored));
    let row: (i64, String) = open(&back)
        .query_row("SELECT a, renamed FROM t", [], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap();
    assert_eq!(row, (1, "x".to_owned()));
}

#[test]
fn a_damaged_file_leaves_no_database() {
    let folder = tempfile::tempdir().unwrap();
    let honest = forge(folder.path(), |_| {});
    let bytes = std::fs::read(&honest).unwrap();
    let back = folder.path().join("back");
    let mut refused = 0;
    for at in (0..bytes.len()).step_by(97) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x55;
        std::fs::write(&honest, &damaged).unwrap();
        match sqlite::import(&honest, &back, &Limits::default(), &go_on) {
            // Some bytes of an archive mean nothing, others only names of programs.
            Ok(_) => std::fs::remove_file(&back).unwrap(),
            Err(_) => refused += 1,
        }
        assert!(!back.exists() && !folder.path().join("back.partial").exists());
    }
    assert!(refused > 20, "{refused}");
}
