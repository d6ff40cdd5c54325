//! The schema as the model describes it: tables with columns, keys and constraints, and what else a report names.
//! Scripts are kept as text and never run. It does not read XML.
use crate::name::ObjectName;
use crate::script;
use crate::sql_type::Field;
use crate::xml_text::carries_script;
use std::collections::BTreeMap;

/// A whole model.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Model {
    /// `DspName`: the platform, such as `Microsoft.Data.Tools.Schema.Sql.Sql130DatabaseSchemaProvider`.
    pub provider: String,
    /// Version of the model's schema, such as `2.5`.
    pub schema_version: String,
    /// Collation of the database.
    pub collation: Option<String>,
    /// Schemas other than the built-in ones.
    pub schemas: Vec<String>,
    /// Tables in the order of the file.
    pub tables: Vec<Table>,
    /// Sequences.
    pub sequences: Vec<Sequence>,
    /// Extended properties.
    pub extended_properties: Vec<ExtendedProperty>,
    /// Views, procedures, functions and triggers: for a report, never run.
    pub programmable: Vec<Programmable>,
    /// Element types that were passed over, with how many there were.
    pub skipped: BTreeMap<String, u64>,
}

/// A table.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Table {
    /// Schema.
    pub schema: String,
    /// Name.
    pub name: String,
    /// Columns that have data, in the order of the data.
    pub columns: Vec<Column>,
    /// Computed columns: they have no data.
    pub computed: Vec<ComputedColumn>,
    /// Primary key.
    pub primary_key: Option<Key>,
    /// Unique constraints.
    pub unique: Vec<Key>,
    /// Foreign keys of this table.
    pub foreign_keys: Vec<ForeignKey>,
    /// Check constraints.
    pub checks: Vec<Check>,
    /// Default constraints.
    pub defaults: Vec<DefaultConstraint>,
    /// Row-store indexes.
    pub indexes: Vec<Index>,
}

impl Table {
    /// `schema.table`, as errors and reports name it.
    pub fn full_name(&self) -> String {
        format!("{}.{}", self.schema, self.name)
    }

    /// What the codec needs to know of the columns.
    pub fn fields(&self) -> Vec<Field> {
        self.columns.iter().map(|column| column.field.clone()).collect()
    }
}

/// A column that has data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Name, resolved type, nullability.
    pub field: Field,
    /// The type as the model names it; an alias type keeps its own name.
    pub declared: String,
    /// Collation, when it is not the database's.
    pub collation: Option<String>,
    /// Identity.
    pub identity: Option<Identity>,
    /// Row start or row end of a temporal table.
    pub generated_always: bool,
}

/// How an identity column counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// First value.
    pub seed: i128,
    /// Step.
    pub increment: i128,
    /// Last value given out, when the file says it.
    pub last_value: Option<i128>,
}

/// A computed column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComputedColumn {
    /// Name.
    pub name: String,
    /// T-SQL expression.
    pub expression: String,
    /// Whether the server stores its values. They are not in the file either way.
    pub persisted: bool,
}

/// A primary key or unique constraint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Name; empty when the file gives none.
    pub name: String,
    /// Columns in order.
    pub columns: Vec<KeyColumn>,
    /// Whether the rows are stored in its order.
    pub clustered: bool,
}

/// A column of a key or index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyColumn {
    /// Column name.
    pub name: String,
    /// Descending order.
    pub descending: bool,
}

/// What happens to the rows that refer to a changed one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "each variant is the SQL action of its name")]
pub enum ForeignKeyAction {
    NoAction,
    Cascade,
    SetNull,
    SetDefault,
}

/// A foreign key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignKey {
    /// Name; empty when the file gives none.
    pub name: String,
    /// Columns of this table.
    pub columns: Vec<String>,
    /// Schema and name of the table referred to.
    pub foreign_table: ObjectName,
    /// Its columns, in the same order.
    pub foreign_columns: Vec<String>,
    /// On delete.
    pub on_delete: ForeignKeyAction,
    /// On update.
    pub on_update: ForeignKeyAction,
    /// Rows may violate it.
    pub not_trusted: bool,
}

/// A check constraint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// Name; empty when the file gives none.
    pub name: String,
    /// T-SQL condition.
    pub expression: String,
    /// Rows may violate it.
    pub not_trusted: bool,
}

/// A default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DefaultConstraint {
    /// Name; empty when the file gives none.
    pub name: String,
    /// Column.
    pub column: String,
    /// T-SQL expression.
    pub expression: String,
}

/// A row-store index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    /// Name.
    pub name: String,
    /// Columns in order.
    pub columns: Vec<KeyColumn>,
    /// Columns kept beside the key.
    pub included: Vec<String>,
    /// Unique.
    pub unique: bool,
    /// Whether the rows are stored in its order.
    pub clustered: bool,
    /// T-SQL condition of a filtered index.
    pub filter: Option<String>,
}

/// A sequence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sequence {
    /// Schema and name.
    pub name: ObjectName,
    /// Type as the model names it.
    pub declared: String,
    /// First value.
    pub start: i128,
    /// Step.
    pub increment: i128,
    /// Value at the time of the export.
    pub current: Option<i128>,
    /// Least value, when it is not the type's.
    pub minimum: Option<i128>,
    /// Greatest value, when it is not the type's.
    pub maximum: Option<i128>,
    /// Starts again at its end.
    pub cycles: bool,
}

/// An extended property.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExtendedProperty {
    /// What it belongs to: kind first (`SqlColumn`, `SqlTableBase`, ...), then its name.
    pub host: ObjectName,
    /// Name.
    pub name: String,
    /// Value as a T-SQL literal.
    pub literal: String,
}

impl ExtendedProperty {
    /// A text property of `host`; `None` when no property can carry the text: it is longer than 3,750 code units or has a
    /// carriage return or a character that XML cannot carry.
    pub fn text(host: ObjectName, name: impl Into<String>, text: &str) -> Option<Self> {
        let literal = script::literal(text);
        if Self::units(&literal) > 3_750 || !carries_script(text) {
            return None;
        }
        let name = name.into();
        Some(Self { host, name, literal })
    }

    /// The text of the value, when it is a string literal.
    pub fn value(&self) -> Option<String> {
        script::literal_text(&self.literal)
    }

    /// Code units of a literal's value.
    pub(crate) fn units(literal: &str) -> usize {
        script::literal_text(literal).map_or(0, |text| text.encode_utf16().count())
    }

    /// What a property of a table belongs to.
    pub fn table_host(schema: &str, table: &str) -> ObjectName {
        ObjectName(["SqlTableBase", schema, table].map(str::to_owned).to_vec())
    }

    /// What a property of a column belongs to.
    pub fn column_host(schema: &str, table: &str, column: &str) -> ObjectName {
        ObjectName(["SqlColumn", schema, table, column].map(str::to_owned).to_vec())
    }

    /// What a property of the database belongs to.
    pub fn database_host() -> ObjectName {
        ObjectName(vec!["SqlDatabaseOptions".to_owned()])
    }
}

/// A view, procedure, function or trigger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Programmable {
    /// Element type, such as `SqlView`.
    pub kind: String,
    /// Name.
    pub name: ObjectName,
    /// T-SQL text, as complete as the file has it.
    pub text: String,
}
