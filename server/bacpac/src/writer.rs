//! Writes a BACPAC front to back: model first, rows as they come, counts and checksum last. It takes a finished plan (a model)
//! and typed values; where they come from and what a value should become is the caller's.
use crate::archive::{ArchiveWriter, Entry};
use crate::deflate::Deflater;
use crate::encode::{EncodeError, MaxForm, RowEncoder};
use crate::model::Model;
use crate::model_writer::{self, COLLATION, Counts, PROVIDER, SCHEMA_VERSION};
use crate::name::encode_folder;
use crate::rules::Violation;
use crate::sql_type::Field;
use crate::type_spec::specifier;
use crate::value::Value;
use crate::verify::TableReport;
use crate::xml_text::carries_attribute;
use crate::{package_xml, writable};
use sha2::{Digest, Sha256};
use std::io::{self, Seek, Write};
use std::time::{SystemTime, UNIX_EPOCH};

/// An archive that may reach this size is written with zip64 in every entry.
const ZIP64_FROM: u64 = 3_900_000_000;
/// A part must stay under 2 GiB.
const PART_MOST: u64 = i32::MAX as u64;

/// What a file says of itself, and how it is written. Equal options, model and rows give equal bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriterOptions {
    /// Name of the database.
    pub database: String,
    /// Program that writes the file.
    pub product: String,
    /// Its version.
    pub product_version: String,
    /// The server that the data came from.
    pub server_version: String,
    /// Identifies this export; random, or fixed for a reproducible file.
    pub identity: [u8; 16],
    /// When the export began. The writer reads no clock.
    pub started: SystemTime,
    /// When it ended; when it began, if that is not said.
    pub ended: Option<SystemTime>,
    /// Size of the source database in KiB.
    pub source_kib: u64,
    /// Deflate level, 1 (fast) to 9 (small).
    pub level: u32,
    /// Threads that compress, and that read a file back; 0 or 1 for none but the caller's. About 4 MiB of memory each.
    pub threads: usize,
    /// Inflated bytes after which a table continues in another part. Parts stay under 2 GiB whatever it is.
    pub part_bytes: u64,
    /// Greatest number of bytes that all rows may have once encoded. It decides on zip64: a file that reaches 4 GiB
    /// without it is given up.
    pub expected_bytes: u64,
    /// How long text is written.
    pub form: MaxForm,
    /// Allow names of schemas and tables that must be percent-encoded; see [`Model::violations`].
    pub encoded_names: bool,
    /// Text of what could not be carried, kept in `SourceSchema/source.sql`, which loaders pass over.
    pub source_sql: Option<String>,
}

impl Default for WriterOptions {
    /// Level 1, one thread, parts of 256 MiB, less than 3.9 GB of rows, everything else empty or zero.
    fn default() -> Self {
        Self {
            database: "database".to_owned(),
            product: "bacpac".to_owned(),
            product_version: env!("CARGO_PKG_VERSION").to_owned(),
            server_version: String::new(),
            identity: [0; 16],
            started: UNIX_EPOCH,
            ended: None,
            source_kib: 0,
            level: 1,
            threads: 1,
            part_bytes: 256 << 20,
            expected_bytes: 0,
            form: MaxForm::Plain,
            encoded_names: false,
            source_sql: None,
        }
    }
}

/// Why a file cannot be written. After any but [`WriteError::Row`] it cannot be finished.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The model breaks rules of the format or of SQL Server.
    #[error("the model cannot be written: {} broken, the first: {}", .0.len(), .0.first().map(ToString::to_string).unwrap_or_default())]
    Model(Vec<Violation>),
    /// A text of the options that XML cannot carry.
    #[error("{0} has a character that XML cannot carry")]
    Option(&'static str),
    /// There is no table of that number.
    #[error("there is no table number {0}")]
    Table(usize),
    /// A row does not fit its table. Nothing of it was written; the next one may be.
    #[error("table {table}, row {row}: {source}")]
    Row {
        /// `schema.table`.
        table: String,
        /// Row of the table, counted from 1.
        row: u64,
        /// The cause.
        source: EncodeError,
    },
    /// A row alone is longer than a part can be.
    #[error("table {table}, row {row}: {bytes} bytes, a part holds {PART_MOST}")]
    RowTooBig {
        /// `schema.table`.
        table: String,
        /// Row of the table, counted from 1.
        row: u64,
        /// Bytes of the encoded row.
        bytes: u64,
    },
    /// The sink failed, or the archive reached 4 GiB without having been begun for it.
    #[error("the archive cannot be written: {0}")]
    Io(#[from] io::Error),
}

/// What was written, for reports and for the self-check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Every table of the model, in its order.
    pub tables: Vec<TableReport>,
    /// Rows of all tables.
    pub rows: u64,
    pub(crate) model: Model,
    pub(crate) entries: Vec<Entry>,
    pub(crate) zip64: bool,
}

struct OpenPart {
    table: usize,
    bytes: u64,
}

struct TableState {
    fields: Vec<Field>,
    encoder: RowEncoder,
    folder: String,
    report: TableReport,
}

/// A file being written.
pub struct PackageWriter<W> {
    archive: ArchiveWriter<W>,
    options: WriterOptions,
    model: Model,
    tables: Vec<TableState>,
    counts: Counts,
    checksum: String,
    open: Option<OpenPart>,
    relationships: Vec<(usize, String)>,
    buffer: Vec<u8>,
    /// Something of the archive could not be written: it has a hole.
    broken: bool,
}

impl<W: Write + Seek> PackageWriter<W> {
    /// Checks the model and writes all that stands before the data. Of the model, `provider`, `schema_version`,
    /// `programmable`, `skipped` and the names of alias types are not used; columns of a temporal table become ordinary ones.
    ///
    /// # Errors
    /// [`WriteError::Model`] with every rule that is broken, [`WriteError::Option`], [`WriteError::Io`].
    pub fn new(sink: W, model: &Model, options: WriterOptions) -> Result<Self, WriteError> {
        let violations = model.violations(options.encoded_names);
        if !violations.is_empty() {
            return Err(WriteError::Model(violations));
        }
        for (what, text) in [
            ("the name of the database", &options.database),
            ("the product", &options.product),
            ("the version of the product", &options.product_version),
            ("the version of the server", &options.server_version),
        ] {
            if !carries_attribute(text) {
                return Err(WriteError::Option(what));
            }
        }
        let zip64 = options.expected_bytes >= ZIP64_FROM;
        let deflater = Deflater::new(options.level.clamp(1, 9), options.threads)?;
        let mut writer = Self {
            archive: ArchiveWriter::new(sink, zip64, deflater)?,
            tables: states(model, options.form),
            model: as_written(model),
            options,
            counts: Counts::new(),
            checksum: String::new(),
            open: None,
            relationships: Vec::new(),
            buffer: Vec::new(),
            broken: false,
        };
        writer.write_head()?;
        Ok(writer)
    }

    fn write_head(&mut self) -> io::Result<()> {
        let mut hash = Sha256::new();
        self.archive.begin("model.xml")?;
        let archive = &mut self.archive;
        self.counts = model_writer::write(&self.model, |bytes| {
            hash.update(bytes);
            archive.write(bytes)
        })?;
        self.archive.end()?;
        self.checksum = hash.finalize().iter().map(|byte| format!("{byte:02X}")).collect();
        let metadata = model_writer::metadata(&self.options.database);
        self.whole("DacMetadata.xml", &metadata)?;
        let types = package_xml::content_types(self.options.source_sql.is_some());
        self.whole("[Content_Types].xml", &types)
    }

    /// Writes one row of the table with that position in the model. Rows of a table should come together: each change of
    /// table begins another part.
    ///
    /// # Errors
    /// [`WriteError::Row`] and [`WriteError::RowTooBig`] when the row cannot be written, [`WriteError::Table`],
    /// [`WriteError::Io`].
    pub fn row(&mut self, table: usize, row: &[Value]) -> Result<(), WriteError> {
        let state = self.tables.get_mut(table).ok_or(WriteError::Table(table))?;
        self.buffer.clear();
        let number = state.report.rows + 1;
        writable::check(&state.fields, row)
            .and_then(|()| state.encoder.encode(row, &mut self.buffer))
            .map_err(|source| WriteError::Row {
                table: state.report.table.clone(),
                row: number,
                source,
            })?;
        let bytes = self.buffer.len() as u64;
        if bytes > PART_MOST {
            return Err(WriteError::RowTooBig {
                table: state.report.table.clone(),
                row: number,
                bytes,
            });
        }
        self.put(table, bytes)?;
        if let Some(state) = self.tables.get_mut(table) {
            state.report.rows += 1;
            state.report.bytes += bytes;
        }
        // A rare huge row must not keep its memory.
        if self.buffer.capacity() > 8 << 20 {
            self.buffer = Vec::new();
        }
        Ok(())
    }

    /// Puts the row that the buffer holds into the open part or another one.
    fn put(&mut self, table: usize, bytes: u64) -> Result<(), WriteError> {
        self.unbroken()?;
        self.broken = true;
        let most = self.options.part_bytes.clamp(1, PART_MOST);
        if self
            .open
            .as_ref()
            .is_some_and(|open| open.table != table || open.bytes + bytes > most)
        {
            self.end_part()?;
        }
        if self.open.is_none() {
            self.begin_part(table)?;
        }
        self.archive.write(&self.buffer)?;
        if let Some(open) = &mut self.open {
            open.bytes += bytes;
        }
        self.broken = false;
        Ok(())
    }

    fn unbroken(&self) -> io::Result<()> {
        if self.broken {
            return Err(io::Error::other("it could not be written before, and has a hole"));
        }
        Ok(())
    }

    fn begin_part(&mut self, table: usize) -> Result<(), WriteError> {
        let state = self.tables.get_mut(table).ok_or(WriteError::Table(table))?;
        let name = format!("Data/{}/TableData-{:03}-00000.BCP", state.folder, state.report.parts);
        state.report.parts += 1;
        self.archive.begin(&name)?;
        self.relationships.push((table, name));
        self.open = Some(OpenPart { table, bytes: 0 });
        Ok(())
    }

    fn end_part(&mut self) -> io::Result<()> {
        match self.open.take() {
            Some(_) => self.archive.end(),
            None => Ok(()),
        }
    }

    /// When the export ended, for `Origin.xml`.
    pub fn set_ended(&mut self, ended: SystemTime) {
        self.options.ended = Some(ended);
    }

    /// Writes what stands after the data and gives the sink back. The file is not done before it was checked:
    /// [`crate::self_check`].
    ///
    /// # Errors
    /// [`WriteError::Io`].
    pub fn finish(mut self) -> Result<(W, Written), WriteError> {
        self.unbroken()?;
        self.end_part()?;
        if let Some(text) = self.options.source_sql.take() {
            self.whole("SourceSchema/source.sql", &text)?;
        }
        self.archive.begin("_rels/.rels")?;
        self.archive.write(package_xml::RELATIONSHIPS_HEAD.as_bytes())?;
        for (number, (table, entry)) in self.relationships.iter().enumerate() {
            if let Some(table) = self.model.tables.get(*table) {
                let text = package_xml::relationships(number, &table.schema, &table.name, entry);
                self.archive.write(text.as_bytes())?;
            }
        }
        self.archive.write(package_xml::RELATIONSHIPS_END.as_bytes())?;
        self.archive.end()?;
        let rows = self.tables.iter().map(|state| state.report.rows).sum();
        let origin = package_xml::origin(&self.options, &self.counts, rows, &self.checksum);
        self.whole("Origin.xml", &origin)?;
        let (sink, entries) = self.archive.finish()?;
        let written = Written {
            tables: self.tables.into_iter().map(|state| state.report).collect(),
            rows,
            model: self.model,
            entries,
            zip64: self.options.expected_bytes >= ZIP64_FROM,
        };
        Ok((sink, written))
    }

    fn whole(&mut self, name: &str, text: &str) -> io::Result<()> {
        self.archive.begin(name)?;
        self.archive.write(text.as_bytes())?;
        self.archive.end()
    }
}

fn states(model: &Model, form: MaxForm) -> Vec<TableState> {
    let state = |table: &crate::model::Table| {
        let fields = table.fields();
        TableState {
            encoder: RowEncoder::new(&fields, form),
            fields,
            folder: encode_folder(&table.schema, &table.name),
            report: TableReport {
                table: table.full_name(),
                parts: 0,
                rows: 0,
                bytes: 0,
            },
        }
    };
    model.tables.iter().map(state).collect()
}

/// The model as a reader of the file will find it.
fn as_written(model: &Model) -> Model {
    let mut model = model.clone();
    model.provider = PROVIDER.to_owned();
    model.schema_version = SCHEMA_VERSION.to_owned();
    model.collation.get_or_insert_with(|| COLLATION.to_owned());
    model.schemas.retain(|schema| !model_writer::is_dbo(schema));
    model.programmable.clear();
    model.skipped.clear();
    for column in model.tables.iter_mut().flat_map(|table| &mut table.columns) {
        column.generated_always = false;
        if let Some((name, _)) = specifier(&column.field.sql_type) {
            column.declared = name.to_owned();
        }
    }
    model
}
