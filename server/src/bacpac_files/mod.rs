//! `coffre bacpac`: looks into BACPAC files. These commands are the contract by which files of others are judged; the format
//! itself is read by the `bacpac` crate.

mod convert;
mod text;

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use bacpac::{Limits, MaxForm, Package, RowEncoder, SharedFile, Table};
use clap::Subcommand;
use sha2::{Digest, Sha256};
use zip::write::SimpleFileOptions;

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// What can be asked of a BACPAC file.
#[derive(Subcommand)]
pub enum BacpacCommand {
    /// Tell versions, tables, columns and decoded rows, and which checks were made.
    Inspect {
        /// The file.
        file: PathBuf,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Read everything; say nothing when all is well.
    Verify {
        /// The file.
        file: PathBuf,
    },
    /// Decode every part to typed values, encode it again into another file, and tell whether the bytes are the same.
    Reencode {
        /// The file.
        file: PathBuf,
        /// The file to make; must not exist.
        out: PathBuf,
    },
    /// Make a BACPAC of a database, read as of one instant.
    Export {
        /// The database: sqlite:PATH or postgres:URL.
        #[arg(long)]
        from: convert::Database,
        /// The file to make; must not exist.
        out: PathBuf,
        /// Write what was changed, weakened or left out here, as JSON.
        #[arg(long)]
        log: Option<PathBuf>,
    },
    /// Make a database of a BACPAC: a SQLite file that does not exist yet, or an empty PostgreSQL database.
    Import {
        /// The file.
        file: PathBuf,
        /// The database: sqlite:PATH or postgres:URL.
        #[arg(long)]
        to: convert::Database,
        /// Write what was made of the file here, as JSON.
        #[arg(long)]
        report: Option<PathBuf>,
    },
    /// Print a table as CSV: NULL as \N, decimals exact, binary as 0x and hexadecimal, times at their scale.
    Dump {
        /// The file.
        file: PathBuf,
        /// The table, with its schema: dbo.Orders.
        table: String,
        /// The form; there is no other yet.
        #[arg(long)]
        csv: bool,
    },
}

impl BacpacCommand {
    /// Does what is asked and writes the answer.
    ///
    /// # Errors
    /// The file cannot be read or is refused, with a sentence that says where; the answer cannot be written.
    pub fn run(self, out: &mut dyn Write) -> Outcome {
        match self {
            Self::Inspect { file, json } => inspect(&mut open(&file)?, json, out),
            Self::Verify { file } => verify(&mut open(&file)?),
            Self::Reencode { file, out: target } => reencode(&mut open(&file)?, &target, out),
            Self::Export { from, out: target, log } => convert::export(&from, &target, log.as_deref(), out),
            Self::Import { file, to, report } => convert::import(&file, &to, report.as_deref(), out),
            Self::Dump { file, table, csv: _ } => dump(&mut open(&file)?, &table, out),
        }
    }
}

fn open(path: &Path) -> Result<Package<SharedFile>, Box<dyn std::error::Error>> {
    let file = SharedFile::open(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(Package::open(file, &Limits::default()).map_err(|error| format!("{}: {error}", path.display()))?)
}

/// What opening and reading everything has checked, in words.
const CHECKS: [&str; 6] = [
    "archive headers, names, sizes and CRC-32 of every entry",
    "package and data stream versions",
    "SHA-256 of model.xml",
    "every data part decoded to its last byte",
    "NULLs only where the model allows them",
    "rows against the total of Origin.xml, where it tells one",
];

fn inspect(package: &mut Package<SharedFile>, json: bool, out: &mut dyn Write) -> Outcome {
    let report = package.check_with(threads())?;
    let (origin, model) = (package.origin().clone(), package.model());
    if json {
        let tables: Vec<_> = model.tables.iter().zip(&report.tables).map(|(table, read)| {
            let columns: Vec<_> = table.columns.iter().map(|column| serde_json::json!({
                "name": column.field.name, "type": column.declared, "nullable": column.field.nullable,
            })).collect();
            serde_json::json!({
                "schema": table.schema, "name": table.name, "rows": read.rows, "parts": read.parts, "bytes": read.bytes,
                "columns": columns,
            })
        }).collect();
        let findings: Vec<_> = report.findings.iter().map(ToString::to_string).collect();
        let answer = serde_json::json!({
            "package_version": origin.package_version, "data_version": origin.data_version, "product": origin.product,
            "product_version": origin.product_version, "server_version": origin.server_version,
            "rows": report.rows, "rows_promised": origin.rows, "tables": tables, "checks": CHECKS, "findings": findings,
        });
        serde_json::to_writer_pretty(&mut *out, &answer)?;
        return Ok(writeln!(out)?);
    }
    let known = |text: &Option<String>| text.clone().unwrap_or_else(|| "not told".to_owned());
    writeln!(out, "package {}, data {}", origin.package_version, origin.data_version)?;
    writeln!(
        out,
        "written by {} {}",
        known(&origin.product),
        known(&origin.product_version)
    )?;
    writeln!(out, "exported from {}", known(&origin.server_version))?;
    for (table, read) in model.tables.iter().zip(&report.tables) {
        writeln!(out, "\n{}: {} rows in {} parts", read.table, read.rows, read.parts)?;
        for column in &table.columns {
            let null = if column.field.nullable { "" } else { " not null" };
            writeln!(out, "  {} {}{null}", column.field.name, column.declared)?;
        }
    }
    writeln!(out, "\n{} rows in all. Checked: {}.", report.rows, CHECKS.join("; "))?;
    for finding in &report.findings {
        writeln!(out, "finding: {finding}")?;
    }
    Ok(())
}

fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn verify(package: &mut Package<SharedFile>) -> Outcome {
    let report = package.check_with(threads())?;
    match report.findings.as_slice() {
        [] => Ok(()),
        findings => Err(findings
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("; ")
            .into()),
    }
}

fn reencode<R: Read + Seek>(package: &mut Package<R>, target: &Path, out: &mut dyn Write) -> Outcome {
    let file = File::create_new(target).map_err(|error| format!("{}: {error}", target.display()))?;
    let mut archive = zip::ZipWriter::new(file);
    let tables: Vec<Table> = package.model().tables.clone();
    let mut different = 0;
    for entry in package.entries().to_vec() {
        archive.start_file(
            entry.name.as_str(),
            SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated),
        )?;
        let part = (0..tables.len())
            .find_map(|table| Some((table, package.parts(table).iter().find(|p| p.entry == entry)?.clone())));
        let Some((table, part)) = part else {
            io::copy(&mut package.bytes(&entry)?, &mut archive)?;
            continue;
        };
        let table = &tables[table];
        let fields = package.fields(table, &part)?;
        let encoder = RowEncoder::new(&fields, MaxForm::Vendor);
        let (mut encoded, mut hash) = (Vec::new(), Sha256::new());
        for row in package.rows(table, &part)? {
            encoded.clear();
            encoder.encode(&row?, &mut encoded)?;
            hash.update(&encoded);
            archive.write_all(&encoded)?;
        }
        let mut original = Sha256::new();
        io::copy(&mut package.bytes(&entry)?, &mut HashInto(&mut original))?;
        let same = original.finalize() == hash.finalize();
        different += u32::from(!same);
        writeln!(out, "{} {}", if same { "identical" } else { "DIFFERENT" }, entry.name)?;
    }
    archive.finish()?.sync_all()?;
    if different == 0 {
        Ok(())
    } else {
        Err(format!("{different} parts were encoded to other bytes").into())
    }
}

/// Lets `io::copy` feed a hash.
struct HashInto<'a>(&'a mut Sha256);

impl Write for HashInto<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn dump<R: Read + Seek>(package: &mut Package<R>, name: &str, out: &mut dyn Write) -> Outcome {
    let found = package
        .model()
        .tables
        .iter()
        .position(|table| table.full_name().eq_ignore_ascii_case(name));
    let number = found.ok_or_else(|| format!("there is no table {name}; `coffre bacpac inspect` lists them"))?;
    let table = package.model().tables[number].clone();
    let heads: Vec<_> = table.columns.iter().map(|column| column.field.name.as_str()).collect();
    writeln!(out, "{}", heads.join(","))?;
    for part in package.parts(number).to_vec() {
        for row in package.rows(&table, &part)? {
            let row = row?;
            let cells: Vec<_> = row
                .iter()
                .zip(&table.columns)
                .map(|(value, column)| text::csv(value, &column.field.sql_type))
                .collect();
            writeln!(out, "{}", cells.join(","))?;
        }
    }
    Ok(())
}
