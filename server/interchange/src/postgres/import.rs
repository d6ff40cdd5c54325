//! A package into an empty database, in one transaction: types and tables, rows, then what rows are held to. It asks the file
//! for facts and executes nothing of it.
use super::fill::{self, Filled};
use super::foreign;
use super::rules;
use super::session::{Session, apart, ident, qualified};
use super::source::{Counter, SequenceSource, Source, TableSource};
use super::target_types::{Types, counterpart};
use crate::error::ImportError;
use crate::origin::{source as source_of, warning};
use crate::{PRODUCT, Progress};
use bacpac::{ExtendedProperty, Limits, Model, Package};
use domain::export_log::{
    ImportReport, ImportWarning, ImportedTable, LeftOut, NotCarried, ObjectKind, RenamedObject, Weakened,
};
use sqlx::postgres::PgConnectOptions;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

/// What an import tells, as it is found out.
#[derive(Default)]
pub(super) struct Account {
    pub(super) tables: Vec<ImportedTable>,
    pub(super) renamed: Vec<RenamedObject>,
    pub(super) weakened: Vec<Weakened>,
    pub(super) not_carried: Vec<NotCarried>,
    pub(super) warnings: Vec<ImportWarning>,
}

/// Makes the tables of `package` and fills them. `settings` name an existing database without tables; its owner, or whoever may
/// create in it, must be who connects. A package of ours made from PostgreSQL gets the types, schemas and rules that it had;
/// in any other, types become their counterparts and the schema `dbo` becomes `public`. Blocks; memory does not grow with the
/// rows, only with the longest one.
///
/// # Errors
/// [`ImportError::TargetExists`] when there is a table already, otherwise what is wrong with the file or what the server refuses.
/// Nothing is left in the database then.
pub fn import(
    package: &Path,
    settings: &PgConnectOptions,
    limits: &Limits,
    progress: Progress<'_>,
) -> Result<ImportReport, ImportError> {
    apart(|| run(package, settings, limits, progress))
}

fn run(
    path: &Path,
    settings: &PgConnectOptions,
    limits: &Limits,
    progress: Progress<'_>,
) -> Result<ImportReport, ImportError> {
    let file = File::open(path).map_err(ImportError::Open)?;
    let mut package = Package::open(BufReader::with_capacity(1 << 20, file), limits)?;
    let model = package.model().clone();
    refuse_unknown(&model)?;
    let mut session = Session::connect(settings)?;
    session.execute("BEGIN")?;
    refuse_filled(&mut session)?;
    let mut account = Account::default();
    account.warnings.extend(package.findings().iter().map(warning));
    let (mut source, restored) = choose(&model, &mut account);
    // What another program has written since may have counted further.
    let untouched = restored && package.origin().product.as_deref() == Some(PRODUCT);
    if !untouched {
        source.count_further(&model);
    }
    for schema in &source.schemas {
        session.execute(&format!("CREATE SCHEMA IF NOT EXISTS {}", ident(schema)))?;
    }
    let types = Types::make(&mut session, &source, &mut account.not_carried, &mut account.weakened)?;
    for sequence in &source.sequences {
        make_sequence(&mut session, sequence)?;
    }
    let filled = fill::all(
        &mut session,
        &mut package,
        &model,
        &source,
        &types,
        progress,
        &mut account,
    )?;
    for (table, filled) in source.tables.iter().zip(&filled) {
        rules::of_table(&mut session, table, filled, restored, &mut account)?;
    }
    for table in &source.tables {
        rules::foreign_keys(&mut session, table, restored, &mut account)?;
        rules::counters(&mut session, table, untouched)?;
    }
    told_of_rows(&package, &model, &filled, restored, &mut account);
    for found in &model.programmable {
        account.not_carried.push(NotCarried {
            kind: kind_of(&found.kind),
            name: found.name.0.join("."),
            table: None,
            reason: LeftOut::NotRun,
            text: found.text.clone(),
        });
    }
    let source = source_of(&mut package)?;
    session.execute("COMMIT")?;
    Ok(ImportReport {
        source,
        restored,
        tables: account.tables,
        renamed: account.renamed,
        weakened: account.weakened,
        not_carried: account.not_carried,
        warnings: account.warnings,
    })
}

fn refuse_unknown(model: &Model) -> Result<(), ImportError> {
    for table in &model.tables {
        for column in &table.columns {
            if counterpart(&column.field.sql_type).is_none() {
                return Err(ImportError::UnsupportedType {
                    table: table.full_name(),
                    column: column.field.name.clone(),
                    sql_type: column.declared.clone(),
                });
            }
        }
    }
    Ok(())
}

/// A database is taken for empty when it has nothing in which rows could be. What extensions brought is theirs.
fn refuse_filled(session: &mut Session) -> Result<(), ImportError> {
    let found = session.text(
        "SELECT nspname || '.' || relname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
         WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND relpersistence <> 't'
           AND nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
           AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid AND deptype = 'e')
         ORDER BY relname COLLATE \"C\" LIMIT 1",
        &[],
    )?;
    match found {
        Some(name) => Err(ImportError::TargetExists(name)),
        None => Ok(()),
    }
}

/// The schema to make, and whether it is the one that was exported from PostgreSQL.
fn choose(model: &Model, account: &mut Account) -> (Source, bool) {
    let engine = |property: &&ExtendedProperty| {
        property.host == ExtendedProperty::database_host() && property.name == "SourceEngine"
    };
    let engine = model
        .extended_properties
        .iter()
        .find(engine)
        .and_then(ExtendedProperty::value);
    if !engine.is_some_and(|engine| engine.starts_with("PostgreSQL")) {
        let source = foreign::source(model, false, &mut account.renamed, &mut account.weakened);
        return (source, false);
    }
    let kept = Source::of(model);
    if let Some(source) = kept.as_ref().and_then(|kept| kept.matching(model)) {
        account.not_carried.extend(source.left_out.iter().cloned());
        return (source, true);
    }
    account.warnings.push(ImportWarning::SourceSchemaIgnored);
    let mut source = foreign::source(model, true, &mut account.renamed, &mut account.weakened);
    if let Some(kept) = kept {
        let places = kept.types.iter().map(|found| found.schema.clone());
        source.schemas.extend(places.collect::<Vec<_>>());
        source.types = kept.types;
    }
    (source, false)
}

impl Source {
    /// Takes over what the file says of its counters.
    fn count_further(&mut self, model: &Model) {
        for (made, table) in self.tables.iter_mut().zip(&model.tables) {
            for column in &mut made.columns {
                let counted = table.columns.iter().find(|found| found.field.name == column.in_file);
                let last = counted.and_then(|found| found.identity.as_ref()?.last_value);
                if let (Some(Counter::Identity { sequence, .. }), Some(last)) = (&mut column.counter, last)
                    && let Ok(last) = i64::try_from(last)
                {
                    sequence.last = last.clamp(sequence.minimum, sequence.maximum);
                    sequence.called = true;
                }
            }
        }
    }

    /// The same, its tables in the order of the model's; `None` when it does not describe those tables.
    fn matching(&self, model: &Model) -> Option<Self> {
        if self.tables.len() != model.tables.len() {
            return None;
        }
        let mut tables = Vec::new();
        for table in &model.tables {
            let is_it = |kept: &&TableSource| kept.in_file.0 == table.schema && kept.in_file.1 == table.name;
            let kept = self.tables.iter().find(is_it)?;
            let mut described: Vec<_> = kept.columns.iter().map(|column| &column.in_file).collect();
            let mut found: Vec<_> = table.columns.iter().map(|column| &column.field.name).collect();
            described.sort_unstable();
            found.sort_unstable();
            if described != found {
                return None;
            }
            tables.push(kept.clone());
        }
        Some(Self { tables, ..self.clone() })
    }
}

fn make_sequence(session: &mut Session, sequence: &SequenceSource) -> Result<(), sqlx::Error> {
    let name = qualified(&sequence.schema, &sequence.name);
    session.execute(&format!(
        "CREATE SEQUENCE {name} AS {} {}",
        sequence.type_sql(),
        sequence.options_sql()
    ))?;
    session.execute(&format!(
        "SELECT setval({}, {}, {})",
        rules::regclass(&name),
        sequence.last,
        sequence.called
    ))
}

fn told_of_rows<R: std::io::Read + std::io::Seek>(
    package: &Package<R>,
    model: &Model,
    filled: &[Filled],
    restored: bool,
    account: &mut Account,
) {
    let found: u64 = filled.iter().map(|table| table.rows).sum();
    match package.origin().rows {
        Some(promised) if promised != found => account.warnings.push(ImportWarning::RowTotal { found, promised }),
        _ => {}
    }
    let mut ignoring_case = 0;
    for (table, filled) in model.tables.iter().zip(filled) {
        if filled.unexpected_nulls > 0 {
            account.warnings.push(ImportWarning::UnexpectedNulls {
                table: table.full_name(),
                count: filled.unexpected_nulls,
            });
        }
        for column in &table.columns {
            let opaque = matches!(
                column.field.sql_type,
                bacpac::SqlType::Geography
                    | bacpac::SqlType::Geometry
                    | bacpac::SqlType::HierarchyId
                    | bacpac::SqlType::SqlVariant
            );
            if opaque {
                account.warnings.push(ImportWarning::OpaqueValues {
                    table: table.full_name(),
                    column: column.field.name.clone(),
                    sql_type: crate::plan::type_name(&column.field.sql_type),
                });
            }
            let collation = column.collation.as_ref().or(model.collation.as_ref());
            let is_text = super::tsql::is_text(&column.field.sql_type);
            if is_text && collation.is_some_and(|name| name.to_uppercase().contains("_CI_")) {
                ignoring_case += 1;
            }
        }
    }
    // Columns that come from PostgreSQL compare as they did there.
    if ignoring_case > 0 && !restored {
        account
            .warnings
            .push(ImportWarning::CaseSensitive { columns: ignoring_case });
    }
}

fn kind_of(element: &str) -> ObjectKind {
    match element {
        "SqlView" => ObjectKind::View,
        "SqlProcedure" => ObjectKind::Procedure,
        "SqlDmlTrigger" => ObjectKind::Trigger,
        kind if kind.contains("Function") => ObjectKind::Function,
        _ => ObjectKind::Other,
    }
}
