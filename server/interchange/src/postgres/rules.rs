//! What the rows of a filled table are held to: NOT NULL, keys, conditions, indexes, foreign keys, and the numbers that come
//! next. A rule that does not hold is left out and told, never the rows.
use super::expression::{Owner, Purpose, add_condition, may_filter};
use super::fill::Filled;
use super::import::Account;
use super::session::{Session, ident, literal, qualified};
use super::source::{Counter, ForeignKeySource, IndexSource, KeySource, TableSource};
use domain::export_log::{DropReason, ObjectKind, Weakened, Weakening};

/// A table or sequence as a value.
pub(super) fn regclass(qualified: &str) -> String {
    format!("{}::regclass", literal(qualified))
}

fn list(names: &[String]) -> String {
    let names: Vec<_> = names.iter().map(|name| ident(name)).collect();
    names.join(", ")
}

fn told(kind: ObjectKind, table: &TableSource, name: &str, what: Weakening, text: &str) -> Weakened {
    Weakened {
        kind,
        table: format!("{}.{}", table.schema, table.name),
        name: name.to_owned(),
        what,
        text: text.to_owned(),
        first_rows: Vec::new(),
    }
}

/// Why the server refused a rule: the rows break it, or it knows no such rule.
fn reason(error: &sqlx::Error) -> DropReason {
    let code = match error {
        sqlx::Error::Database(error) => error.code(),
        _ => None,
    };
    match code.as_deref() {
        Some("23502") => DropReason::Nulls,
        Some(code) if code.starts_with("23") => DropReason::RowsBreakIt,
        Some("54000") => DropReason::KeyTooWide,
        Some("42704") | Some("42804") => DropReason::Type,
        _ => DropReason::NoCounterpart,
    }
}

/// Everything that concerns the table alone. Rules to which the rows were not held stay so when they are `restored`; those of
/// other origins are tried.
pub(super) fn of_table(
    session: &mut Session,
    table: &TableSource,
    filled: &Filled,
    restored: bool,
    account: &mut Account,
) -> Result<(), sqlx::Error> {
    let name = qualified(&table.schema, &table.name);
    not_null(session, &name, table, filled, account)?;
    for key in &table.keys {
        let added = either(session, key.nulls_equal, |nulls_equal| key_sql(&name, key, nulls_equal))?;
        if let Err(error) = added {
            let kind = if key.primary {
                ObjectKind::PrimaryKey
            } else {
                ObjectKind::Unique
            };
            let what = Weakening::Dropped(reason(&error));
            account
                .weakened
                .push(told(kind, table, &key.name, what, &key.columns.join(", ")));
        }
    }
    for check in &table.checks {
        let owner = Owner::Table(&name);
        if !add_condition(session, owner, &check.name, &check.expression, Purpose::Condition)? {
            let what = Weakening::Dropped(DropReason::NotTranslated);
            account
                .weakened
                .push(told(ObjectKind::Check, table, &check.name, what, &check.expression));
            continue;
        }
        if !check.valid && restored {
            continue;
        }
        let sql = format!("ALTER TABLE {name} VALIDATE CONSTRAINT {}", ident(&check.name));
        if session.attempt(|session| session.execute(&sql))?.is_err() {
            let what = Weakening::NotTrusted(0);
            account
                .weakened
                .push(told(ObjectKind::Check, table, &check.name, what, &check.expression));
        }
    }
    for index in &table.indexes {
        let harmless = match &index.predicate {
            Some(predicate) => may_filter(session, &name, predicate)?,
            None => true,
        };
        let text = index.predicate.clone().unwrap_or_default();
        let mut lost = |reason| {
            let what = Weakening::Dropped(reason);
            account
                .weakened
                .push(told(ObjectKind::Index, table, &index.name, what, &text));
        };
        if !harmless {
            lost(DropReason::NotTranslated);
            continue;
        }
        let sql = |nulls_equal| index_sql(&name, index, nulls_equal);
        if let Err(error) = either(session, index.nulls_equal, sql)? {
            lost(reason(&error));
        }
    }
    Ok(())
}

/// Runs a statement that may ask for NULLs to be equal, which servers before version 15 do not know: there several NULLs are
/// allowed.
fn either(
    session: &mut Session,
    nulls_equal: bool,
    sql: impl Fn(bool) -> String,
) -> Result<Result<(), sqlx::Error>, sqlx::Error> {
    let first = session.attempt(|session| session.execute_one(&sql(nulls_equal)))?;
    let unknown =
        |error: &sqlx::Error| matches!(error, sqlx::Error::Database(error) if error.code().as_deref() == Some("42601"));
    match &first {
        Err(error) if nulls_equal && unknown(error) => session.attempt(|session| session.execute_one(&sql(false))),
        _ => Ok(first),
    }
}

fn not_null(
    session: &mut Session,
    name: &str,
    table: &TableSource,
    filled: &Filled,
    account: &mut Account,
) -> Result<(), sqlx::Error> {
    let mut parts = Vec::new();
    for (column, nulls) in table
        .columns
        .iter()
        .zip(&filled.nulls)
        .filter(|(column, _)| column.not_null)
    {
        if *nulls == 0 {
            parts.push(format!("ALTER {} SET NOT NULL", ident(&column.name)));
        } else {
            let what = Weakening::Dropped(DropReason::Nulls);
            account
                .weakened
                .push(told(ObjectKind::Constraint, table, &column.name, what, "NOT NULL"));
        }
    }
    if parts.is_empty() {
        return Ok(());
    }
    // Together they take one look at the rows.
    session.execute(&format!("ALTER TABLE {name} {}", parts.join(", ")))
}

fn deferral(deferrable: bool, deferred: bool) -> &'static str {
    match (deferrable, deferred) {
        (true, true) => " DEFERRABLE INITIALLY DEFERRED",
        (true, false) => " DEFERRABLE",
        _ => "",
    }
}

fn key_sql(table: &str, key: &KeySource, nulls_equal: bool) -> String {
    let kind = match (key.primary, nulls_equal) {
        (true, _) => "PRIMARY KEY",
        (false, false) => "UNIQUE",
        (false, true) => "UNIQUE NULLS NOT DISTINCT",
    };
    let included = if key.included.is_empty() {
        String::new()
    } else {
        format!(" INCLUDE ({})", list(&key.included))
    };
    format!(
        "ALTER TABLE {table} ADD CONSTRAINT {} {kind} ({}){included}{}",
        ident(&key.name),
        list(&key.columns),
        deferral(key.deferrable, key.deferred)
    )
}

fn index_sql(table: &str, index: &IndexSource, nulls_equal: bool) -> String {
    let columns: Vec<_> = index
        .columns
        .iter()
        .map(|column| {
            let class = column
                .class
                .as_ref()
                .map(|class| format!(" pg_catalog.{}", ident(class)));
            format!(
                "{}{} {} NULLS {}",
                ident(&column.name),
                class.unwrap_or_default(),
                if column.descending { "DESC" } else { "ASC" },
                if column.nulls_first { "FIRST" } else { "LAST" }
            )
        })
        .collect();
    let mut sql = format!(
        "CREATE {}INDEX {} ON {table} ({})",
        if index.unique { "UNIQUE " } else { "" },
        ident(&index.name),
        columns.join(", ")
    );
    if !index.included.is_empty() {
        sql.push_str(&format!(" INCLUDE ({})", list(&index.included)));
    }
    if nulls_equal {
        sql.push_str(" NULLS NOT DISTINCT");
    }
    if let Some(predicate) = &index.predicate {
        // It was seen to be harmless, and to stay inside its parentheses.
        sql.push_str(&format!(" WHERE ({predicate})"));
    }
    sql
}

/// What joins the table to others, once all keys are there.
pub(super) fn foreign_keys(
    session: &mut Session,
    table: &TableSource,
    restored: bool,
    account: &mut Account,
) -> Result<(), sqlx::Error> {
    let name = qualified(&table.schema, &table.name);
    for key in &table.foreign_keys {
        let sql = foreign_key_sql(&name, key);
        let text = format!("{}.{} ({})", key.schema, key.table, key.foreign_columns.join(", "));
        let mut tell = |what| {
            account
                .weakened
                .push(told(ObjectKind::ForeignKey, table, &key.name, what, &text))
        };
        let as_it_was = restored && !key.valid;
        let mut refused = DropReason::RowsBreakIt;
        if !as_it_was {
            match session.attempt(|session| session.execute_one(&sql))? {
                Ok(()) => continue,
                Err(error) => refused = reason(&error),
            }
        }
        // New rows can still be held to it.
        let without = format!("{sql} NOT VALID");
        match session.attempt(|session| session.execute_one(&without))? {
            Ok(()) if as_it_was => {}
            Ok(()) => tell(Weakening::NotTrusted(0)),
            Err(_) if refused == DropReason::RowsBreakIt => tell(Weakening::Dropped(DropReason::NoReferencedKey)),
            Err(_) => tell(Weakening::Dropped(refused)),
        }
    }
    Ok(())
}

fn foreign_key_sql(table: &str, key: &ForeignKeySource) -> String {
    let set = if key.delete_columns.is_empty() {
        String::new()
    } else {
        format!(" ({})", list(&key.delete_columns))
    };
    format!(
        "ALTER TABLE {table} ADD CONSTRAINT {} FOREIGN KEY ({}) REFERENCES {} ({}){} ON DELETE {}{set} ON UPDATE {}{}",
        ident(&key.name),
        list(&key.columns),
        qualified(&key.schema, &key.table),
        list(&key.foreign_columns),
        if key.full { " MATCH FULL" } else { "" },
        key.on_delete.sql(),
        key.on_update.sql(),
        deferral(key.deferrable, key.deferred)
    )
}

/// The number that a column gives next: as it was when the file is `untouched`; another may say less than its rows do.
pub(super) fn counters(session: &mut Session, table: &TableSource, untouched: bool) -> Result<(), sqlx::Error> {
    let name = qualified(&table.schema, &table.name);
    for column in &table.columns {
        match &column.counter {
            Some(Counter::Identity { sequence, .. }) if untouched => {
                let of = own_sequence(&name, &column.name);
                session.execute(&format!("SELECT setval({of}, {}, {})", sequence.last, sequence.called))?;
            }
            Some(Counter::Identity { sequence, .. }) => {
                let last = if sequence.called {
                    sequence.last.to_string()
                } else {
                    "NULL".to_owned()
                };
                count_on(
                    session,
                    &name,
                    &column.name,
                    &own_sequence(&name, &column.name),
                    &last,
                    sequence.increment,
                )?;
            }
            Some(Counter::Sequence {
                schema,
                name: sequence,
                owned: true,
            }) if !untouched => {
                let place = qualified(schema, sequence);
                let sql = format!(
                    "SELECT seqincrement::text, (SELECT last_value::text FROM {place} WHERE is_called) FROM pg_sequence WHERE seqrelid = {}",
                    regclass(&place)
                );
                for row in session.rows(&sql, &[])? {
                    let mut fields = row.into_iter();
                    let step = fields.next().flatten().and_then(|text| text.parse().ok()).unwrap_or(1);
                    let last = fields.next().flatten().unwrap_or_else(|| "NULL".to_owned());
                    count_on(session, &name, &column.name, &regclass(&place), &last, step)?;
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn own_sequence(table: &str, column: &str) -> String {
    format!(
        "pg_get_serial_sequence({}, {})::regclass",
        literal(table),
        literal(column)
    )
}

/// Sets a sequence to the last number given out, or to the furthest that is in the rows.
fn count_on(
    session: &mut Session,
    table: &str,
    column: &str,
    sequence: &str,
    last: &str,
    step: i64,
) -> Result<(), sqlx::Error> {
    let (extreme, further) = if step > 0 {
        ("max", "greatest")
    } else {
        ("min", "least")
    };
    session.execute(&format!(
        "SELECT setval({sequence}, number) FROM (
             SELECT {further}({last}::bigint, {extreme}({})::bigint) AS number FROM {table}
         ) AS next, pg_sequence WHERE seqrelid = {sequence} AND number BETWEEN seqmin AND seqmax",
        ident(column)
    ))
}
