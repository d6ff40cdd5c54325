//! A folder of SQLite databases in WAL mode, and the hands of other programs on them.

use std::any::Any;
use std::path::{Path, PathBuf};
use std::time::Duration;

use control::ports::database_engine::{
    Address, DatabaseEngine, DatabaseSource, EngineError, ShadowDatabase, StoredFiles,
};
use control::testing::engine_contract::{EngineHarness, MemoryFiles};
use domain::failure::Cause;
use domain::ids::DatabaseId;
use rusqlite::Connection;
use tempfile::TempDir;

use crate::sqlite::location::{Location, SIDE_ENDINGS, side_file};
use crate::sqlite::{Sqlite, SqliteOptions};

pub(super) struct Harness {
    folder: TempDir,
    engine: Sqlite,
}

impl Harness {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("data");
        std::fs::create_dir(&root).unwrap();
        let engine = Self::waiting(root, Duration::from_millis(50));
        Self { folder, engine }
    }

    fn waiting(root: PathBuf, busy_timeout: Duration) -> Sqlite {
        Sqlite::new(SqliteOptions {
            allowed_roots: vec![root],
            busy_timeout,
        })
    }

    /// An engine over the same databases that waits longer for a lock than any test.
    pub(super) fn patient(&self) -> Sqlite {
        Self::waiting(self.path(""), Duration::from_secs(600))
    }

    pub(super) fn sqlite(&self) -> &Sqlite {
        &self.engine
    }

    pub(super) fn outside(&self) -> &Path {
        self.folder.path()
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("data").join(name)
    }

    pub(super) fn source(&self, name: &str) -> DatabaseSource {
        source_at(&self.path(name))
    }

    /// A connection such as a site's own program has.
    pub(super) fn connect(&self, name: &str) -> Connection {
        let connection = Connection::open(self.path(name)).unwrap();
        connection.busy_timeout(Duration::from_secs(5)).unwrap();
        connection
    }

    /// A database of so many incompressible blobs of 4 000 bytes.
    pub(super) fn create_large(&self, name: &str, blobs: u32) -> DatabaseSource {
        let source = self.create(name, &[]);
        let mut connection = self.connect(name);
        let transaction = connection.transaction().unwrap();
        for _ in 0..blobs {
            transaction
                .execute("INSERT INTO attachment (content) VALUES (randomblob(4000))", [])
                .unwrap();
        }
        transaction.commit().unwrap();
        source
    }

    pub(super) fn stored(&self, source: &DatabaseSource) -> MemoryFiles {
        let frozen = self.engine.freeze(source, &self.scratch(), &|| true).unwrap();
        MemoryFiles::of(frozen.copy(&|_| true).unwrap().as_ref())
    }

    pub(super) fn load(&self, source: &DatabaseSource, tag: &str, files: &dyn StoredFiles) -> Box<dyn ShadowDatabase> {
        self.engine
            .load(source, tag, files, &self.scratch(), &|_| true)
            .unwrap()
    }

    pub(super) fn swap(&self, source: &DatabaseSource, tag: &str, files: &dyn StoredFiles) -> Result<(), EngineError> {
        let mut shadow = self.load(source, tag, files);
        shadow.check(&|_| true).unwrap();
        shadow.swap()
    }
}

pub(super) fn source_at(path: &Path) -> DatabaseSource {
    let address = Address::Sqlite { path: path.to_owned() };
    DatabaseSource {
        id: DatabaseId::parse("database").unwrap(),
        name: "Comptabilité".to_owned(),
        address,
    }
}

pub(super) fn cause_of<T>(result: Result<T, EngineError>) -> Option<Cause> {
    result.err().map(|error| error.cause)
}

fn path_of(source: &DatabaseSource) -> &Path {
    match &source.address {
        Address::Sqlite { path } => path,
        Address::Postgres { .. } => panic!("a SQLite harness has SQLite files"),
    }
}

impl EngineHarness for Harness {
    fn engine(&self) -> &dyn DatabaseEngine {
        &self.engine
    }

    fn create(&self, name: &str, rows: &[&str]) -> DatabaseSource {
        let connection = self.connect(name);
        connection
            .execute_batch(
                "PRAGMA journal_mode = WAL;
                 CREATE TABLE entry (id INTEGER PRIMARY KEY AUTOINCREMENT, line TEXT NOT NULL);
                 CREATE INDEX entry_line ON entry (line);
                 CREATE TABLE account (code TEXT PRIMARY KEY, balance REAL) WITHOUT ROWID;
                 CREATE TABLE attachment (content BLOB);
                 CREATE VIEW newest AS SELECT max(id) FROM entry;
                 INSERT INTO account VALUES ('512', 12.5), ('401', NULL);",
            )
            .unwrap();
        let source = self.source(name);
        rows.iter().for_each(|row| self.write(&source, row));
        source
    }

    fn write(&self, source: &DatabaseSource, row: &str) {
        let connection = Connection::open(path_of(source)).unwrap();
        connection.busy_timeout(Duration::from_secs(5)).unwrap();
        connection
            .execute("INSERT INTO entry (line) VALUES (?1)", [row])
            .unwrap();
    }

    fn rows(&self, source: &DatabaseSource) -> Vec<String> {
        let connection = Connection::open(path_of(source)).unwrap();
        let mut statement = connection.prepare("SELECT line FROM entry ORDER BY line").unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    }

    fn table(&self) -> &'static str {
        "entry"
    }
    fn scratch(&self) -> PathBuf {
        tempfile::tempdir_in(self.folder.path()).unwrap().keep()
    }

    fn remains(&self, source: &DatabaseSource) -> Vec<String> {
        let folder = path_of(source).parent().unwrap();
        let entries = folder
            .read_dir()
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap());
        entries.filter(|name| name.contains("coffre")).collect()
    }

    fn unusable(&self) -> Vec<(&'static str, DatabaseSource, Cause)> {
        let write = |name: &str, content: &[u8]| std::fs::write(self.path(name), content).unwrap();
        write("encrypted", &[0x5a; 8192]);
        write(
            "text",
            b"not a database, but long enough to look at; not a database, but long enough to look at",
        );
        write("empty", b"");
        std::fs::write(self.outside().join("elsewhere"), b"").unwrap();
        std::fs::create_dir(self.path("folder")).unwrap();
        std::os::unix::fs::symlink("nowhere", self.path("dangling")).unwrap();
        self.create("torn", &["a"]);
        let mut torn = std::fs::read(self.path("torn")).unwrap();
        torn[100..4096].fill(0xff);
        write("torn", &torn);
        vec![
            ("missing", self.source("missing"), Cause::DatabaseMissing),
            (
                "a link that leads nowhere",
                self.source("dangling"),
                Cause::DatabaseMissing,
            ),
            ("encrypted", self.source("encrypted"), Cause::DatabaseUnreadable),
            ("text", self.source("text"), Cause::DatabaseUnreadable),
            ("empty", self.source("empty"), Cause::DatabaseUnreadable),
            ("a folder", self.source("folder"), Cause::DatabaseUnreadable),
            ("damaged at its root", self.source("torn"), Cause::DatabaseCorrupt),
            (
                "elsewhere",
                source_at(&self.outside().join("elsewhere")),
                Cause::PathNotAllowed,
            ),
            (
                "missing elsewhere",
                source_at(&self.outside().join("missing")),
                Cause::PathNotAllowed,
            ),
            ("above", source_at(&self.path("../elsewhere")), Cause::PathNotAllowed),
        ]
    }

    fn hold(&self, source: &DatabaseSource) -> Option<Box<dyn Any>> {
        let connection = Connection::open(path_of(source)).unwrap();
        connection.execute_batch("BEGIN; SELECT count(*) FROM entry").unwrap();
        Some(Box::new(connection))
    }

    fn killed_after(&self, source: &DatabaseSource, tag: &str, files: &dyn StoredFiles, steps: usize) -> bool {
        let mut shadow = self.engine.load_shadow(source, tag, files, &|_| true).unwrap();
        shadow.check(&|_| true).unwrap();
        if steps == 0 {
            // What a kill during the check leaves beside the copy.
            let beside = Location::expected(source, &[self.path("")])
                .unwrap()
                .beside(tag)
                .unwrap();
            SIDE_ENDINGS
                .iter()
                .for_each(|ending| std::fs::write(side_file(&beside.new, ending), b"").unwrap());
            std::mem::forget(shadow);
            return true;
        }
        let mut done = 0;
        let result = shadow.swap_in_steps(&mut |_| {
            done += 1;
            if done < steps {
                Ok(())
            } else {
                Err(EngineError::new(Cause::Unexpected, "killed"))
            }
        });
        std::mem::forget(shadow);
        result.is_err()
    }
}
