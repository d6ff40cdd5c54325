//! The dialects in which a condition can be written, and how each quotes names. It knows no grammar.

/// A dialect of SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "each variant is the dialect of its name")]
pub enum Dialect {
    TransactSql,
    Sqlite,
    Postgres,
}

impl Dialect {
    /// A name between the quotes of the dialect.
    pub fn quoted(self, name: &str) -> String {
        match self {
            Self::TransactSql => format!("[{}]", name.replace(']', "]]")),
            Self::Sqlite | Self::Postgres => format!("\"{}\"", name.replace('"', "\"\"")),
        }
    }
}
