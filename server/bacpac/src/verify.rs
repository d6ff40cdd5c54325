//! Reads a whole file, on one thread or several, and tells what was found. It decides nothing: what to do with findings is the
//! caller's.
use crate::error::Error;
use crate::package::{Package, Part};
use crate::value::Value;
use crate::{container::EntryName, metered};
use std::collections::HashSet;
use std::io::{Read, Seek};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Something that is not an error, but that must not go unsaid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Finding {
    /// The vendor's loader would import no row: the content types do not name the data parts.
    #[error("[Content_Types].xml is missing or does not name BCP parts")]
    ContentTypes,
    /// Data that belongs to no table of the model.
    #[error("{0} belongs to no table of the model; its rows are not read")]
    NoTable(String),
    /// An entry under `Data/` that is not named as a part.
    #[error("{0} is not named as a data part; it is not read")]
    NotAPart(String),
    /// NULLs in a NOT NULL column.
    #[error("table {table}: {count} NULLs in columns that do not allow them")]
    UnexpectedNulls {
        /// `schema.table`.
        table: String,
        /// NULLs.
        count: u64,
    },
    /// More or fewer rows than the origin promises.
    #[error("{found} rows decoded, Origin.xml promises {promised}")]
    RowTotal {
        /// Rows decoded.
        found: u64,
        /// Rows promised.
        promised: u64,
    },
}

/// What decoding a table completely gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableReport {
    /// `schema.table`.
    pub table: String,
    /// Parts read.
    pub parts: usize,
    /// Rows decoded.
    pub rows: u64,
    /// Inflated bytes.
    pub bytes: u64,
}

/// What reading a whole file gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifyReport {
    /// Every table of the model, in its order.
    pub tables: Vec<TableReport>,
    /// Rows of all tables.
    pub rows: u64,
    /// Everything that must be told.
    pub findings: Vec<Finding>,
}

/// Is given the table's position in the model and the row.
type EachRow<'a> = &'a mut dyn FnMut(usize, &[Value]);

/// Something to be read: a part of the table with that number, or an entry that is no part.
enum Piece {
    Part(usize, Part),
    Other(EntryName),
}

/// Rows of a piece, and NULLs in NOT NULL columns.
type Counted = (u64, u64);

impl<R: Read + Seek> Package<R> {
    /// Decodes every row of every part and reads every other entry to its end, so that all CRCs are checked. `each_row`
    /// is given the table's position in the model and the row.
    ///
    /// # Errors
    /// The first damage met; findings that are no errors are in the report.
    pub fn verify(&mut self, mut each_row: impl FnMut(usize, &[Value])) -> Result<VerifyReport, Error> {
        let pieces = self.pieces();
        let read = |piece| self.read_piece(piece, Some(&mut each_row));
        let counted = pieces.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        Ok(self.report(&pieces, &counted))
    }

    /// Checks all that [`Package::verify`] does, in less time because no values are made.
    ///
    /// # Errors
    /// As there.
    pub fn check(&mut self) -> Result<VerifyReport, Error> {
        let pieces = self.pieces();
        let read = |piece| self.read_piece(piece, None);
        let counted = pieces.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        Ok(self.report(&pieces, &counted))
    }

    /// [`Package::check`] on several threads, each with parts of its own. What it gives does not depend on their number.
    ///
    /// # Errors
    /// As there, [`Error::Io`] when a thread cannot be started.
    pub fn check_with(&mut self, threads: usize) -> Result<VerifyReport, Error>
    where
        R: Clone + Send,
    {
        let pieces = self.pieces();
        let threads = threads.min(pieces.len());
        if threads < 2 {
            return self.check();
        }
        let next = AtomicUsize::new(0);
        // The first piece in which something was wrong: those before it are read all the same, those after it are not.
        let wrong = AtomicUsize::new(usize::MAX);
        let results = Mutex::new(Vec::new());
        let work = |mut own: Self| loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(piece) = pieces.get(index).filter(|_| index < wrong.load(Ordering::Relaxed)) else {
                return;
            };
            let result = own.read_piece(piece, None);
            if result.is_err() {
                wrong.fetch_min(index, Ordering::Relaxed);
            }
            if let Ok(mut results) = results.lock() {
                results.push((index, result));
            }
        };
        std::thread::scope(|scope| {
            for _ in 0..threads {
                let (own, work) = (self.clone(), &work);
                let builder = std::thread::Builder::new().name("bacpac-check".to_owned());
                let started = builder.spawn_scoped(scope, move || work(own));
                started.map_err(|error| metered::error("archive", error))?;
            }
            Ok(())
        })?;
        let mut results = results.into_inner().unwrap_or_default();
        results.sort_unstable_by_key(|(index, _)| *index);
        let counted = results
            .into_iter()
            .map(|(_, result)| result)
            .collect::<Result<Vec<_>, _>>()?;
        Ok(self.report(&pieces, &counted))
    }

    fn pieces(&self) -> Vec<Piece> {
        let mut pieces = Vec::new();
        let mut parts = HashSet::new();
        for table in 0..self.model.tables.len() {
            for part in self.parts(table) {
                parts.insert(part.entry.index);
                pieces.push(Piece::Part(table, part.clone()));
            }
        }
        let others = self
            .container
            .entries
            .iter()
            .filter(|entry| !parts.contains(&entry.index));
        pieces.extend(others.cloned().map(Piece::Other));
        pieces
    }

    fn read_piece(&mut self, piece: &Piece, each_row: Option<EachRow<'_>>) -> Result<Counted, Error> {
        let (index, part) = match piece {
            Piece::Part(index, part) => (*index, part),
            Piece::Other(entry) => {
                let mut source = self.bytes(entry)?;
                std::io::copy(&mut source, &mut std::io::sink()).map_err(|error| metered::error(&entry.name, error))?;
                return Ok((0, 0));
            }
        };
        let model = std::sync::Arc::clone(&self.model);
        let Some(table) = model.tables.get(index) else {
            return Ok((0, 0));
        };
        let mut rows = self.rows(table, part)?;
        match each_row {
            None => while rows.check_row()? {},
            Some(each_row) => {
                let mut row = Vec::with_capacity(table.columns.len());
                while rows.next_row(&mut row)? {
                    each_row(index, &row);
                }
            }
        }
        Ok((rows.rows(), rows.unexpected_nulls()))
    }

    /// What the pieces came to, counted one by one in their order.
    fn report(&self, pieces: &[Piece], counted: &[Counted]) -> VerifyReport {
        let empty = |table: &crate::model::Table| TableReport {
            table: table.full_name(),
            parts: 0,
            rows: 0,
            bytes: 0,
        };
        let mut tables: Vec<_> = self.model.tables.iter().map(empty).collect();
        let mut all_nulls = vec![0; tables.len()];
        for (piece, (rows, nulls)) in pieces.iter().zip(counted) {
            if let Piece::Part(index, part) = piece {
                let table = &mut tables[*index];
                table.parts += 1;
                table.rows += rows;
                table.bytes += part.entry.size;
                all_nulls[*index] += nulls;
            }
        }
        let mut findings = self.findings.clone();
        for (table, count) in tables.iter().zip(all_nulls).filter(|(_, count)| *count > 0) {
            findings.push(Finding::UnexpectedNulls {
                table: table.table.clone(),
                count,
            });
        }
        let rows = tables.iter().map(|table| table.rows).sum();
        match self.origin.rows {
            Some(promised) if promised != rows => findings.push(Finding::RowTotal { found: rows, promised }),
            _ => {}
        }
        VerifyReport { tables, rows, findings }
    }
}
