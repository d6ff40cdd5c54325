//! A SQLite database into a BACPAC: one read transaction; a look at all rows that decides the types; the plan; then the rows
//! again, into the file. The database is only read.

use std::collections::BTreeSet;
use std::path::Path;

use bacpac::{FileError, FileWriter, SqlType, Value, WriteError};
use domain::export_log::{ExportLog, ExportSource, FileLog, LeftOut, NotCarried, ObjectKind, SourceEngine};
use rusqlite::{Connection, OpenFlags, Row};

use super::choose::{Choice, as_text, choose};
use super::declared::promise;
use super::describe::{describe, places, referred};
use super::document::{Document, DocumentColumn, DocumentObject, DocumentTable, VIRTUAL};
use super::facts::Facts;
use super::form::Form;
use super::questions::{Questions, key_text};
use super::schema::{self, Schema, TableSchema, is_internal, quoted};
use crate::forms::decimal::Shape;
use crate::plan::{Plan, key_bytes, plan};
use crate::{ExportError, ExportOptions, Progress};

/// Rows between two calls of the progress.
const STEP: u64 = 1_000;

/// Writes the database at `source` into a new BACPAC at `target`, which is checked before it has its name; one that is there is
/// replaced. Rows are those of one instant, whoever writes meanwhile; a database that is not in WAL mode cannot be written to
/// until the rows are read, so of one that is in use a copy should be given.
///
/// # Errors
/// [`ExportError`]; then there is no file of that name, or the one from before.
pub fn export(
    source: &Path,
    target: &Path,
    options: &ExportOptions,
    progress: Progress<'_>,
) -> Result<ExportLog, ExportError> {
    let mut connection = open(source)?;
    let snapshot = connection.transaction()?;
    let schema = schema::read(&snapshot)?;
    let mut columns = Vec::new();
    let mut rows = 0;
    for table in &schema.tables {
        if table.columns.len() > 1_024 {
            return Err(ExportError::TooManyColumns {
                table: table.name.clone(),
                columns: table.columns.len(),
            });
        }
        let facts = look(&snapshot, table, progress, &mut rows)?;
        columns.push(decide(table, facts, &schema));
    }
    let mut left_out = left_out(&schema);
    let by_name = places(&schema.tables);
    let described: Vec<_> = schema
        .tables
        .iter()
        .zip(&columns)
        .map(|(table, columns)| describe(table, &schema.tables, &by_name, columns, &mut left_out))
        .collect();
    let mut questions = Questions {
        connection: &snapshot,
        tables: &schema.tables,
    };
    let mut planned = plan(&described, SourceEngine::Sqlite, &mut questions)?;
    planned.not_carried = left_out;
    let forms = forms(&planned, &columns);
    let document = document(&schema, &planned, &forms);
    planned.model.extended_properties.extend(document.properties());
    let mut writer = options.writer(&format!("SQLite {}", rusqlite::version()), schema.bytes);
    writer.expected_bytes = expected_bytes(&columns);
    writer.source_sql = Some(source_sql(&schema));
    let mut file = FileWriter::create(target, &planned.model, writer)?;
    let mut done = 0;
    for (at, (table, forms)) in schema.tables.iter().zip(&forms).enumerate() {
        write(&snapshot, table, at, forms, &mut file, progress, (&mut done, rows))?;
    }
    let (written, checked) = file.finish()?;
    for (told, found) in planned.tables.iter_mut().zip(&written.tables) {
        (told.rows, told.bytes, told.parts) = (found.rows, found.bytes, found.parts as u64);
    }
    Ok(ExportLog {
        source: ExportSource {
            engine: SourceEngine::Sqlite,
            version: rusqlite::version().to_owned(),
            database: options.database.clone(),
            snapshot_at: options.started_at(),
            bytes: schema.bytes,
        },
        tables: planned.tables,
        renamed: planned.renamed,
        weakened: planned.weakened,
        not_carried: planned.not_carried,
        file: FileLog {
            bytes: checked.bytes,
            sha256: checked.sha256,
            rows_checked: written.rows,
            findings: Vec::new(),
        },
    })
}

fn open(source: &Path) -> Result<Connection, ExportError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(source, flags)?;
    connection.busy_timeout(std::time::Duration::from_secs(10))?;
    // A damaged or hostile database must not make SQLite do more than read.
    connection.execute_batch("PRAGMA query_only = ON; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;")?;
    // Orders that only the database's own program has: SQLite asks for them when it meets an index, and no query here
    // searches or compares by one.
    connection.collation_needed(|connection, name| connection.create_collation(name, str::cmp))?;
    Ok(connection)
}

/// All columns of a table in the order of its rows. No index may give another order, or leave out a row that it lost: a
/// table without row numbers lies in its primary key, and `NOT INDEXED` would allow SQLite any index of all columns.
fn select(table: &TableSchema) -> (String, usize) {
    let key = table.row_key("");
    let names = table.columns.iter().map(|column| quoted(&column.name));
    let list: Vec<_> = key.iter().cloned().chain(names).collect();
    let own = table.indexes.iter().find(|index| index.origin == "pk");
    let path = own.filter(|_| table.without_rowid).map_or_else(
        || "NOT INDEXED".to_owned(),
        |key| format!("INDEXED BY {}", quoted(&key.name)),
    );
    let sql = format!("SELECT {} FROM {} {path}", list.join(", "), quoted(&table.name));
    (sql, key.len())
}

fn key_of(row: &Row<'_>, width: usize) -> String {
    let part = |at| row.get_ref(at).map(key_text).unwrap_or_default();
    (0..width).map(part).collect::<Vec<_>>().join(", ")
}

fn look(
    connection: &Connection,
    table: &TableSchema,
    progress: Progress<'_>,
    rows_seen: &mut u64,
) -> Result<Vec<Facts>, ExportError> {
    let mut facts: Vec<_> = table
        .columns
        .iter()
        .map(|column| Facts::new(promise(&column.declared)))
        .collect();
    let (sql, width) = select(table);
    let mut statement = connection.prepare(&sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        for (at, facts) in facts.iter_mut().enumerate() {
            facts.see(row.get_ref(width + at)?, &|| key_of(row, width));
        }
        *rows_seen += 1;
        if rows_seen.is_multiple_of(STEP) && !progress(0, None) {
            return Err(ExportError::Stopped);
        }
    }
    Ok(facts)
}

fn decide(table: &TableSchema, facts: Vec<Facts>, schema: &Schema) -> Vec<(Facts, Choice)> {
    let mut referenced = BTreeSet::new();
    for key in schema.tables.iter().flat_map(|other| &other.foreign_keys) {
        if key.table.eq_ignore_ascii_case(&table.name) {
            referenced.extend(referred(key, table));
        }
    }
    let in_keys = table.in_keys(&referenced);
    let columns = table.columns.iter().zip(facts).enumerate();
    let mut decided: Vec<_> = columns
        .map(|(at, (column, facts))| {
            let forbids_null = column.not_null || column.primary > 0 && facts.nulls == 0;
            let chosen = choose(&facts, promise(&column.declared), forbids_null, in_keys.contains(&at));
            (facts, chosen)
        })
        .collect();
    fit(table, &in_keys, &mut decided);
    decided
}

/// Rows of SQL Server hold 8,060 bytes of what has a fixed length: in a table of more, columns that no key needs become text,
/// the longest first.
fn fit(table: &TableSchema, in_keys: &BTreeSet<usize>, decided: &mut [(Facts, Choice)]) {
    let room = 8_000 - decided.len() as u64 / 8;
    let bytes = |choice: &Choice| key_bytes(&choice.sql_type).unwrap_or(2);
    let mut taken: u64 = decided.iter().map(|(_, choice)| bytes(choice)).sum();
    let mut order: Vec<usize> = (0..decided.len()).filter(|at| !in_keys.contains(at)).collect();
    order.sort_by_key(|at| decided.get(*at).map_or(0, |(_, choice)| u64::MAX - bytes(choice)));
    for at in order {
        let Some((column, (facts, choice))) = table.columns.get(at).zip(decided.get_mut(at)) else {
            continue;
        };
        let before = bytes(choice);
        if taken <= room || before <= 2 {
            break;
        }
        *choice = as_text(facts, promise(&column.declared));
        taken -= before - 2;
    }
}

/// The rule of every column for the type that it finally has.
fn forms(plan: &Plan, columns: &[Vec<(Facts, Choice)>]) -> Vec<Vec<(Form, Shape)>> {
    let one = |(table, columns): (&bacpac::Table, &Vec<(Facts, Choice)>)| {
        let column = |(written, (facts, choice)): (&bacpac::Column, &(Facts, Choice))| {
            let form = choice.form.adapted(&written.field.sql_type, facts.values() > 0);
            let shape = match written.field.sql_type {
                SqlType::Decimal { precision, scale } => Shape { precision, scale },
                _ => choice.shape,
            };
            (form, shape)
        };
        table.columns.iter().zip(columns).map(column).collect()
    };
    plan.model.tables.iter().zip(columns).map(one).collect()
}

/// More than all rows take once encoded: long values counted, and 20 bytes for each value with a length or a fixed width.
fn expected_bytes(columns: &[Vec<(Facts, Choice)>]) -> u64 {
    let one = |(facts, choice): &(Facts, Choice)| {
        let values = facts.values().saturating_add(facts.nulls);
        values.saturating_mul(20).saturating_add(choice.bytes)
    };
    columns.iter().flatten().map(one).fold(0, u64::saturating_add)
}

fn write(
    connection: &Connection,
    table: &TableSchema,
    at: usize,
    forms: &[(Form, Shape)],
    file: &mut FileWriter,
    progress: Progress<'_>,
    (done, all): (&mut u64, u64),
) -> Result<(), ExportError> {
    let (sql, width) = select(table);
    let mut statement = connection.prepare(&sql)?;
    let mut rows = statement.query([])?;
    let mut values = vec![Value::Null; forms.len()];
    let unsteady = |problem: String| ExportError::Unsteady {
        table: table.name.clone(),
        problem,
    };
    while let Some(row) = rows.next()? {
        for (position, ((form, shape), slot)) in forms.iter().zip(&mut values).enumerate() {
            // What is lost was counted when the rows were looked at.
            form.write(row.get_ref(width + position)?, *shape, slot).map_err(|_| {
                let column = table.columns.get(position).map(|column| column.name.as_str());
                unsteady(format!(
                    "column {}, row {}",
                    column.unwrap_or_default(),
                    key_of(row, width)
                ))
            })?;
        }
        file.row(at, &values).map_err(|error| match error {
            WriteError::Row { source, .. } => unsteady(source.to_string()),
            other => ExportError::File(FileError::Write(other)),
        })?;
        *done += 1;
        if done.is_multiple_of(STEP) && !progress(*done, Some(all)) {
            return Err(ExportError::Stopped);
        }
    }
    // Also after the last row, and for tables without any.
    if progress(*done, Some(all)) {
        Ok(())
    } else {
        Err(ExportError::Stopped)
    }
}

fn left_out(schema: &Schema) -> Vec<NotCarried> {
    let mut found = Vec::new();
    for object in &schema.objects {
        let kind = match object.kind.as_str() {
            "view" => ObjectKind::View,
            "trigger" => ObjectKind::Trigger,
            "table" if schema.virtual_tables.contains(&object.name) => ObjectKind::VirtualTable,
            "table" if schema.shadow_tables.contains(&object.name) => ObjectKind::ShadowTable,
            "table" if is_internal(&object.name) && !object.name.eq_ignore_ascii_case("sqlite_sequence") => {
                ObjectKind::Statistics
            }
            _ => continue,
        };
        found.push(NotCarried {
            kind,
            name: object.name.clone(),
            table: (kind == ObjectKind::Trigger).then(|| object.table.clone()),
            reason: match kind {
                ObjectKind::View | ObjectKind::Trigger => LeftOut::KeptAsText,
                ObjectKind::VirtualTable => LeftOut::NoCounterpart,
                _ => LeftOut::Internal,
            },
            text: object.sql.clone().unwrap_or_default(),
        });
    }
    found
}

fn document(schema: &Schema, plan: &Plan, forms: &[Vec<(Form, Shape)>]) -> Document {
    let mut document = Document::new(&schema.encoding, schema.user_version, schema.application_id);
    for object in &schema.objects {
        let is_virtual = object.kind == "table" && schema.virtual_tables.contains(&object.name);
        let not_told = is_internal(&object.name) || schema.shadow_tables.contains(&object.table);
        if let Some(sql) = object.sql.as_ref().filter(|_| !not_told) {
            document.objects.push(DocumentObject {
                // Told again by an import, which does not make them.
                kind: if is_virtual {
                    VIRTUAL.to_owned()
                } else {
                    object.kind.clone()
                },
                name: object.name.clone(),
                table: object.table.clone(),
                sql: sql.clone(),
            });
        }
    }
    for ((table, written), forms) in schema.tables.iter().zip(&plan.model.tables).zip(forms) {
        let columns = table.columns.iter().zip(&written.columns).zip(forms);
        let columns = columns.map(|((column, written), (form, _))| DocumentColumn {
            name: column.name.clone(),
            file_name: written.field.name.clone(),
            form: *form,
            generated: column.generated,
        });
        document.tables.push(DocumentTable {
            name: table.name.clone(),
            file_name: written.name.clone(),
            sequence: table.sequence,
            columns: columns.collect(),
        });
    }
    document
}

/// The schema for people, in the file beside the data.
fn source_sql(schema: &Schema) -> String {
    let texts = schema.objects.iter().filter_map(|object| object.sql.as_deref());
    texts.map(|sql| format!("{sql};\n\n")).collect()
}
