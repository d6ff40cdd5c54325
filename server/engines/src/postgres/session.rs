//! One connection to a server, blocking, with the settings everything here relies on.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use control::ports::database_engine::{Address, DatabaseSource, EngineError};
use domain::failure::Cause;
use futures::TryStreamExt;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgSslMode};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Row, ValueRef};

use super::error::{failed, has_state};
use super::runner::Runner;

/// The majors this engine was made for.
pub(crate) const SUPPORTED: std::ops::RangeInclusive<u16> = 13..=18;

/// Databases every server has, for what cannot be done from inside the database it is done to.
const MAINTENANCE: [&str; 2] = ["postgres", "template1"];

/// How to reach a server, taken from an address.
#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) user: String,
    pub(crate) database: String,
    pub(crate) password: Option<Secret>,
    runner: Arc<Runner>,
    connect_timeout: Duration,
    lock_timeout: Duration,
}

/// A password. Never printed.
#[derive(Clone)]
pub(crate) struct Secret(pub(crate) String);

impl Server {
    /// Reads the password file, if there is one.
    pub(crate) fn of(
        source: &DatabaseSource,
        runner: &Arc<Runner>,
        connect_timeout: Duration,
        lock_timeout: Duration,
    ) -> Result<Self, EngineError> {
        let Address::Postgres {
            host,
            port,
            database,
            user,
            password_file,
        } = &source.address
        else {
            return Err(EngineError::new(
                Cause::Unexpected,
                format_args!("{:?} is no PostgreSQL database", source.address),
            ));
        };
        Ok(Self {
            host: host.clone(),
            port: *port,
            user: user.clone(),
            database: database.clone(),
            password: password_file.as_deref().map(read_password).transpose()?,
            runner: Arc::clone(runner),
            connect_timeout,
            lock_timeout,
        })
    }

    /// The same server, another database.
    pub(crate) fn with_database(&self, name: &str) -> Self {
        Self {
            database: name.to_owned(),
            ..self.clone()
        }
    }

    /// A connection to the database itself.
    pub(crate) fn connect(&self) -> Result<Session, EngineError> {
        self.connect_to(&self.database)
            .map_err(|error| failed("cannot connect", &error))
    }

    /// A connection to another database of the server.
    pub(crate) fn connect_to(&self, database: &str) -> Result<Session, sqlx::Error> {
        let milliseconds = self.lock_timeout.as_millis().to_string();
        let options = self.reached(database).options([
            ("lock_timeout", milliseconds.as_str()),
            ("statement_timeout", "0"),
            ("idle_in_transaction_session_timeout", "0"),
            ("default_transaction_read_only", "off"),
            ("synchronous_commit", "on"),
            ("standard_conforming_strings", "on"),
            // Names of others are never found by accident, and rows are refused rather than hidden.
            ("search_path", "pg_catalog"),
            ("row_security", "off"),
            ("TimeZone", "UTC"),
            ("IntervalStyle", "postgres"),
            ("bytea_output", "hex"),
        ]);
        let timeout = self.connect_timeout;
        let connection = self.runner.wait(async move {
            match tokio::time::timeout(timeout, PgConnection::connect_with(&options)).await {
                Ok(connected) => connected,
                Err(_) => Err(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into())),
            }
        })?;
        Ok(Session {
            connection: Some(connection),
            runner: Arc::clone(&self.runner),
        })
    }

    /// Where a database is and who asks, without any setting of the session.
    fn reached(&self, database: &str) -> PgConnectOptions {
        let mut options = PgConnectOptions::new_without_pgpass()
            .port(self.port)
            .username(&self.user)
            .database(database)
            .ssl_mode(PgSslMode::Prefer)
            .application_name("coffre")
            .disable_statement_logging();
        options = if self.host.starts_with('/') {
            options.socket(&self.host)
        } else {
            options.host(&self.host)
        };
        match &self.password {
            Some(Secret(password)) => options.password(password),
            None => options,
        }
    }

    /// How this database is reached by whoever brings a session of their own.
    pub(crate) fn connect_options(&self) -> PgConnectOptions {
        self.reached(&self.database)
    }

    /// A connection from which databases are made, renamed and dropped.
    pub(crate) fn connect_for_maintenance(&self) -> Result<Session, EngineError> {
        let mut last = None;
        for database in MAINTENANCE.into_iter().filter(|name| *name != self.database) {
            match self.connect_to(database) {
                Ok(session) => return Ok(session),
                Err(error) if has_state(&error, "3D000") || has_state(&error, "42501") => last = Some(error),
                Err(error) => return Err(failed("cannot connect", &error)),
            }
        }
        let error = last.unwrap_or(sqlx::Error::RowNotFound);
        Err(EngineError::new(
            Cause::ServerDeniesAccess,
            format_args!("neither of the databases {MAINTENANCE:?} can be connected to: {error}"),
        ))
    }
}

fn read_password(file: &Path) -> Result<Secret, EngineError> {
    let content = std::fs::read_to_string(file).map_err(|error| {
        let detail = format_args!("the password file {} cannot be read: {error}", file.display()).to_string();
        EngineError::new(Cause::ServerDeniesAccess, detail)
    })?;
    Ok(Secret(content.lines().next().unwrap_or_default().to_owned()))
}

/// A connection. Dropping it says goodbye to the server, which ends a transaction that is still open.
pub(crate) struct Session {
    connection: Option<PgConnection>,
    runner: Arc<Runner>,
}

/// A row of texts.
pub(crate) type TextRow = Vec<Option<String>>;

impl Session {
    /// Runs statements that answer nothing. One statement alone is in no transaction.
    pub(crate) fn execute(&mut self, sql: &str) -> Result<(), sqlx::Error> {
        let connection = self.connection.as_mut().expect("taken by drop only");
        self.runner
            .wait(async { sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.map(|_| ()) })
    }

    /// Runs a query whose columns are all text, with text arguments.
    pub(crate) fn rows(&mut self, sql: &str, arguments: &[&str]) -> Result<Vec<TextRow>, sqlx::Error> {
        let connection = self.connection.as_mut().expect("taken by drop only");
        self.runner.wait(async {
            let mut query = sqlx::query(AssertSqlSafe(sql)).persistent(false);
            for argument in arguments {
                query = query.bind(*argument);
            }
            let rows = query.fetch_all(connection).await?;
            rows.iter()
                .map(|row| (0..row.len()).map(|column| row.try_get(column)).collect())
                .collect()
        })
    }

    /// The first column of the first row.
    pub(crate) fn text(&mut self, sql: &str, arguments: &[&str]) -> Result<String, sqlx::Error> {
        let first = self
            .rows(sql, arguments)?
            .into_iter()
            .next()
            .and_then(|row| row.into_iter().next());
        first.flatten().ok_or(sqlx::Error::RowNotFound)
    }

    /// As [`Self::text`], a number.
    pub(crate) fn number(&mut self, sql: &str, arguments: &[&str]) -> Result<u64, sqlx::Error> {
        let text = self.text(sql, arguments)?;
        text.parse()
            .map_err(|_| sqlx::Error::Protocol(format!("{text:?} is no number")))
    }

    /// Runs a query and hands over the first column of every row as the server wrote it, without keeping any.
    pub(crate) fn each(&mut self, sql: &str, mut take: impl FnMut(Option<&[u8]>) + Send) -> Result<(), sqlx::Error> {
        let connection = self.connection.as_mut().expect("taken by drop only");
        self.runner.wait(async {
            let mut rows = sqlx::raw_sql(AssertSqlSafe(sql)).fetch(connection);
            while let Some(row) = rows.try_next().await? {
                let value = row.try_get_raw(0)?;
                if value.is_null() {
                    take(None);
                } else {
                    take(Some(value.as_bytes().map_err(sqlx::Error::Decode)?));
                }
            }
            Ok(())
        })
    }

    /// Major and full version: 15, "15.18".
    ///
    /// # Errors
    /// `VersionNotSupported` outside [`SUPPORTED`].
    pub(crate) fn version(&mut self) -> Result<(u16, String), EngineError> {
        let failed = |error: sqlx::Error| failed("cannot ask for the version", &error);
        let number = self
            .number("SELECT current_setting('server_version_num')", &[])
            .map_err(failed)?;
        let full = self
            .text("SELECT current_setting('server_version')", &[])
            .map_err(failed)?;
        let full = full.split(' ').next().unwrap_or_default().to_owned();
        let major = u16::try_from(number / 10_000).unwrap_or(u16::MAX);
        if SUPPORTED.contains(&major) {
            return Ok((major, full));
        }
        let detail = format_args!(
            "the server is {full}; {} to {} are supported",
            SUPPORTED.start(),
            SUPPORTED.end()
        )
        .to_string();
        Err(EngineError::new(Cause::VersionNotSupported, detail))
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            // The server may be gone already.
            let _ = self.runner.wait(connection.close());
        }
    }
}

/// A name as SQL takes it, whatever is in it.
pub(crate) fn ident(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text as SQL takes it: `standard_conforming_strings` is on in every session.
pub(crate) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
