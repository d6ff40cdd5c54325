//! From what a source database has to a model that can be written: types that agree across keys, widths that fit, names, rules
//! that can be said in T-SQL, and the account of everything else. Both engines describe themselves in `source`'s terms and
//! answer questions about their rows through [`Rows`]; nothing here knows an engine.

mod assemble;
mod build;
mod conditions;
mod defaults;
mod expression;
mod foreign_keys;
mod keys;
mod parser;
pub mod predicate;
pub mod source;
mod tokens;
mod type_name;
mod widths;

pub use build::{Plan, plan};
pub use expression::Dialect;
pub use parser::{parse, parse_literal};
pub use predicate::{Comparison, Literal, Predicate};
pub use source::{
    Collate, DefaultMeaning, KeyKind, Offenders, Part, Rows, SourceCheck, SourceColumn, SourceDefault,
    SourceForeignKey, SourceKey, SourceTable,
};
pub(crate) use type_name::key_bytes;
pub use type_name::type_name;
