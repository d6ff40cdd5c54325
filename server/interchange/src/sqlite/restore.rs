//! A file that Coffre made from a SQLite database, back into SQLite: the tables by their own texts, every value by the rule of
//! its column, then indexes, views and triggers. The texts come from the file, so each is run under a guard: see `build`.

use std::io::{Read, Seek};

use bacpac::{Package, Value};
use domain::export_log::{
    ChangeKind, ImportedColumn, ImportedTable, LeftOut, NotCarried, ObjectKind, ValueChange, count_change,
};
use rusqlite::params;

use super::build::{Kind, Making};
use super::document::{Document, DocumentColumn, DocumentTable, VIRTUAL};
use super::rows_in::{Pace, insert};
use super::schema::quoted;
use crate::ImportError;
use crate::plan::type_name;

/// What came of it.
pub(super) struct Restored {
    pub(super) tables: Vec<ImportedTable>,
    pub(super) not_carried: Vec<NotCarried>,
    /// NULLs where the file allows none, by table.
    pub(super) nulls: Vec<(String, u64)>,
}

/// `places` are the positions in the model of the document's tables.
pub(super) fn restore<R: Read + Seek>(
    package: &mut Package<R>,
    document: &Document,
    places: &[usize],
    making: &Making,
    pace: &mut Pace<'_>,
) -> Result<Restored, ImportError> {
    let mut restored = Restored {
        tables: Vec::new(),
        not_carried: Vec::new(),
        nulls: Vec::new(),
    };
    let connection = making.connection()?;
    for object in document.objects.iter().filter(|object| object.kind == "table") {
        making
            .run(Kind::Table, &object.sql)
            .map_err(|error| ImportError::Target(format!("table {}: {error}", object.name)))?;
    }
    for (table, at) in document.tables.iter().zip(places) {
        let mut changes = vec![Vec::new(); table.columns.len()];
        let (rows, nulls) = rows(package, table, *at, making, pace, &mut changes)?;
        let full_name = package
            .model()
            .tables
            .get(*at)
            .map(bacpac::Table::full_name)
            .unwrap_or_default();
        if nulls > 0 {
            restored.nulls.push((full_name.clone(), nulls));
        }
        restored.tables.push(ImportedTable {
            source_name: full_name,
            name: table.name.clone(),
            rows,
            columns: columns(package, table, *at, making, changes)?,
        });
    }
    for (kind, name, told) in [
        (Kind::Index, "index", ObjectKind::Index),
        (Kind::View, "view", ObjectKind::View),
        (Kind::Trigger, "trigger", ObjectKind::Trigger),
    ] {
        for object in document.objects.iter().filter(|object| object.kind == name) {
            if making.run(kind, &object.sql).is_err() {
                restored.not_carried.push(NotCarried {
                    kind: told,
                    name: object.name.clone(),
                    table: Some(object.table.clone()),
                    reason: LeftOut::Refused,
                    text: object.sql.clone(),
                });
            }
        }
    }
    for object in document.objects.iter().filter(|object| object.kind == VIRTUAL) {
        restored.not_carried.push(NotCarried {
            kind: ObjectKind::VirtualTable,
            name: object.name.clone(),
            table: None,
            reason: LeftOut::NoCounterpart,
            text: object.sql.clone(),
        });
    }
    let version = document.user_version.clamp(i64::from(i32::MIN), i64::from(i32::MAX));
    let id = document.application_id.clamp(i64::from(i32::MIN), i64::from(i32::MAX));
    connection.execute_batch(&format!(
        "PRAGMA user_version = {version}; PRAGMA application_id = {id};"
    ))?;
    Ok(restored)
}

fn rows<R: Read + Seek>(
    package: &mut Package<R>,
    table: &DocumentTable,
    at: usize,
    making: &Making,
    pace: &mut Pace<'_>,
    changes: &mut [Vec<ValueChange>],
) -> Result<(u64, u64), ImportError> {
    let connection = making.connection()?;
    let bound: Vec<bool> = table.columns.iter().map(|column| !column.generated).collect();
    let names: Vec<_> = table
        .columns
        .iter()
        .filter(|column| !column.generated)
        .map(|column| quoted(&column.name))
        .collect();
    let marks = vec!["?"; names.len()].join(", ");
    let sql = format!(
        "INSERT INTO {} ({}) VALUES ({marks})",
        quoted(&table.name),
        names.join(", ")
    );
    let mut statement = connection.prepare(&sql)?;
    let found = insert(
        package,
        at,
        &mut statement,
        &bound,
        &mut |column, value, row, room| {
            if let Value::BrokenText(_) = value {
                // Only a server in between can have put it there.
                count_change(changes.get_mut(column)?, ChangeKind::SurrogateReplaced, || {
                    row.to_string()
                });
            }
            table.columns.get(column)?.form.read(value, room).ok()
        },
        pace,
    )?;
    if let Some(sequence) = table.sequence {
        set_sequence(connection, &table.name, sequence)?;
    }
    Ok(found)
}

/// The counter of a table as it was: it may be behind the greatest row number, or far ahead of it.
pub(super) fn set_sequence(connection: &rusqlite::Connection, table: &str, value: i64) -> rusqlite::Result<()> {
    let changed = connection.execute(
        "UPDATE sqlite_sequence SET seq = ?2 WHERE name = ?1",
        params![table, value],
    )?;
    if changed == 0 {
        connection.execute(
            "INSERT INTO sqlite_sequence (name, seq) VALUES (?1, ?2)",
            params![table, value],
        )?;
    }
    Ok(())
}

fn columns<R: Read + Seek>(
    package: &Package<R>,
    table: &DocumentTable,
    at: usize,
    making: &Making,
    changes: Vec<Vec<ValueChange>>,
) -> Result<Vec<ImportedColumn>, ImportError> {
    let connection = making.connection()?;
    let Some(found) = package.model().tables.get(at) else {
        return Ok(Vec::new());
    };
    let one = |((written, column), changes): ((&bacpac::Column, &DocumentColumn), Vec<ValueChange>)| {
        let declared = connection
            .column_metadata(Some("main"), table.name.as_str(), column.name.as_str())
            .ok()
            .and_then(|(declared, ..)| declared.map(|name| name.to_string_lossy().into_owned()));
        ImportedColumn {
            source_name: written.field.name.clone(),
            name: column.name.clone(),
            sql_type: type_name(&written.field.sql_type),
            declared: declared.unwrap_or_default(),
            changes,
        }
    };
    Ok(found.columns.iter().zip(&table.columns).zip(changes).map(one).collect())
}
