//! The model that all decisions amount to, with names that can be written, and the properties that say where it came from.

use std::collections::BTreeSet;

use bacpac::{
    Check, Column, DefaultConstraint, ExtendedProperty, Field, ForeignKey, Index, Key, KeyColumn, Model, ObjectName,
    Renamed, SqlType, Table,
};
use domain::export_log::{DropReason, ObjectKind, RenamedObject, SourceEngine, TableLog, Weakening};

use super::build::{Draft, Plan, column_logs};
use super::conditions::Conditions;
use super::keys::{self, KeyState};
use super::source::{KeyKind, SourceTable};
use super::widths::Place;
use super::{Dialect, Predicate};

/// Most indexes of a table beside the one in whose order its rows lie.
const INDEXES: usize = 999;

pub(super) fn assemble(
    mut draft: Draft<'_>,
    mut conditions: Conditions,
    untrusted: &BTreeSet<Place>,
    engine: SourceEngine,
) -> Plan {
    let mut model = Model::default();
    let schemas: BTreeSet<&str> = draft.tables.iter().map(|table| table.schema.as_str()).collect();
    model.schemas = schemas.into_iter().map(str::to_owned).collect();
    for (at, table) in draft.tables.iter().enumerate() {
        drop_beyond(at, table, &mut draft);
        model.tables.push(one(at, table, &draft, &mut conditions, untrusted));
    }
    properties(&draft, engine, &mut model);
    let renamed = model.settle_names();
    let tables = draft.tables.iter().zip(&model.tables).enumerate();
    let tables = tables.map(|(at, (table, written))| TableLog {
        schema: written.schema.clone(),
        name: written.name.clone(),
        source_name: table.name.clone(),
        rows: 0,
        bytes: 0,
        parts: 0,
        columns: column_logs(at, table, &draft, written),
    });
    Plan {
        tables: tables.collect(),
        model,
        renamed: renamed.into_iter().filter_map(told).collect(),
        weakened: draft.log,
        not_carried: Vec::new(),
    }
}

/// An object without a name that was given one has not lost any.
fn told(renamed: Renamed) -> Option<RenamedObject> {
    if renamed.before.is_empty() && renamed.kind != "column" {
        return None;
    }
    Some(RenamedObject {
        kind: match renamed.kind {
            "schema" => ObjectKind::Schema,
            "table" => ObjectKind::Table,
            "column" => ObjectKind::Column,
            "index" => ObjectKind::Index,
            "sequence" => ObjectKind::Sequence,
            _ => ObjectKind::Constraint,
        },
        within: renamed.within,
        before: renamed.before,
        after: renamed.after,
    })
}

fn drop_beyond(at: usize, table: &SourceTable, draft: &mut Draft<'_>) {
    let states = draft.keys.get_mut(at).into_iter().flatten();
    let others = states.filter(|state| !state.dropped && !state.clustered);
    let plain = |state: &&mut KeyState| !state.is_unique();
    for state in others.skip(INDEXES).filter(plain) {
        state.dropped = true;
        let what = Weakening::Dropped(DropReason::TooManyIndexes);
        draft.log.push(keys::weakened(table, &state.source, what));
    }
}

fn one(
    at: usize,
    table: &SourceTable,
    draft: &Draft<'_>,
    conditions: &mut Conditions,
    untrusted: &BTreeSet<Place>,
) -> Table {
    let names: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
    let mut made = Table {
        schema: table.schema.clone(),
        name: table.name.clone(),
        columns: columns(at, table, draft),
        ..Table::default()
    };
    for state in draft.keys.get(at).into_iter().flatten().filter(|state| !state.dropped) {
        add_key(at, state, &names, draft, &mut made);
    }
    for (position, key) in draft.foreign.get(at).into_iter().flatten().enumerate() {
        let Some(parent) = draft.tables.get(key.parent) else {
            continue;
        };
        let named = |table: &SourceTable, columns: &[usize]| -> Vec<String> {
            let name = |column: &usize| table.columns.get(*column).map(|column| column.name.clone());
            columns.iter().filter_map(name).collect()
        };
        made.foreign_keys.push(ForeignKey {
            name: key.source.name.clone(),
            columns: named(table, &key.source.columns),
            foreign_table: ObjectName(vec![parent.schema.clone(), parent.name.clone()]),
            foreign_columns: named(parent, &key.source.foreign_columns),
            on_delete: key.on_delete,
            on_update: key.on_update,
            not_trusted: untrusted.contains(&(at, position)),
        });
    }
    for check in conditions.checks.get(at).into_iter().flatten() {
        made.checks.push(Check {
            name: check.name.clone(),
            expression: rendered(&check.meaning, &names),
            not_trusted: check.not_trusted,
        });
    }
    for (position, column) in table.columns.iter().enumerate() {
        if let Some(expression) = conditions.defaults.remove(&(at, position)) {
            made.defaults.push(DefaultConstraint {
                name: String::new(),
                column: column.name.clone(),
                expression,
            });
        }
    }
    made
}

fn rendered(meaning: &Predicate, names: &[&str]) -> String {
    format!("({})", meaning.render(Dialect::TransactSql, names))
}

fn columns(at: usize, table: &SourceTable, draft: &Draft<'_>) -> Vec<Column> {
    let one = |(position, column): (usize, &super::SourceColumn)| {
        let place = (at, position);
        let sql_type = draft.sql_type(place).cloned().unwrap_or(SqlType::NVarCharMax);
        let whole = matches!(
            sql_type,
            SqlType::BigInt | SqlType::Int | SqlType::SmallInt | SqlType::TinyInt
        );
        let nullable = draft.nullable.contains(&place);
        Column {
            field: Field::new(column.name.clone(), sql_type, nullable),
            declared: String::new(),
            collation: draft.collations.get(&place).map(|name| (*name).to_owned()),
            identity: column.identity.clone().filter(|_| whole && !nullable),
            generated_always: false,
        }
    };
    table.columns.iter().enumerate().map(one).collect()
}

fn add_key(at: usize, state: &KeyState, names: &[&str], draft: &Draft<'_>, made: &mut Table) {
    let name = |column: usize| names.get(column).copied().unwrap_or_default().to_owned();
    let columns: Vec<KeyColumn> = state
        .parts
        .iter()
        .map(|part| KeyColumn {
            name: name(part.column),
            descending: part.descending,
        })
        .collect();
    let with_nulls: Vec<Predicate> = state
        .columns()
        .into_iter()
        .filter(|column| state.is_unique() && draft.nullable.contains(&(at, *column)))
        .map(|column| Predicate::IsNull { column, negated: true })
        .collect();
    let key = || Key {
        name: state.source.name.clone(),
        columns: columns.clone(),
        clustered: state.clustered,
    };
    match state.kind {
        KeyKind::Primary => made.primary_key = Some(key()),
        KeyKind::Unique if with_nulls.is_empty() && state.filter.is_none() => made.unique.push(key()),
        _ => {
            let mut parts = with_nulls;
            match state.filter.clone() {
                Some(Predicate::And(own)) => parts.extend(own),
                Some(own) => parts.push(own),
                None => {}
            }
            let filter = match parts.len() {
                0 => None,
                1 => parts.pop(),
                _ => Some(Predicate::And(parts)),
            };
            let own = state.columns();
            made.indexes.push(Index {
                name: state.source.name.clone(),
                columns,
                included: state
                    .source
                    .included
                    .iter()
                    .filter(|column| !own.contains(column))
                    .map(|column| name(*column))
                    .collect(),
                unique: state.is_unique(),
                clustered: false,
                filter: filter.map(|filter| rendered(&filter, names)),
            });
        }
    }
}

/// Where the database came from, for whoever looks at it in SQL Server.
fn properties(draft: &Draft<'_>, engine: SourceEngine, model: &mut Model) {
    let engine = match engine {
        SourceEngine::Sqlite => "SQLite",
        SourceEngine::Postgres => "PostgreSQL",
    };
    let host = ExtendedProperty::database_host();
    let mut found = vec![ExtendedProperty::text(host, "SourceEngine", engine)];
    for table in draft.tables {
        for column in table.columns.iter().filter(|column| !column.source_type.is_empty()) {
            let host = ExtendedProperty::column_host(&table.schema, &table.name, &column.name);
            found.push(ExtendedProperty::text(host, "SourceType", &column.source_type));
        }
    }
    model.extended_properties.extend(found.into_iter().flatten());
}
