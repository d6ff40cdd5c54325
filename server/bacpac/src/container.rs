//! The ZIP archive of a BACPAC, its entries checked once against the limits, then opened one at a time. It does not know
//! what the entries mean, beyond where data parts lie.
use crate::buffered::{Allowance, Buffered};
use crate::end_record::most_claimed;
use crate::error::Error;
use crate::inflate::Inflate;
use crate::limits::Limits;
use crate::metered::{self, Metered};
use std::collections::HashSet;
use std::io::{Read, Seek};
use std::sync::Arc;
use zip::read::{ArchiveOffset, Config};
use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive};

/// Name and sizes of an entry, from the central directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryName {
    /// Path inside the archive.
    pub name: String,
    /// Bytes in the archive.
    pub compressed: u64,
    /// Bytes once inflated, as declared; reading fails when it is not so.
    pub size: u64,
    pub(crate) index: usize,
}

#[derive(Clone)]
pub(crate) struct Container<R> {
    archive: ZipArchive<Buffered<R>>,
    pub(crate) entries: Arc<Vec<EntryName>>,
    pub(crate) limits: Limits,
}

impl<R: Read + Seek> Container<R> {
    pub(crate) fn open(mut source: R, limits: &Limits) -> Result<Self, Error> {
        let io_error = |error| metered::error("archive", error);
        let limit = |what, limit| Error::Limit {
            entry: "archive".to_owned(),
            what,
            limit,
        };
        if most_claimed(&mut source).map_err(io_error)? > limits.entries {
            return Err(limit("entries", limits.entries));
        }
        let allowance = Allowance::new(limits.directory_bytes);
        let source = Buffered::new(source, allowance.clone()).map_err(io_error)?;
        // Nothing may stand before the archive: the records are where they say, and no others are searched for.
        let place = Config {
            archive_offset: ArchiveOffset::Known(0),
        };
        let mut archive = ZipArchive::with_config(place, source).map_err(broken)?;
        allowance.lift();
        if archive.len() as u64 > limits.entries {
            return Err(limit("entries", limits.entries));
        }
        // Duplicate names, overlapping entries, local headers that contradict the directory or are not in it.
        archive.validate_header_consistency().map_err(broken)?;
        let mut entries = Vec::with_capacity(archive.len());
        let mut names = HashSet::new();
        let mut total = 0u64;
        for index in 0..archive.len() {
            let entry = archive.by_index_raw(index).map_err(broken)?;
            let name = entry.name().map_err(broken)?.into_owned();
            let refused = |reason| Error::Refused {
                entry: name.chars().take(200).collect(),
                reason,
            };
            check_name(&name, limits).map_err(refused)?;
            if entry.encrypted() {
                return Err(refused("it is encrypted"));
            }
            if !matches!(
                entry.compression(),
                CompressionMethod::Stored | CompressionMethod::Deflated
            ) {
                return Err(refused("its compression method is neither stored nor deflate"));
            }
            if !names.insert(name.to_lowercase()) {
                return Err(refused("its name occurs twice"));
            }
            total = total.saturating_add(entry.size());
            if total > limits.total_bytes {
                return Err(limit("inflated bytes", limits.total_bytes));
            }
            if entry.size() > limits.entry_bytes {
                return Err(Error::Limit {
                    entry: name,
                    what: "inflated bytes",
                    limit: limits.entry_bytes,
                });
            }
            let (compressed, size) = (entry.compressed_size(), entry.size());
            if !entry.is_dir() {
                entries.push(EntryName {
                    name,
                    compressed,
                    size,
                    index,
                });
            }
        }
        Ok(Self {
            archive,
            entries: Arc::new(entries),
            limits: limits.clone(),
        })
    }

    /// The entry of that name, ignoring case as OPC does.
    pub(crate) fn find(&self, name: &str) -> Option<EntryName> {
        self.entries
            .iter()
            .find(|entry| entry.name.eq_ignore_ascii_case(name))
            .cloned()
    }

    /// The inflated bytes of an entry; the CRC is checked when its end is read.
    pub(crate) fn read<'a>(
        &'a mut self,
        entry: &EntryName,
        most: u64,
    ) -> Result<Metered<impl Read + use<'a, R>>, Error> {
        let file = self.archive.by_index_raw(entry.index).map_err(broken)?;
        let (deflated, crc) = (file.compression() == CompressionMethod::Deflated, file.crc32());
        let content = Inflate::new(file, deflated, crc);
        Ok(Metered::new(content, entry.compressed, entry.size, most, &self.limits))
    }
}

fn broken(error: ZipError) -> Error {
    match error {
        ZipError::Io(error) => match metered::error("archive", error) {
            Error::Io { source, .. } => Error::Archive(source.to_string()),
            limit => limit,
        },
        other => Error::Archive(other.to_string()),
    }
}

fn check_name(name: &str, limits: &Limits) -> Result<(), &'static str> {
    if name.len() > limits.name_bytes {
        return Err("its name is too long");
    }
    if name.is_empty() || name.starts_with('/') || name.contains(['\\', '\0', ':']) {
        return Err("its name is not a relative path");
    }
    if name
        .trim_end_matches('/')
        .split('/')
        .any(|step| matches!(step, "" | "." | ".."))
    {
        return Err("its name climbs out of its folder");
    }
    Ok(())
}
