//! A SQLite table in the planner's terms: its keys, foreign keys, checks and defaults, with what was chosen for its columns.

use std::collections::{BTreeSet, HashMap};

use bacpac::{ForeignKeyAction, Identity};
use domain::export_log::{LeftOut, NotCarried, ObjectKind};

use super::choose::Choice;
use super::ddl;
use super::declared::{Affinity, affinity};
use super::facts::Facts;
use super::form::Form;
use super::schema::{ColumnSchema, ForeignKeySchema, IndexSchema, TableSchema};
use crate::forms::{calendar, mixed, uuid};
use crate::plan::{
    Collate, DefaultMeaning, Dialect, KeyKind, Literal, Part, SourceCheck, SourceColumn, SourceDefault,
    SourceForeignKey, SourceKey, SourceTable, parse, parse_literal,
};

impl TableSchema {
    /// Position of the column that is another name of the row number.
    pub(super) fn row_number(&self) -> Option<usize> {
        let mut primary = self.columns.iter().enumerate().filter(|(_, column)| column.primary > 0);
        let (at, column) = primary.next()?;
        let own_index = self.indexes.iter().any(|index| index.origin == "pk");
        let is = primary.next().is_none()
            && !self.without_rowid
            && !own_index
            && column.declared.eq_ignore_ascii_case("INTEGER");
        is.then_some(at)
    }

    /// Positions of the primary key.
    fn primary(&self) -> Vec<usize> {
        let mut found: Vec<_> = self
            .columns
            .iter()
            .enumerate()
            .filter(|(_, column)| column.primary > 0)
            .collect();
        found.sort_by_key(|(_, column)| column.primary);
        found.into_iter().map(|(at, _)| at).collect()
    }

    /// Position of a column, by SQLite's rule for names.
    pub(super) fn position(&self, name: &str) -> Option<usize> {
        self.columns
            .iter()
            .position(|column| column.name.eq_ignore_ascii_case(name))
    }

    /// Columns of unique keys and foreign keys, at both ends when `referenced` has those of other tables.
    pub(super) fn in_keys(&self, referenced: &BTreeSet<usize>) -> BTreeSet<usize> {
        let mut found = referenced.clone();
        found.extend(self.primary());
        let unique = self.indexes.iter().filter(|index| index.unique);
        found.extend(
            unique
                .flat_map(|index| &index.columns)
                .filter_map(|(column, _)| *column),
        );
        let from = self.foreign_keys.iter().flat_map(|key| &key.from);
        found.extend(from.filter_map(|name| self.position(name)));
        found
    }
}

/// Tables by their name in lower case.
pub(super) fn places(tables: &[TableSchema]) -> HashMap<String, usize> {
    let place = |(at, table): (usize, &TableSchema)| (table.name.to_ascii_lowercase(), at);
    tables.iter().enumerate().map(place).collect()
}

/// What a table becomes, and what of it cannot be said.
pub(super) fn describe(
    table: &TableSchema,
    tables: &[TableSchema],
    places: &HashMap<String, usize>,
    columns: &[(Facts, Choice)],
    left_out: &mut Vec<NotCarried>,
) -> SourceTable {
    let names: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
    let checks = table.elements.iter().flat_map(|element| &element.checks);
    let checks = checks.map(|(name, text)| SourceCheck {
        name: name.clone(),
        text: text.clone(),
        meaning: parse(text, Dialect::Sqlite, &names),
    });
    for column in table.columns.iter().filter(|column| column.generated) {
        let own = table
            .elements
            .iter()
            .find(|element| element.first.eq_ignore_ascii_case(&column.name));
        left_out.push(NotCarried {
            kind: ObjectKind::GeneratedColumn,
            name: column.name.clone(),
            table: Some(table.name.clone()),
            reason: LeftOut::KeptAsText,
            text: own.and_then(|element| element.generated.clone()).unwrap_or_default(),
        });
    }
    SourceTable {
        schema: "dbo".to_owned(),
        name: table.name.clone(),
        columns: describe_columns(table, columns),
        keys: keys(table, &names, left_out),
        foreign_keys: table
            .foreign_keys
            .iter()
            .map(|key| foreign_key(table, key, tables, places))
            .collect(),
        checks: checks.collect(),
    }
}

fn describe_columns(table: &TableSchema, columns: &[(Facts, Choice)]) -> Vec<SourceColumn> {
    let row_number = table.row_number();
    let one = |(at, (column, (facts, choice))): (usize, (&ColumnSchema, &(Facts, Choice)))| {
        let is_row_number = row_number == Some(at);
        let infinities = choice.form != Form::Mixed && facts.infinities.count > 0;
        let counts = is_row_number && table.autoincrement;
        SourceColumn {
            name: column.name.clone(),
            source_type: column.declared.clone(),
            sql_type: choice.sql_type.clone(),
            alternatives: choice.alternatives.clone(),
            reason: choice.reason.clone(),
            has_values: facts.values() > 0,
            has_nulls: facts.nulls > 0 || infinities,
            not_null: column.not_null || is_row_number,
            longest: choice.longest,
            trailing: choice.trailing,
            replaced: facts.invalid.count > 0 && choice.form == Form::Text,
            unlike: choice.form == Form::Mixed,
            collate: match column.collation.as_str() {
                "NOCASE" => Collate::NoCase { plain: facts.plain },
                _ => Collate::Binary,
            },
            identity: counts.then(|| Identity {
                seed: 1,
                increment: 1,
                // Whichever is greater counts on.
                last_value: table.sequence.map(|sequence| i128::from(sequence.max(facts.greatest))),
            }),
            default: default(column, choice),
            changes: choice.changes.clone(),
        }
    };
    table.columns.iter().zip(columns).enumerate().map(one).collect()
}

fn default(column: &ColumnSchema, choice: &Choice) -> Option<SourceDefault> {
    let text = column.default.as_deref()?.trim();
    if text.eq_ignore_ascii_case("null") || column.generated {
        return None;
    }
    let meaning = if text.eq_ignore_ascii_case("CURRENT_TIMESTAMP") {
        moment(choice, "2024-02-29 23:59:59").then_some(DefaultMeaning::CurrentTimestamp)
    } else if text.eq_ignore_ascii_case("CURRENT_DATE") {
        (matches!(choice.form, Form::Date | Form::Text)).then_some(DefaultMeaning::CurrentDate)
    } else if text.eq_ignore_ascii_case("CURRENT_TIME") {
        (matches!(choice.form, Form::Time(_) | Form::Text)).then_some(DefaultMeaning::CurrentTime)
    } else {
        parse_literal(text, Dialect::Sqlite).and_then(|literal| literal_for(&literal, column, choice))
    };
    Some(SourceDefault {
        text: text.to_owned(),
        meaning,
    })
}

/// Whether the column holds moments of that form, or text.
fn moment(choice: &Choice, example: &str) -> bool {
    match choice.form {
        Form::Moment(form) => calendar::parse_moment(example)
            .is_some_and(|(found, _)| (found.letter, found.zone) == (form.letter, form.zone) && form.clock.seconds),
        Form::Text => true,
        _ => false,
    }
}

/// A default of the class that SQLite would store, as the column says it in the file.
fn literal_for(literal: &Literal, column: &ColumnSchema, choice: &Choice) -> Option<DefaultMeaning> {
    let is_text = affinity(&column.declared) == Affinity::Text;
    let found = match (literal, choice.form) {
        (Literal::Integer(number), Form::Text) if is_text => Literal::Text(number.to_string()),
        (Literal::Integer(number), Form::Mixed) if !is_text => Literal::Text(number.to_string()),
        (Literal::Text(text), Form::Mixed) => {
            let mut marked = String::new();
            mixed::push_text(text, &mut marked);
            // What looks like a number may become one on its way into the column.
            Some(Literal::Text(marked)).filter(|_| is_text || text.parse::<f64>().is_err())?
        }
        (Literal::Bool(yes), Form::Integer | Form::Bit) => Literal::Integer(i64::from(*yes)),
        (Literal::Integer(_), Form::Integer | Form::Bit | Form::Real | Form::RealOrInteger | Form::Decimal)
        | (Literal::Decimal(_), Form::Real | Form::RealOrInteger | Form::Decimal)
        | (Literal::Text(_), Form::Text) => literal.clone(),
        (Literal::Text(text), Form::Date) => calendar::parse_date(text).map(|_| literal.clone())?,
        (Literal::Text(text), Form::Moment(form)) => {
            let found = calendar::parse_moment(text).filter(|(found, _)| *found == form);
            found.map(|_| literal.clone())?
        }
        (Literal::Text(text), Form::Time(form)) => {
            let found = calendar::parse_clock(text).filter(|(found, _)| *found == form);
            found.map(|_| literal.clone())?
        }
        (Literal::Text(text), Form::Uuid(_)) => uuid::parse(text).map(|_| literal.clone())?,
        _ => return None,
    };
    Some(DefaultMeaning::Literal(found))
}

fn keys(table: &TableSchema, names: &[&str], left_out: &mut Vec<NotCarried>) -> Vec<SourceKey> {
    let mut found = Vec::new();
    if let Some(column) = table.row_number() {
        found.push(SourceKey {
            name: String::new(),
            kind: KeyKind::Primary,
            parts: vec![Part {
                column,
                descending: false,
            }],
            included: Vec::new(),
            filter: None,
            text: String::new(),
        });
    }
    for index in &table.indexes {
        let parts: Option<Vec<Part>> = index
            .columns
            .iter()
            .map(|(column, descending)| {
                column.map(|column| Part {
                    column,
                    descending: *descending,
                })
            })
            .collect();
        match parts {
            Some(parts) => found.push(key(index, parts, names)),
            None => left_out.push(NotCarried {
                kind: ObjectKind::ExpressionIndex,
                name: index.name.clone(),
                table: Some(table.name.clone()),
                reason: LeftOut::KeptAsText,
                text: index.sql.clone().unwrap_or_default(),
            }),
        }
    }
    found
}

fn key(index: &IndexSchema, parts: Vec<Part>, names: &[&str]) -> SourceKey {
    let condition = index.sql.as_deref().filter(|_| index.partial).and_then(ddl::condition);
    let kind = match index.origin.as_str() {
        "pk" => KeyKind::Primary,
        "u" => KeyKind::Unique,
        _ => KeyKind::Index { unique: index.unique },
    };
    SourceKey {
        // The names of indexes that SQLite makes itself mean nothing.
        name: if index.origin == "c" {
            index.name.clone()
        } else {
            String::new()
        },
        kind,
        parts,
        included: Vec::new(),
        filter: index.partial.then(|| SourceCheck {
            name: index.name.clone(),
            text: condition.unwrap_or_default().to_owned(),
            meaning: condition.and_then(|text| parse(text, Dialect::Sqlite, names)),
        }),
        text: index.sql.clone().unwrap_or_default(),
    }
}

/// Positions that a foreign key refers to; fewer than it has columns when there are no such.
pub(super) fn referred(key: &ForeignKeySchema, parent: &TableSchema) -> Vec<usize> {
    if key.to.iter().all(Option::is_none) {
        return parent.primary();
    }
    key.to
        .iter()
        .flatten()
        .filter_map(|name| parent.position(name))
        .collect()
}

fn foreign_key(
    table: &TableSchema,
    key: &ForeignKeySchema,
    tables: &[TableSchema],
    places: &HashMap<String, usize>,
) -> SourceForeignKey {
    let place = places.get(&key.table.to_ascii_lowercase()).copied();
    let parent = place.and_then(|at| tables.get(at));
    let action = |name: &str| match name {
        "CASCADE" => ForeignKeyAction::Cascade,
        "SET NULL" => ForeignKeyAction::SetNull,
        "SET DEFAULT" => ForeignKeyAction::SetDefault,
        _ => ForeignKeyAction::NoAction,
    };
    let to: Vec<_> = key.to.iter().flatten().map(String::as_str).collect();
    SourceForeignKey {
        name: String::new(),
        columns: key.from.iter().filter_map(|name| table.position(name)).collect(),
        table: place,
        foreign_columns: parent.map(|parent| referred(key, parent)).unwrap_or_default(),
        on_delete: action(&key.on_delete),
        on_update: action(&key.on_update),
        deferred: key.deferred,
        text: format!(
            "FOREIGN KEY ({}) REFERENCES {} ({}) ON UPDATE {} ON DELETE {}",
            key.from.join(", "),
            key.table,
            to.join(", "),
            key.on_update,
            key.on_delete
        ),
    }
}
