//! What a PostgreSQL schema was, kept inside the file so that an import into PostgreSQL makes it again: names, types,
//! constraints, expressions as the server printed them. It is data and may be forged: an import makes SQL of its names and
//! of types that it knows, and of expressions only what the server itself was seen to understand as harmless.
use bacpac::{ExtendedProperty, Model};
use domain::export_log::NotCarried;
use serde::{Deserialize, Serialize};

/// A schema.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Source {
    pub(super) schemas: Vec<String>,
    pub(super) types: Vec<TypeSource>,
    pub(super) sequences: Vec<SequenceSource>,
    pub(super) tables: Vec<TableSource>,
    /// What the file does not have; the texts are in a part of their own.
    pub(super) left_out: Vec<NotCarried>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct TypeSource {
    pub(super) schema: String,
    pub(super) name: String,
    pub(super) kind: TypeKind,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum TypeKind {
    Enum(Vec<String>),
    Domain {
        base: String,
        not_null: bool,
        default: Option<String>,
        checks: Vec<CheckSource>,
    },
    /// Field names and types.
    Composite(Vec<(String, String)>),
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct SequenceSource {
    pub(super) schema: String,
    pub(super) name: String,
    /// `smallint`, `integer`, `bigint`.
    pub(super) sql_type: String,
    pub(super) start: i64,
    pub(super) increment: i64,
    pub(super) minimum: i64,
    pub(super) maximum: i64,
    pub(super) cache: i64,
    pub(super) cycles: bool,
    pub(super) last: i64,
    /// Whether `last` was given out.
    pub(super) called: bool,
}

impl SequenceSource {
    /// The type, one of three.
    pub(super) fn type_sql(&self) -> &'static str {
        match self.sql_type.as_str() {
            "smallint" => "smallint",
            "integer" => "integer",
            _ => "bigint",
        }
    }

    /// What `CREATE SEQUENCE` says after the type.
    pub(super) fn options_sql(&self) -> String {
        format!(
            "INCREMENT BY {} MINVALUE {} MAXVALUE {} START WITH {} CACHE {} {}CYCLE",
            self.increment,
            self.minimum,
            self.maximum,
            self.start,
            self.cache.max(1),
            if self.cycles { "" } else { "NO " }
        )
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct TableSource {
    /// Schema and name in the file.
    pub(super) in_file: (String, String),
    pub(super) schema: String,
    pub(super) name: String,
    pub(super) columns: Vec<ColumnSource>,
    pub(super) keys: Vec<KeySource>,
    pub(super) foreign_keys: Vec<ForeignKeySource>,
    pub(super) checks: Vec<CheckSource>,
    pub(super) indexes: Vec<IndexSource>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct ColumnSource {
    /// Name in the file.
    pub(super) in_file: String,
    pub(super) name: String,
    /// As `format_type` prints it.
    pub(super) sql_type: String,
    pub(super) not_null: bool,
    pub(super) default: Option<String>,
    /// Of a stored generated column.
    pub(super) generated: Option<String>,
    pub(super) counter: Option<Counter>,
    /// A collation of `pg_catalog` other than the type's.
    pub(super) collation: Option<String>,
    /// A collation of somebody's own, which is not made again.
    pub(super) own_collation: Option<String>,
    /// Numbers without a declared scale, none of which ended with zeros after the point.
    pub(super) trimmed: bool,
}

/// How a column counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Counter {
    /// `GENERATED … AS IDENTITY`.
    Identity { always: bool, sequence: SequenceSource },
    /// A default that takes the next number of a sequence of the schema; `owned` when it goes away with the column.
    Sequence { schema: String, name: String, owned: bool },
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct KeySource {
    pub(super) name: String,
    pub(super) primary: bool,
    pub(super) columns: Vec<String>,
    pub(super) included: Vec<String>,
    pub(super) nulls_equal: bool,
    pub(super) deferrable: bool,
    pub(super) deferred: bool,
}

/// What happens to the rows that refer to a changed one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) enum OnChange {
    #[default]
    NoAction,
    Restrict,
    Cascade,
    SetNull,
    SetDefault,
}

impl OnChange {
    pub(super) fn sql(self) -> &'static str {
        match self {
            Self::NoAction => "NO ACTION",
            Self::Restrict => "RESTRICT",
            Self::Cascade => "CASCADE",
            Self::SetNull => "SET NULL",
            Self::SetDefault => "SET DEFAULT",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct ForeignKeySource {
    pub(super) name: String,
    pub(super) columns: Vec<String>,
    pub(super) schema: String,
    pub(super) table: String,
    pub(super) foreign_columns: Vec<String>,
    pub(super) on_delete: OnChange,
    pub(super) on_update: OnChange,
    /// The columns that `SET NULL` and `SET DEFAULT` set on delete, when not all.
    pub(super) delete_columns: Vec<String>,
    pub(super) full: bool,
    pub(super) deferrable: bool,
    pub(super) deferred: bool,
    pub(super) valid: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct CheckSource {
    pub(super) name: String,
    pub(super) expression: String,
    pub(super) valid: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct IndexSource {
    pub(super) name: String,
    pub(super) columns: Vec<IndexColumn>,
    pub(super) included: Vec<String>,
    pub(super) unique: bool,
    pub(super) nulls_equal: bool,
    pub(super) predicate: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct IndexColumn {
    pub(super) name: String,
    pub(super) descending: bool,
    pub(super) nulls_first: bool,
    /// An operator class of `pg_catalog` other than the type's own.
    pub(super) class: Option<String>,
}

/// Property of the database; its value is cut into as many as it takes, numbered from 1.
const PROPERTY: &str = "SourceSchema";
/// Code units of one piece.
const PIECE: usize = 3_000;

impl Source {
    /// Puts the schema into a model, as properties of its database.
    pub(super) fn keep(&self, model: &mut Model) {
        // Only maps with keys that are no text cannot be written, and there is none.
        let text = serde_json::to_string(self).unwrap_or_default();
        let text = text.replace('\u{fffe}', "\\ufffe").replace('\u{ffff}', "\\uffff");
        let (mut pieces, mut piece, mut units) = (Vec::new(), String::new(), 0);
        for letter in text.chars() {
            if units + letter.len_utf16() > PIECE {
                pieces.push(std::mem::take(&mut piece));
                units = 0;
            }
            piece.push(letter);
            units += letter.len_utf16();
        }
        pieces.push(piece);
        let host = ExtendedProperty::database_host;
        let property = |(index, piece): (usize, &String)| {
            ExtendedProperty::text(host(), format!("{PROPERTY}{}", index + 1), piece)
        };
        let kept: Option<Vec<_>> = pieces.iter().enumerate().map(property).collect();
        model.extended_properties.extend(kept.unwrap_or_default());
    }

    /// The schema that a model carries, if it does and it can be read.
    pub(super) fn of(model: &Model) -> Option<Self> {
        let mut text = String::new();
        for number in 1.. {
            let name = format!("{PROPERTY}{number}");
            let host = ExtendedProperty::database_host();
            let found = |property: &&ExtendedProperty| property.host == host && property.name == name;
            match model.extended_properties.iter().find(found) {
                Some(piece) => text.push_str(&piece.value()?),
                None => break,
            }
        }
        serde_json::from_str(&text).ok().filter(Self::is_sound)
    }

    /// Whether nothing of it would be among what is the server's own.
    fn is_sound(&self) -> bool {
        let schemas = self.schemas.iter();
        let of_types = self.types.iter().map(|found| &found.schema);
        let of_sequences = self.sequences.iter().map(|sequence| &sequence.schema);
        let of_tables = self.tables.iter().map(|table| &table.schema);
        schemas
            .chain(of_types)
            .chain(of_sequences)
            .chain(of_tables)
            .all(|schema| !schema.starts_with("pg_") && schema != "information_schema")
    }
}
