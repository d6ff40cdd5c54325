//! Databases that people use: a well-known sample database, and the books of the demonstration.

use std::path::{Path, PathBuf};

use crate::dump::{assert_same, dump, there_and_back};

fn shared(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared").join(name);
    if path.exists() {
        return Some(path);
    }
    eprintln!("NOT RUN: {} is not here", path.display());
    None
}

fn comes_back(source: &Path) {
    let folder = tempfile::tempdir().unwrap();
    let back = folder.path().join("back.sqlite");
    let (log, report) = there_and_back(source, &folder.path().join("file.bacpac"), &back);
    assert!(log.is_lossless(), "{:#?}", log.tables);
    assert!(log.file.findings.is_empty());
    let rows: u64 = log.tables.iter().map(|table| table.rows).sum();
    assert_eq!(log.file.rows_checked, rows);
    crate::oracle::loads(&folder.path().join("file.bacpac"));
    assert!(report.restored, "{:?}", report.warnings);
    assert_eq!(report.warnings, []);
    assert_eq!(report.not_carried, []);
    for table in &log.tables {
        let columns: Vec<_> = table
            .columns
            .iter()
            .map(|column| format!("{} {}", column.name, column.sql_type))
            .collect();
        eprintln!("{} ({} rows): {}", table.name, table.rows, columns.join(", "));
    }
    eprintln!("weakened: {:#?}", log.weakened);
    eprintln!("not carried: {:?}", log.not_carried);
    assert_same(&dump(source), &dump(&back));
}

#[test]
fn the_sample_shop_comes_back_whole() {
    if let Some(source) = shared("data/chinook.sqlite") {
        comes_back(&source);
    }
}

#[test]
fn the_books_of_the_demonstration_come_back_whole() {
    let folder = tempfile::tempdir().unwrap();
    let day = |text: &str| text.parse::<jiff::civil::Date>().unwrap();
    for kind in [demo::Kind::Accounting, demo::Kind::Payroll] {
        let source = folder.path().join(format!("{kind:?}.sqlite"));
        let profile = demo::Profile {
            seed: 11,
            company: "Les Serres du Midi".into(),
            kind,
            megabytes: 2,
            journal_mode: demo::JournalMode::Wal,
        };
        demo::sqlite::create(&source, &profile, day("2025-01-01"), day("2025-04-30")).unwrap();
        comes_back(&source);
    }
}
