//! `coffre bacpac export` and `import`: databases to BACPAC files and back, as `interchange` does it, with a progress bar on a
//! terminal.

use std::fs::File;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::{Duration, UNIX_EPOCH};

use bacpac::Limits;
use control::ports::clock::Clock;
use indicatif::{ProgressBar, ProgressStyle};
use interchange::{ExportOptions, postgres, sqlite};
use serde::Serialize;
use sqlx::postgres::PgConnectOptions;

use super::Outcome;
use crate::adapters::SystemClock;

/// How often the bar is drawn anew, times a second.
const DRAWN_PER_SECOND: u8 = 5;

/// A database on the other side of a file.
#[derive(Debug, Clone)]
pub enum Database {
    /// A SQLite file.
    Sqlite(PathBuf),
    /// A database of a PostgreSQL server.
    Postgres(Box<PgConnectOptions>),
}

impl FromStr for Database {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let unknown = || "write sqlite:PATH or postgres:URL".to_owned();
        match text.split_once(':') {
            Some(("sqlite", path)) if !path.is_empty() => Ok(Self::Sqlite(PathBuf::from(path))),
            Some(("postgres" | "postgresql", rest)) if !rest.is_empty() => {
                // postgres://… is a whole address, postgres:postgres://… one behind our own word.
                let url = if rest.starts_with("//") { text } else { rest };
                // The parser's own message may repeat the password.
                let options =
                    PgConnectOptions::from_str(url).map_err(|_| "this is no address of a database".to_owned())?;
                Ok(Self::Postgres(Box::new(options)))
            }
            _ => Err(unknown()),
        }
    }
}

pub(super) fn export(from: &Database, target: &Path, log: Option<&Path>, out: &mut dyn Write) -> Outcome {
    if target.exists() {
        return Err(format!("{}: there is already such a file", target.display()).into());
    }
    let now = SystemClock.now();
    let mut identity = [0; 16];
    getrandom::fill(&mut identity).map_err(|error| format!("no random numbers: {error}"))?;
    let database = match from {
        Database::Sqlite(path) => path.file_stem().map(|stem| stem.to_string_lossy().into_owned()),
        Database::Postgres(options) => options.get_database().map(str::to_owned),
    };
    let options = ExportOptions {
        database: database.unwrap_or_else(|| "database".to_owned()),
        product_version: env!("CARGO_PKG_VERSION").to_owned(),
        identity,
        started: UNIX_EPOCH + Duration::from_millis(u64::try_from(now.millis()).unwrap_or(0)),
        level: 1,
        threads: super::threads(),
    };
    let bar = Bar::new("rows written");
    let told = match from {
        Database::Sqlite(path) => sqlite::export(path, target, &options, &|done, all| bar.tell(done, all)),
        Database::Postgres(server) => postgres::export(server, target, &options, &|done, all| bar.tell(done, all)),
    }?;
    bar.end();
    write_json(log, &told)?;
    let rows: u64 = told.tables.iter().map(|table| table.rows).sum();
    writeln!(
        out,
        "{} tables, {rows} rows, {} bytes, SHA-256 {}",
        told.tables.len(),
        told.file.bytes,
        told.file.sha256
    )?;
    match told.values_changed() {
        0 => writeln!(out, "no value was changed")?,
        changed => writeln!(out, "{changed} values were changed: the log says which")?,
    }
    if !told.weakened.is_empty() || !told.not_carried.is_empty() {
        let (weakened, left_out) = (told.weakened.len(), told.not_carried.len());
        writeln!(
            out,
            "{weakened} rules hold less and {left_out} objects were left out: the log says which"
        )?;
    }
    Ok(())
}

pub(super) fn import(file: &Path, to: &Database, report: Option<&Path>, out: &mut dyn Write) -> Outcome {
    let limits = Limits::default();
    let bar = Bar::new("rows read");
    let told = match to {
        Database::Sqlite(path) => sqlite::import(file, path, &limits, &|done, all| bar.tell(done, all)),
        Database::Postgres(server) => postgres::import(file, server, &limits, &|done, all| bar.tell(done, all)),
    }
    .map_err(|error| format!("{}: {error}", file.display()))?;
    bar.end();
    write_json(report, &told)?;
    let rows: u64 = told.tables.iter().map(|table| table.rows).sum();
    writeln!(out, "{} tables, {rows} rows", told.tables.len())?;
    match told.values_changed() {
        0 => writeln!(out, "no value was changed")?,
        changed => writeln!(out, "{changed} values were changed: the report says which")?,
    }
    for warning in &told.warnings {
        writeln!(out, "warning: {}", serde_json::to_string(warning)?)?;
    }
    Ok(())
}

fn write_json(path: Option<&Path>, told: &impl Serialize) -> Outcome {
    let Some(path) = path else { return Ok(()) };
    let file = File::create(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(serde_json::to_writer_pretty(file, told)?)
}

/// A bar on a terminal, nothing elsewhere.
struct Bar(Option<ProgressBar>);

impl Bar {
    fn new(what: &'static str) -> Self {
        if !std::io::stderr().is_terminal() {
            return Self(None);
        }
        let bar = ProgressBar::no_length().with_message(what);
        bar.set_draw_target(indicatif::ProgressDrawTarget::stderr_with_hz(DRAWN_PER_SECOND));
        bar.set_style(ProgressStyle::default_spinner());
        Self(Some(bar))
    }

    fn tell(&self, done: u64, all: Option<u64>) -> bool {
        if let Some(bar) = &self.0 {
            if all != bar.length() {
                bar.set_length(all.unwrap_or(done));
                bar.set_style(ProgressStyle::default_bar());
            }
            bar.set_position(done);
        }
        true
    }

    fn end(&self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}
