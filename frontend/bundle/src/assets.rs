//! What is served as it is: fonts, icons, logo, each with its licence.

use std::{fs, path::Path};

use crate::failure::{Failure, Named};

/// Copies a folder with all below it. Notes for developers (`README.md`) stay behind, licences do not.
///
/// # Errors
/// [`Failure::File`].
pub fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    fs::create_dir_all(to).named("create", to)?;
    for entry in fs::read_dir(from).named("read", from)? {
        let entry = entry.named("read", from)?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if source.is_dir() {
            copy(&source, &target)?;
        } else if entry.file_name() != "README.md" {
            fs::copy(&source, &target).named("copy", &source)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, path::PathBuf};

    use super::*;

    fn style() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../style")
    }

    /// What stands between `start` and `end`, at every place where `start` occurs.
    fn between<'a>(text: &'a str, start: &str, end: char) -> Vec<&'a str> {
        text.split(start)
            .skip(1)
            .filter_map(|rest| rest.split(end).next())
            .collect()
    }

    #[test]
    fn the_list_of_icons_in_the_readme_is_the_list_of_icons() {
        let icons = fs::read_to_string(style().join("assets/icons.svg")).unwrap();
        let readme = fs::read_to_string(style().join("README.md")).unwrap();
        let drawn = between(&icons, "id=\"i-", '"');
        assert_eq!(drawn.len(), icons.matches("id=").count(), "every id starts with i-");
        let unique: BTreeSet<&str> = drawn.iter().copied().collect();
        assert_eq!(unique.len(), drawn.len(), "no id occurs twice");

        let list = between(&readme, "<!-- icons -->", '<')
            .first()
            .copied()
            .unwrap_or_default();
        let listed: BTreeSet<&str> = between(list, "`", '`').into_iter().step_by(2).collect();
        assert_eq!(listed, unique);
    }

    #[test]
    fn a_folder_arrives_with_its_licences_and_without_its_notes() {
        let folder = tempfile::tempdir().unwrap();
        copy(&style().join("assets"), folder.path()).unwrap();
        assert!(folder.path().join("favicon.svg").is_file());
        assert!(folder.path().join("icons.svg").is_file());
        assert!(folder.path().join("icons-LICENSE.txt").is_file());
        for font in ["bricolage-grotesque", "instrument-sans", "jetbrains-mono"] {
            assert!(folder.path().join(format!("fonts/{font}-latin.woff2")).is_file());
            assert!(folder.path().join(format!("fonts/OFL-{font}.txt")).is_file());
        }
        assert!(!folder.path().join("fonts/README.md").exists());
    }
}
