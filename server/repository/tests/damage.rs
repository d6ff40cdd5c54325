//! Every kind of damage to every kind of file: found, and never answered with wrong bytes.

#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use std::{fs, path::Path};

use repository::{Error, Expectation, Location, Repository, RepositoryKey, SnapshotId};
use support::*;

const DAMAGES: [&str; 5] = ["flip a bit", "flip another bit", "truncate", "zero 512 bytes", "delete"];

fn damage(path: &Path, how: &str, seed: u64) {
    let mut content = fs::read(path).unwrap();
    let at = |room: usize| (seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20) as usize % room;
    match how {
        "flip a bit" => content[at(usize::MAX) % 100.min(fs::metadata(path).unwrap().len() as usize)] ^= 4,
        "flip another bit" => {
            let at = at(content.len());
            content[at] ^= 64;
        }
        "truncate" => content.truncate(at(content.len())),
        "zero 512 bytes" => {
            let start = at(content.len().saturating_sub(512).max(1));
            let end = content.len().min(start + 512);
            content[start..end].fill(0);
        }
        _ => return fs::remove_file(path).unwrap(),
    }
    fs::write(path, content).unwrap();
}

/// What an operator has: the place, the key, and the control database's list of snapshots.
fn is_found(location: &Location, key: &RepositoryKey, known: &[SnapshotId]) -> bool {
    match open(location, key, Expectation::Existing) {
        Err(Error::Damaged(_) | Error::Missing(_)) => true,
        Err(other) => panic!("{other:?}"),
        Ok(repository) => !repository.check(true, known, &|_| ()).unwrap().is_sound(),
    }
}

#[test]
fn all_damage_is_found_and_damaged_content_is_never_handed_out() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().join("repository");
    let location = Location::local(&root);
    let (repository, key) = fresh(&location);
    let contents = [
        noise(1, 3_000_000),
        ledger(2, 3_000_000),
        [noise(1, 1_000_000), noise(3, 500_000)].concat(),
    ];
    let first = back_up(&repository, &[("a.sqlite", &contents[0]), ("b/table", &contents[1])]);
    let second = back_up(&repository, &[("a.sqlite", &contents[2]), ("b/table", &contents[1])]);
    let known = [first, second];
    let stored = [
        (first, "a.sqlite", 0),
        (first, "b/table", 1),
        (second, "a.sqlite", 2),
        (second, "b/table", 1),
    ];
    assert!(!is_found(&location, &key, &known));

    let files = tree(&root);
    let (mut cases, mut unread, mut missed) = (0, 0, Vec::new());
    for (number, (name, original)) in files.iter().enumerate() {
        for (kind, how) in DAMAGES.iter().enumerate() {
            damage(&root.join(name), how, (number * 10 + kind) as u64 + 1);
            if fs::read(root.join(name)).ok().as_ref() == Some(original) {
                continue;
            }
            cases += 1;
            if !is_found(&location, &key, &known) {
                missed.push(format!("{how}: {name}"));
            }
            if let Ok(repository) = open(&location, &key, Expectation::Existing) {
                for (id, path, content) in stored {
                    match read(&repository, id, path) {
                        Ok(bytes) => assert!(bytes == contents[content], "wrong bytes after {how}: {name}"),
                        Err(Error::Damaged(_) | Error::UnknownSnapshot(_)) => unread += 1,
                        Err(other) => panic!("{how}: {name}: {other:?}"),
                    }
                    let range = repository.read_range(id, path, 777_777, 100_000);
                    assert!(
                        range.map_or(true, |bytes| bytes == contents[content][777_777..877_777]),
                        "{how}: {name}"
                    );
                }
            }
            fs::write(root.join(name), original).unwrap();
        }
    }
    assert_eq!(missed, Vec::<String>::new(), "of {cases}");
    for place in ["config", "keys/", "snapshots/", "index/", "data/"] {
        assert!(
            files.keys().any(|name| name.starts_with(place)),
            "{place} was part of it"
        );
    }
    println!(
        "{cases} damages to {} files, all found; {unread} reads refused, none wrong",
        files.len()
    );
    assert!(!is_found(&location, &key, &known));
}

#[test]
fn files_that_changed_places_are_damage_too() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().join("repository");
    let location = Location::local(&root);
    let (repository, key) = fresh(&location);
    let (one, two) = (noise(1, 1_000_000), noise(2, 1_000_000));
    let first = back_up(&repository, &[("a", &one)]);
    let second = back_up(&repository, &[("a", &two)]);
    let files = tree(&root);
    // Each is sealed with the right key and intact, only under the other's name.
    for place in ["snapshots/", "index/", "data/"] {
        let names: Vec<_> = files.keys().filter(|name| name.starts_with(place)).collect();
        fs::write(root.join(names[0]), &files[names[1]]).unwrap();
        fs::write(root.join(names[1]), &files[names[0]]).unwrap();
        assert!(is_found(&location, &key, &[first, second]), "{place}");
        let repository = open(&location, &key, Expectation::Existing).unwrap();
        for (id, content) in [(first, &one), (second, &two)] {
            assert!(
                read(&repository, id, "a").map_or(true, |bytes| &bytes == content),
                "{place}"
            );
        }
        names
            .iter()
            .for_each(|name| fs::write(root.join(name), &files[*name]).unwrap());
    }
    assert!(!is_found(&location, &key, &[first, second]));
}

#[test]
fn verifying_one_backup_finds_its_damage_and_a_difference_to_what_was_backed_up() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().join("repository");
    let (repository, _) = fresh(&Location::local(&root));
    let writer = repository.writer().unwrap();
    let stored = vec![
        store(&writer, "a.sqlite", &noise(1, 2_000_000), pages()).unwrap(),
        store(&writer, "b", b"small", stream()).unwrap(),
    ];
    let id = commit(writer).unwrap().snapshot;
    let verify = |repository: &Repository, expected: &[_]| repository.verify_snapshot(id, Some(expected), &|_| ());
    assert_eq!(verify(&repository, &stored).unwrap(), stored);
    let mut other = stored.clone();
    other[0].sha256[5] ^= 1;
    assert!(matches!(verify(&repository, &other), Err(Error::Damaged(_))));
    assert!(matches!(verify(&repository, &stored[..1]), Err(Error::Damaged(_))));
    // One flipped bit in a pack, while the repository stays open.
    let pack = tree(&root)
        .into_iter()
        .find(|(name, content)| name.starts_with("data") && content.len() > 1 << 20);
    damage(&root.join(pack.unwrap().0), "flip another bit", 1);
    assert!(matches!(verify(&repository, &stored), Err(Error::Damaged(_))));
}

#[test]
fn the_next_backup_stores_again_what_a_lost_pack_held() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().join("repository");
    let (repository, _) = fresh(&Location::local(&root));
    let content = noise(1, 2_000_000);
    let first = back_up(&repository, &[("a", &content)]);
    for how in ["delete", "truncate"] {
        let pack = tree(&root)
            .into_iter()
            .find(|(name, content)| name.starts_with("data") && content.len() > 1 << 20);
        damage(&root.join(pack.unwrap().0), how, 77);
        let second = back_up(&repository, &[("a", &content)]);
        assert!(read(&repository, second, "a").unwrap() == content);
        assert!(
            read(&repository, first, "a").unwrap() == content,
            "the older backup is whole again too"
        );
    }
}
