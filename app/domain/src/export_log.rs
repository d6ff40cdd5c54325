//! What an export into a BACPAC changed, weakened or left out, and what an import made of one: facts, never sentences, so that
//! the browser can tell them in its own language. It decides nothing and reads no file.

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// Row keys that a count of changes keeps, the first ones met.
pub const FIRST_ROWS: usize = 5;

/// A database engine on the other side of a BACPAC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "each variant is the engine of its name")]
pub enum SourceEngine {
    Sqlite,
    Postgres,
}

/// The account of an export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ExportLog {
    /// Where the rows came from.
    pub source: ExportSource,
    /// Every table of the file, in its order.
    pub tables: Vec<TableLog>,
    /// Names that the file could not keep.
    pub renamed: Vec<RenamedObject>,
    /// Constraints, indexes and defaults that were changed or dropped.
    pub weakened: Vec<Weakened>,
    /// Objects that the file does not have.
    pub not_carried: Vec<NotCarried>,
    /// The finished file.
    pub file: FileLog,
}

/// Where the rows of an export came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ExportSource {
    /// Engine.
    pub engine: SourceEngine,
    /// Its version, as it tells it.
    pub version: String,
    /// Name of the database.
    pub database: String,
    /// The instant whose state was exported.
    pub snapshot_at: Timestamp,
    /// Bytes of the database.
    pub bytes: u64,
}

/// The file of an export, after its check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct FileLog {
    /// Bytes of the file.
    pub bytes: u64,
    /// SHA-256 of the file, lower-case hex.
    pub sha256: String,
    /// Rows that the strict reader found in it.
    pub rows_checked: u64,
    /// What the strict reader found wrong; a finished file has nothing here.
    pub findings: Vec<String>,
}

/// A table of an export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct TableLog {
    /// Schema in the file.
    pub schema: String,
    /// Name in the file.
    pub name: String,
    /// Name in the source.
    pub source_name: String,
    /// Rows.
    pub rows: u64,
    /// Bytes of its rows in the file, inflated.
    pub bytes: u64,
    /// Parts of the file that hold them.
    pub parts: u64,
    /// Its columns.
    pub columns: Vec<ColumnLog>,
}

/// A column of an export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ColumnLog {
    /// Name in the file.
    pub name: String,
    /// Name in the source.
    pub source_name: String,
    /// Declared type in the source, verbatim; empty when it declares none.
    pub source_type: String,
    /// Type in the file: `nvarchar(40)`.
    pub sql_type: String,
    /// Why this type.
    pub reason: TypeReason,
    /// The length is bounded because the column is in a key or an index.
    pub bounded_for_key: bool,
    /// Values that are not what they were.
    pub changes: Vec<ValueChange>,
}

/// Why a column has its type in the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TypeReason {
    /// It is the counterpart of the declared type.
    Declared,
    /// Nothing certain is declared; it is the counterpart of all values.
    Observed,
    /// The counterpart of the declared type would change values; this one keeps them.
    ValuesKept,
    /// The values are of several storage classes; each is kept as text that tells its class.
    MixedClasses {
        /// Integers.
        integers: u64,
        /// Floating-point numbers.
        reals: u64,
        /// Texts.
        texts: u64,
        /// Blobs.
        blobs: u64,
    },
    /// SQL Server has no infinities and the column allows no NULL; its values are kept as text.
    Infinities,
    /// SQL Server has no such type; its text form is kept.
    TextForm,
    /// SQL Server has no such type; its bytes are kept.
    BinaryForm,
    /// SQL Server has no such type; JSON is kept.
    JsonForm,
    /// A list of allowed words.
    EnumWords,
    /// A foreign key demands the type of the column at its other end.
    ForeignKey,
}

/// Values of a column that are not what they were.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ValueChange {
    /// How they changed.
    pub kind: ChangeKind,
    /// How many.
    pub count: u64,
    /// Keys of the first rows, at most [`FIRST_ROWS`]: the row number or the primary key.
    pub first_rows: Vec<String>,
}

/// How a value changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeKind {
    /// An infinity became NULL.
    InfinityToNull,
    /// A "not a number" became NULL.
    NanToNull,
    /// Bytes that are no UTF-8 became U+FFFD.
    InvalidTextReplaced,
    /// A date outside the years 1 to 9999, or an infinite one, became NULL.
    DateToNull,
    /// 24:00 became the last instant of the day; an import into the engine it came from makes it 24:00 again.
    EndOfDayMoved,
    /// Digits after the second were cut off.
    FractionCut,
    /// The offset of a time was lost, its instant kept.
    OffsetLost,
    /// A number was rounded.
    Rounded,
    /// U+0000 was removed from a text.
    NulRemoved,
    /// A surrogate without its pair became U+FFFD.
    SurrogateReplaced,
    /// A value that cannot be stored became NULL.
    UnstorableToNull,
    /// A text that would read as a number or a blob has an apostrophe in front of it; an import into the engine it came from
    /// takes it away again.
    ApostropheAdded,
    /// Bytes that are no UTF-8 are told as `0t` and hexadecimal; an import into the engine they came from makes them again.
    InvalidTextAsHex,
}

impl ChangeKind {
    /// Whether an import into the engine of the source gives the value back as it was.
    #[must_use]
    pub const fn is_reversible(self) -> bool {
        matches!(
            self,
            Self::ApostropheAdded | Self::InvalidTextAsHex | Self::EndOfDayMoved
        )
    }
}

/// Kinds of things that have a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "each variant is the thing of its name")]
pub enum ObjectKind {
    Schema,
    Table,
    Column,
    Constraint,
    PrimaryKey,
    Unique,
    ForeignKey,
    Check,
    Default,
    Index,
    /// An index on something else than columns.
    ExpressionIndex,
    /// An index of another access method than the ordered one.
    MethodIndex,
    ExclusionConstraint,
    Sequence,
    Identity,
    Collation,
    /// The expression of a generated column; its values are carried.
    GeneratedColumn,
    View,
    MaterializedView,
    Trigger,
    Function,
    Procedure,
    Rule,
    Policy,
    Type,
    Domain,
    Extension,
    Role,
    Grant,
    Comment,
    LargeObject,
    VirtualTable,
    /// The tables in which a virtual table keeps what it shows.
    ShadowTable,
    ForeignTable,
    TemporaryTable,
    /// What the query planner knows of the rows.
    Statistics,
    /// Anything else that was found.
    Other,
}

/// A name that could not be kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct RenamedObject {
    /// Of what.
    pub kind: ObjectKind,
    /// Where it is, as that is called now: `schema.table`, or empty.
    pub within: String,
    /// The name that it had; empty when it had none.
    pub before: String,
    /// The name that it has now.
    pub after: String,
}

/// A rule of the source that holds less, or no longer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Weakened {
    /// What it is.
    pub kind: ObjectKind,
    /// Table, as the source calls it.
    pub table: String,
    /// Its name in the source, or its columns when it has none.
    pub name: String,
    /// What happened to it.
    pub what: Weakening,
    /// Its text in the source, verbatim, or its columns.
    pub text: String,
    /// Keys of the first rows that are the cause, at most [`FIRST_ROWS`].
    pub first_rows: Vec<String>,
}

/// What happened to a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Weakening {
    /// It is not in the target.
    Dropped(DropReason),
    /// It is there, but existing rows are not held to it: this many break it. Zero when that could not be told.
    NotTrusted(u64),
    /// A unique constraint that allows several NULLs became a unique index without the rows that have one.
    UniqueWithoutNulls,
    /// A primary key is too wide for the order of the rows, and has an index of its own.
    NotClustered,
    /// The rows of a unique index are not held to be unique.
    NotUnique(DropReason),
    /// What a foreign key does on delete or update is refused there; now it refuses the change.
    ActionDropped(DropReason),
    /// Upper and lower case differ now, or no longer.
    CaseSensitivity,
    /// The engine checks it at once, no longer at the end of a transaction.
    NotDeferred,
}

/// Why a rule was dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DropReason {
    /// The key takes more bytes than are allowed.
    KeyTooWide,
    /// The key has more columns than are allowed.
    TooManyColumns,
    /// There are more indexes than are allowed.
    TooManyIndexes,
    /// Keys differ by trailing spaces or zero bytes only, which SQL Server ignores.
    TrailingSpaces,
    /// Replaced text may be the same as another.
    TextReplaced,
    /// A column of the key holds NULL.
    Nulls,
    /// The type of a column cannot be in a key.
    Type,
    /// The expression is outside what is translated.
    NotTranslated,
    /// The table referred to is not there.
    NoReferencedTable,
    /// The columns referred to are not a key there.
    NoReferencedKey,
    /// The columns at both ends have different types.
    TypesDiffer,
    /// A change could reach a table on two ways.
    CascadePaths,
    /// The column allows no NULL, or has no default.
    ColumnNotNull,
    /// The engine has no such action or option.
    NoCounterpart,
    /// It would not hold in the target, whose rows break it.
    RowsBreakIt,
}

/// An object that was left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct NotCarried {
    /// What it is.
    pub kind: ObjectKind,
    /// Its name.
    pub name: String,
    /// Its table, when it belongs to one.
    pub table: Option<String>,
    /// Why.
    pub reason: LeftOut,
    /// Its text, verbatim, when it has one.
    pub text: String,
}

/// Why an object was left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LeftOut {
    /// It cannot be said there. Its text is in the file, and an import into the engine it came from makes it again.
    KeptAsText,
    /// It cannot be said there, and no import makes it again.
    NoCounterpart,
    /// Programs found in a file are not run.
    NotRun,
    /// The engine makes it itself.
    Internal,
    /// The engine refused it when it was made again.
    Refused,
}

/// The account of an import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ImportReport {
    /// What the file says of itself.
    pub source: ImportSource,
    /// The schema of the source was made again as it was; otherwise the types are counterparts.
    pub restored: bool,
    /// Every table, in the order of the file.
    pub tables: Vec<ImportedTable>,
    /// Names that could not be kept.
    pub renamed: Vec<RenamedObject>,
    /// Constraints, indexes and defaults that were changed or dropped.
    pub weakened: Vec<Weakened>,
    /// Objects that were left out.
    pub not_carried: Vec<NotCarried>,
    /// What else must be told.
    pub warnings: Vec<ImportWarning>,
}

/// What a file says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ImportSource {
    /// Program that wrote it.
    pub product: Option<String>,
    /// Its version.
    pub product_version: Option<String>,
    /// Server that was exported.
    pub server_version: Option<String>,
    /// When the export began.
    pub exported_at: Option<Timestamp>,
}

/// A table that was imported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ImportedTable {
    /// `schema.table` in the file.
    pub source_name: String,
    /// Name now.
    pub name: String,
    /// Rows.
    pub rows: u64,
    /// Its columns.
    pub columns: Vec<ImportedColumn>,
}

/// A column that was imported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ImportedColumn {
    /// Name in the file.
    pub source_name: String,
    /// Name now.
    pub name: String,
    /// Type in the file.
    pub sql_type: String,
    /// Declared type now.
    pub declared: String,
    /// Values that are not what they were.
    pub changes: Vec<ValueChange>,
}

/// What else must be told of an import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ImportWarning {
    /// The file does not name its data parts; SQL Server would import no row of it.
    ContentTypes,
    /// Data that belongs to no table was not read.
    DataWithoutTable(String),
    /// An entry beside the data that is not named as data was not read.
    NotAPart(String),
    /// NULLs in columns that do not allow them.
    UnexpectedNulls {
        /// `schema.table`.
        table: String,
        /// NULLs.
        count: u64,
    },
    /// The file promises another number of rows.
    RowTotal {
        /// Rows found.
        found: u64,
        /// Rows promised.
        promised: u64,
    },
    /// The file tells the schema of its source, but its tables are no longer those.
    SourceSchemaIgnored,
    /// Columns compare without regard to case in the file, and with regard to it now.
    CaseSensitive {
        /// How many columns.
        columns: u64,
    },
    /// Rows refer to rows that do not exist.
    DanglingRows {
        /// Table.
        table: String,
        /// How many.
        count: u64,
    },
    /// An order of texts that only the database's own program has: its indexes are in the order of bytes, and that program
    /// must build them anew (REINDEX) before it uses them.
    UnknownCollation(String),
    /// Values that only SQL Server reads are kept as bytes.
    OpaqueValues {
        /// `schema.table`.
        table: String,
        /// Column.
        column: String,
        /// Its type.
        sql_type: String,
    },
}

impl ExportLog {
    /// Values that the target does not have as they were, and that an import does not bring back.
    #[must_use]
    pub fn values_changed(&self) -> u64 {
        self.tables
            .iter()
            .flat_map(|table| &table.columns)
            .map(ColumnLog::values_changed)
            .sum()
    }

    /// Whether no value was changed. Rules may hold less and objects may be left out all the same: see `weakened` and
    /// `not_carried`.
    #[must_use]
    pub fn is_lossless(&self) -> bool {
        self.values_changed() == 0
    }
}

impl ColumnLog {
    /// As [`ExportLog::values_changed`], of this column.
    #[must_use]
    pub fn values_changed(&self) -> u64 {
        lost(&self.changes)
    }
}

impl ImportReport {
    /// Values that are not what the file has.
    #[must_use]
    pub fn values_changed(&self) -> u64 {
        let columns = self.tables.iter().flat_map(|table| &table.columns);
        columns.map(|column| lost(&column.changes)).sum()
    }

    /// Whether every value is what the file has.
    #[must_use]
    pub fn is_lossless(&self) -> bool {
        self.values_changed() == 0
    }
}

fn lost(changes: &[ValueChange]) -> u64 {
    let lossy = changes.iter().filter(|change| !change.kind.is_reversible());
    lossy.map(|change| change.count).sum()
}

/// Adds one change to a column's.
pub fn count_change(changes: &mut Vec<ValueChange>, kind: ChangeKind, row: impl FnOnce() -> String) {
    let at = changes
        .iter()
        .position(|change| change.kind == kind)
        .unwrap_or_else(|| {
            changes.push(ValueChange {
                kind,
                count: 0,
                first_rows: Vec::new(),
            });
            changes.len() - 1
        });
    if let Some(change) = changes.get_mut(at) {
        change.count += 1;
        if change.first_rows.len() < FIRST_ROWS {
            change.first_rows.push(row());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_does_not_come_back_counts_as_changed() {
        let mut changes = Vec::new();
        for row in 0..7 {
            count_change(&mut changes, ChangeKind::ApostropheAdded, || row.to_string());
        }
        count_change(&mut changes, ChangeKind::InfinityToNull, || "41".to_owned());
        assert_eq!(lost(&changes), 1);
        assert_eq!(changes[0].count, 7);
        assert_eq!(changes[0].first_rows, ["0", "1", "2", "3", "4"]);
        let text = serde_json::to_string(&Weakening::Dropped(DropReason::KeyTooWide)).unwrap();
        assert_eq!(text, r#"{"dropped":"key-too-wide"}"#);
    }
}
