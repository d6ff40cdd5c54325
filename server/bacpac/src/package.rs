//! A whole BACPAC: container, origin, model, and the data parts of every table. It reads; what to do with rows and findings
//! is the caller's.
use crate::container::{Container, EntryName};
use crate::decode::PartReader;
use crate::error::Error;
use crate::limits::Limits;
use crate::model::{Model, Table};
use crate::name::decode_folder;
use crate::origin::{self, Origin};
use crate::sql_type::{Field, SqlType};
use crate::value::Value;
use crate::xml::{Step, XmlReader};
use crate::{metered, model_reader};
use std::collections::{HashMap, HashSet};
use std::io::{Read, Seek};

/// A data part of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its archive entry.
    pub entry: EntryName,
    /// Slice of the table.
    pub slice: u64,
    /// Running number inside the slice.
    pub number: u64,
}

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

/// An opened BACPAC.
pub struct Package<R> {
    container: Container<R>,
    origin: Origin,
    model: Model,
    parts: Vec<Vec<Part>>,
    findings: Vec<Finding>,
}

impl<R: Read + Seek> Package<R> {
    /// Opens a file: checks the archive, `Origin.xml`, the checksum of the model, and finds the parts of each table.
    ///
    /// # Errors
    /// Any [`Error`] but [`Error::Data`]: the data itself is read later.
    pub fn open(source: R, limits: &Limits) -> Result<Self, Error> {
        let mut container = Container::open(source, limits)?;
        let entry = container.find("Origin.xml").ok_or(Error::Missing("Origin.xml"))?;
        let origin = origin::read(container.read(&entry, limits.element_bytes)?, limits)?;
        let entry = container.find("model.xml").ok_or(Error::Missing("model.xml"))?;
        let (model, found) = model_reader::read(container.read(&entry, limits.model_bytes)?, limits)?;
        if found != origin.model_sha256 {
            return Err(Error::Checksum {
                promised: origin.model_sha256,
                found,
            });
        }
        let mut package = Self {
            container,
            origin,
            parts: vec![Vec::new(); model.tables.len()],
            model,
            findings: Vec::new(),
        };
        package.find_parts()?;
        package.check_content_types()?;
        Ok(package)
    }

    /// What `Origin.xml` says.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The schema.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// All entries of the archive.
    pub fn entries(&self) -> &[EntryName] {
        &self.container.entries
    }

    /// The parts of a table (by its position in the model) in their order; none when it is empty.
    pub fn parts(&self, table: usize) -> &[Part] {
        self.parts.get(table).map_or(&[], Vec::as_slice)
    }

    /// What was found while opening.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// How the columns of a table lie in one part. They are the model's, except that one build of the vendor's writer puts
    /// a length in front of `char` NOT NULL columns with a UTF-8 collation: when such a part only decodes that way, those
    /// columns are given as `varchar`. Tables without such columns are not read for it.
    ///
    /// # Errors
    /// [`Error::Archive`] when the entry cannot be opened, [`Error::Refused`] when both ways give rows.
    pub fn fields(&mut self, table: &Table, part: &Part) -> Result<Vec<Field>, Error> {
        let plain = table.fields();
        let mut prefixed = plain.clone();
        for (column, field) in table.columns.iter().zip(&mut prefixed) {
            let collation = column.collation.as_ref().or(self.model.collation.as_ref());
            match field.sql_type {
                SqlType::Char(length) if !field.nullable && collation.is_some_and(|name| name.ends_with("_UTF8")) => {
                    field.sql_type = SqlType::VarChar(length);
                }
                _ => {}
            }
        }
        if prefixed == plain || part.entry.size == 0 {
            return Ok(plain);
        }
        match (
            self.decodes(table, part, &plain)?,
            self.decodes(table, part, &prefixed)?,
        ) {
            (true, true) => Err(Error::Refused {
                entry: part.entry.name.clone(),
                reason: "its char columns with a UTF-8 collation can be read in two ways",
            }),
            (false, true) => Ok(prefixed),
            _ => Ok(plain),
        }
    }

    fn decodes(&mut self, table: &Table, part: &Part, fields: &[Field]) -> Result<bool, Error> {
        let mut rows = self.rows_as(table, part, fields)?;
        loop {
            match rows.check_row() {
                Ok(true) => {}
                Ok(false) => return Ok(true),
                Err(_) => return Ok(false),
            }
        }
    }

    /// The rows of one part of a table of this package's model.
    ///
    /// # Errors
    /// [`Error::Archive`] when the entry cannot be opened.
    pub fn rows<'a>(&'a mut self, table: &Table, part: &Part) -> Result<PartReader<impl Read + use<'a, R>>, Error> {
        let fields = self.fields(table, part)?;
        self.rows_as(table, part, &fields)
    }

    fn rows_as<'a>(
        &'a mut self,
        table: &Table,
        part: &Part,
        fields: &[Field],
    ) -> Result<PartReader<impl Read + use<'a, R>>, Error> {
        let limits = self.container.limits.clone();
        let source = self.container.read(&part.entry, limits.entry_bytes)?;
        Ok(PartReader::new(
            source,
            &table.full_name(),
            &part.entry.name,
            fields,
            &limits,
        ))
    }

    /// The inflated bytes of any entry; its CRC is checked when the end is read.
    ///
    /// # Errors
    /// [`Error::Archive`] when the entry cannot be opened.
    pub fn bytes<'a>(&'a mut self, entry: &EntryName) -> Result<impl Read + use<'a, R>, Error> {
        let most = self.container.limits.entry_bytes;
        self.container.read(entry, most)
    }

    /// Decodes every row of every part and reads every other entry to its end, so that all CRCs are checked. `each_row`
    /// is given the table's position in the model and the row.
    ///
    /// # Errors
    /// The first damage met; findings that are no errors are in the report.
    pub fn verify(&mut self, mut each_row: impl FnMut(usize, &[Value])) -> Result<VerifyReport, Error> {
        self.read_all(Some(&mut each_row))
    }

    /// Checks all that [`Package::verify`] does, in less time because no values are made.
    ///
    /// # Errors
    /// As there.
    pub fn check(&mut self) -> Result<VerifyReport, Error> {
        self.read_all(None)
    }

    fn read_all(&mut self, mut each_row: Option<EachRow<'_>>) -> Result<VerifyReport, Error> {
        let mut report = VerifyReport {
            tables: Vec::new(),
            rows: 0,
            findings: self.findings.clone(),
        };
        let mut decoded = HashSet::new();
        for index in 0..self.model.tables.len() {
            let table = self.model.tables[index].clone();
            let parts = self.parts(index).to_vec();
            let mut found = TableReport {
                table: table.full_name(),
                parts: parts.len(),
                rows: 0,
                bytes: 0,
            };
            let mut nulls = 0;
            for part in parts {
                let mut rows = self.rows(&table, &part)?;
                let mut row = Vec::with_capacity(table.columns.len());
                match &mut each_row {
                    None => while rows.check_row()? {},
                    Some(each_row) => {
                        while rows.next_row(&mut row)? {
                            each_row(index, &row);
                        }
                    }
                }
                found.rows += rows.rows();
                nulls += rows.unexpected_nulls();
                found.bytes += part.entry.size;
                decoded.insert(part.entry.index);
            }
            if nulls > 0 {
                report.findings.push(Finding::UnexpectedNulls {
                    table: found.table.clone(),
                    count: nulls,
                });
            }
            report.rows += found.rows;
            report.tables.push(found);
        }
        for entry in self.container.entries.clone() {
            if !decoded.contains(&entry.index) {
                let mut source = self.bytes(&entry)?;
                std::io::copy(&mut source, &mut std::io::sink()).map_err(|error| metered::error(&entry.name, error))?;
            }
        }
        match self.origin.rows {
            Some(promised) if promised != report.rows => {
                report.findings.push(Finding::RowTotal {
                    found: report.rows,
                    promised,
                });
            }
            _ => {}
        }
        Ok(report)
    }

    fn check_content_types(&mut self) -> Result<(), Error> {
        // Without data there is nothing to name.
        let mut named = self.parts.iter().all(Vec::is_empty);
        if let Some(entry) = self.container.find("[Content_Types].xml") {
            let limits = self.container.limits.clone();
            let source = self.container.read(&entry, limits.element_bytes)?;
            let mut xml = XmlReader::new("[Content_Types].xml", source, &limits);
            let Step::Open(root) = xml.step()? else {
                return Err(xml.problem("no root element"));
            };
            let root = xml.fill(root)?;
            xml.drain()?;
            named |= root.elements("Default").any(|found| {
                found
                    .attribute("Extension")
                    .is_some_and(|extension| extension.eq_ignore_ascii_case("bcp"))
            });
        }
        if !named {
            self.findings.push(Finding::ContentTypes);
        }
        Ok(())
    }

    fn find_parts(&mut self) -> Result<(), Error> {
        let mut tables: HashMap<String, Option<usize>> = HashMap::new();
        for (index, table) in self.model.tables.iter().enumerate() {
            // `a`.`b.c` and `a.b`.`c` have the same folder: such data could be either's.
            tables
                .entry(table.full_name().to_lowercase())
                .and_modify(|found| *found = None)
                .or_insert(Some(index));
        }
        for entry in &self.container.entries {
            let Some((folder, rest)) = data_path(&entry.name) else {
                continue;
            };
            let Some((slice, number)) = part_numbers(rest) else {
                self.findings.push(Finding::NotAPart(entry.name.clone()));
                continue;
            };
            match decode_folder(folder).and_then(|name| tables.get(&name.to_lowercase()).copied()) {
                None => self.findings.push(Finding::NoTable(entry.name.clone())),
                Some(None) => {
                    let reason = "two tables of the model have this folder";
                    return Err(Error::Refused {
                        entry: entry.name.clone(),
                        reason,
                    });
                }
                Some(Some(index)) => {
                    if let Some(parts) = self.parts.get_mut(index) {
                        parts.push(Part {
                            entry: entry.clone(),
                            slice,
                            number,
                        });
                    }
                }
            }
        }
        for parts in &mut self.parts {
            parts.sort_by(|a, b| (a.slice, a.number, &a.entry.name).cmp(&(b.slice, b.number, &b.entry.name)));
        }
        Ok(())
    }
}

/// Folder and file name of an entry under `Data/`.
fn data_path(name: &str) -> Option<(&str, &str)> {
    let (top, rest) = name.split_once('/')?;
    if !top.eq_ignore_ascii_case("Data") {
        return None;
    }
    Some(rest.split_once('/').unwrap_or(("", rest)))
}

/// The numbers of `TableData-NNN-MMMMM.BCP`.
fn part_numbers(file: &str) -> Option<(u64, u64)> {
    let file = file.to_ascii_lowercase();
    let (slice, number) = file.strip_prefix("tabledata-")?.strip_suffix(".bcp")?.split_once('-')?;
    Some((slice.parse().ok()?, number.parse().ok()?))
}
