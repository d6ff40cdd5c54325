//! The shelf: BACPAC files in two folders below the data folder, one for the made ones and one for the uploaded ones.

use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use control::ports::shelf::{Place, Shelf};
use domain::ids::{BackupId, DatabaseId, ProcessId, UploadId};

/// Between the ids in the name of a made file: no id holds it.
const BETWEEN: char = '~';
/// A made file has its place's name at the very end; until then something follows this sign, which no id holds.
const UNFINISHED: char = '.';

/// Two private folders.
#[derive(Debug)]
pub struct FolderShelf {
    exports: PathBuf,
    uploads: PathBuf,
}

impl FolderShelf {
    /// Below `root`; makes what is missing, and removes what was being written when an earlier server ended.
    ///
    /// # Errors
    /// The folders cannot be made or read.
    pub fn below(root: &Path) -> io::Result<Self> {
        let shelf = Self {
            exports: root.join("exports"),
            uploads: root.join("uploads"),
        };
        for folder in [&shelf.exports, &shelf.uploads] {
            std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        for name in names(&shelf.exports)? {
            if name.contains(UNFINISHED) {
                std::fs::remove_file(shelf.exports.join(name))?;
            }
        }
        Ok(shelf)
    }
}

impl Shelf for FolderShelf {
    fn path(&self, place: &Place) -> PathBuf {
        match place {
            Place::Export(backup, database, process) => self
                .exports
                .join(format!("{backup}{BETWEEN}{database}{BETWEEN}{process}")),
            Place::Upload(upload) => self.uploads.join(upload.as_str()),
        }
    }

    fn places(&self) -> io::Result<Vec<Place>> {
        let export = |name: String| {
            let mut ids = name.splitn(3, BETWEEN);
            Some(Place::Export(
                BackupId::parse(ids.next()?).ok()?,
                DatabaseId::parse(ids.next()?).ok()?,
                ProcessId::parse(ids.next()?).ok()?,
            ))
        };
        let upload = |name: String| UploadId::parse(&name).ok().map(Place::Upload);
        let mut places: Vec<_> = names(&self.exports)?.into_iter().filter_map(export).collect();
        places.extend(names(&self.uploads)?.into_iter().filter_map(upload));
        Ok(places)
    }

    fn remove(&self, place: &Place) -> io::Result<()> {
        match std::fs::remove_file(self.path(place)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            other => other,
        }
    }

    fn room(&self) -> io::Result<u64> {
        let disk = rustix::fs::statvfs(&self.uploads)?;
        Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
    }
}

fn names(folder: &Path) -> io::Result<Vec<String>> {
    let entries = std::fs::read_dir(folder)?;
    entries
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_is_found_again_and_what_was_being_written_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let places = [
            Place::Export(
                BackupId::parse("b-1").unwrap(),
                DatabaseId::parse("compta").unwrap(),
                ProcessId::parse("p1").unwrap(),
            ),
            Place::Upload(UploadId::parse("u1").unwrap()),
        ];
        let shelf = FolderShelf::below(folder.path()).unwrap();
        for place in &places {
            std::fs::write(shelf.path(place), "x").unwrap();
        }
        std::fs::write(folder.path().join("exports/b~d~p.1.partial"), "x").unwrap();
        let shelf = FolderShelf::below(folder.path()).unwrap();
        assert_eq!(shelf.places().unwrap(), places);
        assert!(!folder.path().join("exports/b~d~p.1.partial").exists());
        shelf.remove(&places[0]).unwrap();
        shelf.remove(&places[0]).unwrap();
        assert_eq!(shelf.places().unwrap(), places[1..]);
        assert!(shelf.room().unwrap() > 0);
    }
}
