//! One stylesheet from `style/main.css` and all it imports.
//!
//! The theme is a button: `data-theme` on `<html>` sets `color-scheme`, and every colour is a `light-dark()` that follows it. For older
//! browsers lightningcss would rewrite `light-dark()` to variables that follow the system's setting alone, and the button would do
//! nothing. Hence browsers that know the function: they are the floor of the whole product.

use std::path::Path;

use lightningcss::{
    bundler::{Bundler, FileProvider},
    stylesheet::{MinifyOptions, ParserOptions, PrinterOptions},
    targets::{Browsers, Targets},
};

use crate::failure::Failure;

/// The first versions with `light-dark()`, nesting and popover; all from the first half of 2024 or before.
/// Source: MDN browser compatibility data.
const BROWSERS: Browsers = Browsers {
    chrome: Some(version(123, 0)),
    edge: Some(version(123, 0)),
    firefox: Some(version(125, 0)),
    safari: Some(version(17, 5)),
    ios_saf: Some(version(17, 5)),
    android: None,
    ie: None,
    opera: None,
    samsung: None,
};

/// One byte each for major, minor and patch: lightningcss' notation.
const fn version(major: u32, minor: u32) -> u32 {
    (major << 16) | (minor << 8)
}

/// Reads `main` and its imports, checks them, and prints one sheet: readable, or as short as it gets.
///
/// # Errors
/// [`Failure::Stylesheet`] with file, line and column.
pub fn bundle(main: &Path, short: bool) -> Result<String, Failure> {
    let targets = Targets::from(BROWSERS);
    let files = FileProvider::new();
    let wrong = |reason: String| Failure::Stylesheet(reason);
    let mut sheet = Bundler::new(&files, None, ParserOptions::default())
        .bundle(main)
        .map_err(|error| wrong(error.to_string()))?;
    // Also for the readable form: what is looked at while developing is then what is delivered.
    sheet
        .minify(MinifyOptions {
            targets,
            ..Default::default()
        })
        .map_err(|error| wrong(error.to_string()))?;
    let printed = sheet
        .to_css(PrinterOptions {
            minify: short,
            targets,
            ..Default::default()
        })
        .map_err(|error| wrong(error.to_string()))?;
    Ok(printed.code)
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::PathBuf};

    use super::*;

    fn style() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../style")
    }

    fn sheets() -> Vec<PathBuf> {
        let mut found = Vec::new();
        for folder in [style(), style().join("parts")] {
            let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
            found.extend(entries.filter(|path| path.extension().is_some_and(|extension| extension == "css")));
        }
        found
    }

    #[test]
    fn the_theme_stays_a_button() {
        let written: usize = sheets()
            .iter()
            .map(|path| fs::read_to_string(path).unwrap().matches("light-dark(").count())
            .sum();
        assert!(written > 0);
        for short in [false, true] {
            let css = bundle(&style().join("main.css"), short).unwrap();
            let pairs = css.matches("light-dark(").count();
            assert!(pairs >= written, "{pairs} of {written} colours are still a pair");
            assert!(
                !css.contains("prefers-color-scheme"),
                "no colour follows the system alone"
            );
            assert!(!css.contains("--lightningcss"), "no colour was rewritten");
            assert!(
                css.contains("[data-theme") && css.contains("color-scheme:"),
                "the attribute pins one"
            );
        }
    }

    #[test]
    fn the_layers_keep_the_order_that_main_gives_them() {
        let main = fs::read_to_string(style().join("main.css")).unwrap();
        let named = main
            .split("@layer ")
            .nth(1)
            .and_then(|rest| rest.split(';').next())
            .unwrap();
        let css = bundle(&style().join("main.css"), true).unwrap();
        // The first mention of a layer fixes its place, so a layer that is empty or alone in a file counts as well.
        let mut found: Vec<&str> = Vec::new();
        for layers in css
            .split("@layer ")
            .skip(1)
            .filter_map(|rest| rest.split(['{', ';']).next())
        {
            found.extend(
                layers
                    .split(',')
                    .filter(|layer| !found.contains(layer))
                    .collect::<Vec<_>>(),
            );
        }
        assert_eq!(found, named.split(", ").collect::<Vec<_>>());
    }

    #[test]
    fn every_partial_is_imported_once_and_is_short_enough_to_read() {
        let main = fs::read_to_string(style().join("main.css")).unwrap();
        for path in sheets() {
            let lines = fs::read_to_string(&path).unwrap().lines().count();
            assert!(lines <= 300, "{} has {lines} lines", path.display());
            let name = path.strip_prefix(style()).unwrap().to_str().unwrap().to_owned();
            if name != "main.css" {
                assert_eq!(main.matches(&format!("@import \"{name}\"")).count(), 1, "{name}");
            }
        }
    }

    #[test]
    fn every_address_in_the_sheet_is_a_file_of_ours() {
        let css = bundle(&style().join("main.css"), true).unwrap();
        let addresses: BTreeSet<&str> = css
            .split("url(")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
            .map(|a| a.trim_matches('"'))
            .collect();
        assert!(!addresses.is_empty());
        for address in addresses {
            let file = address
                .strip_prefix('/')
                .unwrap_or_else(|| panic!("{address} depends on where the sheet is"));
            assert!(style().join(file).is_file(), "{address}");
        }
    }

    #[test]
    fn every_variable_that_is_used_is_set() {
        let css = bundle(&style().join("main.css"), true).unwrap();
        let used: BTreeSet<&str> = css
            .split("var(")
            .skip(1)
            .filter_map(|rest| rest.split([')', ',']).next())
            .map(str::trim)
            .collect();
        let unset: Vec<&&str> = used.iter().filter(|name| !css.contains(&format!("{name}:"))).collect();
        assert!(unset.is_empty(), "{unset:?}");
    }

    #[test]
    fn a_mistake_names_its_file_and_line() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("main.css"), "@import \"part.css\";").unwrap();
        fs::write(folder.path().join("part.css"), "a { color: red; }\nb { color: }}}\n").unwrap();
        let said = bundle(&folder.path().join("main.css"), false).unwrap_err().to_string();
        assert!(said.contains("part.css:2"), "{said}");

        fs::remove_file(folder.path().join("part.css")).unwrap();
        let said = bundle(&folder.path().join("main.css"), false).unwrap_err().to_string();
        assert!(said.contains("main.css"), "{said}");
    }
}
