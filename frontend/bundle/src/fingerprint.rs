//! Whether anything changed: one hash over the path, size and modification time of every input.
//!
//! Unlike "is there a newer file", it also sees a file removed, renamed, or put back to an older state. It does not read contents: a
//! build tool that takes longer to find out than to build has missed its purpose.

use std::{fs, io, path::Path, time::UNIX_EPOCH};

use sha2::{Digest, Sha256};

use crate::failure::{Failure, Named};

/// A state of some files; equal when nothing changed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// The state of these files and folders below `root`, together with whatever else decides the outcome (`settings`). Hidden files,
    /// editors' backup files and folders of dependencies are not looked at. A missing input is a state like another.
    ///
    /// # Errors
    /// A file that is there and cannot be read.
    pub fn of(root: &Path, inputs: &[&str], settings: &[&str]) -> Result<Fingerprint, Failure> {
        let mut hash = Sha256::new();
        for setting in settings {
            hash.update(setting.as_bytes());
            hash.update([0]);
        }
        for input in inputs {
            add(&mut hash, &root.join(input))?;
        }
        Ok(Fingerprint(hexadecimal(&hash.finalize())))
    }

    /// The state of this program itself: built anew, with other libraries, it may give another outcome.
    ///
    /// # Errors
    /// The system does not say where the program is.
    pub fn of_this_program() -> Result<Fingerprint, Failure> {
        let program = std::env::current_exe().named("find", Path::new("this program"))?;
        Fingerprint::of(Path::new(""), &[&program.to_string_lossy()], &[])
    }

    /// As text for a file.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn add(hash: &mut Sha256, path: &Path) -> Result<(), Failure> {
    let found = match fs::metadata(path) {
        Ok(found) => found,
        // An editor that saves by renaming makes files vanish for a moment.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error).named("read", path),
    };
    if found.is_dir() {
        let mut entries = fs::read_dir(path)
            .and_then(|entries| entries.collect::<Result<Vec<_>, _>>())
            .named("read", path)?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if !(name.starts_with('.') || name.ends_with('~') || name == "target" || name == "node_modules") {
                add(hash, &entry.path())?;
            }
        }
        return Ok(());
    }
    let modified = found
        .modified()
        .named("read", path)?
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    hash.update(path.as_os_str().as_encoded_bytes());
    hash.update([0]);
    hash.update(found.len().to_le_bytes());
    hash.update(modified.as_nanos().to_le_bytes());
    Ok(())
}

/// Lower-case hexadecimal digits, two per byte.
pub fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(root: &Path) -> Fingerprint {
        Fingerprint::of(root, &["style", "Cargo.toml"], &["dev"]).unwrap()
    }

    #[test]
    fn a_change_an_addition_a_removal_and_a_setting_are_seen_and_nothing_else_is() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir(root.join("style")).unwrap();
        fs::write(root.join("style/a.css"), "a").unwrap();
        let first = state(root);
        assert_eq!(first, state(root), "nothing changed");

        fs::write(root.join("style/.a.css.swp"), "an editor at work").unwrap();
        fs::create_dir(root.join("elsewhere")).unwrap();
        assert_eq!(first, state(root), "nothing that counts changed");
        assert_ne!(
            first,
            Fingerprint::of(root, &["style", "Cargo.toml"], &["release"]).unwrap()
        );

        fs::write(root.join("style/a.css"), "longer").unwrap();
        let changed = state(root);
        assert_ne!(first, changed);

        fs::write(root.join("style/b.css"), "").unwrap();
        let added = state(root);
        assert_ne!(changed, added);

        fs::remove_file(root.join("style/b.css")).unwrap();
        assert_eq!(changed, state(root), "back to the state before");
    }
}
