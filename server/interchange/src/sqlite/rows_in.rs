//! Rows of a package into a table: every part, row by row, through one prepared statement. What a value becomes is given from
//! outside.

use std::io::{Read, Seek};

use bacpac::{Package, Value};
use rusqlite::Statement;
use rusqlite::types::{ToSqlOutput, ValueRef};

use super::form::{Room, Stored};
use crate::{ImportError, Progress};

/// Rows between two calls of the progress.
const STEP: u64 = 1_000;

/// How far an import is.
pub(super) struct Pace<'a> {
    pub(super) progress: Progress<'a>,
    pub(super) done: u64,
    pub(super) all: Option<u64>,
}

impl Pace<'_> {
    fn row(&mut self) -> Result<(), ImportError> {
        self.done += 1;
        if self.done.is_multiple_of(STEP) {
            self.tell()
        } else {
            Ok(())
        }
    }

    /// Says how far it is.
    pub(super) fn tell(&self) -> Result<(), ImportError> {
        if (self.progress)(self.done, self.all) {
            Ok(())
        } else {
            Err(ImportError::Stopped)
        }
    }
}

/// What a value of a column becomes: the column of the file, the value, its row, room to write in. `None` is a value that cannot be.
pub(super) type Convert<'c> = dyn for<'v> FnMut(usize, &'v Value, u64, &mut Room) -> Option<Stored<'v>> + 'c;

/// Reads all rows of the table at that position into the statement, whose parameters are the columns for which `bound` says
/// so. Gives the rows, and the NULLs that the file should not have.
pub(super) fn insert<R: Read + Seek>(
    package: &mut Package<R>,
    at: usize,
    statement: &mut Statement<'_>,
    bound: &[bool],
    convert: &mut Convert<'_>,
    pace: &mut Pace<'_>,
) -> Result<(u64, u64), ImportError> {
    let Some(table) = package.model().tables.get(at).cloned() else {
        return Ok((0, 0));
    };
    let (mut count, mut nulls) = (0, 0);
    let mut values = Vec::new();
    let mut room = Room::default();
    for part in package.parts(at).to_vec() {
        let mut rows = package.rows(&table, &part)?;
        while rows.next_row(&mut values)? {
            count += 1;
            let refused = |problem: String| ImportError::Row {
                table: table.full_name(),
                row: count,
                problem,
            };
            let mut parameter = 0;
            for (column, value) in values
                .iter()
                .enumerate()
                .filter(|(column, _)| bound.get(*column) == Some(&true))
            {
                parameter += 1;
                let stored = convert(column, value, count, &mut room).ok_or_else(|| {
                    let name = table.columns.get(column).map(|column| column.field.name.clone());
                    refused(format!(
                        "column {}: {} cannot be stored",
                        name.unwrap_or_default(),
                        value.kind()
                    ))
                })?;
                let output = match stored {
                    Stored::Null => ValueRef::Null,
                    Stored::Integer(number) => ValueRef::Integer(number),
                    Stored::Real(number) => ValueRef::Real(number),
                    Stored::Text(Some(text)) => ValueRef::Text(text.as_bytes()),
                    Stored::Text(None) => ValueRef::Text(room.text.as_bytes()),
                    Stored::Blob(Some(bytes)) => ValueRef::Blob(bytes),
                    Stored::Blob(None) => ValueRef::Blob(&room.blob),
                    Stored::Bytes => ValueRef::Text(&room.blob),
                };
                statement.raw_bind_parameter(parameter, ToSqlOutput::Borrowed(output))?;
            }
            statement.raw_execute().map_err(|error| refused(error.to_string()))?;
            pace.row()?;
        }
        nulls += rows.unexpected_nulls();
    }
    Ok((count, nulls))
}
