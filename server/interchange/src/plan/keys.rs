//! What becomes of primary keys, unique constraints and indexes before their widths are known: NULLs, values that SQL Server
//! takes for equal, conditions. Foreign keys and widths come after.

use std::collections::HashSet;

use domain::export_log::{DropReason, ObjectKind, Weakened, Weakening};

use super::predicate::Predicate;
use super::source::{KeyKind, Part, Rows, SourceKey, SourceTable};

/// Most columns of a key.
const KEY_COLUMNS: usize = 32;

/// A key as it will be.
#[derive(Debug, Clone)]
pub(super) struct KeyState {
    /// What it was.
    pub(super) source: SourceKey,
    /// What it is now.
    pub(super) kind: KeyKind,
    /// Columns, each once.
    pub(super) parts: Vec<Part>,
    /// Whether the rows lie in its order.
    pub(super) clustered: bool,
    /// Condition of the source.
    pub(super) filter: Option<Predicate>,
    /// Not written.
    pub(super) dropped: bool,
}

impl KeyState {
    pub(super) fn is_unique(&self) -> bool {
        !matches!(self.kind, KeyKind::Index { unique: false })
    }

    /// Positions of its columns.
    pub(super) fn columns(&self) -> Vec<usize> {
        self.parts.iter().map(|part| part.column).collect()
    }
}

/// What a key is called in the log.
pub(super) fn object_kind(kind: KeyKind) -> ObjectKind {
    match kind {
        KeyKind::Primary => ObjectKind::PrimaryKey,
        KeyKind::Unique => ObjectKind::Unique,
        KeyKind::Index { .. } => ObjectKind::Index,
    }
}

/// The names of columns, for a log.
pub(super) fn names(table: &SourceTable, columns: &[usize]) -> String {
    let name = |column: &usize| table.columns.get(*column).map(|column| column.name.as_str());
    columns.iter().filter_map(name).collect::<Vec<_>>().join(", ")
}

/// The account of a key.
pub(super) fn weakened(table: &SourceTable, key: &SourceKey, what: Weakening) -> Weakened {
    let columns: Vec<usize> = key.parts.iter().map(|part| part.column).collect();
    let listed = names(table, &columns);
    Weakened {
        kind: object_kind(key.kind),
        table: table.name.clone(),
        name: if key.name.is_empty() {
            listed.clone()
        } else {
            key.name.clone()
        },
        what,
        text: if key.text.is_empty() { listed } else { key.text.clone() },
        first_rows: Vec::new(),
    }
}

/// The keys of a table, and what had to be said of them.
pub(super) fn first_look<R: Rows>(
    at: usize,
    table: &SourceTable,
    rows: &mut R,
    log: &mut Vec<Weakened>,
) -> Result<Vec<KeyState>, R::Error> {
    let mut states = Vec::new();
    for key in &table.keys {
        let mut state = plain(key);
        if state.parts.is_empty() || state.parts.len() > KEY_COLUMNS {
            log.push(weakened(table, key, Weakening::Dropped(DropReason::TooManyColumns)));
            state.dropped = true;
        } else if key.filter.is_some() && state.filter.is_none() {
            log.push(weakened(table, key, Weakening::Dropped(DropReason::NotTranslated)));
            state.dropped = true;
        } else if state.is_unique() {
            judge_uniqueness(at, table, &mut state, rows, log)?;
        }
        states.push(state);
    }
    Ok(states)
}

fn plain(key: &SourceKey) -> KeyState {
    let mut seen = HashSet::new();
    let once = |part: &&Part| seen.insert(part.column);
    KeyState {
        kind: key.kind,
        parts: key.parts.iter().filter(once).copied().collect(),
        clustered: key.kind == KeyKind::Primary,
        filter: key.filter.as_ref().and_then(|filter| filter.meaning.clone()),
        dropped: false,
        source: key.clone(),
    }
}

fn judge_uniqueness<R: Rows>(
    at: usize,
    table: &SourceTable,
    state: &mut KeyState,
    rows: &mut R,
    log: &mut Vec<Weakened>,
) -> Result<(), R::Error> {
    let columns = state.columns();
    let any = |fact: fn(&super::SourceColumn) -> bool| {
        let found = columns.iter().filter_map(|column| table.columns.get(*column));
        found.into_iter().any(fact)
    };
    let reason = if any(|column| column.replaced) {
        Some(DropReason::TextReplaced)
    } else if any(|column| column.trailing) && rows.has_duplicates(at, &columns, state.filter.as_ref())? {
        Some(DropReason::TrailingSpaces)
    } else {
        None
    };
    if let Some(reason) = reason {
        log.push(weakened(table, &state.source, Weakening::NotUnique(reason)));
        state.kind = KeyKind::Index { unique: false };
        state.clustered = false;
    } else if state.kind == KeyKind::Primary && any(|column| column.has_nulls) {
        // An old quirk of SQLite. The rows without NULL stay unique.
        log.push(weakened(table, &state.source, Weakening::Dropped(DropReason::Nulls)));
        state.kind = KeyKind::Index { unique: true };
        state.clustered = false;
    }
    Ok(())
}
