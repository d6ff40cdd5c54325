//! The statements that make one table of SQL Server's in SQLite, its keys, checks, defaults, foreign keys and indexes as far as
//! they mean the same; the others are told.

use std::collections::{BTreeMap, BTreeSet};

use bacpac::{Column, ForeignKeyAction, Identity, Key, Model, ObjectName, Table};
use domain::export_log::{
    DropReason, ImportReport, LeftOut, NotCarried, ObjectKind, RenamedObject, Weakened, Weakening,
};

use super::foreign_rules::{condition, default};
use super::foreign_schema::{ColumnPlan, is_whole, unique};
use super::schema::{is_internal, quoted};

/// A table and what it is made of.
pub(super) struct Made<'a> {
    model: &'a Model,
    table: &'a Table,
    names: &'a BTreeMap<usize, String>,
    columns: &'a [ColumnPlan],
    /// Checks that were translated: name and condition.
    pub(super) kept: Vec<(String, String)>,
    report: &'a mut ImportReport,
}

impl<'a> Made<'a> {
    pub(super) fn new(
        model: &'a Model,
        table: &'a Table,
        names: &'a BTreeMap<usize, String>,
        columns: &'a [ColumnPlan],
        report: &'a mut ImportReport,
    ) -> Self {
        Self {
            model,
            table,
            names,
            columns,
            kept: Vec::new(),
            report,
        }
    }

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

    /// The CREATE TABLE, and where the table's counter begins.
    pub(super) fn create(&mut self, name: &str) -> (String, Option<i64>) {
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
        if let Some(list) = self.listed(&columns).filter(|_| !columns.is_empty()) {
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
        let same_number = !key.columns.is_empty() && key.columns.len() == key.foreign_columns.len();
        if !same_number || !key.foreign_columns.iter().all(exists) || !has_key(parent, &key.foreign_columns) {
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

    /// The CREATE INDEX statements; `taken` are the names that are in use, in lower case.
    pub(super) fn indexes(&mut self, name: &str, taken: &mut BTreeSet<String>) -> Vec<String> {
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

/// Whether a table has a key of exactly these columns; SQLite refuses to look at foreign keys to anything else.
fn has_key(table: &Table, columns: &[String]) -> bool {
    let wanted: BTreeSet<String> = columns.iter().map(|name| name.to_ascii_lowercase()).collect();
    let keys = table.primary_key.iter().chain(&table.unique).map(|key| &key.columns);
    let unique = table
        .indexes
        .iter()
        .filter(|index| index.unique && index.filter.is_none());
    let mut all = keys.chain(unique.map(|index| &index.columns));
    all.any(|own| {
        let own: BTreeSet<String> = own.iter().map(|column| column.name.to_ascii_lowercase()).collect();
        own == wanted
    })
}

fn constraint(name: &str) -> String {
    if name.is_empty() {
        String::new()
    } else {
        format!("CONSTRAINT {} ", quoted(name))
    }
}
