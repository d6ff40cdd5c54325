//! Rows of SQL Server hold 8,060 bytes of what has a fixed length. In a table that declares more, columns become texts of their
//! values, which may lie elsewhere: those that no key needs, the longest first.
use super::catalog::Found;
use super::look::{Decided, Seen};
use crate::plan::key_bytes;
use bacpac::SqlType;
use domain::export_log::TypeReason;
use std::collections::HashSet;

/// Bytes of a row for its columns.
const MOST: u64 = 8_000;
/// Bytes that the place of a value of variable length takes.
const VARIABLE: u64 = 2;

fn bytes(decided: &Decided) -> u64 {
    match decided.sql_type {
        SqlType::Bit => 1,
        SqlType::NVarChar(_) | SqlType::VarBinary(_) => VARIABLE,
        ref other => key_bytes(other).unwrap_or(VARIABLE),
    }
}

/// Makes the rows of every table fit.
pub(super) fn fit(tables: &[Found], seen: &[Vec<Seen>], decided: &mut [Vec<Decided>]) {
    let referenced: HashSet<(&str, &str, &str)> = tables
        .iter()
        .flat_map(|table| &table.source.foreign_keys)
        .flat_map(|key| {
            key.foreign_columns
                .iter()
                .map(|column| (key.schema.as_str(), key.table.as_str(), column.as_str()))
        })
        .collect();
    for ((table, seen), decided) in tables.iter().zip(seen).zip(decided) {
        let room = MOST.saturating_sub(decided.len() as u64 / 8);
        let mut taken: u64 = decided.iter().map(bytes).sum();
        if taken <= room {
            continue;
        }
        let source = &table.source;
        let needed = |name: &String| {
            source.keys.iter().any(|key| key.columns.contains(name))
                || source
                    .indexes
                    .iter()
                    .any(|index| index.columns.iter().any(|column| column.name == *name))
                || source.foreign_keys.iter().any(|key| key.columns.contains(name))
                || referenced.contains(&(&source.schema, &source.name, name))
        };
        let free = |at: &usize| {
            let column = source.columns.get(*at);
            column.is_some_and(|column| column.counter.is_none() && !needed(&column.name))
        };
        let mut order: Vec<usize> = (0..decided.len()).filter(free).collect();
        order.sort_by_key(|at| decided.get(*at).map_or(0, |decided| u64::MAX - bytes(decided)));
        for at in order {
            let (Some(decided), Some(seen)) = (decided.get_mut(at), seen.get(at)) else {
                continue;
            };
            let before = bytes(decided);
            if taken <= room || before <= VARIABLE {
                break;
            }
            decided.make_text(seen);
            taken -= before - bytes(decided);
        }
    }
}

impl Decided {
    fn make_text(&mut self, seen: &Seen) {
        self.sql_type = match self.sql_type {
            SqlType::NChar(length) => SqlType::NVarChar(length),
            _ => {
                self.longest = seen.form;
                // Equal numbers may have different digits.
                self.unlike = true;
                SqlType::NVarCharMax
            }
        };
        self.alternatives.clear();
        self.reason = TypeReason::ValuesKept;
        self.has_values = seen.values > 0;
        self.has_nulls = seen.nulls > 0;
        self.encoded = seen.as_text;
    }
}
