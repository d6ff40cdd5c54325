//! The order of the decisions: keys, foreign keys, widths, types, collations, NULL, conditions, defaults; then the model with
//! settled names. Each decision is elsewhere.

use std::collections::{BTreeMap, BTreeSet};

use bacpac::{Model, SqlType};
use domain::export_log::{
    ColumnLog, DropReason, NotCarried, ObjectKind, RenamedObject, SourceEngine, TableLog, TypeReason, Weakened,
    Weakening,
};

use super::foreign_keys::{self, ForeignState, Groups};
use super::keys::{self, KeyState};
use super::source::{Collate, Rows, SourceTable};
use super::type_name::{type_name, unbounded};
use super::widths::{self, Place, bounded};
use super::{assemble, conditions};

/// Collation under which texts are equal when they are the same, trailing spaces aside.
pub(super) const BINARY: &str = "Latin1_General_100_BIN2";
/// Collation without regard to case.
pub(super) const NO_CASE: &str = "Latin1_General_100_CI_AS";

/// A model that can be written, and the account of what it is not.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Names are settled. Tables and columns are in the order of the source's; the final type of a column is in here.
    pub model: Model,
    /// The tables, without rows yet.
    pub tables: Vec<TableLog>,
    /// Names that were changed.
    pub renamed: Vec<RenamedObject>,
    /// Rules that hold less.
    pub weakened: Vec<Weakened>,
    /// What is not in the model; the engine adds what it left out itself.
    pub not_carried: Vec<NotCarried>,
}

/// What is decided so far.
pub(super) struct Draft<'a> {
    pub(super) tables: &'a [SourceTable],
    pub(super) keys: Vec<Vec<KeyState>>,
    pub(super) foreign: Vec<Vec<ForeignState>>,
    pub(super) groups: Groups,
    pub(super) types: Vec<Vec<SqlType>>,
    /// Collations by place; without, that of the database.
    pub(super) collations: BTreeMap<Place, &'static str>,
    pub(super) nullable: BTreeSet<Place>,
    pub(super) log: Vec<Weakened>,
}

impl Draft<'_> {
    pub(super) fn sql_type(&self, place: Place) -> Option<&SqlType> {
        self.types.get(place.0)?.get(place.1)
    }
}

/// Plans a database.
///
/// # Errors
/// That of the questions about the rows.
pub fn plan<R: Rows>(tables: &[SourceTable], engine: SourceEngine, rows: &mut R) -> Result<Plan, R::Error> {
    let mut log = Vec::new();
    let mut keys = Vec::new();
    for (at, table) in tables.iter().enumerate() {
        keys.push(keys::first_look(at, table, rows, &mut log)?);
    }
    let (foreign, groups, lengths) = settle_widths(tables, &mut keys, &mut log);
    let mut draft = Draft {
        tables,
        keys,
        foreign,
        groups,
        types: Vec::new(),
        collations: BTreeMap::new(),
        nullable: BTreeSet::new(),
        log,
    };
    settle_types(&mut draft, &lengths);
    settle_nulls(&mut draft);
    let conditions = conditions::settle(&mut draft, rows)?;
    settle_collations(&mut draft, &conditions);
    settle_foreign_keys(&mut draft, &conditions);
    let untrusted = foreign_keys_to_trust(&mut draft, rows)?;
    Ok(assemble::assemble(draft, conditions, &untrusted, engine))
}

/// Dropping a key drops the foreign keys to it, and without those other columns may be shorter: until nothing changes.
fn settle_widths(
    tables: &[SourceTable],
    keys: &mut [Vec<KeyState>],
    log: &mut Vec<Weakened>,
) -> (Vec<Vec<ForeignState>>, Groups, BTreeMap<Place, u64>) {
    loop {
        let mut of_foreign = Vec::new();
        let (foreign, mut groups) = foreign_keys::joined(tables, keys, &mut of_foreign);
        let mut of_widths = Vec::new();
        let lengths = widths::settle(tables, keys, &mut groups, &mut of_widths);
        let dropped = of_widths.iter().any(|told| matches!(told.what, Weakening::Dropped(_)));
        log.append(&mut of_widths);
        if !dropped {
            log.append(&mut of_foreign);
            return (foreign, groups, lengths);
        }
    }
}

fn settle_types(draft: &mut Draft<'_>, lengths: &BTreeMap<Place, u64>) {
    // The greatest length declared at any end of a foreign key is declared for all.
    let mut declared: BTreeMap<Place, Option<u16>> = BTreeMap::new();
    for (at, table) in draft.tables.iter().enumerate() {
        for (position, column) in table.columns.iter().enumerate() {
            let own = match column.sql_type {
                SqlType::NVarChar(length) | SqlType::VarBinary(length) => Some(length),
                _ => None,
            };
            let root = draft.groups.root((at, position));
            let entry = declared.entry(root).or_insert(own);
            *entry = entry.zip(own).map(|(a, b)| a.max(b));
        }
    }
    let mut filtered: BTreeSet<Place> = BTreeSet::new();
    for (at, states) in draft.keys.iter().enumerate() {
        for filter in states
            .iter()
            .filter(|state| !state.dropped)
            .filter_map(|state| state.filter.as_ref())
        {
            filter.visit(&mut |mention| {
                filtered.insert((at, mention.column));
            });
        }
    }
    for (at, table) in draft.tables.iter().enumerate() {
        let mut types = Vec::new();
        for (position, column) in table.columns.iter().enumerate() {
            let root = draft.groups.root((at, position));
            let group = draft.groups.sql_type(root);
            let kept = if unbounded(&column.sql_type) == group {
                column.sql_type.clone()
            } else {
                group
            };
            let length = declared.get(&root).copied().flatten();
            types.push(match lengths.get(&root) {
                Some(most) => bounded(&kept, *most, length),
                // No filter is known to be refused on text of any length, and none is known to be taken.
                None if filtered.contains(&(at, position)) && column.longest <= 4_000 => bounded(&kept, 4_000, length),
                None => kept,
            });
        }
        draft.types.push(types);
    }
}

fn settle_nulls(draft: &mut Draft<'_>) {
    let mut demanded: BTreeSet<Place> = BTreeSet::new();
    for (at, states) in draft.keys.iter().enumerate() {
        let primary = states
            .iter()
            .filter(|state| !state.dropped && state.kind == super::KeyKind::Primary);
        demanded.extend(primary.flat_map(|state| state.columns()).map(|column| (at, column)));
    }
    for key in draft.foreign.iter().flatten() {
        demanded.extend(key.source.foreign_columns.iter().map(|column| (key.parent, *column)));
    }
    for (at, table) in draft.tables.iter().enumerate() {
        for (position, column) in table.columns.iter().enumerate() {
            let not_null = column.not_null || demanded.contains(&(at, position)) || column.identity.is_some();
            if column.has_nulls || !not_null {
                draft.nullable.insert((at, position));
            }
            if column.has_nulls && column.not_null {
                draft.log.push(Weakened {
                    kind: ObjectKind::Constraint,
                    table: table.name.clone(),
                    name: column.name.clone(),
                    what: Weakening::Dropped(DropReason::Nulls),
                    text: "NOT NULL".to_owned(),
                    first_rows: Vec::new(),
                });
            }
        }
    }
}

fn is_text(sql_type: Option<&SqlType>) -> bool {
    matches!(
        sql_type,
        Some(SqlType::NVarChar(_) | SqlType::NVarCharMax | SqlType::NChar(_))
    )
}

/// Text of keys compares as in the source: by its bytes, or without regard to case where that means the same.
fn settle_collations(draft: &mut Draft<'_>, conditions: &conditions::Conditions) {
    let mut compared: BTreeSet<Place> = conditions.columns.clone();
    for (at, states) in draft.keys.iter().enumerate() {
        let unique = states.iter().filter(|state| !state.dropped && state.is_unique());
        compared.extend(unique.flat_map(|state| state.columns()).map(|column| (at, column)));
    }
    for (at, list) in draft.foreign.iter().enumerate() {
        for key in list {
            compared.extend(key.source.columns.iter().map(|column| (at, *column)));
            compared.extend(key.source.foreign_columns.iter().map(|column| (key.parent, *column)));
        }
    }
    // One collation for all the columns that foreign keys join.
    let roots: BTreeSet<Place> = compared.iter().map(|place| draft.groups.root(*place)).collect();
    let mut no_case: BTreeMap<Place, bool> = BTreeMap::new();
    for (at, table) in draft.tables.iter().enumerate() {
        for (position, column) in table.columns.iter().enumerate() {
            let root = draft.groups.root((at, position));
            if roots.contains(&root) {
                *no_case.entry(root).or_insert(true) &= column.collate == Collate::NoCase { plain: true };
            }
        }
    }
    for (at, table) in draft.tables.iter().enumerate() {
        for (position, column) in table.columns.iter().enumerate() {
            let place = (at, position);
            let root = draft.groups.root(place);
            let Some(no_case) = no_case.get(&root).filter(|_| is_text(draft.sql_type(place))) else {
                continue;
            };
            let collation = if *no_case { NO_CASE } else { BINARY };
            if !no_case && column.collate != Collate::Binary {
                draft.log.push(Weakened {
                    kind: ObjectKind::Collation,
                    table: table.name.clone(),
                    name: column.name.clone(),
                    what: Weakening::CaseSensitivity,
                    text: "NOCASE".to_owned(),
                    first_rows: Vec::new(),
                });
            }
            draft.collations.insert(place, collation);
        }
    }
}

fn settle_foreign_keys(draft: &mut Draft<'_>, conditions: &conditions::Conditions) {
    let nullable = |place: Place| draft.nullable.contains(&place);
    let has_default = |place: Place| conditions.defaults.contains_key(&place);
    foreign_keys::settle_actions(
        draft.tables,
        &mut draft.foreign,
        &nullable,
        &has_default,
        &mut draft.log,
    );
}

/// The foreign keys that existing rows are not held to, by table and position.
fn foreign_keys_to_trust<R: Rows>(draft: &mut Draft<'_>, rows: &mut R) -> Result<BTreeSet<Place>, R::Error> {
    let mut untrusted = BTreeSet::new();
    for (at, table) in draft.tables.iter().enumerate() {
        for (position, key) in draft.foreign.get(at).into_iter().flatten().enumerate() {
            if key.source.deferred {
                draft
                    .log
                    .push(foreign_keys::weakened(table, &key.source, Weakening::NotDeferred));
            }
            let own = key.source.columns.iter().map(|column| (at, *column));
            let other = key.source.foreign_columns.iter().map(|column| (key.parent, *column));
            let uncertain = own.chain(other).any(|place| {
                let column = draft.tables.get(place.0).and_then(|table| table.columns.get(place.1));
                let binary = draft.collations.get(&place) == Some(&BINARY);
                column.is_none_or(|column| {
                    column.unlike || column.replaced || binary && column.collate != Collate::Binary
                })
            });
            let found = rows.dangling(at, &key.source)?;
            if uncertain || found.count > 0 {
                let mut told = foreign_keys::weakened(table, &key.source, Weakening::NotTrusted(found.count));
                told.first_rows = found.first_rows;
                draft.log.push(told);
                untrusted.insert((at, position));
            }
        }
    }
    Ok(untrusted)
}

/// The columns of a table, for the log.
pub(super) fn column_logs(at: usize, table: &SourceTable, draft: &Draft<'_>, model: &bacpac::Table) -> Vec<ColumnLog> {
    let one = |(position, (column, written)): (usize, (&super::SourceColumn, &bacpac::Column))| {
        let sql_type = draft.sql_type((at, position)).unwrap_or(&written.field.sql_type);
        let bounded = unbounded(sql_type) != *sql_type && column.sql_type != *sql_type;
        let changed = unbounded(sql_type) != unbounded(&column.sql_type);
        ColumnLog {
            name: written.field.name.clone(),
            source_name: column.name.clone(),
            source_type: column.source_type.clone(),
            sql_type: type_name(sql_type),
            reason: if changed {
                TypeReason::ForeignKey
            } else {
                column.reason.clone()
            },
            bounded_for_key: bounded,
            changes: column.changes.clone(),
        }
    };
    table.columns.iter().zip(&model.columns).enumerate().map(one).collect()
}
