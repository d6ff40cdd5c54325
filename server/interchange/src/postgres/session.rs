//! One connection to a server, blocking, with the settings that the texts of values depend on. It knows no table.
use futures::TryStreamExt;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgCopyIn};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Row};
use tokio::runtime::{Builder, Handle, Runtime};

/// The forms in which values are written and read, rows always in the same order, and no time limit of the server's own. Names of
/// others are never found by accident, and rows are refused rather than hidden.
const SETTINGS: &str = "
    SET search_path = pg_catalog;
    SET client_encoding = 'UTF8';
    SET standard_conforming_strings = on;
    SET TimeZone = 'UTC';
    SET DateStyle = 'ISO, YMD';
    SET IntervalStyle = 'iso_8601';
    SET extra_float_digits = 1;
    SET bytea_output = 'hex';
    SET xmloption = 'content';
    SET quote_all_identifiers = off;
    SET row_security = off;
    SET array_nulls = on;
    SET transform_null_equals = off;
    SET default_transaction_read_only = off;
    SET synchronize_seqscans = off;
    SET max_parallel_workers_per_gather = 0;
    SET statement_timeout = 0;
    SET idle_in_transaction_session_timeout = 0";

/// A connection. Dropping it ends a transaction that is still open.
pub(super) struct Session {
    connection: PgConnection,
    runtime: Runtime,
}

/// A row of texts.
pub(super) type TextRow = Vec<Option<String>>;

/// Runs blocking work on a thread of its own when the caller's belongs to a runtime: one cannot wait inside another.
pub(super) fn apart<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    if Handle::try_current().is_err() {
        return work();
    }
    std::thread::scope(|scope| match scope.spawn(work).join() {
        Ok(output) => output,
        Err(panic) => std::panic::resume_unwind(panic),
    })
}

impl Session {
    pub(super) fn connect(settings: &PgConnectOptions) -> Result<Self, sqlx::Error> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let settings = settings.clone().disable_statement_logging();
        let connection = runtime.block_on(PgConnection::connect_with(&settings))?;
        let mut session = Self { connection, runtime };
        session.execute(SETTINGS)?;
        Ok(session)
    }

    /// Runs statements of our own that answer nothing.
    pub(super) fn execute(&mut self, sql: &str) -> Result<(), sqlx::Error> {
        let running = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut self.connection);
        self.runtime.block_on(running).map(|_| ())
    }

    /// Runs one statement; the server refuses several. For statements that hold an expression found in a file.
    pub(super) fn execute_one(&mut self, sql: &str) -> Result<(), sqlx::Error> {
        let running = sqlx::query(AssertSqlSafe(sql))
            .persistent(false)
            .execute(&mut self.connection);
        self.runtime.block_on(running).map(|_| ())
    }

    /// Runs `work` so that it leaves nothing behind when it fails. The outer error is that of the connection.
    pub(super) fn attempt<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, sqlx::Error>,
    ) -> Result<Result<T, sqlx::Error>, sqlx::Error> {
        self.execute("SAVEPOINT attempt")?;
        match work(self) {
            Ok(done) => self.execute("RELEASE SAVEPOINT attempt").map(|()| Ok(done)),
            Err(error @ sqlx::Error::Database(_)) => self
                .execute("ROLLBACK TO SAVEPOINT attempt; RELEASE SAVEPOINT attempt")
                .map(|()| Err(error)),
            Err(error) => Err(error),
        }
    }

    /// Runs a query whose columns are all text, with text arguments.
    pub(super) fn rows(&mut self, sql: &str, arguments: &[&str]) -> Result<Vec<TextRow>, sqlx::Error> {
        let mut query = sqlx::query(AssertSqlSafe(sql)).persistent(false);
        for argument in arguments {
            query = query.bind(*argument);
        }
        let rows = self.runtime.block_on(query.fetch_all(&mut self.connection))?;
        rows.iter()
            .map(|row| (0..row.len()).map(|column| row.try_get(column)).collect())
            .collect()
    }

    /// The first column of the first row, if there is any.
    pub(super) fn text(&mut self, sql: &str, arguments: &[&str]) -> Result<Option<String>, sqlx::Error> {
        let rows = self.rows(sql, arguments)?;
        Ok(rows.into_iter().next().and_then(|row| row.into_iter().next()).flatten())
    }

    /// Hands over every line of a `COPY … TO STDOUT`, without keeping any. The server sends one line at a time.
    pub(super) fn copy_out<E: From<sqlx::Error>>(
        &mut self,
        sql: &str,
        mut take: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        self.runtime.block_on(async {
            let mut lines = self.connection.copy_out_raw(sql).await?;
            while let Some(line) = lines.try_next().await? {
                take(&line)?;
            }
            Ok(())
        })
    }

    /// Begins a `COPY … FROM STDIN`.
    pub(super) fn copy_in(&mut self, sql: &str) -> Result<CopyIn<'_>, sqlx::Error> {
        let copy = self.runtime.block_on(self.connection.copy_in_raw(sql))?;
        Ok(CopyIn {
            copy,
            runtime: &self.runtime,
        })
    }
}

/// Lines on their way into a table.
pub(super) struct CopyIn<'a> {
    copy: PgCopyIn<&'a mut PgConnection>,
    runtime: &'a Runtime,
}

impl CopyIn<'_> {
    /// Sends whole lines.
    pub(super) fn send(&mut self, lines: &[u8]) -> Result<(), sqlx::Error> {
        self.runtime.block_on(self.copy.send(lines)).map(|_| ())
    }

    /// Waits until the server has taken them all.
    pub(super) fn finish(self) -> Result<u64, sqlx::Error> {
        self.runtime.block_on(self.copy.finish())
    }
}

/// A name as SQL takes it, whatever is in it.
pub(super) fn ident(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A schema and a name as SQL takes them.
pub(super) fn qualified(schema: &str, name: &str) -> String {
    format!("{}.{}", ident(schema), ident(name))
}

/// A text as SQL takes it: `standard_conforming_strings` is on in every session.
pub(super) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
