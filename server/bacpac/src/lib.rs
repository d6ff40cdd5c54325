//! Reads and writes BACPAC files: the container, `Origin.xml`, the schema model and the BCP data encoding (stream version
//! 2.0). It exists because no vendor-neutral library does either exactly, in constant memory and on hostile input. It does
//! not execute anything found in a file and does not talk to a database.
#![doc = include_str!("../README.md")]

mod archive;
mod buffered;
mod calendar;
mod container;
mod decode;
mod decode_fixed;
mod decode_whole;
mod deflate;
mod encode;
mod end_record;
mod error;
mod file;
mod headers;
mod inflate;
mod limits;
mod metered;
mod model;
mod model_objects;
mod model_reader;
mod model_writer;
mod model_writer_constraints;
mod name;
mod origin;
mod package;
mod package_xml;
mod read_ahead;
mod rules;
mod rules_keys;
mod script;
mod self_check;
mod settle;
mod shared_file;
mod sql_type;
mod sql_width;
mod type_spec;
mod utf16;
mod value;
mod variant;
mod verify;
mod writable;
mod writer;
mod xml;
mod xml_text;

pub use container::EntryName;
pub use decode::PartReader;
pub use encode::{EncodeError, MaxForm, RowEncoder};
pub use error::{Error, Fault, Place};
pub use file::{FileError, FileWriter};
pub use limits::Limits;
pub use model::{
    Check, Column, ComputedColumn, DefaultConstraint, ExtendedProperty, ForeignKey, ForeignKeyAction, Identity, Index,
    Key, KeyColumn, Model, Programmable, Sequence, Table,
};
pub use name::{ObjectName, decode_folder, encode_folder};
pub use origin::Origin;
pub use package::{Package, Part};
pub use read_ahead::ReadAhead;
pub use rules::Violation;
pub use self_check::{CheckError, Checked, self_check};
pub use settle::Renamed;
pub use shared_file::SharedFile;
pub use sql_type::{Field, SqlType};
pub use value::{Decimal, Value};
pub use variant::Variant;
pub use verify::{Finding, TableReport, VerifyReport};
pub use writer::{PackageWriter, WriteError, WriterOptions, Written};
