//! Names of SQL Server as names of PostgreSQL: 63 bytes, and tables, indexes and sequences of a schema share one set. It knows
//! names only.
use bacpac::Table;
use domain::export_log::{ObjectKind, RenamedObject};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// Bytes of a name.
const BYTES: usize = 63;

/// Whether SQL Server takes two names for one under its usual collations.
pub(super) fn same(one: &str, other: &str) -> bool {
    one.trim_end_matches(' ').to_lowercase() == other.trim_end_matches(' ').to_lowercase()
}

/// Names given out so far.
#[derive(Default)]
pub(super) struct Names {
    schemas: BTreeMap<String, String>,
    taken: HashMap<String, HashSet<String>>,
    keeps_dbo: bool,
}

impl Names {
    /// With `keeps_dbo`, a schema `public` of the file is that of its source, and `dbo` one that was called so there.
    pub(super) fn new(keeps_dbo: bool) -> Self {
        Self {
            keeps_dbo,
            ..Self::default()
        }
    }

    /// A schema by its name in the source.
    pub(super) fn kept_schema(&mut self, name: &str, renamed: &mut Vec<RenamedObject>) -> String {
        if name.is_empty() || name.starts_with("pg_") || name == "information_schema" || name.len() > BYTES {
            return self.schema(name, renamed);
        }
        // No name of the file has such a letter.
        self.schemas.insert(format!("\0{name}"), name.to_owned());
        name.to_owned()
    }

    /// The schema that one of the file becomes: `dbo`, where SQL Server puts what says nothing else, is `public`.
    pub(super) fn schema(&mut self, before: &str, renamed: &mut Vec<RenamedObject>) -> String {
        let key = before.to_lowercase();
        if let Some(found) = self.schemas.get(&key) {
            return found.clone();
        }
        let taken: HashSet<_> = self.schemas.values().cloned().collect();
        let wanted = match key.as_str() {
            "dbo" | "public" if self.keeps_dbo => before.to_owned(),
            "dbo" => "public".to_owned(),
            "public" | "information_schema" | "pg_catalog" => format!("{before}_"),
            key if key.starts_with("pg_") => format!("_{before}"),
            _ => before.to_owned(),
        };
        let now = free(&wanted, |name| taken.contains(name));
        if key != "dbo" || self.keeps_dbo {
            note(renamed, ObjectKind::Schema, "", before, &now);
        }
        self.schemas.insert(key, now.clone());
        now
    }

    /// All schemas.
    pub(super) fn schemas(&self) -> Vec<String> {
        let all: BTreeSet<&String> = self.schemas.values().collect();
        all.into_iter().cloned().collect()
    }

    /// A name for a table or a sequence.
    pub(super) fn claim(
        &mut self,
        schema: &str,
        before: &str,
        kind: ObjectKind,
        renamed: &mut Vec<RenamedObject>,
    ) -> String {
        self.claim_own(schema, before, kind, schema, renamed)
    }

    /// A name for something of a table that has its place among the tables.
    pub(super) fn claim_own(
        &mut self,
        schema: &str,
        before: &str,
        kind: ObjectKind,
        within: &str,
        renamed: &mut Vec<RenamedObject>,
    ) -> String {
        let taken = self.taken.entry(schema.to_owned()).or_default();
        let wanted = if before.is_empty() { "unnamed" } else { before };
        let now = free(wanted, |name| taken.contains(name));
        taken.insert(now.clone());
        note(renamed, kind, within, before, &now);
        now
    }
}

/// Names for the columns of a table; `kept` knows the one that a column had in its source.
pub(super) fn column_names(
    table: &Table,
    kept: impl Fn(&str) -> Option<String>,
    renamed: &mut Vec<RenamedObject>,
) -> Vec<String> {
    // What every table of PostgreSQL has of its own.
    let own = ["tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"];
    let mut taken: HashSet<String> = own.map(str::to_owned).into();
    let mut names = Vec::new();
    for column in &table.columns {
        let before = &kept(&column.field.name).unwrap_or_else(|| column.field.name.clone());
        let now = free(before, |name| taken.contains(name));
        taken.insert(now.clone());
        note(renamed, ObjectKind::Column, &table.full_name(), before, &now);
        names.push(now);
    }
    names
}

/// A name that no other constraint of the table has.
pub(super) fn fresh(taken: &mut HashSet<String>, before: &str, kind: &str) -> String {
    let wanted = if before.is_empty() { kind } else { before };
    let now = free(wanted, |name| taken.contains(name));
    taken.insert(now.clone());
    now
}

fn note(renamed: &mut Vec<RenamedObject>, kind: ObjectKind, within: &str, before: &str, after: &str) {
    if before != after {
        renamed.push(RenamedObject {
            kind,
            within: within.to_owned(),
            before: before.to_owned(),
            after: after.to_owned(),
        });
    }
}

/// The name, cut and numbered until it fits and is free.
fn free(wanted: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let wanted = wanted.replace('\0', "_");
    let name = cut(&wanted, BYTES);
    if !name.is_empty() && !is_taken(name) {
        return name.to_owned();
    }
    let mut number = 2u64;
    loop {
        let suffix = format!("_{number}");
        let name = format!("{}{suffix}", cut(&wanted, BYTES - suffix.len()));
        if !is_taken(&name) {
            return name;
        }
        number += 1;
    }
}

fn cut(name: &str, bytes: usize) -> &str {
    let mut end = name.len().min(bytes);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    name.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_and_are_unique() {
        let mut names = Names::default();
        let mut renamed = Vec::new();
        assert_eq!(names.schema("dbo", &mut renamed), "public");
        assert_eq!(names.schema("Public", &mut renamed), "Public_");
        assert_eq!(names.schema("pg_x", &mut renamed), "_pg_x");
        let long = "é".repeat(100);
        let first = names.claim("public", &long, ObjectKind::Table, &mut renamed);
        let second = names.claim("public", &long, ObjectKind::Table, &mut renamed);
        assert!(first.len() <= 63 && second.len() <= 63 && first != second);
        assert_eq!(renamed.len(), 4);
    }
}
