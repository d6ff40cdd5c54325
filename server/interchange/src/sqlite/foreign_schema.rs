//! What a schema of SQL Server becomes in SQLite: tables with the counterparts of their types, keys, indexes, foreign keys,
//! checks and defaults as far as they mean the same; everything else is told.

use std::collections::{BTreeMap, BTreeSet};

use bacpac::{Column, Model, SqlType, Table};
use domain::export_log::{ImportReport, ImportWarning, LeftOut, NotCarried, ObjectKind, RenamedObject};

use super::foreign_table::Made;
use super::schema::is_internal;
use crate::ImportError;
use crate::plan::type_name;

/// Digits that numbers of SQLite hold exactly.
const EXACT_DIGITS: u8 = 15;

/// A database to be made.
pub(super) struct Plan {
    /// In the order of the model.
    pub(super) tables: Vec<TablePlan>,
}

/// A table to be made.
pub(super) struct TablePlan {
    pub(super) name: String,
    pub(super) create: String,
    /// Made after the rows are in.
    pub(super) indexes: Vec<String>,
    /// Checks that were translated: name and condition.
    pub(super) checks: Vec<(String, String)>,
    pub(super) columns: Vec<ColumnPlan>,
    /// Where its counter begins.
    pub(super) sequence: Option<i64>,
}

/// A column to be made.
pub(super) struct ColumnPlan {
    pub(super) name: String,
    pub(super) sql_type: SqlType,
    pub(super) declared: String,
}

/// Plans, and tells in the report what is not.
pub(super) fn plan(model: &Model, report: &mut ImportReport) -> Result<Plan, ImportError> {
    let names = names(model, report);
    let mut taken: BTreeSet<String> = names.values().map(|name| name.to_ascii_lowercase()).collect();
    let mut tables = Vec::new();
    let mut case_insensitive = 0;
    for (at, table) in model.tables.iter().enumerate() {
        let name = names.get(&at).cloned().unwrap_or_default();
        tables.push(plan_table(model, table, name, &names, &mut taken, report)?);
        let text = table.columns.iter().filter(|column| is_text(&column.field.sql_type));
        case_insensitive += text.filter(|column| ignores_case(model, column)).count() as u64;
    }
    if case_insensitive > 0 {
        report.warnings.push(ImportWarning::CaseSensitive {
            columns: case_insensitive,
        });
    }
    tell_the_rest(model, report);
    Ok(Plan { tables })
}

/// `table` for dbo, `schema_table` otherwise; a number where two would be the same.
fn names(model: &Model, report: &mut ImportReport) -> BTreeMap<usize, String> {
    let mut taken = BTreeSet::new();
    let mut found = BTreeMap::new();
    // Names of dbo first, so that they stay.
    let mut order: Vec<_> = model.tables.iter().enumerate().collect();
    order.sort_by_key(|(_, table)| !table.schema.eq_ignore_ascii_case("dbo"));
    for (at, table) in order {
        let mut wanted = if table.schema.eq_ignore_ascii_case("dbo") {
            table.name.clone()
        } else {
            format!("{}_{}", table.schema, table.name)
        };
        if is_internal(&wanted) {
            wanted.insert(0, '_');
        }
        let name = unique(&wanted, &mut taken);
        if name != table.name {
            report.renamed.push(RenamedObject {
                kind: ObjectKind::Table,
                within: table.schema.clone(),
                before: table.name.clone(),
                after: name.clone(),
            });
        }
        found.insert(at, name);
    }
    found
}

/// The name, or the name with a number where another has it.
pub(super) fn unique(wanted: &str, taken: &mut BTreeSet<String>) -> String {
    let mut name = wanted.to_owned();
    let mut number = 1;
    while !taken.insert(name.to_ascii_lowercase()) {
        number += 1;
        name = format!("{wanted}_{number}");
    }
    name
}

/// The declared type of a column; its affinity keeps every value as it is bound.
fn declared(sql_type: &SqlType) -> Option<String> {
    let decimal = |precision: u8, scale: u8| {
        let name = if precision > EXACT_DIGITS {
            "DECIMAL_TEXT"
        } else {
            "DECIMAL"
        };
        format!("{name}({precision},{scale})")
    };
    Some(match sql_type {
        SqlType::TinyInt | SqlType::SmallInt | SqlType::Int | SqlType::BigInt => "INTEGER".to_owned(),
        SqlType::Bit => "BOOLEAN".to_owned(),
        SqlType::Real | SqlType::Float => "REAL".to_owned(),
        SqlType::SmallMoney => decimal(10, 4),
        SqlType::Money => decimal(19, 4),
        SqlType::Decimal { precision, scale } => decimal(*precision, *scale),
        SqlType::Date => "DATE".to_owned(),
        SqlType::Time { .. } => "TIME".to_owned(),
        SqlType::DateTime2 { .. } | SqlType::DateTimeOffset { .. } | SqlType::DateTime | SqlType::SmallDateTime => {
            "DATETIME".to_owned()
        }
        SqlType::Char(n) | SqlType::NChar(n) => format!("CHAR({n})"),
        SqlType::VarChar(n) | SqlType::NVarChar(n) => format!("VARCHAR({n})"),
        SqlType::Text | SqlType::NText | SqlType::VarCharMax | SqlType::NVarCharMax => "TEXT".to_owned(),
        SqlType::Xml | SqlType::Json | SqlType::UniqueIdentifier => "TEXT".to_owned(),
        SqlType::Binary(_) | SqlType::VarBinary(_) | SqlType::VarBinaryMax | SqlType::Image => "BLOB".to_owned(),
        SqlType::RowVersion | SqlType::Geography | SqlType::Geometry | SqlType::HierarchyId => "BLOB".to_owned(),
        // No affinity: each value keeps its own class.
        SqlType::SqlVariant => String::new(),
        SqlType::Unsupported(_) => return None,
    })
}

pub(super) fn is_text(sql_type: &SqlType) -> bool {
    matches!(
        sql_type,
        SqlType::Char(_)
            | SqlType::NChar(_)
            | SqlType::VarChar(_)
            | SqlType::NVarChar(_)
            | SqlType::Text
            | SqlType::NText
            | SqlType::VarCharMax
            | SqlType::NVarCharMax
    )
}

/// Whether a column compares without regard to case.
pub(super) fn ignores_case(model: &Model, column: &Column) -> bool {
    let collation = column.collation.as_ref().or(model.collation.as_ref());
    collation.is_none_or(|name| {
        let name = name.to_uppercase();
        !(name.contains("_BIN") || name.contains("_CS_"))
    })
}

/// Whole numbers.
pub(super) fn is_whole(sql_type: &SqlType) -> bool {
    matches!(
        sql_type,
        SqlType::TinyInt | SqlType::SmallInt | SqlType::Int | SqlType::BigInt
    )
}

fn plan_table(
    model: &Model,
    table: &Table,
    name: String,
    names: &BTreeMap<usize, String>,
    taken: &mut BTreeSet<String>,
    report: &mut ImportReport,
) -> Result<TablePlan, ImportError> {
    let mut columns = Vec::new();
    let mut used = BTreeSet::new();
    for column in &table.columns {
        let sql_type = &column.field.sql_type;
        let Some(declared) = declared(sql_type) else {
            return Err(ImportError::UnsupportedType {
                table: table.full_name(),
                column: column.field.name.clone(),
                sql_type: type_name(sql_type),
            });
        };
        if matches!(sql_type, SqlType::Geography | SqlType::Geometry | SqlType::HierarchyId) {
            report.warnings.push(ImportWarning::OpaqueValues {
                table: table.full_name(),
                column: column.field.name.clone(),
                sql_type: type_name(sql_type),
            });
        }
        let own = unique(&column.field.name, &mut used);
        if own != column.field.name {
            report.renamed.push(RenamedObject {
                kind: ObjectKind::Column,
                within: table.full_name(),
                before: column.field.name.clone(),
                after: own.clone(),
            });
        }
        columns.push(ColumnPlan {
            name: own,
            sql_type: sql_type.clone(),
            declared,
        });
    }
    let mut made = Made::new(model, table, names, &columns, report);
    let (create, sequence) = made.create(&name);
    let indexes = made.indexes(&name, taken);
    let checks = made.kept;
    Ok(TablePlan {
        name,
        create,
        indexes,
        checks,
        columns,
        sequence,
    })
}

/// Programs, sequences, comments and whatever else the model has.
fn tell_the_rest(model: &Model, report: &mut ImportReport) {
    for found in &model.programmable {
        let kind = match found.kind.as_str() {
            "SqlView" => ObjectKind::View,
            "SqlProcedure" => ObjectKind::Procedure,
            "SqlDmlTrigger" => ObjectKind::Trigger,
            kind if kind.contains("Function") => ObjectKind::Function,
            _ => ObjectKind::Other,
        };
        report.not_carried.push(NotCarried {
            kind,
            name: found.name.to_string(),
            table: None,
            reason: LeftOut::NotRun,
            text: found.text.clone(),
        });
    }
    for sequence in &model.sequences {
        report.not_carried.push(NotCarried {
            kind: ObjectKind::Sequence,
            name: sequence.name.to_string(),
            table: None,
            reason: LeftOut::NoCounterpart,
            text: format!("{} {}", sequence.start, sequence.increment),
        });
    }
    let ours = |name: &str| name.starts_with("Source") || name.starts_with("CoffreSource_");
    for property in model
        .extended_properties
        .iter()
        .filter(|property| !ours(&property.name))
    {
        report.not_carried.push(NotCarried {
            kind: ObjectKind::Comment,
            name: format!("{}.{}", property.host, property.name),
            table: None,
            reason: LeftOut::NoCounterpart,
            text: property.value().unwrap_or_else(|| property.literal.clone()),
        });
    }
    for (kind, count) in &model.skipped {
        report.not_carried.push(NotCarried {
            kind: ObjectKind::Other,
            name: kind.clone(),
            table: None,
            reason: LeftOut::NoCounterpart,
            text: count.to_string(),
        });
    }
}
