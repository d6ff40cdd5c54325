//! Trees: names and contents of the files in a snapshot.
//!
//! Written so that equal content gives equal bytes on any machine and day: no owner, no times but 1970, mode 600.
//! When and what was stored is said by the snapshot. Trees of other writers are read too.

use std::collections::BTreeMap;

use rustic_core::{
    Id,
    repofile::{NodeType, Tree},
};
use serde::Serialize;

use crate::{error::Error, index::BlobKind, reader::Blobs};

/// Longest name of one path component that common file systems can restore, in bytes.
const MAX_NAME: usize = 255;

/// A stored file's chunks.
#[derive(Clone, Default)]
pub(crate) struct Content {
    pub(crate) size: u64,
    pub(crate) blobs: Vec<Id>,
}

/// Files of a snapshot by path.
pub(crate) type Files = Vec<(String, Content)>;

/// Refuses paths that could not be restored as they are on every system.
pub(crate) fn validate(path: &str) -> Result<(), Error> {
    let invalid = |why| {
        Err(Error::InvalidPath {
            path: path.chars().take(300).collect(),
            why,
        })
    };
    for name in path.split('/') {
        match name {
            "" => return invalid("it has an empty component or is absolute"),
            "." | ".." => return invalid("it leaves its place"),
            _ if name.len() > MAX_NAME => return invalid("a component is longer than 255 bytes"),
            _ if name.contains(|c: char| c.is_control() || c == '\\' || c == '"') => {
                return invalid("it contains a control character, a backslash or a quotation mark");
            }
            _ => {}
        }
    }
    Ok(())
}

/// Whether `path` cannot live beside the files there: it is one of them, or one would be a directory and a file.
pub(crate) fn collides<T>(files: &BTreeMap<String, T>, path: &str) -> bool {
    let below = format!("{path}/");
    let parents = path.match_indices('/').map(|(at, _)| &path[..at]);
    files.contains_key(path)
        || files
            .range(below.clone()..)
            .next()
            .is_some_and(|(next, _)| next.starts_with(&below))
        || parents.into_iter().any(|parent| files.contains_key(parent))
}

enum Branch<'a> {
    File(&'a Content),
    Directory(BTreeMap<&'a str, Branch<'a>>),
}

#[derive(Serialize)]
struct TreeOut<'a> {
    nodes: Vec<NodeOut<'a>>,
}

#[derive(Serialize)]
struct NodeOut<'a> {
    name: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    mode: u32,
    mtime: &'static str,
    atime: &'static str,
    ctime: &'static str,
    uid: u32,
    gid: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    content: Option<&'a [Id]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subtree: Option<Id>,
}

impl<'a> NodeOut<'a> {
    fn new(name: &'a str, kind: &'static str, mode: u32) -> Self {
        const EPOCH: &str = "1970-01-01T00:00:00Z";
        let (mtime, atime, ctime) = (EPOCH, EPOCH, EPOCH);
        Self {
            name,
            kind,
            mode,
            mtime,
            atime,
            ctime,
            uid: 0,
            gid: 0,
            size: None,
            content: None,
            subtree: None,
        }
    }
}

/// Hands each tree's JSON, children before parents, to `store`, which names it. Returns the root's name.
pub(crate) fn build(
    files: &BTreeMap<String, Content>,
    store: &mut dyn FnMut(Vec<u8>) -> Result<Id, Error>,
) -> Result<Id, Error> {
    let mut root = BTreeMap::new();
    for (path, content) in files {
        insert(&mut root, path, content);
    }
    build_directory(&root, store)
}

fn insert<'a>(directory: &mut BTreeMap<&'a str, Branch<'a>>, path: &'a str, content: &'a Content) {
    match path.split_once('/') {
        None => drop(directory.insert(path, Branch::File(content))),
        Some((name, rest)) => {
            let entry = directory
                .entry(name)
                .or_insert_with(|| Branch::Directory(BTreeMap::new()));
            if let Branch::Directory(below) = entry {
                insert(below, rest, content);
            }
        }
    }
}

fn build_directory(
    directory: &BTreeMap<&str, Branch<'_>>,
    store: &mut dyn FnMut(Vec<u8>) -> Result<Id, Error>,
) -> Result<Id, Error> {
    // Go's mode bits, as restic stores them: the top bit says directory.
    const DIRECTORY: u32 = 0x8000_0000 | 0o755;
    let mut nodes = Vec::with_capacity(directory.len());
    for (name, branch) in directory {
        nodes.push(match branch {
            Branch::File(content) => NodeOut {
                size: Some(content.size),
                content: Some(&content.blobs),
                ..NodeOut::new(name, "file", 0o600)
            },
            Branch::Directory(below) => NodeOut {
                subtree: Some(build_directory(below, store)?),
                ..NodeOut::new(name, "dir", DIRECTORY)
            },
        });
    }
    let mut json = serde_json::to_vec(&TreeOut { nodes }).map_err(|error| Error::reading("writing a tree", error))?;
    json.push(b'\n');
    store(json)
}

/// Visits every file below the tree `root`. `enter` may pass over a tree (equal directories are one tree).
pub(crate) fn walk(
    blobs: &Blobs<'_>,
    root: Id,
    path: &str,
    enter: &mut dyn FnMut(Id) -> bool,
    visit: &mut dyn FnMut(String, Content) -> Result<(), Error>,
) -> Result<(), Error> {
    if !enter(root) {
        return Ok(());
    }
    let json = blobs.read_one(BlobKind::Tree, &root)?;
    let damaged = |why: &str| Error::Damaged(format!("tree {root} {why}"));
    let tree: Tree = serde_json::from_slice(&json).map_err(|_| damaged("cannot be understood"))?;
    for node in tree.nodes {
        let name = node.name().to_string_lossy().into_owned();
        let path = if path.is_empty() {
            name
        } else {
            format!("{path}/{name}")
        };
        match node.node_type {
            NodeType::Dir => {
                let below = node.subtree.ok_or_else(|| damaged("has a directory without content"))?;
                walk(blobs, *below, &path, enter, visit)?;
            }
            NodeType::File => {
                let content = node.content.ok_or_else(|| damaged("has a file without content"))?;
                visit(
                    path,
                    Content {
                        size: node.meta.size,
                        blobs: content.into_iter().map(|id| *id).collect(),
                    },
                )?;
            }
            // Links and devices are nothing that a database is stored in; other programs may have put them there.
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_would_not_restore_are_refused() {
        for wrong in [
            "",
            "/a",
            "a/",
            "a//b",
            "../a",
            "a/../b",
            "./a",
            "a\\b",
            "a\nb",
            "a\0",
            "a\"b",
            &"x".repeat(256),
        ] {
            assert!(validate(wrong).is_err(), "{wrong:?}");
        }
        for right in [
            "manifest.json",
            "compta/database.sqlite",
            "a/b/c.d",
            "société é/base 1.db",
            &"x".repeat(255),
        ] {
            assert!(validate(right).is_ok(), "{right:?}");
        }
    }

    #[test]
    fn a_name_is_a_file_or_a_directory_but_not_both() {
        let files: BTreeMap<_, _> = ["a/b", "a.c", "d"].map(|p| (p.to_owned(), ())).into();
        for taken in ["a/b", "a", "a/b/c", "d/e", "d"] {
            assert!(collides(&files, taken), "{taken}");
        }
        for free in ["a/c", "a.c2", "b", "dd", "a/bb"] {
            assert!(!collides(&files, free), "{free}");
        }
    }

    #[test]
    fn the_same_files_give_the_same_tree_whatever_the_day() {
        let content = Content {
            size: 3,
            blobs: vec![Id::new([7; 32])],
        };
        let files = BTreeMap::from([
            ("compta/a.db".to_owned(), content),
            ("manifest.json".to_owned(), Content::default()),
        ]);
        let mut trees = Vec::new();
        let root = build(&files, &mut |json| {
            trees.push(String::from_utf8(json).unwrap());
            Ok(Id::new([trees.len() as u8; 32]))
        });
        assert_eq!(root.unwrap(), Id::new([2; 32]));
        assert!(
            trees[0].contains(&"07".repeat(32)) && trees[0].contains("\"size\":3"),
            "{}",
            trees[0]
        );
        assert!(
            trees[1].contains(&"01".repeat(32)) && trees[1].contains("\"content\":[]"),
            "{}",
            trees[1]
        );
        assert!(trees[1].find("compta").unwrap() < trees[1].find("manifest").unwrap());
    }
}
