//! The schema of a file as a PostgreSQL schema: names that fit, counterparts of types, constraints that can be said. For files
//! of other origins, and for those of ours whose tables are no longer what they were.
use super::foreign_names::{Names, column_names, fresh, same};
use super::source::{
    CheckSource, ColumnSource, Counter, ForeignKeySource, IndexColumn, IndexSource, KeySource, OnChange,
    SequenceSource, Source, TableSource,
};
use super::target_types::{counterpart, dropped};
use super::tsql;
use bacpac::{
    Column, ExtendedProperty, ForeignKey, ForeignKeyAction, Identity, Index, Key, Model, ObjectName, Sequence, SqlType,
    Table,
};
use domain::export_log::{ObjectKind, RenamedObject, Weakened};
use std::collections::HashSet;

/// What becomes of a model, with what was renamed or dropped on the way. With `types_kept`, tables and columns have
/// the names and types that properties of theirs tell.
pub(super) fn source(
    model: &Model,
    types_kept: bool,
    renamed: &mut Vec<RenamedObject>,
    weakened: &mut Vec<Weakened>,
) -> Source {
    let mut names = Names::new(types_kept && model.tables.iter().any(|table| table.schema == "public"));
    let mut source = Source::default();
    let mut places = Vec::new();
    for table in &model.tables {
        let host = ExtendedProperty::table_host(&table.schema, &table.name);
        let kept = property(model, &host, "SourceName").filter(|_| types_kept);
        let (schema, name) = match kept
            .and_then(|kept| ObjectName::parse(&kept))
            .map(|kept| kept.0)
            .as_deref()
        {
            Some([schema, name]) => (names.kept_schema(schema, renamed), name.clone()),
            _ => (names.schema(&table.schema, renamed), table.name.clone()),
        };
        let name = names.claim(&schema, &name, ObjectKind::Table, renamed);
        let kept = |column: &str| {
            let host = ExtendedProperty::column_host(&table.schema, &table.name, column);
            property(model, &host, "SourceName").filter(|_| types_kept)
        };
        let columns = column_names(table, kept, renamed);
        places.push(Place { schema, name, columns });
    }
    for sequence in &model.sequences {
        if let [schema, name] = sequence.name.0.as_slice() {
            let schema = names.schema(schema, renamed);
            let name = names.claim(&schema, name, ObjectKind::Sequence, renamed);
            source.sequences.push(sequence_of(sequence, schema, name));
        }
    }
    for index in 0..model.tables.len() {
        let made = OneTable {
            model,
            places: &places,
            index,
        };
        source
            .tables
            .extend(made.make(types_kept, &mut names, renamed, weakened));
    }
    source.schemas = names.schemas();
    source
}

/// The text of a property.
fn property(model: &Model, host: &ObjectName, name: &str) -> Option<String> {
    let is_it = |property: &&ExtendedProperty| property.name == name && property.host == *host;
    model.extended_properties.iter().find(is_it)?.value()
}

/// A table as it is called now.
struct Place {
    schema: String,
    name: String,
    columns: Vec<String>,
}

struct OneTable<'a> {
    model: &'a Model,
    places: &'a [Place],
    index: usize,
}

impl OneTable<'_> {
    fn make(
        &self,
        types_kept: bool,
        names: &mut Names,
        renamed: &mut Vec<RenamedObject>,
        weakened: &mut Vec<Weakened>,
    ) -> Option<TableSource> {
        let (table, place) = (self.model.tables.get(self.index)?, self.places.get(self.index)?);
        let mut made = TableSource {
            in_file: (table.schema.clone(), table.name.clone()),
            schema: place.schema.clone(),
            name: place.name.clone(),
            ..TableSource::default()
        };
        let mut lost = |kind, own: &str, text: &str| weakened.push(dropped(kind, &table.full_name(), own, text));
        for (column, name) in table.columns.iter().zip(&place.columns) {
            let default = table
                .defaults
                .iter()
                .find(|default| same(&default.column, &column.field.name));
            let translated = default.and_then(|default| tsql::default(&default.expression, &column.field.sql_type));
            if let (Some(default), None) = (default, &translated) {
                lost(ObjectKind::Default, &default.name, &default.expression);
            }
            let counter = column
                .identity
                .as_ref()
                .and_then(|identity| counter(identity, &column.field.sql_type));
            if column.identity.is_some() && counter.is_none() {
                lost(ObjectKind::Identity, &column.field.name, &column.declared);
            }
            made.columns.push(ColumnSource {
                in_file: column.field.name.clone(),
                name: name.clone(),
                sql_type: self.printed(table, column, types_kept),
                not_null: !column.field.nullable,
                default: translated,
                counter,
                ..ColumnSource::default()
            });
        }
        for computed in &table.computed {
            lost(ObjectKind::GeneratedColumn, &computed.name, &computed.expression);
        }
        let keys = table.primary_key.iter().map(|key| (key, ObjectKind::PrimaryKey));
        for (key, kind) in keys.chain(table.unique.iter().map(|key| (key, ObjectKind::Unique))) {
            match self.columns(self.index, key.columns.iter().map(|column| &column.name)) {
                Some(columns) => made.keys.push(KeySource {
                    // In a unique constraint one NULL is as good as another there.
                    nulls_equal: kind == ObjectKind::Unique,
                    name: names.claim_own(&place.schema, &key.name, kind, &table.full_name(), renamed),
                    primary: kind == ObjectKind::PrimaryKey,
                    columns,
                    ..KeySource::default()
                }),
                None => lost(kind, &key.name, &key_text(key)),
            }
        }
        let mut constraints = HashSet::new();
        for check in &table.checks {
            match tsql::condition(&check.expression, table, &place.columns) {
                Some(expression) => made.checks.push(CheckSource {
                    name: fresh(&mut constraints, &check.name, "check"),
                    expression,
                    valid: !check.not_trusted,
                }),
                None => lost(ObjectKind::Check, &check.name, &check.expression),
            }
        }
        for index in &table.indexes {
            match self.index_source(table, index) {
                Some(found) => made.indexes.push(IndexSource {
                    name: names.claim_own(
                        &place.schema,
                        &index.name,
                        ObjectKind::Index,
                        &table.full_name(),
                        renamed,
                    ),
                    ..found
                }),
                None => lost(
                    ObjectKind::Index,
                    &index.name,
                    index.filter.as_deref().unwrap_or_default(),
                ),
            }
        }
        for key in &table.foreign_keys {
            match self.foreign_key(key) {
                Some(found) => made.foreign_keys.push(ForeignKeySource {
                    name: fresh(&mut constraints, &key.name, "fkey"),
                    ..found
                }),
                None => lost(ObjectKind::ForeignKey, &key.name, &key.foreign_table.to_string()),
            }
        }
        Some(made)
    }

    /// The type that a property of the column names, or the counterpart of its own.
    fn printed(&self, table: &Table, column: &Column, types_kept: bool) -> String {
        let host = ExtendedProperty::column_host(&table.schema, &table.name, &column.field.name);
        property(self.model, &host, "SourceType")
            .filter(|_| types_kept)
            .or_else(|| counterpart(&column.field.sql_type).map(|target| target.sql))
            .unwrap_or_default()
    }

    /// Columns of a table as they are called now; `None` when there are none, or one is not there.
    fn columns<'a>(&self, table: usize, wanted: impl Iterator<Item = &'a String>) -> Option<Vec<String>> {
        let (table, place) = (self.model.tables.get(table)?, self.places.get(table)?);
        let found: Option<Vec<_>> = wanted
            .map(|name| {
                let at = table.columns.iter().position(|column| same(&column.field.name, name))?;
                place.columns.get(at).cloned()
            })
            .collect();
        found.filter(|found| !found.is_empty())
    }

    fn index_source(&self, table: &Table, index: &Index) -> Option<IndexSource> {
        let names = self.columns(self.index, index.columns.iter().map(|column| &column.name))?;
        let columns = names.into_iter().zip(&index.columns).map(|(name, column)| IndexColumn {
            name,
            descending: column.descending,
            // NULL is the least there.
            nulls_first: !column.descending,
            class: None,
        });
        let place = self.places.get(self.index)?;
        let predicate = index
            .filter
            .as_ref()
            .map(|filter| tsql::condition(filter, table, &place.columns));
        Some(IndexSource {
            columns: columns.collect(),
            included: if index.included.is_empty() {
                Vec::new()
            } else {
                self.columns(self.index, index.included.iter())?
            },
            unique: index.unique,
            nulls_equal: index.unique,
            predicate: match predicate {
                Some(None) => return None,
                Some(found) => found,
                None => None,
            },
            ..IndexSource::default()
        })
    }

    fn foreign_key(&self, key: &ForeignKey) -> Option<ForeignKeySource> {
        let [schema, name] = key.foreign_table.0.as_slice() else {
            return None;
        };
        let is_it = |table: &Table| same(schema, &table.schema) && same(name, &table.name);
        let other = self.model.tables.iter().position(is_it)?;
        let place = self.places.get(other)?;
        Some(ForeignKeySource {
            columns: self.columns(self.index, key.columns.iter())?,
            schema: place.schema.clone(),
            table: place.name.clone(),
            foreign_columns: self.columns(other, key.foreign_columns.iter())?,
            on_delete: action(key.on_delete),
            on_update: action(key.on_update),
            valid: !key.not_trusted,
            ..ForeignKeySource::default()
        })
    }
}

fn key_text(key: &Key) -> String {
    let columns: Vec<_> = key.columns.iter().map(|column| column.name.as_str()).collect();
    columns.join(", ")
}

fn action(action: ForeignKeyAction) -> OnChange {
    match action {
        ForeignKeyAction::NoAction => OnChange::NoAction,
        ForeignKeyAction::Cascade => OnChange::Cascade,
        ForeignKeyAction::SetNull => OnChange::SetNull,
        ForeignKeyAction::SetDefault => OnChange::SetDefault,
    }
}

/// The type that counts in a column or a sequence, with its least and greatest number.
fn range(sql_type: &SqlType) -> Option<(&'static str, i64)> {
    match sql_type {
        SqlType::TinyInt | SqlType::SmallInt => Some(("smallint", i64::from(i16::MAX))),
        SqlType::Int => Some(("integer", i64::from(i32::MAX))),
        SqlType::BigInt => Some(("bigint", i64::MAX)),
        _ => None,
    }
}

fn counter(identity: &Identity, sql_type: &SqlType) -> Option<Counter> {
    let (name, greatest) = range(sql_type)?;
    let (start, increment) = (
        i64::try_from(identity.seed).ok()?,
        i64::try_from(identity.increment).ok()?,
    );
    let least = -greatest - 1;
    if increment == 0 || !(least..=greatest).contains(&start) {
        return None;
    }
    let last = identity.last_value.and_then(|last| i64::try_from(last).ok());
    Some(Counter::Identity {
        always: false,
        sequence: SequenceSource {
            sql_type: name.to_owned(),
            start,
            increment,
            minimum: least,
            maximum: greatest,
            cache: 1,
            cycles: false,
            last: last.unwrap_or(start),
            called: last.is_some(),
            ..SequenceSource::default()
        },
    })
}

fn sequence_of(sequence: &Sequence, schema: String, name: String) -> SequenceSource {
    let sql_type = match sequence.declared.as_str() {
        "[tinyint]" | "[smallint]" => SqlType::SmallInt,
        "[int]" => SqlType::Int,
        _ => SqlType::BigInt,
    };
    let (sql_type, greatest) = range(&sql_type).unwrap_or(("bigint", i64::MAX));
    let least = -greatest - 1;
    let within = |number: i128| {
        i64::try_from(number)
            .unwrap_or(if number < 0 { least } else { greatest })
            .clamp(least, greatest)
    };
    let start = within(sequence.start);
    let minimum = sequence.minimum.map_or(least, within);
    let maximum = sequence.maximum.map_or(greatest, within);
    SequenceSource {
        schema,
        name,
        sql_type: sql_type.to_owned(),
        start,
        increment: match within(sequence.increment) {
            0 => 1,
            step => step,
        },
        minimum,
        maximum,
        cache: 1,
        cycles: sequence.cycles,
        last: sequence.current.map_or(start, within),
        called: sequence.current.is_some(),
    }
}
