//! The rules that a model must keep to be written: names, types, limits, references. A loader checks some of them only when
//! it is too late, so all are checked before the first byte. What T-SQL expressions mean is not checked.
use crate::model::{Column, ExtendedProperty, Model, Sequence, Table};
use crate::model_writer::is_dbo;
use crate::name::encode_folder;
use crate::rules_keys;
use crate::sql_type::SqlType;
use crate::type_spec::specifier;
use crate::xml_text::{carries_attribute, carries_script};
use std::collections::HashSet;

/// Longest identifier, in UTF-16 code units.
pub(crate) const NAME_UNITS: usize = 128;
const COLUMNS: usize = 1_024;
/// Bytes of a row that cannot be stored elsewhere.
const ROW_BYTES: usize = 8_060;
/// Bytes of an extended property's value.
const PROPERTY_BYTES: usize = 7_500;

/// A rule that a model breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{object}: {rule}")]
pub struct Violation {
    /// The table, column, constraint or other object.
    pub object: String,
    /// What is wrong with it.
    pub rule: String,
}

/// Violations as they are found.
#[derive(Default)]
pub(crate) struct Violations(pub(crate) Vec<Violation>);

impl Violations {
    pub(crate) fn add(&mut self, object: impl std::fmt::Display, rule: impl Into<String>) {
        self.0.push(Violation {
            object: object.to_string(),
            rule: rule.into(),
        });
    }

    fn identifier(&mut self, object: impl std::fmt::Display, name: &str) {
        if name.is_empty() {
            self.add(&object, "it has no name");
        }
        if name.encode_utf16().count() > NAME_UNITS {
            self.add(&object, format!("its name is longer than {NAME_UNITS} code units"));
        }
        if !carries_attribute(name) {
            self.add(&object, "its name has a character that XML cannot carry");
        }
    }

    pub(crate) fn expression(&mut self, object: impl std::fmt::Display, text: &str) {
        if text.trim().is_empty() {
            self.add(&object, "its expression is empty");
        }
        if !carries_script(text) {
            self.add(&object, "its expression has a character that XML cannot carry");
        }
    }
}

/// How SQL Server compares names under the usual collations.
pub(crate) fn compared(name: &str) -> String {
    name.trim_end_matches(' ').to_lowercase()
}

/// Characters that every version of the vendor's loader leaves as they are in a folder name.
pub(crate) fn is_plain(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_' || letter == ' '
}

impl Model {
    /// Every rule of the format and of SQL Server that the model breaks; none when it can be written. With
    /// `encoded_names`, schemas and tables may have names that must be percent-encoded in a way that differs between versions
    /// of the vendor's loader, which silently leaves out the rows of tables it does not find.
    pub fn violations(&self, encoded_names: bool) -> Vec<Violation> {
        let mut found = Violations::default();
        let mut schemas = HashSet::from(["dbo".to_owned()]);
        for schema in self.schemas.iter().filter(|schema| !is_dbo(schema)) {
            found.identifier(format!("schema {schema}"), schema);
            if !schemas.insert(compared(schema)) {
                found.add(format!("schema {schema}"), "its name occurs twice");
            }
        }
        if self.collation.as_deref().is_some_and(|name| !is_collation(name)) {
            found.add("the database", "its collation is not the name of one");
        }
        let mut folders = HashSet::new();
        let mut objects = HashSet::new();
        let place = |(index, table): (usize, &Table)| ((compared(&table.schema), compared(&table.name)), index);
        let places: rules_keys::Places = self.tables.iter().enumerate().map(place).collect();
        for table in &self.tables {
            let name = table.full_name();
            if !schemas.contains(&compared(&table.schema)) {
                found.add(&name, "its schema is not in the model");
            }
            let plain = |text: &str| text.chars().all(is_plain) && text.trim() == text;
            if !(encoded_names || plain(&table.schema) && plain(&table.name)) {
                found.add(
                    &name,
                    "its name must be percent-encoded, which loaders do in different ways",
                );
            }
            // Another table, or `a`.`b.c` beside `a.b`.`c`.
            if !folders.insert(encode_folder(&table.schema, &table.name).to_lowercase()) {
                found.add(&name, "another table has the same data folder");
            }
            self.own_namespace(table, &mut objects, &mut found);
            check_table(table, &mut found);
            rules_keys::check(self, &places, table, &mut found);
            self.check_calls(table, &mut found);
        }
        rules_keys::check_cascades(self, &mut found);
        for sequence in &self.sequences {
            check_sequence(sequence, &schemas, &mut objects, &mut found);
        }
        self.check_properties(&mut found);
        found.0
    }

    /// Tables, constraints and sequences of a schema share one set of names.
    fn own_namespace(&self, table: &Table, objects: &mut HashSet<(String, String)>, found: &mut Violations) {
        let keys = table.primary_key.iter().chain(&table.unique).map(|key| &key.name);
        for name in std::iter::once(table.name.as_str()).chain(constraint_names(table)) {
            found.identifier(format!("{}: {name}", table.full_name()), name);
            if !objects.insert((compared(&table.schema), compared(name))) {
                found.add(
                    format!("{}: {name}", table.full_name()),
                    "its name occurs twice in the schema",
                );
            }
        }
        let mut indexes = HashSet::new();
        for name in keys.chain(table.indexes.iter().map(|index| &index.name)) {
            found.identifier(format!("{}: {name}", table.full_name()), name);
            if !indexes.insert(compared(name)) {
                found.add(
                    format!("{}: {name}", table.full_name()),
                    "its name occurs twice in the table",
                );
            }
        }
    }

    /// Functions are not written, so no expression may call one.
    fn check_calls(&self, table: &Table, found: &mut Violations) {
        let checks = table.checks.iter().map(|check| (&check.name, &check.expression));
        let defaults = table
            .defaults
            .iter()
            .map(|default| (&default.name, &default.expression));
        let computed = table.computed.iter().map(|column| (&column.name, &column.expression));
        for (name, expression) in checks.chain(defaults).chain(computed) {
            let expression = expression.to_lowercase();
            for function in &self.programmable {
                if expression.contains(&function.name.to_string().to_lowercase()) {
                    let rule = format!("its expression uses {}, which is not written", function.name);
                    found.add(format!("{}: {name}", table.full_name()), rule);
                }
            }
        }
    }

    fn check_properties(&self, found: &mut Violations) {
        let key = |name: &[&str]| name.iter().map(|part| compared(part)).collect::<Vec<_>>();
        let mut hosts = HashSet::from([key(&["SqlDatabaseOptions"])]);
        hosts.extend(self.schemas.iter().map(|schema| key(&["SqlSchema", schema])));
        for table in &self.tables {
            let (schema, name) = (table.schema.as_str(), table.name.as_str());
            hosts.insert(key(&["SqlTableBase", schema, name]));
            let simple = table.columns.iter().map(|column| &column.field.name);
            let computed = table.computed.iter().map(|column| &column.name);
            hosts.extend(
                simple
                    .chain(computed)
                    .map(|column| key(&["SqlColumn", schema, name, column])),
            );
            hosts.extend(constraint_names(table).map(|own| key(&["SqlConstraint", schema, own])));
            let indexes = table.indexes.iter().map(|index| index.name.as_str());
            hosts.extend(indexes.map(|index| key(&["SqlIndexBase", schema, name, index])));
        }
        let mut names = HashSet::new();
        for property in &self.extended_properties {
            let object = format!("extended property {} of {}", property.name, property.host);
            let host: Vec<_> = property.host.0.iter().map(|part| compared(part)).collect();
            if !hosts.contains(&host) {
                found.add(&object, "what it belongs to is not in the model");
            }
            if !names.insert((host, compared(&property.name))) {
                found.add(&object, "its name occurs twice");
            }
            found.identifier(&object, &property.name);
            found.expression(&object, &property.literal);
            if ExtendedProperty::units(&property.literal) * 2 > PROPERTY_BYTES {
                found.add(&object, format!("its value is longer than {PROPERTY_BYTES} bytes"));
            }
        }
    }
}

fn constraint_names(table: &Table) -> impl Iterator<Item = &str> {
    let keys = table.primary_key.iter().chain(&table.unique).map(|key| &key.name);
    keys.chain(table.foreign_keys.iter().map(|key| &key.name))
        .chain(table.checks.iter().map(|check| &check.name))
        .chain(table.defaults.iter().map(|default| &default.name))
        .map(String::as_str)
}

/// Names of collations are made of these; anything else would not be one.
fn is_collation(name: &str) -> bool {
    !name.is_empty()
        && name
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}

fn check_table(table: &Table, found: &mut Violations) {
    let name = table.full_name();
    if table.columns.is_empty() {
        found.add(&name, "it has no column that holds data");
    }
    if table.columns.len() + table.computed.len() > COLUMNS {
        found.add(&name, format!("it has more than {COLUMNS} columns"));
    }
    let mut names = HashSet::new();
    let simple = table.columns.iter().map(|column| &column.field.name);
    for column in simple.chain(table.computed.iter().map(|column| &column.name)) {
        found.identifier(format!("{name}.{column}"), column);
        if !names.insert(compared(column)) {
            found.add(format!("{name}.{column}"), "its name occurs twice");
        }
    }
    for column in &table.columns {
        check_column(column, format!("{name}.{}", column.field.name), found);
    }
    for (count, what) in [
        (
            table.columns.iter().filter(|column| column.identity.is_some()).count(),
            "identity",
        ),
        (
            table
                .columns
                .iter()
                .filter(|column| column.field.sql_type == SqlType::RowVersion)
                .count(),
            "rowversion",
        ),
    ] {
        if count > 1 {
            found.add(&name, format!("it has more than one {what} column"));
        }
    }
    let fixed: usize = table
        .columns
        .iter()
        .map(|column| column.field.sql_type.row_bytes())
        .sum();
    if fixed + table.columns.len().div_ceil(8) + 6 > ROW_BYTES {
        found.add(
            &name,
            format!("its columns of fixed length take more than {ROW_BYTES} bytes"),
        );
    }
    for column in &table.computed {
        found.expression(format!("{name}.{}", column.name), &column.expression);
    }
}

fn check_column(column: &Column, name: String, found: &mut Violations) {
    let sql_type = &column.field.sql_type;
    let in_range = match sql_type {
        SqlType::Decimal { precision, scale } => (1..=38).contains(precision) && scale <= precision,
        SqlType::Time { scale } | SqlType::DateTime2 { scale } | SqlType::DateTimeOffset { scale } => *scale <= 7,
        SqlType::NChar(n) | SqlType::NVarChar(n) => (1..=4_000).contains(n),
        SqlType::Char(n) | SqlType::VarChar(n) | SqlType::Binary(n) | SqlType::VarBinary(n) => (1..=8_000).contains(n),
        _ => true,
    };
    if !in_range {
        found.add(&name, format!("{sql_type:?} is out of the range of its type"));
    }
    if specifier(sql_type).is_none() {
        found.add(&name, format!("SQL Server 2016 has no {sql_type:?}"));
    }
    match &column.collation {
        Some(_) if !sql_type.has_collation() => found.add(&name, "its type has no collation"),
        Some(collation) if !is_collation(collation) => found.add(&name, "its collation is not the name of one"),
        Some(collation) if matches!(sql_type, SqlType::Char(_)) && collation.to_uppercase().ends_with("_UTF8") => {
            found.add(
                &name,
                "char with a UTF-8 collation is encoded in two ways; nchar is not",
            );
        }
        _ => {}
    }
    if let Some(identity) = &column.identity {
        let whole = matches!(
            sql_type,
            SqlType::TinyInt | SqlType::SmallInt | SqlType::Int | SqlType::BigInt | SqlType::Decimal { scale: 0, .. }
        );
        if !whole || column.field.nullable || identity.increment == 0 {
            found.add(
                &name,
                "an identity column is a whole number, NOT NULL, and its step is not 0",
            );
        }
    }
}

fn check_sequence(
    sequence: &Sequence,
    schemas: &HashSet<String>,
    objects: &mut HashSet<(String, String)>,
    found: &mut Violations,
) {
    let object = format!("sequence {}", sequence.name);
    let [schema, name] = sequence.name.0.as_slice() else {
        return found.add(object, "its name is not a schema and a name");
    };
    found.identifier(&object, name);
    if !schemas.contains(&compared(schema)) {
        found.add(&object, "its schema is not in the model");
    }
    if !objects.insert((compared(schema), compared(name))) {
        found.add(&object, "its name occurs twice in the schema");
    }
    let range = match sequence.declared.as_str() {
        "[tinyint]" => 0..=i128::from(u8::MAX),
        "[smallint]" => i128::from(i16::MIN)..=i128::from(i16::MAX),
        "[int]" => i128::from(i32::MIN)..=i128::from(i32::MAX),
        "[bigint]" => i128::from(i64::MIN)..=i128::from(i64::MAX),
        _ => return found.add(&object, "its type is not tinyint, smallint, int or bigint"),
    };
    let given = [
        Some(sequence.start),
        sequence.current,
        sequence.minimum,
        sequence.maximum,
    ];
    if sequence.increment == 0 || given.into_iter().flatten().any(|value| !range.contains(&value)) {
        found.add(&object, "its step is 0, or a value is out of the range of its type");
    }
}
