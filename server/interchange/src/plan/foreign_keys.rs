//! Foreign keys: the key that each refers to, one type for both ends, what a server does on delete and update, and rows that
//! refer to nothing. A foreign key that cannot be is dropped and told; its rows stay.

use std::collections::{BTreeMap, BTreeSet};

use bacpac::{ForeignKeyAction, SqlType};
use domain::export_log::{DropReason, ObjectKind, Weakened, Weakening};

use super::keys::{KeyState, names};
use super::source::{SourceColumn, SourceForeignKey, SourceTable};
use super::type_name::unbounded;
use super::widths::{Place, can_be_referenced, preference};

/// Columns that must have the same type, because foreign keys join them.
pub(super) struct Groups {
    parent: BTreeMap<Place, Place>,
    /// The types that a group can have, the best first; `None` when no column of it has a value, so that any will do.
    types: BTreeMap<Place, Option<Vec<SqlType>>>,
    own: BTreeMap<Place, SqlType>,
}

impl Groups {
    pub(super) fn new(tables: &[SourceTable]) -> Self {
        let mut groups = Self {
            parent: BTreeMap::new(),
            types: BTreeMap::new(),
            own: BTreeMap::new(),
        };
        for (at, table) in tables.iter().enumerate() {
            for (position, column) in table.columns.iter().enumerate() {
                groups.types.insert((at, position), candidates(column));
                groups.own.insert((at, position), unbounded(&column.sql_type));
            }
        }
        groups
    }

    /// The column that stands for the group of this one.
    pub(super) fn root(&self, mut place: Place) -> Place {
        while let Some(up) = self.parent.get(&place) {
            place = *up;
        }
        place
    }

    /// The type of a group, text and bytes without their length.
    pub(super) fn sql_type(&self, root: Place) -> SqlType {
        let own = || self.own.get(&root).cloned().unwrap_or(SqlType::NVarCharMax);
        match self.types.get(&root) {
            Some(Some(types)) => types.first().cloned().unwrap_or_else(own),
            _ => own(),
        }
    }

    /// Joins two groups if one type carries the values of both.
    fn join(&mut self, child: Place, parent: Place) -> bool {
        let (child, parent) = (self.root(child), self.root(parent));
        if child == parent {
            return true;
        }
        let types = |root: &Place| self.types.get(root).cloned().flatten();
        let both = match (types(&parent), types(&child)) {
            (Some(ours), Some(theirs)) => {
                let common: Vec<_> = ours.into_iter().filter(|sql_type| theirs.contains(sql_type)).collect();
                if common.is_empty() {
                    return false;
                }
                Some(common)
            }
            (Some(only), None) | (None, Some(only)) => Some(only),
            (None, None) => None,
        };
        self.types.insert(parent, both);
        self.parent.insert(child, parent);
        true
    }
}

fn candidates(column: &SourceColumn) -> Option<Vec<SqlType>> {
    if !column.has_values {
        return None;
    }
    let own = std::iter::once(&column.sql_type).chain(&column.alternatives);
    Some(own.map(unbounded).collect())
}

/// A foreign key that is kept so far.
#[derive(Debug, Clone)]
pub(super) struct ForeignState {
    pub(super) source: SourceForeignKey,
    /// Table referred to.
    pub(super) parent: usize,
    pub(super) on_delete: ForeignKeyAction,
    pub(super) on_update: ForeignKeyAction,
}

/// The account of a foreign key.
pub(super) fn weakened(table: &SourceTable, key: &SourceForeignKey, what: Weakening) -> Weakened {
    Weakened {
        kind: ObjectKind::ForeignKey,
        table: table.name.clone(),
        name: if key.name.is_empty() {
            names(table, &key.columns)
        } else {
            key.name.clone()
        },
        what,
        text: key.text.clone(),
        first_rows: Vec::new(),
    }
}

/// The foreign keys of all tables that have a key to refer to, joined into groups. Called again after keys were dropped.
pub(super) fn joined(
    tables: &[SourceTable],
    keys: &[Vec<KeyState>],
    log: &mut Vec<Weakened>,
) -> (Vec<Vec<ForeignState>>, Groups) {
    let mut groups = Groups::new(tables);
    let mut all = Vec::new();
    for (at, table) in tables.iter().enumerate() {
        let mut kept = Vec::new();
        for key in &table.foreign_keys {
            match target(tables, keys, key) {
                Err(reason) => log.push(weakened(table, key, Weakening::Dropped(reason))),
                Ok(parent) => {
                    let pairs: Vec<_> = key.columns.iter().zip(&key.foreign_columns).collect();
                    // One pair joins or does not; of several, an earlier one must be undone.
                    let several = pairs.len() > 1;
                    let before = several.then(|| (groups.parent.clone(), groups.types.clone()));
                    if pairs
                        .iter()
                        .all(|(own, other)| groups.join((at, **own), (parent, **other)))
                    {
                        kept.push(ForeignState {
                            source: key.clone(),
                            parent,
                            on_delete: key.on_delete,
                            on_update: key.on_update,
                        });
                    } else {
                        if let Some(before) = before {
                            (groups.parent, groups.types) = before;
                        }
                        log.push(weakened(table, key, Weakening::Dropped(DropReason::TypesDiffer)));
                    }
                }
            }
        }
        all.push(kept);
    }
    (all, groups)
}

/// The table referred to, if it has a key of exactly the columns referred to.
fn target(tables: &[SourceTable], keys: &[Vec<KeyState>], key: &SourceForeignKey) -> Result<usize, DropReason> {
    let parent = key.table.ok_or(DropReason::NoReferencedTable)?;
    let (Some(table), Some(states)) = (tables.get(parent), keys.get(parent)) else {
        return Err(DropReason::NoReferencedTable);
    };
    let found = referenced(states, &key.foreign_columns);
    if key.columns.is_empty() || key.columns.len() != key.foreign_columns.len() || found.is_none() {
        return Err(DropReason::NoReferencedKey);
    }
    let own: BTreeSet<usize> = key.columns.iter().copied().collect();
    if own.len() != key.columns.len() {
        return Err(DropReason::NoCounterpart);
    }
    let holds_null = |column: &usize| table.columns.get(*column).is_none_or(|column| column.has_nulls);
    if key.foreign_columns.iter().any(holds_null) {
        // It can only be a unique index without the rows that have NULL, and such an index is no target.
        return Err(DropReason::Nulls);
    }
    Ok(parent)
}

/// The key that a foreign key refers to.
pub(super) fn referenced(states: &[KeyState], columns: &[usize]) -> Option<usize> {
    let found = states
        .iter()
        .enumerate()
        .filter(|(_, state)| can_be_referenced(state, columns));
    found.min_by_key(|(_, state)| preference(state)).map(|(at, _)| at)
}

/// What is done on delete or update.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    Delete,
    Update,
}

impl ForeignState {
    fn action(&mut self, event: Event) -> &mut ForeignKeyAction {
        match event {
            Event::Delete => &mut self.on_delete,
            Event::Update => &mut self.on_update,
        }
    }
}

/// Actions that SQL Server refuses become refusals of the change: on columns without NULL or default, and where a change
/// could reach a table on two ways.
pub(super) fn settle_actions(
    tables: &[SourceTable],
    all: &mut [Vec<ForeignState>],
    nullable: &dyn Fn(Place) -> bool,
    has_default: &dyn Fn(Place) -> bool,
    log: &mut Vec<Weakened>,
) {
    for event in [Event::Delete, Event::Update] {
        // Edges from a table to those whose rows change with its rows.
        let mut edges: Vec<Vec<usize>> = vec![Vec::new(); tables.len()];
        for (at, (table, keys)) in tables.iter().zip(all.iter_mut()).enumerate() {
            for key in keys {
                let columns = key.source.columns.clone();
                let parent = key.parent;
                let action = key.action(event);
                let every = |fact: &dyn Fn(Place) -> bool| columns.iter().all(|column| fact((at, *column)));
                let possible = match *action {
                    ForeignKeyAction::NoAction => continue,
                    ForeignKeyAction::Cascade => true,
                    ForeignKeyAction::SetNull => every(nullable),
                    ForeignKeyAction::SetDefault => every(&|place| nullable(place) || has_default(place)),
                };
                let reason = if !possible {
                    DropReason::ColumnNotNull
                } else if let Some(list) = edges.get_mut(parent) {
                    list.push(at);
                    if !two_ways(&edges, parent) {
                        continue;
                    }
                    if let Some(list) = edges.get_mut(parent) {
                        list.pop();
                    }
                    DropReason::CascadePaths
                } else {
                    DropReason::NoReferencedTable
                };
                *action = ForeignKeyAction::NoAction;
                log.push(weakened(table, &key.source, Weakening::ActionDropped(reason)));
            }
        }
    }
}

/// Whether a change could now reach a table on two ways, an edge from `from` being new.
fn two_ways(edges: &[Vec<usize>], from: usize) -> bool {
    let mut above = vec![false; edges.len()];
    let mut next = vec![from];
    while let Some(table) = next.pop() {
        let Some(seen) = above.get_mut(table) else { continue };
        if std::mem::replace(seen, true) {
            continue;
        }
        next.extend((0..edges.len()).filter(|up| edges.get(*up).is_some_and(|down| down.contains(&table))));
    }
    let reached_twice = |start: usize| {
        let mut seen = vec![false; edges.len()];
        let mut next = vec![start];
        while let Some(table) = next.pop() {
            let Some(seen) = seen.get_mut(table) else { continue };
            if std::mem::replace(seen, true) {
                return true;
            }
            next.extend(edges.get(table).into_iter().flatten());
        }
        false
    };
    (0..edges.len()).any(|start| above.get(start).copied().unwrap_or(false) && reached_twice(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diamond_and_a_loop_are_two_ways() {
        assert!(!two_ways(&[vec![1], vec![2], vec![]], 0));
        assert!(two_ways(&[vec![1, 2], vec![3], vec![3], vec![]], 2));
        assert!(two_ways(&[vec![0]], 0));
        assert!(two_ways(&[vec![1], vec![0]], 1));
        assert!(two_ways(&[vec![1, 1], vec![]], 0));
    }
}
