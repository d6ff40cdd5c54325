//! What a source database is, in terms that both engines share: tables, columns with what was observed of their values, keys,
//! foreign keys, checks and defaults. It holds facts; what becomes of them is decided beside it.

use bacpac::{ForeignKeyAction, Identity, SqlType};
use domain::export_log::{TypeReason, ValueChange};

use super::predicate::{Literal, Predicate};

/// A table.
#[derive(Debug, Clone, Default)]
pub struct SourceTable {
    /// Schema; `dbo` for an engine without schemas.
    pub schema: String,
    /// Name.
    pub name: String,
    /// Columns, in the order of the data.
    pub columns: Vec<SourceColumn>,
    /// Primary key, unique constraints and indexes on columns.
    pub keys: Vec<SourceKey>,
    /// Foreign keys.
    pub foreign_keys: Vec<SourceForeignKey>,
    /// Check constraints.
    pub checks: Vec<SourceCheck>,
}

/// A column.
#[derive(Debug, Clone)]
pub struct SourceColumn {
    /// Name.
    pub name: String,
    /// Declared type, verbatim.
    pub source_type: String,
    /// The type that carries all its values. Text that may be of any length is `NVarCharMax`, bytes `VarBinaryMax`: they are
    /// bounded when a key demands it. `NVarChar(n)` keeps its length unless a key demands less.
    pub sql_type: SqlType,
    /// Other types that carry all its values, the better first; a foreign key may demand one of them.
    pub alternatives: Vec<SqlType>,
    /// Why that type.
    pub reason: TypeReason,
    /// Whether there is any value but NULL. Without, the column can have any type.
    pub has_values: bool,
    /// Whether a NULL will be written.
    pub has_nulls: bool,
    /// Whether the source forbids NULL.
    pub not_null: bool,
    /// Longest value: UTF-16 code units of text, bytes of anything binary; as written. Zero for other types.
    pub longest: u64,
    /// Whether some text ends with a space, or some binary value with a zero byte: SQL Server ignores those in comparisons.
    pub trailing: bool,
    /// Whether values were replaced by others that may be equal.
    pub replaced: bool,
    /// Whether values that the source takes for equal are not equal as they are written, or the other way round.
    pub unlike: bool,
    /// How text compares.
    pub collate: Collate,
    /// Numbers given by the engine.
    pub identity: Option<Identity>,
    /// Default.
    pub default: Option<SourceDefault>,
    /// What was changed.
    pub changes: Vec<ValueChange>,
}

/// How text compares in the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Collate {
    /// By its bytes, or by an order under which different texts are never equal.
    #[default]
    Binary,
    /// Without regard to case; `plain` when all values are printable ASCII, where SQL Server agrees.
    NoCase {
        /// Whether all are.
        plain: bool,
    },
}

/// A default.
#[derive(Debug, Clone)]
pub struct SourceDefault {
    /// Verbatim.
    pub text: String,
    /// Its meaning, when it has one that can be said elsewhere.
    pub meaning: Option<DefaultMeaning>,
}

/// What a default gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DefaultMeaning {
    /// Always the same value, of the column's own kind.
    Literal(Literal),
    /// Always the same bytes.
    Bytes(Vec<u8>),
    /// The moment, in UTC, to the second.
    CurrentTimestamp,
    /// The day, in UTC.
    CurrentDate,
    /// The time of day, in UTC.
    CurrentTime,
    /// A new random identifier.
    NewUuid,
}

/// What a key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// Primary key.
    Primary,
    /// Unique constraint.
    Unique,
    /// Index.
    Index {
        /// Whether it is unique.
        unique: bool,
    },
}

/// A key or an index on columns.
#[derive(Debug, Clone)]
pub struct SourceKey {
    /// Name; empty when it has none.
    pub name: String,
    /// What it is.
    pub kind: KeyKind,
    /// Its columns.
    pub parts: Vec<Part>,
    /// Columns kept beside the key.
    pub included: Vec<usize>,
    /// Condition of a partial index.
    pub filter: Option<SourceCheck>,
    /// Verbatim, or empty.
    pub text: String,
}

/// A column of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// Position of the column in the table.
    pub column: usize,
    /// Descending.
    pub descending: bool,
}

/// A foreign key.
#[derive(Debug, Clone)]
pub struct SourceForeignKey {
    /// Name; empty when it has none.
    pub name: String,
    /// Positions of its columns.
    pub columns: Vec<usize>,
    /// Position of the table referred to; `None` when there is no such table.
    pub table: Option<usize>,
    /// Positions of the columns referred to; fewer than `columns` when there are no such columns.
    pub foreign_columns: Vec<usize>,
    /// On delete.
    pub on_delete: ForeignKeyAction,
    /// On update.
    pub on_update: ForeignKeyAction,
    /// Whether it is only checked at the end of a transaction.
    pub deferred: bool,
    /// Verbatim, or what it says.
    pub text: String,
}

/// A check constraint, or the condition of an index.
#[derive(Debug, Clone)]
pub struct SourceCheck {
    /// Name; empty when it has none.
    pub name: String,
    /// Verbatim.
    pub text: String,
    /// Its meaning, when it is inside what can be translated: see [`super::parse`].
    pub meaning: Option<Predicate>,
}

/// Rows that break a rule.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Offenders {
    /// How many.
    pub count: u64,
    /// Keys of the first.
    pub first_rows: Vec<String>,
}

/// Questions about the rows that only the engine can answer. Tables and columns are positions.
pub trait Rows {
    /// Why there is no answer.
    type Error;

    /// Whether two rows have the same key when trailing spaces of texts and trailing zero bytes of binary values are ignored.
    /// Rows with a NULL in a key column do not count, nor those outside `filter`. Asked only of unique keys of which a column
    /// has such values.
    ///
    /// # Errors
    /// That of the engine.
    fn has_duplicates(
        &mut self,
        table: usize,
        columns: &[usize],
        filter: Option<&Predicate>,
    ) -> Result<bool, Self::Error>;

    /// Rows that refer to a row that does not exist.
    ///
    /// # Errors
    /// That of the engine.
    fn dangling(&mut self, table: usize, key: &SourceForeignKey) -> Result<Offenders, Self::Error>;

    /// Rows for which the condition is false; rows for which it is unknown do not count.
    ///
    /// # Errors
    /// That of the engine.
    fn breaking(&mut self, table: usize, check: &Predicate) -> Result<Offenders, Self::Error>;
}
