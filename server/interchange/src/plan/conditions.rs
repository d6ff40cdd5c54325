//! Which checks, conditions of indexes and defaults can be said in T-SQL for the types that the columns now have; the others
//! are dropped and told verbatim.

use std::collections::{BTreeMap, BTreeSet};

use bacpac::SqlType;
use domain::export_log::{DropReason, ObjectKind, Weakened, Weakening};

use super::build::Draft;
use super::defaults::{expression, means_the_same};
use super::keys;
use super::source::{Rows, SourceCheck};
use super::widths::Place;
use super::{KeyKind, Literal, Predicate, SourceTable};

/// A check that is kept.
pub(super) struct KeptCheck {
    pub(super) name: String,
    pub(super) meaning: Predicate,
    pub(super) not_trusted: bool,
}

/// What is kept.
#[derive(Default)]
pub(super) struct Conditions {
    /// By table.
    pub(super) checks: Vec<Vec<KeptCheck>>,
    /// Expressions by column.
    pub(super) defaults: BTreeMap<Place, String>,
    /// Columns that a kept condition compares.
    pub(super) columns: BTreeSet<Place>,
}

pub(super) fn settle<R: Rows>(draft: &mut Draft<'_>, rows: &mut R) -> Result<Conditions, R::Error> {
    let mut kept = Conditions::default();
    for (at, table) in draft.tables.iter().enumerate() {
        filters(at, table, draft, &mut kept);
        let mut checks = Vec::new();
        for check in &table.checks {
            let same = |meaning: &&Predicate| means_the_same(meaning, &table.columns, &type_of(draft, at));
            let Some(meaning) = check.meaning.as_ref().filter(same) else {
                let what = Weakening::Dropped(DropReason::NotTranslated);
                draft.log.push(told(table, ObjectKind::Check, check, what));
                continue;
            };
            let broken = rows.breaking(at, meaning)?;
            if broken.count > 0 {
                let mut weakened = told(table, ObjectKind::Check, check, Weakening::NotTrusted(broken.count));
                weakened.first_rows = broken.first_rows;
                draft.log.push(weakened);
            }
            note(at, meaning, &mut kept.columns);
            checks.push(KeptCheck {
                name: check.name.clone(),
                meaning: meaning.clone(),
                not_trusted: broken.count > 0,
            });
        }
        kept.checks.push(checks);
        defaults(at, table, draft, &mut kept);
    }
    Ok(kept)
}

fn type_of<'a>(draft: &'a Draft<'_>, at: usize) -> impl Fn(usize) -> Option<SqlType> + 'a {
    move |column| draft.sql_type((at, column)).cloned()
}

fn told(table: &SourceTable, kind: ObjectKind, check: &SourceCheck, what: Weakening) -> Weakened {
    Weakened {
        kind,
        table: table.name.clone(),
        name: check.name.clone(),
        what,
        text: check.text.clone(),
        first_rows: Vec::new(),
    }
}

fn note(at: usize, meaning: &Predicate, columns: &mut BTreeSet<Place>) {
    meaning.visit(&mut |mention| {
        columns.insert((at, mention.column));
        columns.extend(mention.other.map(|other| (at, other)));
    });
}

/// Partial indexes: those whose condition no filtered index can have are dropped.
fn filters(at: usize, table: &SourceTable, draft: &mut Draft<'_>, kept: &mut Conditions) {
    let mut dropped = Vec::new();
    let states = draft.keys.get(at).map_or(&[][..], Vec::as_slice);
    for (position, state) in states.iter().enumerate().filter(|(_, state)| !state.dropped) {
        let Some(filter) = &state.filter else { continue };
        let mut possible = true;
        filter.visit(&mut |mention| {
            let sql_type = draft.sql_type((at, mention.column));
            let long = matches!(sql_type, Some(SqlType::NVarCharMax | SqlType::VarBinaryMax) | None);
            // Compared with more digits than it has, the column would be converted, which no filter may do.
            let decimals = mention
                .literals
                .iter()
                .any(|literal| matches!(literal, Literal::Decimal(_)));
            possible &= !long && (!decimals || sql_type == Some(&SqlType::Float));
        });
        if possible && filter.can_filter() && means_the_same(filter, &table.columns, &type_of(draft, at)) {
            note(at, filter, &mut kept.columns);
        } else {
            dropped.push(position);
        }
    }
    for position in dropped {
        if let Some(state) = draft.keys.get_mut(at).and_then(|states| states.get_mut(position)) {
            state.dropped = true;
            let what = Weakening::Dropped(DropReason::NotTranslated);
            draft.log.push(keys::weakened(table, &state.source, what));
        }
    }
    // What allows several NULLs is unique but for the rows that have one.
    let states = draft.keys.get(at).map_or(&[][..], Vec::as_slice);
    for state in states.iter().filter(|state| !state.dropped && state.is_unique()) {
        let nulls = state
            .columns()
            .iter()
            .any(|column| draft.nullable.contains(&(at, *column)));
        if nulls && state.source.kind != KeyKind::Primary {
            draft
                .log
                .push(keys::weakened(table, &state.source, Weakening::UniqueWithoutNulls));
        }
    }
}

fn defaults(at: usize, table: &SourceTable, draft: &mut Draft<'_>, kept: &mut Conditions) {
    for (position, column) in table.columns.iter().enumerate() {
        let Some(default) = &column.default else { continue };
        let place = (at, position);
        let found = default
            .meaning
            .as_ref()
            .zip(draft.sql_type(place))
            .and_then(|(meaning, sql_type)| expression(meaning, sql_type))
            .filter(|_| column.identity.is_none());
        match found {
            Some(expression) => {
                kept.defaults.insert(place, expression);
            }
            None => draft.log.push(Weakened {
                kind: ObjectKind::Default,
                table: table.name.clone(),
                name: column.name.clone(),
                what: Weakening::Dropped(DropReason::NotTranslated),
                text: default.text.clone(),
                first_rows: Vec::new(),
            }),
        }
    }
}
