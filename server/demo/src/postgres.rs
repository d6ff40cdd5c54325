//! Demonstration databases in PostgreSQL. The content equals that of an SQLite file with the same profile and dates;
//! the schema has besides what only PostgreSQL has (partitions, an identity column, a sequence, a function, a large
//! object), so that a restore has to bring all of it back.

use std::collections::BTreeMap;

use jiff::civil::{Date, DateTime};
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection};

use crate::balance::{self, Balance, Broken};
use crate::batch::{self, Batch, Company, DueInvoice, State, Table, Value};
use crate::calendar::business_days;
use crate::error::DemoError;
use crate::profile::{Kind, Profile};

/// The letterhead kept as a large object, in bytes: several of its 2 KB pages.
const LETTERHEAD: usize = 20_000;

/// Fills an empty database with a history of all business days from `history_from` to `up_to`, both included, in one
/// transaction.
///
/// # Errors
/// What PostgreSQL refused; then the database is as empty as before.
pub async fn create(
    connection: &mut PgConnection,
    profile: &Profile,
    history_from: Date,
    up_to: Date,
) -> Result<(), DemoError> {
    let mut transaction = connection.begin().await?;
    let schema = match profile.kind {
        Kind::Accounting => include_str!("schema/accounting.postgres.sql"),
        Kind::Payroll => include_str!("schema/payroll.postgres.sql"),
    };
    sqlx::raw_sql(schema).execute(&mut *transaction).await?;
    let state = State::before(profile, history_from, up_to);
    apply(&mut transaction, &state.opening(profile)).await?;
    if profile.kind == Kind::Accounting {
        sqlx::query("INSERT INTO letterhead SELECT 'en-tête', length($1), lo_from_bytea(0, $1)")
            .bind(state.letterhead(LETTERHEAD))
            .execute(&mut *transaction)
            .await?;
    }
    for day in business_days(state.company.entered_through, up_to) {
        enter_day(&mut transaction, day).await?;
    }
    run(&mut transaction, batch::entered_through_sql(up_to)).await?;
    Ok(transaction.commit().await?)
}

/// Enters the business days after the last entered one up to and including `to`, each in one transaction. Returns how
/// many; none if `to` is not later.
///
/// # Errors
/// What PostgreSQL refused; the days before are entered.
pub async fn advance(connection: &mut PgConnection, to: Date) -> Result<usize, DemoError> {
    let last = read_company(connection).await?.entered_through;
    let mut entered = 0;
    for day in business_days(last, to) {
        let mut transaction = connection.begin().await?;
        enter_day(&mut transaction, day).await?;
        transaction.commit().await?;
        entered += 1;
    }
    if to > last {
        run(connection, batch::entered_through_sql(to)).await?;
    }
    Ok(entered)
}

/// Enters one invoice (with its journal entry and PDF) or payslip in one short transaction; returns its number.
///
/// # Errors
/// What PostgreSQL refused; then nothing is entered.
pub async fn enter_one(connection: &mut PgConnection, at: DateTime, counter: u64) -> Result<i64, DemoError> {
    let mut transaction = connection.begin().await?;
    lock(&mut transaction).await?;
    let company = read_company(&mut transaction).await?;
    let state = State {
        company,
        totals: read_totals(&mut transaction).await?,
        due: Vec::new(),
    };
    let batch = state.one_document(at, counter);
    apply(&mut transaction, &batch).await?;
    transaction.commit().await?;
    Ok(batch.total(state.company.kind.documents()))
}

/// Verifies every invariant in one snapshot.
///
/// # Errors
/// The first invariant found broken, or that the database cannot be read.
pub async fn balance(connection: &mut PgConnection) -> Result<Balance, Broken> {
    verify(connection)
        .await
        .unwrap_or_else(|error| Err(Broken::Unreadable(error.to_string())))
}

async fn verify(connection: &mut PgConnection) -> Result<Result<Balance, Broken>, DemoError> {
    let mut snapshot = connection
        .begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        .await?;
    let company = read_company(&mut snapshot).await?;
    let state = State {
        company,
        totals: read_totals(&mut snapshot).await?,
        due: Vec::new(),
    };
    for check in balance::checks(state.company.kind, &balance::POSTGRES) {
        let query = sqlx::query_scalar(AssertSqlSafe(check.sql.as_str())).persistent(false);
        if let Err(broken) = check.judge(query.fetch_one(&mut *snapshot).await?) {
            return Ok(Err(broken));
        }
    }
    Ok(Ok(balance::holdings(&state)))
}

async fn enter_day(connection: &mut PgConnection, day: Date) -> Result<(), DemoError> {
    lock(connection).await?;
    let company = read_company(connection).await?;
    let due = match company.kind {
        Kind::Accounting => read_due(connection, State::due_sql(&company, day)).await?,
        Kind::Payroll => Vec::new(),
    };
    let state = State {
        company,
        totals: read_totals(connection).await?,
        due,
    };
    apply(connection, &state.business_day(day)).await
}

/// Numbers follow from the control totals, so entries go one after the other.
async fn lock(connection: &mut PgConnection) -> Result<(), DemoError> {
    sqlx::query("SELECT id FROM company WHERE id = 1 FOR UPDATE")
        .fetch_one(connection)
        .await?;
    Ok(())
}

async fn read_company(connection: &mut PgConnection) -> Result<Company, DemoError> {
    State::company(sqlx::query_as(State::COMPANY_SQL).fetch_one(connection).await?)
}

async fn read_totals(connection: &mut PgConnection) -> Result<BTreeMap<String, i64>, DemoError> {
    let totals: Vec<(String, i64)> = sqlx::query_as(State::TOTALS_SQL).fetch_all(connection).await?;
    Ok(totals.into_iter().collect())
}

async fn read_due(connection: &mut PgConnection, sql: String) -> Result<Vec<DueInvoice>, DemoError> {
    let due: Vec<(i64, i64)> = sqlx::query_as(AssertSqlSafe(sql))
        .persistent(false)
        .fetch_all(connection)
        .await?;
    Ok(due
        .into_iter()
        .map(|(number, total_cents)| DueInvoice { number, total_cents })
        .collect())
}

async fn apply(connection: &mut PgConnection, batch: &Batch<'_>) -> Result<(), DemoError> {
    for (table, rows) in &batch.rows {
        let mut copy = connection.copy_in_raw(&copy_sql(*table)).await?;
        let sent = copy.send(copy_text(rows)).await.map(|_| ());
        match sent {
            Ok(()) => copy.finish().await?,
            Err(error) => return Err(error.into()),
        };
    }
    run(connection, batch.statements().collect::<Vec<_>>().join(";\n")).await
}

async fn run(connection: &mut PgConnection, sql: String) -> Result<(), DemoError> {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await?;
    Ok(())
}

fn copy_sql(table: Table) -> String {
    let (name, columns) = table.columns();
    format!("COPY {name} ({columns}) FROM STDIN")
}

/// COPY's text form: tabs between cells, backslash escapes, bytes in hexadecimal.
fn copy_text(rows: &[Vec<Value>]) -> Vec<u8> {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = Vec::new();
    for row in rows {
        for (place, value) in row.iter().enumerate() {
            if place > 0 {
                text.push(b'\t');
            }
            match value {
                Value::Int(number) => text.extend_from_slice(number.to_string().as_bytes()),
                Value::Text(words) => {
                    for byte in words.bytes() {
                        match byte {
                            b'\\' => text.extend_from_slice(b"\\\\"),
                            b'\t' => text.extend_from_slice(b"\\t"),
                            b'\n' => text.extend_from_slice(b"\\n"),
                            other => text.push(other),
                        }
                    }
                }
                Value::Bytes(bytes) => {
                    text.extend_from_slice(b"\\\\x");
                    text.extend(
                        bytes
                            .iter()
                            .flat_map(|byte| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]),
                    );
                }
            }
        }
        text.push(b'\n');
    }
    text
}
