//! Tables made and filled with rows, one after the other, each through one COPY. What rows are held to comes later: a rule that
//! they break must not keep them out.
use super::copy_text::Line;
use super::import::Account;
use super::session::{Session, ident, qualified};
use super::source::{Source, TableSource};
use super::target_types::{Target, Types, counterpart, last_resort};
use super::value_in;
use crate::Progress;
use crate::error::ImportError;
use crate::plan::type_name;
use bacpac::{Model, Package, Table, Value};
use domain::export_log::{ImportedColumn, ImportedTable, LeftOut, NotCarried, ObjectKind, ValueChange};
use sqlx::postgres::PgDatabaseError;
use std::io::{Read, Seek};

/// Bytes that are sent together.
const BATCH: usize = 256 << 10;

/// What is known of a table once its rows are in.
pub(super) struct Filled {
    pub(super) rows: u64,
    /// NULLs by column, in the order of the source's columns.
    pub(super) nulls: Vec<u64>,
    pub(super) unexpected_nulls: u64,
    /// Whether a column is computed by the database, in the same order.
    pub(super) generated: Vec<bool>,
    changes: Vec<Vec<ValueChange>>,
}

/// How far an import is.
struct Counted<'a> {
    progress: Progress<'a>,
    done: u64,
    total: Option<u64>,
}

impl Counted<'_> {
    fn step(&mut self, rows: u64) -> Result<(), ImportError> {
        self.done += rows;
        if (self.progress)(self.done, self.total) {
            Ok(())
        } else {
            Err(ImportError::Stopped)
        }
    }
}

/// Makes and fills every table of `source`, whose tables are in the order of the model's.
pub(super) fn all<R: Read + Seek>(
    session: &mut Session,
    package: &mut Package<R>,
    model: &Model,
    source: &Source,
    types: &Types,
    progress: Progress<'_>,
    account: &mut Account,
) -> Result<Vec<Filled>, ImportError> {
    let mut counted = Counted {
        progress,
        done: 0,
        total: package.origin().rows,
    };
    counted.step(0)?;
    let mut all = Vec::new();
    for (index, (table, made)) in model.tables.iter().zip(&source.tables).enumerate() {
        let mut one = OneTable {
            table,
            made,
            index,
            targets: Vec::new(),
            places: made
                .columns
                .iter()
                .map(|column| {
                    table
                        .columns
                        .iter()
                        .position(|found| found.field.name == column.in_file)
                })
                .collect(),
        };
        let filled = one.make_and_fill(session, package, types, &mut counted, account)?;
        account.tables.push(one.told(&filled));
        all.push(filled);
    }
    Ok(all)
}

pub(super) struct OneTable<'a> {
    table: &'a Table,
    pub(super) made: &'a TableSource,
    index: usize,
    pub(super) targets: Vec<Target>,
    /// Where the columns of the source are in the rows of the file.
    places: Vec<Option<usize>>,
}

/// Which types are tried, the better first.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Attempt {
    Declared,
    Counterparts,
    LastResort,
}

impl OneTable<'_> {
    fn make_and_fill<R: Read + Seek>(
        &mut self,
        session: &mut Session,
        package: &mut Package<R>,
        types: &Types,
        counted: &mut Counted<'_>,
        account: &mut Account,
    ) -> Result<Filled, ImportError> {
        let before = counted.done;
        let mut last = Vec::new();
        for attempt in [Attempt::Declared, Attempt::Counterparts, Attempt::LastResort] {
            let lost = self.choose(types, attempt);
            if self.targets == last {
                continue;
            }
            last.clone_from(&self.targets);
            counted.done = before;
            let told = account.weakened.len();
            session.execute("SAVEPOINT fill")?;
            match self
                .make(session, account)
                .and_then(|made| self.copy(session, package, made, counted))
            {
                Ok(filled) => {
                    session.execute("RELEASE SAVEPOINT fill")?;
                    account.not_carried.extend(lost);
                    return Ok(filled);
                }
                // Types are chosen by what a file says of itself; the rows decide whether it is true.
                Err(ImportError::Row { .. }) if self.others(types, attempt) => {
                    account.weakened.truncate(told);
                    session.execute("ROLLBACK TO SAVEPOINT fill; RELEASE SAVEPOINT fill")?;
                }
                Err(error) => return Err(error),
            }
        }
        Err(ImportError::Target(format!(
            "{} cannot be made",
            self.table.full_name()
        )))
    }

    /// Whether a later attempt would be another.
    fn others(&mut self, types: &Types, attempt: Attempt) -> bool {
        let now = self.targets.clone();
        let later: &[Attempt] = match attempt {
            Attempt::Declared => &[Attempt::Counterparts, Attempt::LastResort],
            Attempt::Counterparts => &[Attempt::LastResort],
            Attempt::LastResort => &[],
        };
        later.iter().any(|attempt| {
            self.choose(types, *attempt);
            self.targets != now
        })
    }

    /// Chooses a type for every column; gives those of the source that are not made again.
    fn choose(&mut self, types: &Types, attempt: Attempt) -> Vec<NotCarried> {
        let mut lost = Vec::new();
        let mut targets = Vec::new();
        for (column, place) in self.made.columns.iter().zip(&self.places) {
            let Some(field) = place
                .and_then(|place| self.table.columns.get(place))
                .map(|column| &column.field)
            else {
                continue;
            };
            let fallback = match attempt {
                Attempt::LastResort => last_resort(&field.sql_type),
                _ => counterpart(&field.sql_type),
            };
            let own = counterpart(&field.sql_type);
            let declared = match &own {
                // Already the counterpart: values of the file, not of a PostgreSQL database.
                Some(own) if own.sql == column.sql_type => None,
                _ => types.find(&column.sql_type).filter(|target| {
                    let is_text = super::declared::Group::Text.takes(&field.sql_type);
                    attempt == Attempt::Declared
                        && if target.form.array.is_some() {
                            is_text
                        } else {
                            target.form.group.takes(&field.sql_type)
                        }
                }),
            };
            let chosen = declared.as_ref().or(fallback.as_ref());
            if declared.is_none() && chosen.is_some_and(|chosen| chosen.sql != column.sql_type) {
                lost.push(NotCarried {
                    kind: ObjectKind::Type,
                    name: column.sql_type.clone(),
                    table: Some(format!("{}.{}.{}", self.made.schema, self.made.name, column.name)),
                    reason: LeftOut::Refused,
                    text: String::new(),
                });
            }
            let declared = declared.map(|mut target| {
                target.form.trimmed = column.trimmed;
                target
            });
            targets.extend(declared.or(fallback));
        }
        self.targets = targets;
        lost
    }

    /// As SQL takes it.
    pub(super) fn name(&self) -> String {
        qualified(&self.made.schema, &self.made.name)
    }

    /// Sends all rows.
    fn copy<R: Read + Seek>(
        &self,
        session: &mut Session,
        package: &mut Package<R>,
        generated: Vec<bool>,
        counted: &mut Counted<'_>,
    ) -> Result<Filled, ImportError> {
        let mut filled = Filled {
            rows: 0,
            nulls: vec![0; self.made.columns.len()],
            unexpected_nulls: 0,
            changes: vec![Vec::new(); self.made.columns.len()],
            generated,
        };
        let columns: Vec<_> = self
            .made
            .columns
            .iter()
            .zip(&filled.generated)
            .filter(|(_, generated)| !**generated)
            .map(|(column, _)| ident(&column.name))
            .collect();
        if columns.is_empty() {
            // Every column is computed from no other: rows cannot be told apart, only counted.
            return Err(ImportError::Target(format!(
                "{} has no column of its own",
                self.table.full_name()
            )));
        }
        let sql = format!("COPY {} ({}) FROM STDIN", self.name(), columns.join(", "));
        let mut copy = session.copy_in(&sql)?;
        let mut line = Line::default();
        let mut row = Vec::new();
        let mut reported = 0;
        for part in package.parts(self.index).to_vec() {
            let mut rows = package.rows(self.table, &part)?;
            while rows.next_row(&mut row)? {
                filled.rows += 1;
                self.write(&mut line, &row, &mut filled);
                if line.bytes.len() >= BATCH {
                    copy.send(&line.bytes)?;
                    line = emptied(line);
                    counted.step(filled.rows - reported)?;
                    reported = filled.rows;
                }
            }
            filled.unexpected_nulls += rows.unexpected_nulls();
        }
        copy.send(&line.bytes)?;
        copy.finish().map_err(|error| self.refused(&error))?;
        counted.step(filled.rows - reported)?;
        Ok(filled)
    }

    fn write(&self, line: &mut Line, row: &[Value], filled: &mut Filled) {
        let number = filled.rows;
        let generated = filled.generated.iter();
        let counts = filled.nulls.iter_mut().zip(&mut filled.changes);
        for (((place, target), generated), (nulls, changes)) in
            self.places.iter().zip(&self.targets).zip(generated).zip(counts)
        {
            let value = place.and_then(|place| row.get(place)).unwrap_or(&Value::Null);
            *nulls += u64::from(*value == Value::Null);
            if !generated {
                value_in::write(line, value, target.form, changes, number);
            }
        }
        line.end();
    }

    /// An error of COPY tells the line at which it happened.
    fn refused(&self, error: &sqlx::Error) -> ImportError {
        // Classes 22 and 23 are of values and rules; a full disk or a server that stops is not the file's fault.
        let of_the_row = |code: &str| code.starts_with("22") || code.starts_with("23");
        let database = match error {
            sqlx::Error::Database(database) if database.code().is_some_and(|code| of_the_row(&code)) => database,
            _ => return ImportError::Target(super::message(error)),
        };
        let context = database
            .try_downcast_ref::<PgDatabaseError>()
            .and_then(PgDatabaseError::r#where);
        let row = context.and_then(|context| {
            let (_, rest) = context.split_once(", line ")?;
            let end = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len());
            rest.get(..end)?.parse().ok()
        });
        ImportError::Row {
            table: self.table.full_name(),
            row: row.unwrap_or(0),
            problem: database.message().to_owned(),
        }
    }

    fn told(&self, filled: &Filled) -> ImportedTable {
        let columns = self
            .made
            .columns
            .iter()
            .zip(&self.places)
            .zip(&self.targets)
            .zip(&filled.changes);
        ImportedTable {
            source_name: self.table.full_name(),
            name: format!("{}.{}", self.made.schema, self.made.name),
            rows: filled.rows,
            columns: columns
                .map(|(((column, place), target), changes)| ImportedColumn {
                    source_name: column.in_file.clone(),
                    name: column.name.clone(),
                    sql_type: place
                        .and_then(|place| self.table.columns.get(place))
                        .map(|found| type_name(&found.field.sql_type))
                        .unwrap_or_default(),
                    declared: target.sql.clone(),
                    changes: changes.clone(),
                })
                .collect(),
        }
    }
}

/// A rare huge row must not keep its memory.
fn emptied(mut line: Line) -> Line {
    if line.bytes.capacity() > 16 * BATCH {
        return Line::default();
    }
    line.bytes.clear();
    line
}
