//! A whole BACPAC: container, origin, model, and the data parts of every table. It reads; what to do with rows and findings
//! is the caller's.
use crate::container::{Container, EntryName};
use crate::decode::PartReader;
use crate::error::Error;
use crate::limits::Limits;
use crate::model::{Model, Table};
use crate::name::decode_folder;
use crate::origin::{self, Origin};
use crate::read_ahead::ReadAhead;
use crate::sql_type::{Field, SqlType};
use crate::verify::Finding;
use crate::xml::{Step, XmlReader};
use crate::{metered, model_reader};
use std::collections::HashMap;
use std::io::{Read, Seek};
use std::sync::Arc;

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

/// An opened BACPAC. Clones share all but their place in the file.
#[derive(Clone)]
pub struct Package<R> {
    pub(crate) container: Container<R>,
    pub(crate) origin: Arc<Origin>,
    pub(crate) model: Arc<Model>,
    parts: Arc<Vec<Vec<Part>>>,
    pub(crate) findings: Vec<Finding>,
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
        let mut findings = Vec::new();
        let parts = find_parts(&model, &container.entries, &mut findings)?;
        let mut package = Self {
            container,
            origin: Arc::new(origin),
            parts: Arc::new(parts),
            model: Arc::new(model),
            findings,
        };
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

    /// The rows of one part, inflated ahead on a thread of its own while they are decoded on this one. Several parts can be
    /// read at once.
    ///
    /// # Errors
    /// As [`Package::rows`], [`Error::Io`] when the thread cannot be started.
    pub fn rows_ahead(&mut self, table: &Table, part: &Part) -> Result<PartReader<ReadAhead>, Error>
    where
        R: Clone + Send + 'static,
    {
        let fields = self.fields(table, part)?;
        let (mut container, entry) = (self.container.clone(), part.entry.clone());
        let most = container.limits.entry_bytes;
        let source = ReadAhead::new(move |blocks| match container.read(&entry, most) {
            Ok(source) => blocks.read(source),
            Err(error) => blocks.fail(std::io::Error::other(error)),
        })
        .map_err(|error| metered::error(&part.entry.name, error))?;
        let (name, limits) = (table.full_name(), &self.container.limits);
        Ok(PartReader::new(source, &name, &part.entry.name, &fields, limits))
    }

    /// The inflated bytes of any entry; its CRC is checked when the end is read.
    ///
    /// # Errors
    /// [`Error::Archive`] when the entry cannot be opened.
    pub fn bytes<'a>(&'a mut self, entry: &EntryName) -> Result<impl Read + use<'a, R>, Error> {
        let most = self.container.limits.entry_bytes;
        self.container.read(entry, most)
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
}

/// The parts of each table.
fn find_parts(model: &Model, entries: &[EntryName], findings: &mut Vec<Finding>) -> Result<Vec<Vec<Part>>, Error> {
    let mut tables: HashMap<String, Option<usize>> = HashMap::new();
    for (index, table) in model.tables.iter().enumerate() {
        // `a`.`b.c` and `a.b`.`c` have the same folder: such data could be either's.
        tables
            .entry(table.full_name().to_lowercase())
            .and_modify(|found| *found = None)
            .or_insert(Some(index));
    }
    let mut parts = vec![Vec::new(); model.tables.len()];
    for entry in entries {
        let Some((folder, rest)) = data_path(&entry.name) else {
            continue;
        };
        let Some((slice, number)) = part_numbers(rest) else {
            findings.push(Finding::NotAPart(entry.name.clone()));
            continue;
        };
        match decode_folder(folder).and_then(|name| tables.get(&name.to_lowercase()).copied()) {
            None => findings.push(Finding::NoTable(entry.name.clone())),
            Some(None) => {
                let reason = "two tables of the model have this folder";
                return Err(Error::Refused {
                    entry: entry.name.clone(),
                    reason,
                });
            }
            Some(Some(index)) => {
                if let Some(parts) = parts.get_mut(index) {
                    parts.push(Part {
                        entry: entry.clone(),
                        slice,
                        number,
                    });
                }
            }
        }
    }
    for parts in &mut parts {
        parts.sort_by(|a: &Part, b| (a.slice, a.number, &a.entry.name).cmp(&(b.slice, b.number, &b.entry.name)));
    }
    Ok(parts)
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
