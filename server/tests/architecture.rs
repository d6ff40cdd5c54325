//! What ARCHITECTURE.md says aloud about the shape of the tree, checked: the map leads somewhere, arrows do not cross, files
//! stay readable.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops there")]

use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        let name = entry.file_name();
        if path.is_dir() && name != "target" && name != "node_modules" {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

fn all_rust_files() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for folder in ["app", "server", "frontend"] {
        rust_files(&root().join(folder), &mut found);
    }
    assert!(found.len() > 100, "the tree was not found");
    found
}

#[test]
fn every_path_of_the_map_exists() {
    let text = std::fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let inside = text.split("## Code map").nth(1).unwrap().split("\n## ").next().unwrap();
    let mut paths = 0;
    for quoted in inside
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|quoted| quoted.contains('/'))
    {
        assert!(
            root().join(quoted).exists(),
            "{quoted} is on the map and not in the tree"
        );
        paths += 1;
    }
    assert!(paths > 20, "the map was not read");
}

#[test]
fn arrows_do_not_cross() {
    // A crate depends on what is nested inside it, on `app` and what that contains, or on a leaf.
    let allowed: [(&str, &[&str]); 12] = [
        ("app/domain", &[]),
        ("app/control", &["domain"]),
        ("app", &["domain", "control"]),
        ("server/repository", &[]),
        ("server/bacpac", &[]),
        ("server/postgres_cluster", &[]),
        ("server/demo", &["postgres_cluster"]),
        ("server/interchange", &["domain", "bacpac", "demo", "postgres_cluster"]),
        ("server/engines", &["control", "domain", "postgres_cluster"]),
        ("server/store", &["control", "domain"]),
        ("server/alerts", &["app", "control", "domain"]),
        ("frontend", &["app"]),
    ];
    let ours = [
        "domain",
        "control",
        "app",
        "repository",
        "engines",
        "store",
        "demo",
        "postgres_cluster",
        "bacpac",
        "interchange",
        "alerts",
        "server",
        "frontend",
    ];
    for (folder, may) in allowed {
        let manifest = std::fs::read_to_string(root().join(folder).join("Cargo.toml")).unwrap();
        let own = folder.rsplit('/').next().unwrap();
        let names = manifest.lines().filter_map(|line| line.split(['.', ' ', '=']).next());
        for name in names.filter(|name| ours.contains(name) && *name != own) {
            assert!(may.contains(&name), "{folder} must not depend on {name}");
        }
    }
}

#[test]
fn every_file_says_what_it_is_and_stays_readable() {
    for path in all_rust_files() {
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("//!"), "{} does not open with //!", path.display());
        let lines = text.lines().count();
        assert!(
            lines <= 600,
            "{} has {lines} lines: split it by stage or noun",
            path.display()
        );
    }
}
