//! The rules of keys, indexes, foreign keys, checks and defaults: columns that exist, widths, equal types, one path for a
//! cascade. It reads the model only.
use crate::model::{Column, ForeignKey, ForeignKeyAction, Key, KeyColumn, Model, Table};
use crate::rules::{Violations, compared};
use crate::sql_type::SqlType;
use std::collections::{HashMap, HashSet};

const KEY_COLUMNS: usize = 32;
const CLUSTERED_BYTES: usize = 900;
const NONCLUSTERED_BYTES: usize = 1_700;
const NONCLUSTERED: usize = 999;

/// A column of a key, or whether it is a computed one: its type is not known.
enum Found<'a> {
    Simple(&'a Column),
    Computed,
    None,
}

fn find<'a>(table: &'a Table, name: &str) -> Found<'a> {
    let wanted = compared(name);
    if let Some(column) = table
        .columns
        .iter()
        .find(|column| compared(&column.field.name) == wanted)
    {
        return Found::Simple(column);
    }
    if table.computed.iter().any(|column| compared(&column.name) == wanted) {
        return Found::Computed;
    }
    Found::None
}

/// Where the tables are, by schema and name as they are compared.
pub(crate) type Places = HashMap<(String, String), usize>;

pub(crate) fn check(model: &Model, places: &Places, table: &Table, found: &mut Violations) {
    let name = |own: &str| format!("{}: {own}", table.full_name());
    let keys = || table.primary_key.iter().chain(&table.unique);
    for key in keys() {
        key_columns(table, &name(&key.name), &key.columns, key.clustered, found);
    }
    if let Some(key) = &table.primary_key {
        for column in &key.columns {
            if matches!(find(table, &column.name), Found::Simple(column) if column.field.nullable) {
                found.add(
                    name(&key.name),
                    format!("column {} of a primary key allows NULL", column.name),
                );
            }
        }
    }
    for index in &table.indexes {
        key_columns(table, &name(&index.name), &index.columns, index.clustered, found);
        for included in &index.included {
            match find(table, included) {
                Found::None => found.add(name(&index.name), format!("column {included} does not exist")),
                Found::Simple(column)
                    if matches!(column.field.sql_type, SqlType::Text | SqlType::NText | SqlType::Image) =>
                {
                    found.add(name(&index.name), format!("column {included} cannot be included"));
                }
                _ => {}
            }
        }
        if let Some(filter) = &index.filter {
            found.expression(name(&index.name), filter);
            if index.clustered {
                found.add(name(&index.name), "a clustered index has no filter");
            }
        }
    }
    let clustered = keys()
        .map(|key| key.clustered)
        .chain(table.indexes.iter().map(|index| index.clustered));
    let (clustered, others): (Vec<bool>, Vec<bool>) = clustered.partition(|clustered| *clustered);
    if clustered.len() > 1 {
        found.add(table.full_name(), "it has more than one clustered index");
    }
    if others.len() > NONCLUSTERED {
        found.add(table.full_name(), format!("it has more than {NONCLUSTERED} indexes"));
    }
    for check in &table.checks {
        found.expression(name(&check.name), &check.expression);
    }
    let mut defaults = HashSet::new();
    for default in &table.defaults {
        found.expression(name(&default.name), &default.expression);
        match find(table, &default.column) {
            Found::Simple(column) if column.identity.is_none() && column.field.sql_type != SqlType::RowVersion => {}
            _ => found.add(
                name(&default.name),
                format!("column {} cannot have a default", default.column),
            ),
        }
        if !defaults.insert(compared(&default.column)) {
            found.add(
                name(&default.name),
                format!("column {} has two defaults", default.column),
            );
        }
    }
    for key in &table.foreign_keys {
        foreign_key(model, places, table, key, &name(&key.name), found);
    }
}

fn key_columns(table: &Table, name: &str, columns: &[KeyColumn], clustered: bool, found: &mut Violations) {
    if !(1..=KEY_COLUMNS).contains(&columns.len()) {
        found.add(
            name,
            format!("it has {} columns; 1 to {KEY_COLUMNS} are allowed", columns.len()),
        );
    }
    let mut seen = HashSet::new();
    let mut bytes = 0;
    for column in columns {
        if !seen.insert(compared(&column.name)) {
            found.add(name, format!("column {} occurs twice", column.name));
        }
        match find(table, &column.name) {
            Found::None => found.add(name, format!("column {} does not exist", column.name)),
            Found::Computed => {}
            Found::Simple(column) => match column.field.sql_type.key_bytes() {
                Some(width) => bytes += width,
                None => found.add(
                    name,
                    format!("column {} has a type that no key can have", column.field.name),
                ),
            },
        }
    }
    let most = if clustered { CLUSTERED_BYTES } else { NONCLUSTERED_BYTES };
    if bytes > most {
        found.add(name, format!("its key takes up to {bytes} bytes; {most} are allowed"));
    }
}

fn foreign_key(model: &Model, places: &Places, table: &Table, key: &ForeignKey, name: &str, found: &mut Violations) {
    let [schema, foreign] = key.foreign_table.0.as_slice() else {
        return found.add(name, "it refers to no table");
    };
    let place = places.get(&(compared(schema), compared(foreign)));
    let Some(foreign) = place.and_then(|index| model.tables.get(*index)) else {
        return found.add(name, format!("table {} does not exist", key.foreign_table));
    };
    if key.columns.is_empty() || key.columns.len() != key.foreign_columns.len() {
        return found.add(name, "its columns and those it refers to are not the same number");
    }
    for (own, other) in key.columns.iter().zip(&key.foreign_columns) {
        match (find(table, own), find(foreign, other)) {
            (Found::None, _) => found.add(name, format!("column {own} does not exist")),
            (_, Found::None) => found.add(
                name,
                format!("column {other} of {} does not exist", foreign.full_name()),
            ),
            (Found::Simple(own), Found::Simple(other)) => {
                let collation = |column: &Column| column.collation.clone().or_else(|| model.collation.clone());
                if own.field.sql_type != other.field.sql_type {
                    let (own, other) = (&own.field.sql_type, &other.field.sql_type);
                    found.add(name, format!("{own:?} refers to {other:?}"));
                } else if own.field.sql_type.has_collation() && collation(own) != collation(other) {
                    found.add(name, format!("the collations of {} differ", own.field.name));
                }
                let actions = [key.on_delete, key.on_update];
                if actions.contains(&ForeignKeyAction::SetNull) && !own.field.nullable {
                    found.add(name, format!("column {} cannot be set to NULL", own.field.name));
                }
            }
            _ => {}
        }
    }
    let wanted: HashSet<String> = key.foreign_columns.iter().map(|name| compared(name)).collect();
    let same = |columns: &[KeyColumn]| {
        columns
            .iter()
            .map(|column| compared(&column.name))
            .collect::<HashSet<_>>()
            == wanted
    };
    let keys = foreign.primary_key.iter().chain(&foreign.unique);
    let unique = foreign
        .indexes
        .iter()
        .filter(|index| index.unique && index.filter.is_none());
    let mut candidates = keys
        .map(|key: &Key| &key.columns)
        .chain(unique.map(|index| &index.columns));
    if !candidates.any(|columns| same(columns)) {
        found.add(
            name,
            format!("no key of {} has exactly the columns it refers to", foreign.full_name()),
        );
    }
}

/// SQL Server refuses a table that one delete or update could reach on two ways.
pub(crate) fn check_cascades(model: &Model, found: &mut Violations) {
    for (action, what) in [
        (ForeignKeyActionOf::Delete, "delete"),
        (ForeignKeyActionOf::Update, "update"),
    ] {
        let mut reached: HashMap<(String, String), Vec<usize>> = HashMap::new();
        for (index, table) in model.tables.iter().enumerate() {
            for key in table
                .foreign_keys
                .iter()
                .filter(|key| action.of(key) != ForeignKeyAction::NoAction)
            {
                if let [schema, name] = key.foreign_table.0.as_slice() {
                    reached
                        .entry((compared(schema), compared(name)))
                        .or_default()
                        .push(index);
                }
            }
        }
        let place = |table: &Table| (compared(&table.schema), compared(&table.name));
        for start in &model.tables {
            let mut next = reached.get(&place(start)).cloned().unwrap_or_default();
            let mut seen = HashSet::from([place(start)]);
            while let Some(table) = next.pop().and_then(|index| model.tables.get(index)) {
                if !seen.insert(place(table)) {
                    let rule = format!("a {what} in {} reaches it on two ways", start.full_name());
                    found.add(table.full_name(), rule);
                    break;
                }
                next.extend(reached.get(&place(table)).into_iter().flatten());
            }
        }
    }
}

#[derive(Clone, Copy)]
enum ForeignKeyActionOf {
    Delete,
    Update,
}

impl ForeignKeyActionOf {
    fn of(self, key: &ForeignKey) -> ForeignKeyAction {
        match self {
            Self::Delete => key.on_delete,
            Self::Update => key.on_update,
        }
    }
}
