//! The lengths of text and bytes in keys: every column of a key gets the longest that all its keys have room for, the same at
//! both ends of a foreign key; keys that have no room for the values there are give way.

use std::collections::{BTreeMap, BTreeSet};

use bacpac::SqlType;
use domain::export_log::{DropReason, Weakened, Weakening};

use super::foreign_keys::Groups;
use super::keys::{KeyState, weakened};
use super::source::{KeyKind, SourceTable};
use super::type_name::{key_bytes, unbounded};

/// Bytes of a key in whose order the rows lie.
const CLUSTERED: u64 = 900;
/// Bytes of any other key.
const OTHER: u64 = 1_700;

/// A column: its table and its position there.
pub(super) type Place = (usize, usize);

/// Bytes of one unit of a type's length; `None` for types without a length to choose.
fn unit(sql_type: &SqlType) -> Option<u64> {
    match unbounded(sql_type) {
        SqlType::NVarCharMax => Some(2),
        SqlType::VarBinaryMax => Some(1),
        _ => None,
    }
}

/// The lengths that the groups of columns must have, by the root of each group. Keys that do not fit are dropped and told.
pub(super) fn settle(
    tables: &[SourceTable],
    keys: &mut [Vec<KeyState>],
    groups: &mut Groups,
    log: &mut Vec<Weakened>,
) -> BTreeMap<Place, u64> {
    let least = least(tables, groups);
    for (at, (table, states)) in tables.iter().zip(keys.iter_mut()).enumerate() {
        for state in states.iter_mut().filter(|state| !state.dropped) {
            fit(at, table, state, groups, &least, log);
        }
    }
    let mut most: BTreeMap<Place, u64> = BTreeMap::new();
    for (at, states) in keys.iter().enumerate() {
        for state in states.iter().filter(|state| !state.dropped) {
            share(at, state, groups, &least, &mut most);
        }
    }
    most
}

/// The length that the values of each group need; at least one.
fn least(tables: &[SourceTable], groups: &mut Groups) -> BTreeMap<Place, u64> {
    let mut least = BTreeMap::new();
    for (at, table) in tables.iter().enumerate() {
        for (position, column) in table.columns.iter().enumerate() {
            let need = least.entry(groups.root((at, position))).or_insert(1);
            *need = column.longest.max(*need);
        }
    }
    least
}

/// Bytes that a key takes at least; `None` when one of its columns cannot be in a key.
fn bytes(at: usize, state: &KeyState, groups: &mut Groups, least: &BTreeMap<Place, u64>) -> Option<u64> {
    let mut sum: u64 = 0;
    for column in state.columns() {
        let root = groups.root((at, column));
        let sql_type = groups.sql_type(root);
        sum = sum.saturating_add(match unit(&sql_type) {
            Some(unit) => least.get(&root).copied().unwrap_or(1).saturating_mul(unit),
            None => key_bytes(&sql_type)?,
        });
    }
    Some(sum)
}

fn fit(
    at: usize,
    table: &SourceTable,
    state: &mut KeyState,
    groups: &mut Groups,
    least: &BTreeMap<Place, u64>,
    log: &mut Vec<Weakened>,
) {
    let what = match bytes(at, state, groups, least) {
        None => Weakening::Dropped(DropReason::Type),
        Some(sum) if sum > OTHER => Weakening::Dropped(DropReason::KeyTooWide),
        Some(sum) if sum > CLUSTERED && state.clustered => Weakening::NotClustered,
        Some(_) => return,
    };
    state.dropped = what != Weakening::NotClustered;
    state.clustered = false;
    log.push(weakened(table, &state.source, what));
}

/// What a key leaves free is shared equally among its columns of variable length.
fn share(
    at: usize,
    state: &KeyState,
    groups: &mut Groups,
    least: &BTreeMap<Place, u64>,
    most: &mut BTreeMap<Place, u64>,
) {
    let Some(sum) = bytes(at, state, groups, least) else {
        return;
    };
    let roots: Vec<Place> = state
        .columns()
        .iter()
        .map(|column| groups.root((at, *column)))
        .collect();
    let flexible: Vec<(Place, u64)> = roots
        .into_iter()
        .filter_map(|root| unit(&groups.sql_type(root)).map(|unit| (root, unit)))
        .collect();
    let room = if state.clustered { CLUSTERED } else { OTHER };
    let free = room.saturating_sub(sum) / (flexible.len() as u64).max(1);
    for (root, unit) in flexible {
        let length = least.get(&root).copied().unwrap_or(1) + free / unit;
        let entry = most.entry(root).or_insert(length);
        *entry = length.min(*entry);
    }
}

/// The type of a column in a group whose length is `most`: its declared length when that is less and enough.
pub(super) fn bounded(sql_type: &SqlType, most: u64, declared: Option<u16>) -> SqlType {
    let fits = |limit: u64| {
        let most = most.min(limit);
        let length = declared.map_or(most, |declared| u64::from(declared).min(most));
        u16::try_from(length).unwrap_or(u16::MAX)
    };
    match unbounded(sql_type) {
        SqlType::NVarCharMax => SqlType::NVarChar(fits(4_000)),
        SqlType::VarBinaryMax => SqlType::VarBinary(fits(8_000)),
        other => other,
    }
}

/// Whether a key may be the target of foreign keys.
pub(super) fn can_be_referenced(state: &KeyState, columns: &[usize]) -> bool {
    let wanted: BTreeSet<usize> = columns.iter().copied().collect();
    let own: BTreeSet<usize> = state.columns().into_iter().collect();
    !state.dropped && state.is_unique() && state.filter.is_none() && own == wanted && wanted.len() == columns.len()
}

/// Order in which a foreign key prefers the keys of its table.
pub(super) fn preference(state: &KeyState) -> u8 {
    match state.kind {
        KeyKind::Primary => 0,
        KeyKind::Unique => 1,
        KeyKind::Index { .. } => 2,
    }
}
