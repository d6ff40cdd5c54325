//! What every store must let a repository do: the same stories on a local directory and in memory.

#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use std::{
    io::{Read, Seek, SeekFrom},
    sync::atomic::{AtomicU64, Ordering},
};

use repository::{Error, Expectation, Location, MANIFEST, RepositoryKey, SnapshotId};
use sha2::{Digest, Sha256};
use support::*;

/// Runs a story in both places.
fn everywhere(story: impl Fn(&Location)) {
    let directory = tempfile::tempdir().unwrap();
    story(&Location::local(&directory.path().join("repository")));
    story(&Location::memory());
}

#[test]
fn what_is_stored_comes_back_byte_for_byte() {
    const CHUNK: usize = 32 * 1024;
    let sizes = [
        0,
        1,
        2,
        CHUNK - 1,
        CHUNK,
        CHUNK + 1,
        3 * CHUNK,
        (1 << 20) - 1,
        1 << 20,
        (1 << 20) + 1,
        7_654_321,
    ];
    everywhere(|location| {
        let (repository, _) = fresh(location);
        let writer = repository.writer().unwrap();
        let mut originals = Vec::new();
        for (seed, size) in sizes.into_iter().enumerate() {
            for (form, chunking) in [("pages", pages()), ("stream", stream())] {
                for (kind, content) in [
                    ("noise", noise(seed as u64, size)),
                    ("ledger", ledger(seed as u64, size)),
                    ("zeros", vec![0; size]),
                ] {
                    let path = format!("{form}/{kind}/{size}");
                    let progress = AtomicU64::new(0);
                    let report = |bytes| {
                        progress.fetch_add(bytes, Ordering::Relaxed);
                    };
                    let stored = writer.store(&path, None, &mut &content[..], chunking, &report).unwrap();
                    assert_eq!(
                        (stored.size, progress.into_inner()),
                        (size as u64, size as u64),
                        "{path}"
                    );
                    assert_eq!(stored.sha256, <[u8; 32]>::from(Sha256::digest(&content)), "{path}");
                    originals.push((stored, content));
                }
            }
        }
        let id = commit(writer).unwrap().snapshot;
        let listed = repository.files(id).unwrap();
        assert_eq!(listed.len(), originals.len());
        for (stored, content) in &originals {
            assert!(
                listed
                    .iter()
                    .any(|file| file.path == stored.path && file.size == stored.size),
                "{stored:?}"
            );
            assert_eq!(&read(&repository, id, &stored.path).unwrap(), content, "{stored:?}");
        }
        let expected: Vec<_> = originals.iter().map(|(stored, _)| stored.clone()).collect();
        repository.verify_snapshot(id, Some(&expected), &|_| ()).unwrap();
        assert_sound(&repository);
    });
}

#[test]
fn ranges_and_seeks_give_the_same_bytes_as_the_whole() {
    everywhere(|location| {
        let (repository, _) = fresh(location);
        let content = [ledger(1, 2_000_000), noise(2, 1_500_000), vec![7; 300_000]].concat();
        let size = content.len() as u64;
        let id = back_up(&repository, &[("a/pages.sqlite", &content), ("a/stream", &content)]);
        for path in ["a/pages.sqlite", "a/stream"] {
            let mut file = repository.open_file(id, path).unwrap();
            assert_eq!(file.size(), size);
            let mut state = 9u64;
            for _ in 0..200 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let offset = (state >> 20) % (size + 1000);
                let length = (state >> 40) % 200_000;
                let expected = &content[offset.min(size) as usize..(offset + length).min(size) as usize];
                assert_eq!(
                    file.read_at(offset, length).unwrap(),
                    expected,
                    "{path} {offset}+{length}"
                );
                file.seek(SeekFrom::Start(offset)).unwrap();
                let mut read = Vec::new();
                (&mut file).take(length).read_to_end(&mut read).unwrap();
                assert_eq!(read, expected, "{path} {offset}+{length}");
            }
            file.seek(SeekFrom::End(-10)).unwrap();
            let mut tail = Vec::new();
            file.read_to_end(&mut tail).unwrap();
            assert_eq!(tail, &content[content.len() - 10..]);
            assert!(file.seek(SeekFrom::Current(-(size as i64) - 1)).is_err());
            file.seek(SeekFrom::Start(0)).unwrap();
            let mut whole = Vec::new();
            file.read_to_end(&mut whole).unwrap();
            assert!(whole == content, "{path}");
        }
        assert_eq!(repository.read_range(id, "a/stream", 5, 10).unwrap(), &content[5..15]);
        assert!(repository.read_range(id, "a/stream", size + 1, 10).unwrap().is_empty());
        assert!(repository.read_range(id, "a/stream", 0, u64::MAX).unwrap() == content);
    });
}

#[test]
fn an_unchanged_second_backup_adds_less_than_ten_kilobytes() {
    everywhere(|location| {
        let (repository, key) = fresh(location);
        let content = ledger(3, 6_000_000);
        let files = [
            ("compta/database.sqlite", &content[..]),
            ("paie/table.copy", &content[..]),
        ];
        let first = back_up(&repository, &files);
        let before = repository.stored_bytes().unwrap();
        let again = open(location, &key, Expectation::Existing).unwrap();
        let second = back_up(&again, &files);
        assert_ne!(first, second);
        let added = again.stored_bytes().unwrap() - before;
        assert!(added < 10_000, "{added} bytes");
        assert!(read(&again, second, "paie/table.copy").unwrap() == content);
    });
}

#[test]
fn a_changed_page_adds_one_chunk() {
    everywhere(|location| {
        let (repository, _) = fresh(location);
        let mut content = noise(4, 4 << 20);
        back_up(&repository, &[("a.sqlite", &content)]);
        content[3_000_000] ^= 1;
        let writer = repository.writer().unwrap();
        store(&writer, "a.sqlite", &content, pages()).unwrap();
        let committed = commit(writer).unwrap();
        assert!((32_768..60_000).contains(&committed.added_bytes), "{committed:?}");
        assert!(read(&repository, committed.snapshot, "a.sqlite").unwrap() == content);
    });
}

#[test]
fn a_snapshot_says_what_it_was_told_and_carries_its_manifest() {
    everywhere(|location| {
        let (repository, key) = fresh(location);
        let manifest = br#"{"site":"dupont","databases":["compta"]}"#;
        let writer = repository.writer().unwrap();
        store(&writer, "compta/soci\u{e9}t\u{e9} 1.db", b"ledger", pages()).unwrap();
        let committed = writer
            .commit(&facts("evening"), Some(manifest), &|_| (), agree)
            .unwrap();
        let repository = open(location, &key, Expectation::Existing).unwrap();
        let all = repository.snapshots().unwrap();
        assert_eq!(all.len(), 1);
        assert_eq!((all[0].id, &all[0].facts), (committed.snapshot, &facts("evening")));
        let paths: Vec<_> = repository
            .files(committed.snapshot)
            .unwrap()
            .into_iter()
            .map(|file| file.path)
            .collect();
        assert_eq!(paths, ["compta/soci\u{e9}t\u{e9} 1.db", MANIFEST]);
        assert_eq!(read(&repository, committed.snapshot, MANIFEST).unwrap(), manifest);
        assert_eq!(
            committed.snapshot.to_string().parse::<SnapshotId>().unwrap(),
            committed.snapshot
        );
    });
}

#[test]
fn equal_directories_are_listed_and_read_under_each_name() {
    everywhere(|location| {
        let (repository, _) = fresh(location);
        let content = ledger(5, 100_000);
        let id = back_up(&repository, &[("a/db", &content), ("b/db", &content), ("c", &content)]);
        assert_eq!(repository.files(id).unwrap().len(), 3);
        assert_eq!(read(&repository, id, "b/db").unwrap(), content);
    });
}

#[test]
fn content_that_looks_like_a_stored_tree_is_still_content() {
    let tree = br#"{"nodes":[{"name":"inner","type":"file","mode":384,"mtime":"1970-01-01T00:00:00Z","atime":"1970-01-01T00:00:00Z","ctime":"1970-01-01T00:00:00Z","uid":0,"gid":0,"size":0,"content":[]}]}"#;
    let content = [&tree[..], b"\n"].concat();
    let (the_tree, the_content) = (("d/inner", &b""[..]), ("copy", &content[..]));
    // In each order, so that the later one must not be taken for the earlier one.
    for order in [[the_tree, the_content], [the_content, the_tree]] {
        everywhere(|location| {
            let (repository, _) = fresh(location);
            let ids = order.map(|file| back_up(&repository, &[file]));
            let both = back_up(&repository, &order);
            for ((path, content), id) in order.iter().zip(ids) {
                assert_eq!(&read(&repository, id, path).unwrap(), content);
                assert_eq!(&read(&repository, both, path).unwrap(), content);
            }
            assert_sound(&repository);
        });
    }
}

#[test]
fn several_streams_are_stored_at_the_same_time() {
    everywhere(|location| {
        let (repository, _) = fresh(location);
        let contents: Vec<_> = (0..6).map(|seed| ledger(seed % 3 * 1000, 3_000_000)).collect();
        let writer = repository.writer().unwrap();
        std::thread::scope(|scope| {
            for (number, content) in contents.iter().enumerate() {
                let writer = &writer;
                scope.spawn(move || store(writer, &format!("table/{number}"), content, stream()).unwrap());
            }
        });
        let id = commit(writer).unwrap().snapshot;
        for (number, content) in contents.iter().enumerate() {
            assert!(
                &read(&repository, id, &format!("table/{number}")).unwrap() == content,
                "{number}"
            );
        }
        assert_sound(&repository);
    });
}

#[test]
fn two_backups_at_the_same_time_are_both_whole() {
    everywhere(|location| {
        let (repository, key) = fresh(location);
        let other = open(location, &key, Expectation::Existing).unwrap();
        let content = ledger(8, 2_000_000);
        let (one, two) = (repository.writer().unwrap(), other.writer().unwrap());
        store(&one, "a", &content, stream()).unwrap();
        store(&two, "b", &content, stream()).unwrap();
        let (one, two) = (commit(one).unwrap().snapshot, commit(two).unwrap().snapshot);
        assert!(read(&other, one, "a").unwrap() == content && read(&repository, two, "b").unwrap() == content);
        assert_sound(&repository);
    });
}

#[test]
fn a_forgotten_snapshot_is_gone_and_the_others_stay_whole() {
    everywhere(|location| {
        let (repository, _) = fresh(location);
        let (a, b) = (ledger(1, 500_000), ledger(2, 500_000));
        let first = back_up(&repository, &[("a", &a)]);
        let second = back_up(&repository, &[("a", &a), ("b", &b)]);
        repository.forget(first).unwrap();
        repository.forget(first).unwrap();
        assert_eq!(repository.snapshot_ids().unwrap(), [second]);
        assert!(matches!(read(&repository, first, "a"), Err(Error::UnknownSnapshot(id)) if id == first));
        assert!(matches!(read(&repository, second, "c"), Err(Error::UnknownFile(_))));
        assert!(read(&repository, second, "a").unwrap() == a && read(&repository, second, "b").unwrap() == b);
        assert_sound(&repository);
    });
}

#[test]
fn a_key_survives_being_stored_and_shows_no_secret() {
    everywhere(|location| {
        let (repository, key) = fresh(location);
        let id = back_up(&repository, &[("a", b"ledger")]);
        let json = key.to_json();
        let again = RepositoryKey::from_json(&json).unwrap();
        assert_eq!(*again.to_json(), *json);
        assert_eq!(key.password().len(), 43);
        for shown in [format!("{key:?}"), format!("{repository:?}"), format!("{again:#?}")] {
            assert!(!shown.contains(key.password()) && !shown.contains("encrypt"), "{shown}");
        }
        let opened = open(location, &again, Expectation::Existing).unwrap();
        assert_eq!(read(&opened, id, "a").unwrap(), b"ledger");
        // From the emergency kit, where only the password is left, and from a password added later.
        let rescued = open(
            location,
            &RepositoryKey::from_password(key.password()),
            Expectation::Existing,
        )
        .unwrap();
        assert_eq!(*rescued.key().to_json(), *json);
        repository.add_password("correct horse battery staple").unwrap();
        let second = RepositoryKey::from_password("correct horse battery staple");
        assert_eq!(
            read(&open(location, &second, Expectation::Existing).unwrap(), id, "a").unwrap(),
            b"ledger"
        );
    });
    for wrong in [
        &b""[..],
        b"{}",
        b"null",
        br#"{"version":2,"password":"x","master_key":null}"#,
        br#"{"version":1,"password":"x","master_key":{"mac":{"k":"AA==","r":"AA=="},"encrypt":"AA=="}}"#,
    ] {
        assert!(matches!(RepositoryKey::from_json(wrong), Err(Error::InvalidKey)));
    }
}

#[test]
fn two_first_openings_at_once_end_in_one_repository() {
    everywhere(|location| {
        let key = RepositoryKey::generate().unwrap();
        std::thread::scope(|scope| {
            let openings: Vec<_> = (0..4)
                .map(|_| scope.spawn(|| open(location, &key, Expectation::New).unwrap()))
                .collect();
            let repositories: Vec<_> = openings.into_iter().map(|opening| opening.join().unwrap()).collect();
            let id = back_up(&repositories[0], &[("a", b"one ledger")]);
            for repository in &repositories {
                assert_eq!(read(repository, id, "a").unwrap(), b"one ledger");
            }
            assert_sound(&repositories[1]);
        });
        let stranger = RepositoryKey::generate().unwrap();
        assert!(matches!(
            open(location, &stranger, Expectation::New),
            Err(Error::WrongKey)
        ));
        assert!(open(location, &key, Expectation::New).is_ok());
    });
}

#[test]
fn a_repository_that_appears_between_two_looks_is_opened() {
    let place = FailingStore::new(i64::MAX, std::io::ErrorKind::Other);
    let location = Location::object_store(place.clone(), "", "busy store");
    let key = RepositoryKey::generate().unwrap();
    // Somebody else makes it after we saw no config, and before we see whether anything is there.
    let (there, same) = (location.clone(), key.clone());
    place.before_listing(move || drop(open(&there, &same, Expectation::New).unwrap()));
    let repository = open(&location, &key, Expectation::New).unwrap();
    let id = back_up(&repository, &[("a", b"one ledger")]);
    assert_eq!(
        read(&open(&location, &key, Expectation::Existing).unwrap(), id, "a").unwrap(),
        b"one ledger"
    );
}

#[test]
fn it_can_be_used_inside_a_runtime_of_the_caller() {
    for runtime in [
        tokio::runtime::Builder::new_current_thread(),
        tokio::runtime::Builder::new_multi_thread(),
    ] {
        // One blocking thread: it must not wait for another one to do its I/O.
        let runtime = { runtime }.max_blocking_threads(1).build().unwrap();
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("repository");
        let work = runtime.spawn_blocking(move || {
            let (repository, _) = fresh(&Location::local(&path));
            let id = back_up(&repository, &[("a", b"ledger")]);
            read(&repository, id, "a").unwrap()
        });
        assert_eq!(runtime.block_on(work).unwrap(), b"ledger");
    }
}
