//! Reads BACPAC files: the container, `Origin.xml`, the schema model and the BCP data encoding (stream version 2.0).
//! It exists because no vendor-neutral reader checks and decodes every type exactly, in constant memory and on hostile
//! input. It does not execute anything found in a file, does not talk to a database, and does not yet write a container
//! (rows can be encoded).
#![doc = include_str!("../README.md")]

mod calendar;
mod container;
mod decode;
mod decode_fixed;
mod encode;
mod error;
mod limits;
mod metered;
mod model;
mod model_objects;
mod model_reader;
mod name;
mod origin;
mod package;
mod sql_type;
mod type_spec;
mod value;
mod variant;
mod xml;

pub use container::EntryName;
pub use decode::PartReader;
pub use encode::{EncodeError, MaxForm, RowEncoder};
pub use error::{Error, Fault, Place};
pub use limits::Limits;
pub use model::{
    Check, Column, ComputedColumn, DefaultConstraint, ExtendedProperty, ForeignKey, ForeignKeyAction, Identity, Index,
    Key, KeyColumn, Model, Programmable, Sequence, Table,
};
pub use name::{ObjectName, decode_folder, encode_folder};
pub use origin::Origin;
pub use package::{Finding, Package, Part, TableReport, VerifyReport};
pub use sql_type::{Field, SqlType};
pub use value::{Decimal, Value};
pub use variant::Variant;
