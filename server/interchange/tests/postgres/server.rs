//! A private server and the hands of other programs on its databases.

use postgres_cluster::{Availability, ClusterOptions, PrivateCluster};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use tempfile::TempDir;
use tokio::runtime::Runtime;

pub struct Server {
    cluster: PrivateCluster,
    runtime: Runtime,
    folder: TempDir,
}

/// A table as `schema.table`, its columns with their types, its rows in the server's own text form, sorted.
pub type Content = Vec<(String, Vec<String>, Vec<Vec<Option<String>>>)>;

impl Server {
    /// `None`, said aloud, when there is no server program.
    pub fn start() -> Option<Self> {
        if let Err(reason) = Availability::find() {
            eprintln!("NOT TESTED: PostgreSQL to BACPAC and back, because {reason}");
            return None;
        }
        Some(Self {
            cluster: PrivateCluster::start(ClusterOptions::ephemeral()).unwrap(),
            runtime: tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap(),
            folder: tempfile::tempdir().unwrap(),
        })
    }

    pub fn settings(&self, database: &str) -> PgConnectOptions {
        PgConnectOptions::from_str(&self.cluster.url(database))
            .unwrap()
            .disable_statement_logging()
    }

    /// A new file, not made yet.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn create(&self, database: &str) -> PgConnectOptions {
        self.run("postgres", &format!("CREATE DATABASE \"{database}\""));
        self.settings(database)
    }

    pub fn connect(&self, database: &str) -> PgConnection {
        self.runtime
            .block_on(PgConnection::connect_with(&self.settings(database)))
            .unwrap()
    }

    pub fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    /// Runs statements; says which did not run.
    pub fn run(&self, database: &str, sql: &str) {
        let mut connection = self.connect(database);
        self.wait(sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection))
            .unwrap_or_else(|error| panic!("{error}, in {}", sql.chars().take(300).collect::<String>()));
    }

    /// All rows of a query whose columns are text.
    pub fn rows(&self, database: &str, sql: &str) -> Vec<Vec<Option<String>>> {
        use sqlx::Row;
        let mut connection = self.connect(database);
        let rows = self.wait(sqlx::query(AssertSqlSafe(sql)).fetch_all(&mut connection));
        let rows = rows.unwrap_or_else(|error| panic!("{error}, in {sql}"));
        rows.iter()
            .map(|row| (0..row.len()).map(|at| row.get(at)).collect())
            .collect()
    }

    /// The first column of the first row.
    pub fn text(&self, database: &str, sql: &str) -> Option<String> {
        self.rows(database, sql).into_iter().next()?.into_iter().next()?
    }

    /// Every table of every schema, partitions and children inside their parents.
    pub fn content(&self, database: &str) -> Content {
        let tables = self.rows(
            database,
            "SELECT nspname::text, relname::text,
                    (SELECT string_agg(quote_ident(attname), ',' ORDER BY attnum) FROM pg_attribute
                     WHERE attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped),
                    (SELECT string_agg(attname || ' ' || format_type(atttypid, atttypmod), E'\\n' ORDER BY attnum)
                     FROM pg_attribute WHERE attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped)
             FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
             WHERE relkind IN ('r', 'p') AND NOT relispartition AND nspname NOT IN ('pg_catalog', 'information_schema')
               AND NOT EXISTS (SELECT FROM pg_inherits WHERE inhrelid = pg_class.oid)
               AND EXISTS (SELECT FROM pg_attribute WHERE attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped)
             ORDER BY nspname COLLATE \"C\", relname COLLATE \"C\"",
        );
        let one = |row: Vec<Option<String>>| {
            let [Some(schema), Some(table), Some(columns), Some(types)] = row.as_slice() else {
                panic!("{row:?}")
            };
            let name = format!("\"{}\".\"{}\"", schema.replace('"', "\"\""), table.replace('"', "\"\""));
            let types = types.split('\n').map(str::to_owned).collect();
            (
                format!("{schema}.{table}"),
                types,
                self.table_rows(database, &name, columns),
            )
        };
        tables.into_iter().map(one).collect()
    }

    /// Rows as COPY prints them, sorted.
    pub fn table_rows(&self, database: &str, name: &str, columns: &str) -> Vec<Vec<Option<String>>> {
        use futures::TryStreamExt;
        let mut connection = self.connect(database);
        self.wait(async {
            sqlx::raw_sql(
                "SET TimeZone = 'UTC'; SET DateStyle = 'ISO'; SET IntervalStyle = 'iso_8601'; SET extra_float_digits = 1",
            )
            .execute(&mut connection)
            .await
            .unwrap();
            let sql = format!("COPY (SELECT {columns} FROM {name}) TO STDOUT");
            let lines: Vec<_> = connection.copy_out_raw(&sql).await.unwrap().try_collect().await.unwrap();
            let field = |field: &str| (field != "\\N").then(|| field.to_owned());
            let mut rows: Vec<Vec<Option<String>>> = lines
                .iter()
                .map(|line| String::from_utf8_lossy(line).trim_end_matches('\n').split('\t').map(field).collect())
                .collect();
            rows.sort_unstable();
            rows
        })
    }
}

/// A file that is not part of the project; `None`, said aloud, when it is not there.
pub fn shared(path: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let path = root.join(path);
    if path.exists() {
        return Some(path);
    }
    eprintln!("NOT TESTED: {} is not there", path.display());
    None
}
