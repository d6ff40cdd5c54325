//! The rows of any package into the tables planned for them: numbers as numbers, decimals beyond SQLite's numbers as exact
//! text, dates and times as text with the digits of their scale.

use std::io::{Read, Seek};

use bacpac::{Package, SqlType, Value};
use domain::export_log::{
    ChangeKind, ImportReport, ImportWarning, ImportedColumn, ImportedTable, ObjectKind, ValueChange, Weakened,
    Weakening, count_change,
};

use super::build::Making;
use super::foreign_schema::{Plan, TablePlan};
use super::form::{Room, Stored};
use super::restore::set_sequence;
use super::rows_in::{Pace, insert};
use super::schema::quoted;
use crate::ImportError;
use crate::forms::calendar::{self, Clock, Instant, Moment, Zone};
use crate::forms::{decimal, uuid};
use crate::plan::type_name;

/// Makes the tables, fills them, makes their indexes. Gives the NULLs that the file should not have.
pub(super) fn fill<R: Read + Seek>(
    package: &mut Package<R>,
    plan: &Plan,
    making: &Making,
    pace: &mut Pace<'_>,
    report: &mut ImportReport,
) -> Result<Vec<(String, u64)>, ImportError> {
    let connection = making.connection()?;
    for table in &plan.tables {
        connection.execute_batch(&table.create)?;
    }
    let mut nulls = Vec::new();
    for (at, table) in plan.tables.iter().enumerate() {
        let (imported, unexpected) = fill_table(package, at, table, making, pace)?;
        if unexpected > 0 {
            nulls.push((imported.source_name.clone(), unexpected));
        }
        report.tables.push(imported);
    }
    for table in &plan.tables {
        for index in &table.indexes {
            connection.execute_batch(index)?;
        }
        for (name, condition) in &table.checks {
            // A condition of our own making: it was parsed and written again.
            let sql = format!("SELECT count(*) FROM {} WHERE NOT ({condition})", quoted(&table.name));
            let broken: i64 = connection.query_row(&sql, [], |row| row.get(0))?;
            if broken > 0 {
                report.weakened.push(Weakened {
                    kind: ObjectKind::Check,
                    table: table.name.clone(),
                    name: name.clone(),
                    what: Weakening::NotTrusted(u64::try_from(broken).unwrap_or(0)),
                    text: condition.clone(),
                    first_rows: Vec::new(),
                });
            }
        }
        let sql = "SELECT count(*) FROM pragma_foreign_key_check(?1)";
        let dangling: i64 = connection.query_row(sql, [&table.name], |row| row.get(0))?;
        if dangling > 0 {
            report.warnings.push(ImportWarning::DanglingRows {
                table: table.name.clone(),
                count: u64::try_from(dangling).unwrap_or(0),
            });
        }
    }
    Ok(nulls)
}

fn fill_table<R: Read + Seek>(
    package: &mut Package<R>,
    at: usize,
    table: &TablePlan,
    making: &Making,
    pace: &mut Pace<'_>,
) -> Result<(ImportedTable, u64), ImportError> {
    let connection = making.connection()?;
    let source = package.model().tables.get(at).cloned().unwrap_or_default();
    let names: Vec<_> = table.columns.iter().map(|column| quoted(&column.name)).collect();
    let marks = vec!["?"; names.len()].join(", ");
    let sql = format!(
        "INSERT INTO {} ({}) VALUES ({marks})",
        quoted(&table.name),
        names.join(", ")
    );
    let mut statement = connection.prepare(&sql)?;
    let mut changes: Vec<Vec<ValueChange>> = vec![Vec::new(); table.columns.len()];
    let bound = vec![true; table.columns.len()];
    let (rows, nulls) = insert(
        package,
        at,
        &mut statement,
        &bound,
        &mut |column, value, row, room| {
            let planned = table.columns.get(column)?;
            let (stored, change) = stored(value, &planned.sql_type, room);
            if let Some(kind) = change {
                count_change(changes.get_mut(column)?, kind, || row.to_string());
            }
            Some(stored)
        },
        pace,
    )?;
    if let Some(sequence) = table.sequence {
        set_sequence(connection, &table.name, sequence)?;
    }
    let columns = source.columns.iter().zip(&table.columns).zip(changes);
    let columns = columns.map(|((source, planned), changes)| ImportedColumn {
        source_name: source.field.name.clone(),
        name: planned.name.clone(),
        sql_type: type_name(&source.field.sql_type),
        declared: planned.declared.clone(),
        changes,
    });
    let imported = ImportedTable {
        source_name: source.full_name(),
        name: table.name.clone(),
        rows,
        columns: columns.collect(),
    };
    Ok((imported, nulls))
}

/// What a value becomes, and what could not be kept of it.
fn stored<'v>(value: &'v Value, sql_type: &SqlType, room: &mut Room) -> (Stored<'v>, Option<ChangeKind>) {
    room.text.clear();
    let mut change = None;
    let stored = match value {
        Value::Null => Stored::Null,
        Value::TinyInt(number) => Stored::Integer(i64::from(*number)),
        Value::SmallInt(number) => Stored::Integer(i64::from(*number)),
        Value::Int(number) => Stored::Integer(i64::from(*number)),
        Value::BigInt(number) => Stored::Integer(*number),
        Value::Bit(yes) => Stored::Integer(i64::from(*yes)),
        Value::Real(number) => real(f64::from(*number), sql_type, &mut change),
        Value::Float(number) => real(*number, sql_type, &mut change),
        Value::SmallMoney(units) => number(*units < 0, u128::from(units.unsigned_abs()), 4),
        Value::Money(units) => digits(*units < 0, u128::from(units.unsigned_abs()), 4, room),
        Value::Decimal(found) if found.precision <= 15 && *sql_type != SqlType::SqlVariant => {
            number(found.negative, found.magnitude, found.scale)
        }
        Value::Decimal(found) => digits(found.negative, found.magnitude, found.scale, room),
        Value::Text(text) => Stored::Text(Some(text)),
        Value::BrokenText(units) => {
            change = Some(ChangeKind::SurrogateReplaced);
            room.text.push_str(&String::from_utf16_lossy(units));
            Stored::Text(None)
        }
        Value::Binary(bytes) => Stored::Blob(Some(bytes)),
        Value::Uuid(bytes) => {
            uuid::push(bytes, false, &mut room.text);
            Stored::Text(None)
        }
        Value::Variant(variant) => return variant_value(variant, room),
        moment => {
            push_moment(moment, sql_type, &mut room.text);
            Stored::Text(None)
        }
    };
    (stored, change)
}

/// SQLite takes "not a number" for NULL, and forgets the sign of zero in a column of numbers.
fn real<'v>(number: f64, sql_type: &SqlType, change: &mut Option<ChangeKind>) -> Stored<'v> {
    if number.is_nan() {
        *change = Some(ChangeKind::NanToNull);
        return Stored::Null;
    }
    if number == 0.0 && number.is_sign_negative() && *sql_type != SqlType::SqlVariant {
        *change = Some(ChangeKind::Rounded);
    }
    Stored::Real(number)
}

fn number<'v>(negative: bool, magnitude: u128, scale: u8) -> Stored<'v> {
    match decimal::to_number(negative, magnitude, scale) {
        Ok(whole) => Stored::Integer(whole),
        Err(number) => Stored::Real(number),
    }
}

fn digits<'v>(negative: bool, magnitude: u128, scale: u8, room: &mut Room) -> Stored<'v> {
    decimal::push(negative, magnitude, scale, &mut room.text);
    Stored::Text(None)
}

/// Each value of a variant column by its own type; what no type is known of stays as its bytes.
fn variant_value<'v>(variant: &bacpac::Variant, room: &mut Room) -> (Stored<'v>, Option<ChangeKind>) {
    let Some(value) = variant.value() else {
        room.blob.clone_from(&variant.payload);
        return (Stored::Blob(None), None);
    };
    // A variant holds no variant.
    let (stored, change) = match &value {
        Value::Variant(inner) => {
            room.blob.clone_from(&inner.payload);
            return (Stored::Blob(None), None);
        }
        other => stored(other, &SqlType::SqlVariant, room),
    };
    let owned = match stored {
        Stored::Null => Stored::Null,
        Stored::Integer(number) => Stored::Integer(number),
        Stored::Real(number) => Stored::Real(number),
        Stored::Text(None) => Stored::Text(None),
        Stored::Text(Some(text)) => {
            room.text.clear();
            room.text.push_str(text);
            Stored::Text(None)
        }
        Stored::Blob(None) => Stored::Blob(None),
        Stored::Bytes => Stored::Bytes,
        Stored::Blob(Some(bytes)) => {
            room.blob.clear();
            room.blob.extend_from_slice(bytes);
            Stored::Blob(None)
        }
    };
    (owned, change)
}

fn push_moment(value: &Value, sql_type: &SqlType, text: &mut String) {
    let digits = match sql_type {
        SqlType::Time { scale } | SqlType::DateTime2 { scale } | SqlType::DateTimeOffset { scale } => *scale,
        SqlType::SmallDateTime => 0,
        SqlType::DateTime => 3,
        _ => 7,
    };
    let clock = Clock { seconds: true, digits };
    let moment = |zone| Moment {
        letter: false,
        clock,
        zone,
    };
    match value {
        Value::Date(days) => calendar::push_date(*days, text),
        Value::Time(ticks) => calendar::push_clock(clock, *ticks, text),
        Value::DateTime2 { days, ticks } => {
            let (days, ticks) = (*days, *ticks);
            calendar::push_moment(moment(Zone::None), Instant { days, ticks, offset: 0 }, text);
        }
        Value::DateTimeOffset { days, ticks, offset } => {
            let (days, ticks, offset) = (*days, *ticks, *offset);
            calendar::push_moment(moment(Zone::SpacedOffset), Instant { days, ticks, offset }, text);
        }
        Value::DateTime { days, ticks } => {
            // Thirds of ten milliseconds, rounded as the server shows them.
            let millis = (u64::from(*ticks) * 10 + 1) / 3;
            calendar::push_date_of_1900(i64::from(*days), text);
            text.push(' ');
            calendar::push_clock(
                Clock {
                    seconds: true,
                    digits: 3,
                },
                millis * 10_000,
                text,
            );
        }
        Value::SmallDateTime { days, minutes } => {
            calendar::push_date_of_1900(i64::from(*days), text);
            text.push(' ');
            let whole = Clock {
                seconds: true,
                digits: 0,
            };
            calendar::push_clock(whole, u64::from(*minutes) * 600_000_000, text);
        }
        _ => {}
    }
}
