//! What a schema of SQL Server becomes in SQLite: tables with the counterparts of their types, keys, indexes, foreign keys,
//! checks and defaults as far as they mean the same; everything else is told.

use std::collections::{BTreeMap, BTreeSet};

use bacpac::{Column, ForeignKeyAction, Identity, Key, Model, ObjectName, SqlType, Table};
use domain::export_log::{
    DropReason, ImportReport, ImportWarning, LeftOut, NotCarried, ObjectKind, RenamedObject, Weakened, Weakening,
};

use super::foreign_rules::{condition, default};
use super::schema::{is_internal, quoted};
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

fn unique(wanted: &str, taken: &mut BTreeSet<String>) -> String {
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

fn is_whole(sql_type: &SqlType) -> bool {
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
    let mut made = Made {
        model,
        table,
        names,
        columns: &columns,
        kept: Vec::new(),
        report,
    };
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

struct Made<'a> {
    model: &'a Model,
    table: &'a Table,
    names: &'a BTreeMap<usize, String>,
    columns: &'a [ColumnPlan],
    kept: Vec<(String, String)>,
    report: &'a mut ImportReport,
}

impl Made<'_> {
    fn told(&mut self, kind: ObjectKind, name: &str, what: Weakening, text: String) {
        self.report.weakened.push(Weakened {
            kind,
            table: self.table.full_name(),
            name: name.to_owned(),
            what,
            text,
            first_rows: Vec::new(),
        });
    }

    fn position(&self, name: &str) -> Option<usize> {
        let same = |column: &Column| column.field.name.eq_ignore_ascii_case(name);
        self.table.columns.iter().position(same)
    }

    /// Columns between quotes; `None` when one is computed, and so not there.
    fn listed(&self, columns: &[String]) -> Option<String> {
        let quoted_name = |name: &String| {
            let at = self.position(name)?;
            self.columns.get(at).map(|column| quoted(&column.name))
        };
        let found: Option<Vec<_>> = columns.iter().map(quoted_name).collect();
        found.map(|names| names.join(", "))
    }

    /// The column that counts: the whole primary key, and a whole number.
    fn row_number(&self) -> Option<(usize, Option<&Identity>)> {
        let key = self.table.primary_key.as_ref()?;
        let [only] = key.columns.as_slice() else { return None };
        let at = self.position(&only.name)?;
        let column = self.table.columns.get(at)?;
        is_whole(&column.field.sql_type).then_some((at, column.identity.as_ref()))
    }

    fn create(&mut self, name: &str) -> (String, Option<i64>) {
        let row_number = self.row_number().map(|(at, identity)| (at, identity.cloned()));
        let mut lines = Vec::new();
        let mut sequence = None;
        for at in 0..self.columns.len() {
            let line = self.column_line(at, row_number.as_ref(), &mut sequence);
            lines.extend(line);
        }
        if row_number.is_none()
            && let Some(key) = self.table.primary_key.clone()
        {
            lines.extend(self.key_line(&key, "PRIMARY KEY", ObjectKind::PrimaryKey));
        }
        for key in self.table.unique.clone() {
            lines.extend(self.key_line(&key, "UNIQUE", ObjectKind::Unique));
        }
        for found in self.table.checks.clone() {
            match condition(self.model, self.table, self.columns, &found.expression) {
                // Rows that break it are counted when they are in.
                Some(sql) => {
                    self.kept.push((found.name.clone(), sql.clone()));
                    lines.push(format!("{}CHECK ({sql})", constraint(&found.name)));
                }
                None => self.told(
                    ObjectKind::Check,
                    &found.name,
                    Weakening::Dropped(DropReason::NotTranslated),
                    found.expression.clone(),
                ),
            }
        }
        for computed in &self.table.computed {
            self.report.not_carried.push(NotCarried {
                kind: ObjectKind::GeneratedColumn,
                name: computed.name.clone(),
                table: Some(self.table.full_name()),
                reason: LeftOut::NoCounterpart,
                text: computed.expression.clone(),
            });
        }
        lines.extend(self.foreign_key_lines());
        (
            format!("CREATE TABLE {} (\n  {}\n)", quoted(name), lines.join(",\n  ")),
            sequence,
        )
    }

    fn column_line(
        &mut self,
        at: usize,
        row_number: Option<&(usize, Option<Identity>)>,
        sequence: &mut Option<i64>,
    ) -> Option<String> {
        let (column, planned) = self.table.columns.get(at).zip(self.columns.get(at))?;
        let mut line = quoted(&planned.name);
        if !planned.declared.is_empty() {
            line.push(' ');
            line.push_str(&planned.declared);
        }
        if let Some((_, identity)) = row_number.filter(|(own, _)| *own == at) {
            line.push_str(" PRIMARY KEY");
            if let Some(identity) = identity {
                line.push_str(" AUTOINCREMENT");
                *sequence = identity.last_value.and_then(|value| i64::try_from(value).ok());
            }
        } else if let Some(identity) = &column.identity {
            let text = format!("IDENTITY({},{})", identity.seed, identity.increment);
            let name = column.field.name.clone();
            self.told(
                ObjectKind::Identity,
                &name,
                Weakening::Dropped(DropReason::NoCounterpart),
                text,
            );
        }
        if !column.field.nullable {
            line.push_str(" NOT NULL");
        }
        let own = self
            .table
            .defaults
            .iter()
            .find(|found| found.column.eq_ignore_ascii_case(&column.field.name));
        if let Some(found) = own {
            match default(&found.expression, &planned.sql_type) {
                Some(sql) => line.push_str(&format!(" DEFAULT {sql}")),
                None => {
                    let (name, text) = (found.name.clone(), found.expression.clone());
                    self.told(
                        ObjectKind::Default,
                        &name,
                        Weakening::Dropped(DropReason::NotTranslated),
                        text,
                    );
                }
            }
        }
        Some(line)
    }

    fn key_line(&mut self, key: &Key, words: &str, kind: ObjectKind) -> Option<String> {
        let columns: Vec<String> = key.columns.iter().map(|column| column.name.clone()).collect();
        if let Some(list) = self.listed(&columns) {
            return Some(format!("{}{words} ({list})", constraint(&key.name)));
        }
        self.told(
            kind,
            &key.name,
            Weakening::Dropped(DropReason::NoCounterpart),
            columns.join(", "),
        );
        None
    }

    fn foreign_key_lines(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        for key in self.table.foreign_keys.clone() {
            match self.foreign_key_line(&key) {
                Ok(line) => lines.push(line),
                Err(reason) => {
                    let text = format!(
                        "({}) -> {} ({})",
                        key.columns.join(", "),
                        key.foreign_table,
                        key.foreign_columns.join(", ")
                    );
                    self.told(ObjectKind::ForeignKey, &key.name, Weakening::Dropped(reason), text);
                }
            }
        }
        lines
    }

    fn foreign_key_line(&self, key: &bacpac::ForeignKey) -> Result<String, DropReason> {
        let same = |table: &Table| ObjectName(vec![table.schema.clone(), table.name.clone()]) == key.foreign_table;
        let at = self
            .model
            .tables
            .iter()
            .position(same)
            .ok_or(DropReason::NoReferencedTable)?;
        let (parent, name) = self
            .model
            .tables
            .get(at)
            .zip(self.names.get(&at))
            .ok_or(DropReason::NoReferencedTable)?;
        let exists = |name: &String| {
            parent
                .columns
                .iter()
                .any(|column| column.field.name.eq_ignore_ascii_case(name))
        };
        let own = self.listed(&key.columns).ok_or(DropReason::NoCounterpart)?;
        if !key.foreign_columns.iter().all(exists) {
            return Err(DropReason::NoReferencedKey);
        }
        let other: Vec<_> = key.foreign_columns.iter().map(|name| quoted(name)).collect();
        let action = |event: &str, action: ForeignKeyAction| match action {
            ForeignKeyAction::NoAction => String::new(),
            ForeignKeyAction::Cascade => format!(" ON {event} CASCADE"),
            ForeignKeyAction::SetNull => format!(" ON {event} SET NULL"),
            ForeignKeyAction::SetDefault => format!(" ON {event} SET DEFAULT"),
        };
        Ok(format!(
            "{}FOREIGN KEY ({own}) REFERENCES {} ({}){}{}",
            constraint(&key.name),
            quoted(name),
            other.join(", "),
            action("UPDATE", key.on_update),
            action("DELETE", key.on_delete)
        ))
    }

    fn indexes(&mut self, name: &str, taken: &mut BTreeSet<String>) -> Vec<String> {
        let mut found = Vec::new();
        for index in &self.table.indexes {
            let part = |column: &bacpac::KeyColumn| {
                let quoted_name = self.listed(std::slice::from_ref(&column.name))?;
                Some(if column.descending {
                    format!("{quoted_name} DESC")
                } else {
                    quoted_name
                })
            };
            let parts: Option<Vec<_>> = index.columns.iter().map(part).collect();
            let when = match &index.filter {
                None => Some(String::new()),
                Some(text) => condition(self.model, self.table, self.columns, text).map(|sql| format!(" WHERE {sql}")),
            };
            let text = format!(
                "{:?} {}",
                index.columns.iter().map(|column| &column.name).collect::<Vec<_>>(),
                index.filter.as_deref().unwrap_or("")
            );
            let (Some(parts), Some(when)) = (parts.filter(|parts| !parts.is_empty()), when) else {
                self.report.weakened.push(Weakened {
                    kind: ObjectKind::Index,
                    table: self.table.full_name(),
                    name: index.name.clone(),
                    what: Weakening::Dropped(DropReason::NotTranslated),
                    text,
                    first_rows: Vec::new(),
                });
                continue;
            };
            let wanted = if taken.contains(&index.name.to_ascii_lowercase()) || is_internal(&index.name) {
                format!("{name}_{}", index.name)
            } else {
                index.name.clone()
            };
            let own = unique(&wanted, taken);
            if own != index.name {
                self.report.renamed.push(RenamedObject {
                    kind: ObjectKind::Index,
                    within: self.table.full_name(),
                    before: index.name.clone(),
                    after: own.clone(),
                });
            }
            let unique_word = if index.unique { "UNIQUE " } else { "" };
            found.push(format!(
                "CREATE {unique_word}INDEX {} ON {} ({}){when}",
                quoted(&own),
                quoted(name),
                parts.join(", ")
            ));
        }
        found
    }
}

fn constraint(name: &str) -> String {
    if name.is_empty() {
        String::new()
    } else {
        format!("CONSTRAINT {} ", quoted(name))
    }
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
