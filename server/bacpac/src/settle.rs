//! Gives every object of a model a name that can be written: characters that all loaders leave alone in folder names, lengths,
//! no name twice. Names from elsewhere rarely keep those rules. It changes names alone; columns, types and rows stay.
use crate::model::{ExtendedProperty, KeyColumn, Model, Table};
use crate::model_writer::is_dbo;
use crate::name::ObjectName;
use crate::rules::{NAME_UNITS, compared, is_plain};
use crate::script;
use crate::xml_text::carries_attribute;
use std::collections::{HashMap, HashSet};

/// A name that was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renamed {
    /// `schema`, `table`, `column`, `constraint`, `index` or `sequence`.
    pub kind: &'static str,
    /// Where it is: `schema.table` as they are called now, or empty.
    pub within: String,
    /// The name that it had; empty when it had none.
    pub before: String,
    /// The name that it has now.
    pub after: String,
}

impl Model {
    /// Changes the names that break a rule, and all that refers to them. Tables and columns that were renamed keep their own
    /// name in an extended property `SourceName`. Constraints without a name get one.
    pub fn settle_names(&mut self) -> Vec<Renamed> {
        let mut renamed = Vec::new();
        let schemas = self.settle_schemas(&mut renamed);
        let mut taken: HashMap<String, Taken> = HashMap::new();
        let mut map = Map::default();
        let mut order = Vec::new();
        for table in &mut self.tables {
            let before = (table.schema.clone(), table.name.clone());
            table.schema = schemas.get(&before.0).cloned().unwrap_or_else(|| before.0.clone());
            table.name = taken
                .entry(compared(&table.schema))
                .or_default()
                .claim(&plain(&before.1));
            note(&mut renamed, "table", &table.schema, &before.1, &table.name);
            let columns = settle_columns(table, &mut renamed);
            order.push(before.clone());
            map.0
                .insert(before, (table.schema.clone(), table.name.clone(), columns));
        }
        for sequence in &mut self.sequences {
            let [schema, name] = sequence.name.0.as_mut_slice() else {
                continue;
            };
            if let Some(settled) = schemas.get(schema) {
                schema.clone_from(settled);
            }
            let before = name.clone();
            *name = taken.entry(compared(schema)).or_default().claim(&plain(name));
            note(&mut renamed, "sequence", schema, &before, name);
        }
        for (table, before) in self.tables.iter_mut().zip(&order) {
            let Some((_, _, columns)) = map.0.get(before) else {
                continue;
            };
            let taken = taken.entry(compared(&table.schema)).or_default();
            settle_constraints(table, taken, columns, &map, &mut renamed);
        }
        for property in &mut self.extended_properties {
            map.apply(&mut property.host, &schemas);
        }
        self.keep_source_names(&map);
        renamed
    }

    fn settle_schemas(&mut self, renamed: &mut Vec<Renamed>) -> HashMap<String, String> {
        let mut taken = Taken::default();
        for reserved in ["dbo", "sys", "INFORMATION_SCHEMA", "guest"] {
            taken.claim(reserved);
        }
        let mut settled: HashMap<String, String> = HashMap::new();
        // A sequence whose name is not a schema and a name is left as it is: no name would make it one.
        let named = self.sequences.iter().filter(|sequence| sequence.name.0.len() == 2);
        let of_sequences = named.filter_map(|sequence| sequence.name.0.first());
        let of_tables = self.tables.iter().map(|table| &table.schema);
        for before in self.schemas.iter().chain(of_tables).chain(of_sequences) {
            if settled.contains_key(before) {
                continue;
            }
            let after = if is_dbo(before) {
                "dbo".to_owned()
            } else {
                taken.claim(&plain(before))
            };
            note(renamed, "schema", "", before, &after);
            settled.insert(before.clone(), after);
        }
        let mut schemas: Vec<String> = settled.values().filter(|schema| !is_dbo(schema)).cloned().collect();
        schemas.sort_unstable();
        self.schemas = schemas;
        settled
    }

    fn keep_source_names(&mut self, map: &Map) {
        let mut sources: Vec<_> = map.0.iter().collect();
        sources.sort_unstable_by_key(|(before, _)| *before);
        let mut kept = Vec::new();
        for ((schema, name), (now_schema, now_name, columns)) in sources {
            if (schema, name) != (now_schema, now_name) && !name.is_empty() {
                let host = ExtendedProperty::table_host(now_schema, now_name);
                kept.push((host, ObjectName(vec![schema.clone(), name.clone()]).to_string()));
            }
            let mut columns: Vec<_> = columns.iter().filter(|(before, after)| before != after).collect();
            columns.sort_unstable();
            for (before, after) in columns {
                kept.push((
                    ExtendedProperty::column_host(now_schema, now_name, after),
                    before.clone(),
                ));
            }
        }
        // A name kept earlier is the real one.
        let named = |property: &&ExtendedProperty| property.name.eq_ignore_ascii_case("SourceName");
        let hosts: HashSet<_> = self
            .extended_properties
            .iter()
            .filter(named)
            .map(|found| found.host.clone())
            .collect();
        kept.retain(|(host, _)| !hosts.contains(host));
        let kept = kept
            .into_iter()
            .filter_map(|(host, text)| ExtendedProperty::text(host, "SourceName", &text));
        self.extended_properties.extend(kept);
    }
}

/// The names of a space in which none may occur twice.
#[derive(Default)]
struct Taken {
    names: HashSet<String>,
    tries: HashMap<String, u32>,
}

impl Taken {
    /// The name itself, cut to the longest allowed, or with a number that makes it unique.
    fn claim(&mut self, wanted: &str) -> String {
        let short = cut(wanted, NAME_UNITS);
        if self.names.insert(compared(&short)) {
            return short;
        }
        // Room for the number, so that it is never cut off.
        let stem = cut(wanted, NAME_UNITS - 11);
        loop {
            let number = self.tries.entry(compared(&stem)).or_insert(1);
            *number += 1;
            let name = format!("{stem}_{number}");
            if self.names.insert(compared(&name)) {
                return name;
            }
        }
    }
}

fn cut(name: &str, units: usize) -> String {
    let mut left = units;
    name.chars()
        .take_while(|letter| {
            let fits = left >= letter.len_utf16();
            left = left.saturating_sub(letter.len_utf16());
            fits
        })
        .collect()
}

/// The name with other characters than the plain ones replaced; names end without a space.
fn plain(name: &str) -> String {
    let replaced: String = name
        .chars()
        .map(|letter| if is_plain(letter) { letter } else { '_' })
        .collect();
    match cut(replaced.trim(), NAME_UNITS).trim() {
        "" => "_".to_owned(),
        name => name.to_owned(),
    }
}

/// Only what XML cannot carry is replaced in names that no folder has.
fn carried(name: &str, generated: impl FnOnce() -> String) -> String {
    if name.is_empty() {
        return generated();
    }
    let carried = |letter: char| carries_attribute(letter.encode_utf8(&mut [0; 4]));
    name.chars()
        .map(|letter| if carried(letter) { letter } else { '_' })
        .collect()
}

fn note(renamed: &mut Vec<Renamed>, kind: &'static str, within: &str, before: &str, after: &str) {
    if before != after {
        renamed.push(Renamed {
            kind,
            within: within.to_owned(),
            before: before.to_owned(),
            after: after.to_owned(),
        });
    }
}

fn settle_columns(table: &mut Table, renamed: &mut Vec<Renamed>) -> HashMap<String, String> {
    let full_name = table.full_name();
    let mut taken = Taken::default();
    let mut settled = HashMap::new();
    let simple = table.columns.iter_mut().map(|column| &mut column.field.name);
    for name in simple.chain(table.computed.iter_mut().map(|column| &mut column.name)) {
        let before = name.clone();
        *name = taken.claim(&carried(name, || "column".to_owned()));
        note(renamed, "column", &full_name, &before, name);
        settled.entry(before).or_insert_with(|| name.clone());
    }
    settled
}

/// Old schema and table to new ones, with old columns to new ones.
#[derive(Default)]
struct Map(HashMap<(String, String), NewNames>);

/// New schema and name of a table, and the new names of its columns.
type NewNames = (String, String, HashMap<String, String>);

impl Map {
    /// Renames what an extended property belongs to.
    fn apply(&self, host: &mut ObjectName, schemas: &HashMap<String, String>) {
        let Some((kind, path)) = host.0.split_first_mut() else {
            return;
        };
        match (kind.as_str(), path) {
            ("SqlSchema", [schema]) => {
                if let Some(settled) = schemas.get(schema) {
                    schema.clone_from(settled);
                }
            }
            (_, [schema, table, rest @ ..]) => {
                let Some((now_schema, now_table, columns)) = self.0.get(&(schema.clone(), table.clone())) else {
                    return;
                };
                schema.clone_from(now_schema);
                table.clone_from(now_table);
                if kind == "SqlColumn"
                    && let Some(column) = rest.first_mut()
                    && let Some(settled) = columns.get(column)
                {
                    column.clone_from(settled);
                }
            }
            _ => {}
        }
    }
}

fn settle_constraints(
    table: &mut Table,
    taken: &mut Taken,
    columns: &HashMap<String, String>,
    map: &Map,
    renamed: &mut Vec<Renamed>,
) {
    let (full_name, own_name) = (table.full_name(), table.name.clone());
    let settled = |name: &mut String| {
        if let Some(settled) = columns.get(name) {
            name.clone_from(settled);
        }
    };
    let in_keys = |columns: &mut Vec<KeyColumn>| columns.iter_mut().for_each(|column| settled(&mut column.name));
    let in_script = |text: &mut String| *text = script::rename(text, |name| columns.get(name).cloned());
    let mut claim = |name: &mut String, generated: String| {
        let before = std::mem::take(name);
        *name = taken.claim(&carried(&before, || generated));
        note(renamed, "constraint", &full_name, &before, name);
    };
    let mut in_table = Taken::default();
    if let Some(key) = &mut table.primary_key {
        claim(&mut key.name, format!("PK_{own_name}"));
        in_table.claim(&key.name);
        in_keys(&mut key.columns);
    }
    for (number, key) in table.unique.iter_mut().enumerate() {
        claim(&mut key.name, format!("UQ_{own_name}_{}", number + 1));
        in_table.claim(&key.name);
        in_keys(&mut key.columns);
    }
    for (number, key) in table.foreign_keys.iter_mut().enumerate() {
        claim(&mut key.name, format!("FK_{own_name}_{}", number + 1));
        key.columns.iter_mut().for_each(settled);
        let [schema, name] = key.foreign_table.0.as_mut_slice() else {
            continue;
        };
        let Some((now_schema, now_name, columns)) = map.0.get(&(schema.clone(), name.clone())) else {
            continue;
        };
        schema.clone_from(now_schema);
        name.clone_from(now_name);
        for column in &mut key.foreign_columns {
            if let Some(settled) = columns.get(column) {
                column.clone_from(settled);
            }
        }
    }
    for (number, check) in table.checks.iter_mut().enumerate() {
        claim(&mut check.name, format!("CK_{own_name}_{}", number + 1));
        in_script(&mut check.expression);
    }
    for default in &mut table.defaults {
        settled(&mut default.column);
        claim(&mut default.name, format!("DF_{own_name}_{}", default.column));
    }
    for computed in &mut table.computed {
        in_script(&mut computed.expression);
    }
    for (number, index) in table.indexes.iter_mut().enumerate() {
        let before = std::mem::take(&mut index.name);
        index.name = in_table.claim(&carried(&before, || format!("IX_{own_name}_{}", number + 1)));
        note(renamed, "index", &full_name, &before, &index.name);
        in_keys(&mut index.columns);
        index.included.iter_mut().for_each(settled);
        if let Some(filter) = &mut index.filter {
            in_script(filter);
        }
    }
}
