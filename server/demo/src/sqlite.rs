//! Demonstration databases as SQLite files. Everything here blocks.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::civil::{Date, DateTime};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, OpenFlags, ToSql, TransactionBehavior, params_from_iter};

use crate::balance::{self, Balance, Broken};
use crate::batch::{self, Batch, Company, DueInvoice, State, Table, Value};
use crate::calendar::business_days;
use crate::error::DemoError;
use crate::profile::{JournalMode, Kind, Profile};

/// How long a statement waits for another connection's lock.
const BUSY: Duration = Duration::from_secs(5);

/// Creates the database at `path` with a history of all business days from `history_from` to `up_to`, both included.
/// The file appears complete or not at all. About 15 ms per MB in a debug build.
///
/// # Errors
/// [`DemoError::Exists`] if there is a file at `path` already; else what SQLite or the file system refused.
pub fn create(path: &Path, profile: &Profile, history_from: Date, up_to: Date) -> Result<(), DemoError> {
    if path.exists() {
        return Err(DemoError::Exists(path.to_owned()));
    }
    let file = |source| DemoError::File {
        path: path.to_owned(),
        source,
    };
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(".unfinished");
    let unfinished = PathBuf::from(unfinished);
    if unfinished.exists() {
        fs::remove_file(&unfinished).map_err(file)?;
    }
    fill(&unfinished, profile, history_from, up_to)?;
    File::open(&unfinished)
        .and_then(|database| database.sync_all())
        .map_err(file)?;
    fs::rename(&unfinished, path).map_err(file)?;
    let directory = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    File::open(directory)
        .and_then(|directory| directory.sync_all())
        .map_err(file)
}

fn fill(path: &Path, profile: &Profile, history_from: Date, up_to: Date) -> Result<(), DemoError> {
    let mut connection = Connection::open(path)?;
    connection.set_prepared_statement_cache_capacity(64);
    // A file that failed is thrown away, so nothing needs to be undone or durable before the end.
    connection.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -65536;")?;
    connection.execute_batch(match profile.kind {
        Kind::Accounting => include_str!("schema/accounting.sqlite.sql"),
        Kind::Payroll => include_str!("schema/payroll.sqlite.sql"),
    })?;
    let transaction = connection.transaction()?;
    let state = State::before(profile, history_from, up_to);
    apply(&transaction, &state.opening(profile))?;
    for day in business_days(state.company.entered_through, up_to) {
        enter_day(&transaction, day)?;
    }
    transaction.execute(&batch::entered_through_sql(up_to), [])?;
    transaction.commit()?;
    let mode = match profile.journal_mode {
        JournalMode::Wal => "WAL",
        JournalMode::Delete => "DELETE",
    };
    connection.pragma_update(None, "journal_mode", mode)?;
    connection.close().map_err(|(_, error)| error.into())
}

/// Opens an existing database for reading and writing; never creates one.
///
/// # Errors
/// What SQLite refused, above all a missing file.
pub fn open(path: &Path) -> Result<Connection, DemoError> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

/// Enters the business days after the last entered one up to and including `to`, each in one transaction. Returns how
/// many; none if `to` is not later.
///
/// # Errors
/// What SQLite refused; the days before are entered.
pub fn advance(connection: &mut Connection, to: Date) -> Result<usize, DemoError> {
    let last = read_company(connection)?.entered_through;
    let mut entered = 0;
    for day in business_days(last, to) {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        enter_day(&transaction, day)?;
        transaction.commit()?;
        entered += 1;
    }
    if to > last {
        connection.execute(&batch::entered_through_sql(to), [])?;
    }
    Ok(entered)
}

/// Enters one invoice (with its journal entry and PDF) or payslip in one short transaction; returns its number.
///
/// # Errors
/// What SQLite refused; then nothing is entered.
pub fn enter_one(connection: &mut Connection, at: DateTime, counter: u64) -> Result<i64, DemoError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let state = State {
        company: read_company(&transaction)?,
        totals: read_totals(&transaction)?,
        due: Vec::new(),
    };
    let batch = state.one_document(at, counter);
    apply(&transaction, &batch)?;
    transaction.commit()?;
    Ok(batch.total(state.company.kind.documents()))
}

/// Verifies every invariant in one read transaction. About 2 ms per MB.
///
/// # Errors
/// The first invariant found broken, or that the database cannot be read.
pub fn balance(connection: &Connection) -> Result<Balance, Broken> {
    let verify = || -> Result<Result<Balance, Broken>, DemoError> {
        let transaction = connection.unchecked_transaction()?;
        let state = State {
            company: read_company(&transaction)?,
            totals: read_totals(&transaction)?,
            due: Vec::new(),
        };
        for check in balance::checks(state.company.kind, &balance::SQLITE) {
            if let Err(broken) = check.judge(transaction.query_row(&check.sql, [], |row| row.get(0))?) {
                return Ok(Err(broken));
            }
        }
        Ok(Ok(balance::holdings(&state)))
    };
    verify().unwrap_or_else(|error| Err(Broken::Unreadable(error.to_string())))
}

fn enter_day(connection: &Connection, day: Date) -> Result<(), DemoError> {
    let company = read_company(connection)?;
    let due = match company.kind {
        Kind::Accounting => read_due(connection, &State::due_sql(&company, day))?,
        Kind::Payroll => Vec::new(),
    };
    let state = State {
        company,
        totals: read_totals(connection)?,
        due,
    };
    apply(connection, &state.business_day(day))
}

fn read_company(connection: &Connection) -> Result<Company, DemoError> {
    let row = connection.prepare_cached(State::COMPANY_SQL)?.query_row([], |row| {
        Ok((
            row.get(0)?,
            row.get(1)?,
            row.get(2)?,
            row.get(3)?,
            row.get(4)?,
            row.get(5)?,
        ))
    })?;
    State::company(row)
}

fn read_totals(connection: &Connection) -> Result<std::collections::BTreeMap<String, i64>, DemoError> {
    let mut statement = connection.prepare_cached(State::TOTALS_SQL)?;
    let totals = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(totals.collect::<Result<_, _>>()?)
}

fn read_due(connection: &Connection, sql: &str) -> Result<Vec<DueInvoice>, DemoError> {
    let mut statement = connection.prepare(sql)?;
    let due = statement.query_map([], |row| {
        Ok(DueInvoice {
            number: row.get(0)?,
            total_cents: row.get(1)?,
        })
    })?;
    Ok(due.collect::<Result<_, _>>()?)
}

fn apply(connection: &Connection, batch: &Batch<'_>) -> Result<(), DemoError> {
    for (table, rows) in &batch.rows {
        let mut statement = connection.prepare_cached(&insert_sql(*table))?;
        for row in rows {
            statement.execute(params_from_iter(row))?;
        }
    }
    for statement in batch.statements() {
        connection.execute(&statement, [])?;
    }
    Ok(())
}

fn insert_sql(table: Table) -> String {
    let (name, columns) = table.columns();
    let places = vec!["?"; columns.split(", ").count()].join(", ");
    format!("INSERT INTO {name} ({columns}) VALUES ({places})")
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Int(number) => ValueRef::Integer(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}
