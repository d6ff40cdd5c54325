//! A database into a package: one transaction that sees one instant; a look at all rows, a plan, the rows again into the file.
use super::catalog::{self, Found};
use super::copy_text::fields;
use super::kinds::{Catalog, Kind};
use super::left_out;
use super::look::{Decided, Seen, decide};
use super::questions::Questions;
use super::session::{Session, apart, ident};
use super::source::{Counter, SequenceSource, Source};
use super::{describe, row_size, value_out};
use crate::error::ExportError;
use crate::plan::{Plan, plan};
use crate::{ExportOptions, Progress};
use bacpac::{FileWriter, Model, ObjectName, Sequence, SqlType, Value};
use domain::export_log::{ExportLog, ExportSource, FileLog, ObjectKind, RenamedObject, SourceEngine, count_change};
use sqlx::postgres::PgConnectOptions;
use std::path::Path;

/// Most columns of a table in SQL Server.
const COLUMNS: usize = 1_024;
/// Rows between two reports of progress.
const STEP: u64 = 1_024;

/// Writes the database that `settings` name into the file `target`, which has its name only once it is complete and checked; the
/// log tells everything that is not in it as it was. All of it is read in one transaction that changes nothing, as of one
/// instant; sequences alone are read as they are. Who connects must be allowed to read every table, and no row policy may
/// hide rows from it. Blocks; memory does not grow with the rows, only with the longest one.
///
/// # Errors
/// [`ExportError`]; then there is no file of that name, or the one from before.
pub fn export(
    settings: &PgConnectOptions,
    target: &Path,
    options: &ExportOptions,
    progress: Progress<'_>,
) -> Result<ExportLog, ExportError> {
    apart(|| run(settings, target, options, progress))
}

fn run(
    settings: &PgConnectOptions,
    target: &Path,
    options: &ExportOptions,
    progress: Progress<'_>,
) -> Result<ExportLog, ExportError> {
    let mut session = Session::connect(settings)?;
    session.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")?;
    let source = about(&mut session, options)?;
    let types = Catalog::read(&mut session)?;
    let tables = catalog::tables(&mut session, &types)?;
    for table in &tables {
        if table.source.columns.len() > COLUMNS {
            return Err(ExportError::TooManyColumns {
                table: format!("{}.{}", table.source.schema, table.source.name),
                columns: table.source.columns.len(),
            });
        }
    }
    let mut kept = Source {
        schemas: schemas(&mut session)?,
        types: types.sources(&mut session)?,
        sequences: catalog::sequences(&mut session)?,
        tables: tables.iter().map(|table| table.source.clone()).collect(),
        left_out: Vec::new(),
    };
    let (seen, rows) = look(&mut session, &tables, progress)?;
    let mut decided: Vec<Vec<Decided>> = tables
        .iter()
        .zip(&seen)
        .map(|(table, seen)| decide_all(table, seen))
        .collect();
    row_size::fit(&tables, &seen, &mut decided);
    for (source, seen) in kept.tables.iter_mut().zip(&seen) {
        for (column, seen) in source.columns.iter_mut().zip(seen) {
            column.trimmed = seen.is_trimmed();
        }
    }
    let described = describe::tables(&mut session, &tables, &seen, &decided, &kept.schemas)?;
    let questions = &mut Questions {
        session: &mut session,
        tables: &tables,
    };
    let mut plan = plan(&described, SourceEngine::Postgres, questions)?;
    plan.weakened.extend(describe::weakened(&tables, &described));
    plan.not_carried.extend(describe::types(&kept.types));
    plan.not_carried.extend(left_out::list(&mut session)?);
    finish_model(&mut plan, &tables, &mut kept, &described)?;
    let mut writing = options.writer(&format!("PostgreSQL {}", source.version), source.bytes);
    writing.expected_bytes = decided.iter().flatten().map(|decided| decided.encoded).sum();
    writing.source_sql = left_out::script(&plan.not_carried);
    let mut file = FileWriter::create(target, &plan.model, writing)?;
    let mut done = 0;
    for (at, table) in tables.iter().enumerate() {
        write(&mut session, &mut file, at, table, &mut plan, &mut done, rows, progress)?;
    }
    session.execute("COMMIT")?;
    let (written, checked) = file.finish()?;
    for (log, report) in plan.tables.iter_mut().zip(&written.tables) {
        log.rows = report.rows;
        log.bytes = report.bytes;
        log.parts = report.parts as u64;
    }
    Ok(ExportLog {
        source,
        tables: plan.tables,
        renamed: plan.renamed,
        weakened: plan.weakened,
        not_carried: plan.not_carried,
        file: FileLog {
            bytes: checked.bytes,
            sha256: checked.sha256,
            rows_checked: written.rows,
            findings: Vec::new(),
        },
    })
}

fn about(session: &mut Session, options: &ExportOptions) -> Result<ExportSource, sqlx::Error> {
    let version = session
        .text("SELECT current_setting('server_version')", &[])?
        .unwrap_or_default();
    let database = session
        .text("SELECT current_database()::text", &[])?
        .unwrap_or_default();
    let bytes = session.text("SELECT pg_database_size(current_database())::text", &[])?;
    Ok(ExportSource {
        engine: SourceEngine::Postgres,
        version: version.split(' ').next().unwrap_or_default().to_owned(),
        database,
        snapshot_at: options.started_at(),
        bytes: bytes.and_then(|text| text.parse().ok()).unwrap_or_default(),
    })
}

fn schemas(session: &mut Session) -> Result<Vec<String>, sqlx::Error> {
    let rows = session.rows(
        &format!(
            "SELECT nspname::text FROM pg_namespace WHERE {} AND NOT EXISTS (
                 SELECT FROM pg_depend WHERE classid = 'pg_namespace'::regclass AND objid = pg_namespace.oid AND deptype = 'e')
             ORDER BY nspname COLLATE \"C\"",
            catalog::OF_USERS
        ),
        &[],
    )?;
    Ok(rows.into_iter().flatten().flatten().collect())
}

/// The columns of a table as COPY prints them. The rows of children and partitions come with them.
fn select(table: &Found, sizes_only: &[bool], key: bool) -> String {
    let columns = table.source.columns.iter().zip(&table.meanings).enumerate();
    let mut parts: Vec<_> = columns
        .map(|(at, (column, meaning))| {
            let name = ident(&column.name);
            if sizes_only.get(at) == Some(&true) {
                format!("octet_length({name})")
            } else if meaning.kind == Kind::Money {
                // Printed without the words of a locale.
                format!("{name}::numeric")
            } else {
                name
            }
        })
        .collect();
    parts.extend(key.then(|| "ctid".to_owned()));
    format!("COPY (SELECT {} FROM {}) TO STDOUT", parts.join(", "), table.name())
}

fn unsteady(table: &Found, problem: impl Into<String>) -> ExportError {
    ExportError::Unsteady {
        table: format!("{}.{}", table.source.schema, table.source.name),
        problem: problem.into(),
    }
}

/// Looks at every row; gives what was seen of every column, and how many rows there are.
fn look(session: &mut Session, tables: &[Found], progress: Progress<'_>) -> Result<(Vec<Vec<Seen>>, u64), ExportError> {
    let mut all = Vec::new();
    let mut rows = 0u64;
    for table in tables {
        // The bytes themselves matter in keys only.
        let keys = table.source.keys.iter().map(|key| &key.columns);
        let indexed = table
            .source
            .indexes
            .iter()
            .map(|index| index.columns.iter().map(|column| column.name.clone()).collect());
        let indexed: Vec<Vec<String>> = indexed.collect();
        let compared: Vec<&String> = keys.flatten().chain(indexed.iter().flatten()).collect();
        let columns = table.source.columns.iter().zip(&table.meanings);
        let sizes_only: Vec<bool> = columns
            .map(|(column, meaning)| meaning.kind == Kind::Bytes && !compared.contains(&&column.name))
            .collect();
        let mut seen = vec![Seen::default(); table.source.columns.len()];
        let sql = select(table, &sizes_only, false);
        session.copy_out(&sql, |line| -> Result<(), ExportError> {
            let found = fields(line).ok_or_else(|| unsteady(table, "a line without an end"))?;
            let mut count = 0;
            for (((field, seen), meaning), sizes_only) in found.zip(&mut seen).zip(&table.meanings).zip(&sizes_only) {
                seen.field(&meaning.kind, field.as_deref(), *sizes_only)
                    .ok_or_else(|| unsteady(table, format!("no {:?}", meaning.kind)))?;
                count += 1;
            }
            if count != table.source.columns.len() {
                return Err(unsteady(table, "a line with too few fields"));
            }
            rows += 1;
            if rows.is_multiple_of(STEP) && !progress(0, None) {
                return Err(ExportError::Stopped);
            }
            Ok(())
        })?;
        all.push(seen);
    }
    if progress(0, Some(rows)) {
        Ok((all, rows))
    } else {
        Err(ExportError::Stopped)
    }
}

fn decide_all(table: &Found, seen: &[Seen]) -> Vec<Decided> {
    let columns = table.source.columns.iter().zip(&table.meanings).zip(seen);
    columns
        .map(|((column, meaning), seen)| {
            let not_null = column.not_null || meaning.not_null && seen.nulls == 0;
            decide(&meaning.kind, seen, not_null)
        })
        .collect()
}

/// Adds the sequences to the model, and the schema itself for an import into PostgreSQL.
fn finish_model(
    plan: &mut Plan,
    tables: &[Found],
    kept: &mut Source,
    described: &[crate::plan::SourceTable],
) -> Result<(), ExportError> {
    // A sequence that only counts for an identity column of the file is in there.
    let counted = |sequence: &SequenceSource| {
        tables.iter().zip(described).any(|(table, described)| {
            table
                .source
                .columns
                .iter()
                .zip(&described.columns)
                .any(|(column, described)| {
                    described.identity.is_some()
                        && matches!(&column.counter, Some(Counter::Sequence { schema, name, owned: true })
                        if *schema == sequence.schema && *name == sequence.name)
                })
        })
    };
    let dbo = describe::dbo(&kept.schemas);
    for sequence in kept.sequences.iter().filter(|sequence| !counted(sequence)) {
        plan.model.sequences.push(sequence_of(sequence, dbo));
    }
    // Names of tables stay what they are: they are settled.
    let renamed = plan.model.settle_names();
    plan.renamed.extend(renamed.into_iter().map(|renamed| RenamedObject {
        kind: match renamed.kind {
            "schema" => ObjectKind::Schema,
            "sequence" => ObjectKind::Sequence,
            _ => ObjectKind::Other,
        },
        within: renamed.within,
        before: renamed.before,
        after: renamed.after,
    }));
    for (source, written) in kept.tables.iter_mut().zip(&plan.model.tables) {
        source.in_file = (written.schema.clone(), written.name.clone());
        for (column, written) in source.columns.iter_mut().zip(&written.columns) {
            column.in_file.clone_from(&written.field.name);
        }
    }
    kept.left_out = describe::names_only(&plan.not_carried);
    kept.keep(&mut plan.model);
    Ok(())
}

fn sequence_of(sequence: &SequenceSource, dbo: Option<&str>) -> Sequence {
    let schema = if dbo == Some(sequence.schema.as_str()) {
        "dbo"
    } else {
        &sequence.schema
    };
    // What comes next is what counts: of a sequence that was set back, the number before it.
    let before = i128::from(sequence.last) - i128::from(sequence.increment);
    let current = match sequence.called {
        true => Some(i128::from(sequence.last)),
        false if sequence.last == sequence.start => None,
        false => Some(before).filter(|before| (sequence.minimum.into()..=sequence.maximum.into()).contains(before)),
    };
    Sequence {
        name: ObjectName(vec![schema.to_owned(), sequence.name.clone()]),
        declared: match sequence.type_sql() {
            "smallint" => "[smallint]",
            "integer" => "[int]",
            _ => "[bigint]",
        }
        .to_owned(),
        start: sequence.start.into(),
        increment: sequence.increment.into(),
        current,
        minimum: Some(sequence.minimum.into()),
        maximum: Some(sequence.maximum.into()),
        cycles: sequence.cycles,
    }
}

/// The types of a table in the file.
fn types(model: &Model, at: usize) -> Vec<SqlType> {
    let columns = model
        .tables
        .get(at)
        .map(|table| table.columns.as_slice())
        .unwrap_or_default();
    columns.iter().map(|column| column.field.sql_type.clone()).collect()
}

#[allow(
    clippy::too_many_arguments,
    reason = "the two ends of a stream and the account of it"
)]
fn write(
    session: &mut Session,
    file: &mut FileWriter,
    at: usize,
    table: &Found,
    plan: &mut Plan,
    done: &mut u64,
    rows: u64,
    progress: Progress<'_>,
) -> Result<(), ExportError> {
    let types = types(&plan.model, at);
    let key = table.source.keys.iter().find(|key| key.primary);
    let key = key.map(|key| table.positions(&key.columns));
    let sql = select(table, &[], key.is_none());
    let Some(log) = plan.tables.get_mut(at) else {
        return Ok(());
    };
    let mut row: Vec<Value> = Vec::with_capacity(types.len());
    session.copy_out(&sql, |line| -> Result<(), ExportError> {
        let found = || fields(line).ok_or_else(|| unsteady(table, "a line without an end"));
        let row_key = || -> String {
            let texts: Vec<_> = found()
                .map(|fields| {
                    fields
                        .map(|field| field.map(|text| String::from_utf8_lossy(&text).into_owned()))
                        .collect()
                })
                .unwrap_or_default();
            let text = |at: usize| texts.get(at).cloned().flatten().unwrap_or_default();
            match &key {
                Some(key) => key.iter().map(|at| text(*at)).collect::<Vec<_>>().join(", "),
                None => text(types.len()),
            }
        };
        row.clear();
        let columns = table.meanings.iter().zip(&types).zip(&mut log.columns);
        for (field, ((meaning, sql_type), log)) in found()?.zip(columns) {
            let Some(bytes) = field else {
                row.push(Value::Null);
                continue;
            };
            let text = match std::str::from_utf8(&bytes) {
                Ok(text) => std::borrow::Cow::Borrowed(text),
                Err(_) => {
                    let kind = domain::export_log::ChangeKind::InvalidTextReplaced;
                    count_change(&mut log.changes, kind, row_key);
                    String::from_utf8_lossy(&bytes)
                }
            };
            let (value, change) = value_out::value(&meaning.kind, sql_type, &text)
                .ok_or_else(|| unsteady(table, format!("column {}", log.source_name)))?;
            if let Some(kind) = change {
                count_change(&mut log.changes, kind, row_key);
            }
            row.push(value);
        }
        file.row(at, &row).map_err(|error| ExportError::File(error.into()))?;
        *done += 1;
        if done.is_multiple_of(STEP) && !progress(*done, Some(rows)) {
            return Err(ExportError::Stopped);
        }
        Ok(())
    })?;
    if progress(*done, Some(rows)) {
        Ok(())
    } else {
        Err(ExportError::Stopped)
    }
}
