//! Made databases there and back, the odd things one by one.

use domain::export_log::{ChangeKind, DropReason, ExportLog, ImportWarning, ObjectKind, TypeReason, Weakening};

use crate::dump::{assert_same, dump, go_on, make, open, options, there_and_back};

/// Makes, exports, imports; what comes back must be the same, schema and rows.
fn same(sql: &str) -> ExportLog {
    let folder = tempfile::tempdir().unwrap();
    let (source, back) = (folder.path().join("source.sqlite"), folder.path().join("back.sqlite"));
    make(&source, sql);
    let (log, report) = there_and_back(&source, &folder.path().join("file.bacpac"), &back);
    assert!(log.is_lossless(), "{:#?}", log.tables);
    crate::oracle::loads(&folder.path().join("file.bacpac"));
    assert!(report.restored);
    assert_same(&dump(&source), &dump(&back));
    log
}

fn types(log: &ExportLog, table: &str) -> Vec<String> {
    let found = log.tables.iter().find(|found| found.source_name == table).unwrap();
    found.columns.iter().map(|column| column.sql_type.clone()).collect()
}

#[test]
fn a_declared_type_is_used_when_every_value_comes_back_through_it() {
    let log = same(
        "CREATE TABLE t(id INTEGER PRIMARY KEY, flag BOOLEAN, price DECIMAL(10,2), born DATE, at DATETIME, zulu TIMESTAMP, \
         away TIMESTAMP, clock TIME, u UUID, name VARCHAR(20), note TEXT, doc BLOB, x REAL, n NUMERIC, j JSON, big DECIMAL_TEXT(38,4));
         INSERT INTO t VALUES (1, 1, 12.5, '2024-02-29', '2024-02-29 23:59:59', '2024-02-29T23:59:59.123Z', '2024-02-29 23:59:59 +02:00', \
         '23:59', '00112233-4455-6677-8899-aabbccddeeff', 'Ada', 'long', x'00ff', 1.0, 2.5, '{}', '1234567890123456789012345678901234.5678');
         INSERT INTO t VALUES (-5, 0, -3, '0001-01-01', '0001-01-01 00:00:00', '9999-12-31T23:59:59.999Z', '2024-02-29 00:00:00 -14:00', \
         '00:00', 'ffffffff-4455-6677-8899-000000000000', '', '', x'', 1e300, 7, '[]', '-0.0001');
         INSERT INTO t(id) VALUES (9223372036854775807);",
    );
    assert_eq!(
        types(&log, "t"),
        [
            "bigint",
            "bit",
            "decimal(10,2)",
            "date",
            "datetime2(0)",
            "datetimeoffset(3)",
            "datetimeoffset(0)",
            "time(0)",
            "uniqueidentifier",
            "nvarchar(20)",
            "nvarchar(max)",
            "varbinary(max)",
            "float",
            "float",
            "nvarchar(max)",
            "decimal(38,4)"
        ]
    );
}

#[test]
fn a_declared_type_is_left_when_one_value_would_change() {
    let log = same(
        "CREATE TABLE t(flag BOOLEAN, price DECIMAL(4,2), born DATE, at DATETIME, clock TIME, u UUID, name VARCHAR(3), n NUMERIC, r REAL, big NUMERIC);
         INSERT INTO t VALUES (2, 0.125, '2024-2-9', '2024-02-29 10:00:00', '24:00', 'AABBccdd-4455-6677-8899-aabbccddeeff', 'long', 9007199254740993, 0.1, 1e19);
         INSERT INTO t VALUES (1, 1, '2024-02-30', '2024-02-29T10:00:00', '1:00', 'x', 'a', 0.5, -2.0, 9223372036854775807);",
    );
    assert_eq!(
        types(&log, "t"),
        [
            "bigint",
            "float",
            "nvarchar(max)",
            "nvarchar(max)",
            "nvarchar(max)",
            "nvarchar(max)",
            "nvarchar(max)",
            "nvarchar(max)",
            "float",
            "nvarchar(max)"
        ]
    );
    assert_eq!(log.tables[0].columns[2].reason, TypeReason::ValuesKept);
}

#[test]
fn several_classes_in_one_column_come_back_as_they_were() {
    let log = same(
        "CREATE TABLE t(a, b ANY, c INTEGER);
         INSERT INTO t VALUES (1, '1', 'x'), ('1', 1.0, 5), (1.0, x'31', x''), (x'31', '0x31', NULL), ('''1', '''''', -1), (NULL, -0.0, 'Inf'), \
         (9e999, -9e999, 9e999), ('Inf', '', 1e15), ('1e5', '-0.0', 'a' || char(0) || 'b'), (-0.0, 1e21, '007');",
    );
    let column = &log.tables[0].columns[0];
    assert_eq!(column.sql_type, "nvarchar(max)");
    assert!(
        matches!(
            column.reason,
            TypeReason::MixedClasses {
                integers: 1,
                reals: 3,
                texts: 4,
                blobs: 1
            }
        ),
        "{:?}",
        column.reason
    );
    assert_eq!(column.changes[0].kind, ChangeKind::ApostropheAdded);
    assert_eq!(column.changes[0].count, 3);
    assert_eq!(column.changes[0].first_rows, ["2", "5", "8"]);
}

#[test]
fn every_kind_of_table_and_object_comes_back_by_its_own_text() {
    let log = same(
        "PRAGMA user_version = 42; PRAGMA application_id = -7;
         CREATE TABLE \"or der]s /\"(\"a\"\"b\" INTEGER PRIMARY KEY AUTOINCREMENT, \"\" TEXT DEFAULT 'it''s', [x,y] INT GENERATED ALWAYS AS (\"a\"\"b\" * 2) STORED, v INT AS (\"a\"\"b\" + 1)) STRICT;
         INSERT INTO \"or der]s /\"(\"a\"\"b\", \"\") VALUES (3, 'x'), (7, NULL);
         UPDATE sqlite_sequence SET seq = 99;
         CREATE TABLE bare(k TEXT, n INT, PRIMARY KEY (n DESC, k)) WITHOUT ROWID;
         INSERT INTO bare VALUES ('b', 2), ('a', 2), ('c', 1);
         CREATE TABLE \"select\"(É TEXT, é TEXT, \"'\" INT CHECK (\"'\" > 0)); INSERT INTO \"select\" VALUES (1, 2, 3);
         CREATE TABLE empty(a INTEGER PRIMARY KEY AUTOINCREMENT, b DATE, c TIME, d DATETIME, e UUID, f DECIMAL(5,2), g BOOL, h BLOB, i NUMERIC);
         CREATE INDEX by_expression ON bare(lower(k)); CREATE INDEX by_n ON bare(n DESC) WHERE n > 1 AND k IS NOT NULL;
         CREATE VIEW w AS SELECT * FROM bare; CREATE TRIGGER g AFTER INSERT ON bare BEGIN DELETE FROM bare; END;
         CREATE TABLE Ünï€(ä); ANALYZE;",
    );
    let kinds: Vec<_> = log.not_carried.iter().map(|found| found.kind).collect();
    for kind in [
        ObjectKind::View,
        ObjectKind::Trigger,
        ObjectKind::ExpressionIndex,
        ObjectKind::GeneratedColumn,
        ObjectKind::Statistics,
    ] {
        assert!(kinds.contains(&kind), "{kind:?} is not told");
    }
    assert!(
        log.renamed
            .iter()
            .any(|told| told.before == "or der]s /" && told.kind == ObjectKind::Table)
    );
    assert!(
        log.weakened.iter().all(|told| told.kind != ObjectKind::Index),
        "{:?}",
        log.weakened
    );
}

#[test]
fn virtual_tables_are_left_out_and_told() {
    let folder = tempfile::tempdir().unwrap();
    let (source, back) = (folder.path().join("source.sqlite"), folder.path().join("back.sqlite"));
    make(
        &source,
        "CREATE VIRTUAL TABLE f USING fts5(body); INSERT INTO f VALUES ('x'); CREATE TABLE t(a); INSERT INTO t VALUES (1);",
    );
    let (log, report) = there_and_back(&source, &folder.path().join("file.bacpac"), &back);
    assert_eq!(log.tables.len(), 1);
    let found = log
        .not_carried
        .iter()
        .filter(|found| found.kind == ObjectKind::ShadowTable);
    assert!(found.count() >= 4);
    assert!(
        log.not_carried
            .iter()
            .any(|found| found.kind == ObjectKind::VirtualTable && found.text.contains("fts5"))
    );
    assert!(report.restored);
    assert!(
        report
            .not_carried
            .iter()
            .any(|found| found.kind == ObjectKind::VirtualTable && found.name == "f")
    );
}

fn weakening(log: &ExportLog, kind: ObjectKind) -> Vec<Weakening> {
    log.weakened
        .iter()
        .filter(|told| told.kind == kind)
        .map(|told| told.what)
        .collect()
}

#[test]
fn keys_that_sql_server_would_refuse_are_weakened_and_told() {
    let wide = "x".repeat(900);
    let log = same(&format!(
        "CREATE TABLE spaces(a TEXT PRIMARY KEY); INSERT INTO spaces VALUES ('a'), ('a ');
         CREATE TABLE zeros(a BLOB UNIQUE); INSERT INTO zeros VALUES (x'01'), (x'0100');
         CREATE TABLE wide(a TEXT PRIMARY KEY); INSERT INTO wide VALUES ('{wide}');
         CREATE TABLE middle(a TEXT PRIMARY KEY); INSERT INTO middle VALUES (substr('{wide}', 1, 600));
         CREATE TABLE nulls(a INT UNIQUE, b TEXT PRIMARY KEY); INSERT INTO nulls VALUES (NULL, NULL), (NULL, NULL), (1, 'x');
         CREATE TABLE cases(a TEXT COLLATE NOCASE PRIMARY KEY); INSERT INTO cases VALUES ('É'), ('é');
         CREATE TABLE plain(a TEXT COLLATE NOCASE PRIMARY KEY); INSERT INTO plain VALUES ('A'), ('b');",
    ));
    assert_eq!(
        weakening(&log, ObjectKind::PrimaryKey),
        [
            Weakening::NotUnique(DropReason::TrailingSpaces),
            Weakening::Dropped(DropReason::Nulls),
            Weakening::Dropped(DropReason::KeyTooWide),
            Weakening::NotClustered
        ]
    );
    assert_eq!(
        weakening(&log, ObjectKind::Unique),
        [
            Weakening::NotUnique(DropReason::TrailingSpaces),
            Weakening::UniqueWithoutNulls
        ]
    );
    assert_eq!(weakening(&log, ObjectKind::Collation), [Weakening::CaseSensitivity]);
    assert_eq!(types(&log, "spaces"), ["nvarchar(850)"]);
    assert_eq!(types(&log, "middle"), ["nvarchar(850)"]);
    assert_eq!(types(&log, "plain"), ["nvarchar(450)"]);
}

#[test]
fn foreign_keys_are_kept_where_both_ends_agree() {
    let log = same(
        "CREATE TABLE p(id INTEGER PRIMARY KEY, code TEXT UNIQUE, day DATE UNIQUE);
         INSERT INTO p VALUES (1, 'a', '2024-01-01'), (2, 'b', NULL);
         CREATE TABLE c(id INTEGER PRIMARY KEY, p INT REFERENCES p ON DELETE CASCADE, code VARCHAR(10) REFERENCES p(code) ON DELETE SET NULL, \
                        day DATE REFERENCES p(day), nobody INT REFERENCES nowhere(id), flag BOOL REFERENCES p(id) DEFERRABLE INITIALLY DEFERRED, t TEXT REFERENCES p(id));
         INSERT INTO c VALUES (1, 1, 'a', NULL, 5, 1, NULL), (2, 77, NULL, NULL, NULL, 0, 'x');
         CREATE TABLE tree(id INTEGER PRIMARY KEY, up INT REFERENCES tree(id) ON DELETE CASCADE);",
    );
    let told = weakening(&log, ObjectKind::ForeignKey);
    for expected in [
        Weakening::NotTrusted(1),
        Weakening::Dropped(DropReason::Nulls),
        Weakening::Dropped(DropReason::NoReferencedTable),
        Weakening::Dropped(DropReason::TypesDiffer),
        Weakening::NotDeferred,
        Weakening::ActionDropped(DropReason::CascadePaths),
    ] {
        assert!(told.contains(&expected), "{expected:?} is not in {told:?}");
    }
    let untrusted = log
        .weakened
        .iter()
        .find(|found| found.what == Weakening::NotTrusted(1))
        .unwrap();
    assert_eq!(untrusted.first_rows, ["2"]);
    assert_eq!(
        types(&log, "c"),
        [
            "bigint",
            "bigint",
            "nvarchar(850)",
            "date",
            "bigint",
            "bigint",
            "nvarchar(max)"
        ]
    );
}

#[test]
fn checks_and_defaults_are_translated_or_told() {
    let log = same(
        "CREATE TABLE t(a INT DEFAULT 5 CHECK (a BETWEEN 0 AND 9), b TEXT DEFAULT CURRENT_TIMESTAMP CHECK (b IN ('x', 'y')), \
         c TEXT CHECK (length(c) > 2), d REAL DEFAULT (random()), e DATE DEFAULT '2024-01-01', CHECK (a > 3 OR b = 'x'), CHECK (b LIKE 'x%'));
         PRAGMA ignore_check_constraints = ON; INSERT INTO t VALUES (5, 'x', 'abc', 1.5, '2024-01-01'), (10, 'y', 'abc', 2.5, '2024-01-02');",
    );
    let checks = log.weakened.iter().filter(|told| told.kind == ObjectKind::Check);
    let checks: Vec<_> = checks.map(|told| (told.text.as_str(), told.what)).collect();
    assert_eq!(
        checks,
        [
            ("a BETWEEN 0 AND 9", Weakening::NotTrusted(1)),
            ("length(c) > 2", Weakening::Dropped(DropReason::NotTranslated)),
            ("b LIKE 'x%'", Weakening::Dropped(DropReason::NotTranslated)),
        ]
    );
    let defaults = log.weakened.iter().filter(|told| told.kind == ObjectKind::Default);
    assert_eq!(
        defaults.map(|told| told.text.as_str()).collect::<Vec<_>>(),
        ["random()"]
    );
}

#[test]
fn a_table_as_wide_as_sql_server_allows_fits_its_rows() {
    let columns: Vec<_> = (0..1_024).map(|at| format!("c{at} DECIMAL(38,{})", at % 3)).collect();
    let values = vec!["1.5"; 1_024].join(", ");
    let log = same(&format!(
        "CREATE TABLE t({}); INSERT INTO t VALUES ({values});",
        columns.join(", ")
    ));
    let texts = types(&log, "t").iter().filter(|name| *name == "nvarchar(max)").count();
    assert!((100..1_024).contains(&texts), "{texts}");
}

#[test]
fn text_beyond_five_mebibytes_comes_back() {
    same(
        "CREATE TABLE t(a TEXT, b BLOB, c);
         INSERT INTO t VALUES (printf('%.*c', 2700000, 'é'), zeroblob(5300000), 1), ('short', x'', printf('%.*c', 1350000, '😀'));",
    );
}

#[test]
fn a_utf_16_database_stays_one() {
    same("PRAGMA encoding = 'UTF-16be'; CREATE TABLE t(a TEXT); INSERT INTO t VALUES ('é😀'), ('a' || char(0));");
}

#[test]
fn an_order_that_only_its_own_program_has_does_not_keep_a_database_from_coming_back() {
    let folder = tempfile::tempdir().unwrap();
    let (source, back) = (folder.path().join("source.sqlite"), folder.path().join("back.sqlite"));
    let connection = rusqlite::Connection::open(&source).unwrap();
    connection
        .create_collation("MINE", |one, other| one.len().cmp(&other.len()))
        .unwrap();
    connection
        .execute_batch(
            "CREATE TABLE p(a TEXT COLLATE MINE PRIMARY KEY, b TEXT COLLATE MINE); CREATE INDEX i ON p(b); INSERT INTO p VALUES ('bb', 'x'), ('a', 'yy');
             CREATE TABLE c(a TEXT REFERENCES p(a), CHECK (a <> 'zz')); INSERT INTO c VALUES ('a'), (NULL);",
        )
        .unwrap();
    drop(connection);
    let (log, report) = there_and_back(&source, &folder.path().join("file.bacpac"), &back);
    assert!(log.is_lossless() && report.restored);
    assert_eq!(report.warnings, [ImportWarning::UnknownCollation("MINE".into())]);
    assert_same(&dump(&source), &dump(&back));
}

/// SQLite may read such a table through an index that holds all its columns, even where it is told to use none.
#[test]
fn a_table_without_row_numbers_is_read_itself_and_not_an_index_that_lost_a_row() {
    same(
        "CREATE TABLE t(k TEXT PRIMARY KEY, v TEXT) WITHOUT ROWID;
         INSERT INTO t VALUES ('a', 'z'), ('b', 'y'), ('c', 'x');
         CREATE INDEX i ON t(v, k) WHERE v < 'z';
         PRAGMA writable_schema = ON;
         UPDATE sqlite_schema SET sql = 'CREATE INDEX i ON t(v, k)' WHERE name = 'i';",
    );
}

#[test]
fn infinities_and_broken_text_are_counted_with_their_rows() {
    let folder = tempfile::tempdir().unwrap();
    let (source, back) = (folder.path().join("source.sqlite"), folder.path().join("back.sqlite"));
    make(
        &source,
        "CREATE TABLE t(k TEXT PRIMARY KEY, x REAL, y REAL NOT NULL, s TEXT) WITHOUT ROWID;
         INSERT INTO t VALUES ('one', 9e999, -9e999, CAST(x'61ff62' AS TEXT)), ('two', 1.5, 2.5, 'fine');",
    );
    let (log, report) = there_and_back(&source, &folder.path().join("file.bacpac"), &back);
    assert_eq!(log.values_changed(), 2);
    assert!(!log.is_lossless());
    let columns = &log.tables[0].columns;
    assert_eq!(
        (columns[1].changes[0].kind, columns[1].changes[0].first_rows.as_slice()),
        (ChangeKind::InfinityToNull, &["one".to_owned()][..])
    );
    assert_eq!(columns[2].reason, TypeReason::Infinities);
    assert_eq!(columns[3].changes[0].kind, ChangeKind::InvalidTextReplaced);
    assert!(report.is_lossless());
    let row: (Option<f64>, f64, String) = open(&back)
        .query_row("SELECT x, y, s FROM t WHERE k = 'one'", [], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .unwrap();
    assert_eq!(row, (None, f64::NEG_INFINITY, "a\u{fffd}b".to_owned()));
}

#[test]
fn a_stopped_export_or_import_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (source, package) = (folder.path().join("source.sqlite"), folder.path().join("file.bacpac"));
    make(
        &source,
        "CREATE TABLE t(a); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) INSERT INTO t SELECT i FROM n;",
    );
    let names = || {
        let found = std::fs::read_dir(folder.path()).unwrap().flatten();
        let mut names: Vec<_> = found.map(|entry| entry.file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    let stop = |done: u64, _: Option<u64>| done < 3_000;
    let error = interchange::sqlite::export(&source, &package, &options(), &stop).unwrap_err();
    assert!(matches!(error, interchange::ExportError::Stopped), "{error}");
    assert_eq!(names(), ["source.sqlite"]);
    interchange::sqlite::export(&source, &package, &options(), &go_on).unwrap();
    let back = folder.path().join("back.sqlite");
    let limits = bacpac::Limits::default();
    let error = interchange::sqlite::import(&package, &back, &limits, &stop).unwrap_err();
    assert!(matches!(error, interchange::ImportError::Stopped), "{error}");
    assert_eq!(names(), ["file.bacpac", "source.sqlite"]);
    let error = interchange::sqlite::import(&package, &source, &limits, &go_on).unwrap_err();
    assert!(matches!(error, interchange::ImportError::TargetExists(_)), "{error}");
}

#[test]
fn equal_exports_give_equal_files() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("source.sqlite");
    make(
        &source,
        "CREATE TABLE t(a PRIMARY KEY, b UNIQUE, c); INSERT INTO t VALUES (1, 2, 3), ('x', x'00', 1.5);",
    );
    let (one, other) = (folder.path().join("1.bacpac"), folder.path().join("2.bacpac"));
    let mut options = options();
    let first = interchange::sqlite::export(&source, &one, &options, &go_on).unwrap();
    options.threads = 2;
    let second = interchange::sqlite::export(&source, &other, &options, &go_on).unwrap();
    assert_eq!(first.file.sha256, second.file.sha256);
    assert_eq!(std::fs::read(one).unwrap(), std::fs::read(other).unwrap());
}
