//! Two databases whose every row says to which generation it belongs, so that a mixture is seen.

use std::cell::Cell;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use tempfile::TempDir;

/// The generation of a new world.
pub const GENERATION_0: i64 = 0;

/// Rows of a database; with a kilobyte each, about 12 MB: long enough to be killed in the middle.
const ROWS: i64 = 12_000;

pub struct Books {
    pub folder: TempDir,
    rows: i64,
    last: Cell<i64>,
}

impl Books {
    pub fn new() -> Self {
        Self::of(ROWS)
    }

    /// So many rows in each database.
    pub fn of(rows: i64) -> Self {
        let books = Self {
            folder: tempfile::tempdir().unwrap(),
            rows,
            last: Cell::new(GENERATION_0),
        };
        std::fs::create_dir(books.files()).unwrap();
        for path in books.paths() {
            let connection = Connection::open(path).unwrap();
            connection
                .execute_batch(&format!(
                    "PRAGMA journal_mode = wal;
                     CREATE TABLE entry (number INTEGER PRIMARY KEY, generation INTEGER NOT NULL, content BLOB NOT NULL);
                     WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})
                     INSERT INTO entry (generation, content) SELECT {GENERATION_0}, randomblob(1000) FROM n;"
                ))
                .unwrap();
        }
        books
    }

    pub fn files(&self) -> PathBuf {
        self.folder.path().join("books")
    }

    pub fn paths(&self) -> [PathBuf; 2] {
        ["compta", "paie"].map(|name| self.files().join(format!("{name}.sqlite")))
    }

    /// New content in every row: the next backup has everything to store again.
    pub fn refresh(&self) {
        self.execute("UPDATE entry SET content = randomblob(1000)");
    }

    /// New content in the latter half of the rows.
    pub fn refresh_part(&self) {
        self.execute(&format!(
            "UPDATE entry SET content = randomblob(1000) WHERE number > {}",
            self.rows / 2
        ));
    }

    pub fn refreshed_then<T>(&self, act: impl FnOnce() -> T) -> T {
        self.refresh();
        act()
    }

    /// Every row of both databases moves to a new generation.
    pub fn next_generation(&self) {
        self.last.set(self.last.get() + 1);
        self.execute(&format!(
            "UPDATE entry SET generation = {}, content = randomblob(1000)",
            self.last.get()
        ));
    }

    /// The one generation of every row of both databases.
    pub fn generation(&self) -> i64 {
        let [first, second] = self.paths().map(|path| generation(&path, self.rows));
        assert_eq!(first, second, "one database is old and the other new");
        first
    }

    pub fn nothing_left_beside_them(&self) {
        for entry in std::fs::read_dir(self.files()).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            assert!(!name.contains("coffre"), "{name} was left behind");
        }
    }

    fn execute(&self, sql: &str) {
        for path in self.paths() {
            let connection = Connection::open(path).unwrap();
            connection.busy_timeout(std::time::Duration::from_secs(10)).unwrap();
            connection.execute(sql, []).unwrap();
        }
    }
}

fn generation(path: &Path, all: i64) -> i64 {
    let connection = Connection::open(path).unwrap();
    let check: String = connection
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(check, "ok", "{}", path.display());
    let (first, last, rows): (i64, i64, i64) = connection
        .query_row(
            "SELECT min(generation), max(generation), count(*) FROM entry",
            [],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
        .unwrap();
    assert_eq!((first, rows), (last, all), "{} is a mixture", path.display());
    first
}
