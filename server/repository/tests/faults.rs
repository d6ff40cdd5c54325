//! Streams that fail, rights that are lost, stores that refuse: no half backup becomes visible, and each cause has its
//! own name.

#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use std::{fs, io, path::Path, sync::atomic::Ordering};

use repository::{Error, Expectation, Fence, Location, Repository, RepositoryKey};
use support::*;

fn no_snapshot_and_the_next_backup_works(repository: &Repository) {
    assert!(repository.snapshot_ids().unwrap().is_empty());
    assert_sound(repository);
    let content = ledger(1, 4_000_000);
    let id = back_up(repository, &[("compta/database.sqlite", &content)]);
    assert!(read(repository, id, "compta/database.sqlite").unwrap() == content);
    assert_sound(repository);
}

#[test]
fn a_stream_that_fails_at_three_megabytes_leaves_no_snapshot() {
    let (repository, _) = fresh(&Location::memory());
    let content = noise(1, 4_000_000);
    let writer = repository.writer().unwrap();
    store(&writer, "good", b"whole", pages()).unwrap();
    let mut reader = FailingReader {
        content: &content,
        fails_after: 3_000_000,
    };
    let failed = writer.store("bad", None, &mut reader, stream(), &|_| ());
    assert!(
        matches!(&failed, Err(Error::Reader { path, source }) if path == "bad" && source.to_string().contains("went away"))
    );
    // Not even if the caller goes on as if nothing had happened.
    store(&writer, "bad", &content, stream()).unwrap();
    assert!(matches!(commit(writer), Err(Error::Incomplete)));
    no_snapshot_and_the_next_backup_works(&repository);
}

#[test]
fn a_stream_of_another_length_than_promised_leaves_no_snapshot() {
    let (repository, _) = fresh(&Location::memory());
    let content = noise(2, 2_500_000);
    for promised in [0, 1, 1 << 20, 2_499_999, 2_500_001, u64::MAX] {
        let writer = repository.writer().unwrap();
        let stored = writer.store("a", Some(promised), &mut &content[..], pages(), &|_| ());
        assert!(
            matches!(stored, Err(Error::SizeMismatch { expected, .. }) if expected == promised),
            "{stored:?}"
        );
        assert!(matches!(commit(writer), Err(Error::Incomplete)));
    }
    no_snapshot_and_the_next_backup_works(&repository);
}

#[test]
fn a_stream_that_panics_leaves_no_snapshot() {
    struct Panicking;
    impl io::Read for Panicking {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            panic!("a bug in an engine")
        }
    }
    let (repository, _) = fresh(&Location::memory());
    let writer = repository.writer().unwrap();
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        writer.store("a", None, &mut Panicking, pages(), &|_| ())
    }));
    assert!(panicked.is_err());
    assert!(matches!(commit(writer), Err(Error::Incomplete)));
    no_snapshot_and_the_next_backup_works(&repository);
}

#[test]
fn a_path_that_cannot_be_stored_is_refused() {
    let (repository, _) = fresh(&Location::memory());
    for (first, second) in [
        ("a", ""),
        ("a", "/etc/passwd"),
        ("a", "../b"),
        ("a", "a"),
        ("a", "a/b"),
        ("a/b", "a"),
    ] {
        let writer = repository.writer().unwrap();
        store(&writer, first, b"x", pages()).unwrap();
        assert!(
            matches!(store(&writer, second, b"y", pages()), Err(Error::InvalidPath { .. })),
            "{second:?}"
        );
        assert!(matches!(commit(writer), Err(Error::Incomplete)));
    }
    let writer = repository.writer().unwrap();
    store(&writer, "manifest.json", b"mine", pages()).unwrap();
    let refused = writer.commit(&facts("x"), Some(b"theirs"), &|_| (), agree);
    assert!(matches!(refused, Err(Error::InvalidPath { .. })));
    no_snapshot_and_the_next_backup_works(&repository);
}

#[test]
fn a_commit_that_is_refused_at_the_last_moment_leaves_no_snapshot() {
    let (repository, _) = fresh(&Location::memory());
    let writer = repository.writer().unwrap();
    store(&writer, "a", &noise(3, 2_000_000), pages()).unwrap();
    let added = std::cell::Cell::new(0);
    let read_back = |bytes| added.set(added.get() + bytes);
    let refused = writer.commit(&facts("x"), None, &read_back, || {
        assert!(added.get() > 2_000_000, "everything is read back before the last check");
        assert!(repository.snapshot_ids().unwrap().is_empty());
        Err("the lease is gone")
    });
    assert!(matches!(&refused, Err(Error::Refused(why)) if why.to_string() == "the lease is gone"));
    no_snapshot_and_the_next_backup_works(&repository);
}

#[test]
fn a_store_that_keeps_something_else_than_it_was_given_is_caught_before_the_snapshot() {
    let lying = FailingStore::new(i64::MAX, io::ErrorKind::Other);
    let (repository, _) = fresh(&Location::object_store(lying.clone(), "", "lying store"));
    // Every file, packs and index, only packs.
    for above in [0, 400, 100_000] {
        lying.lies_above.store(above, Ordering::SeqCst);
        let writer = repository.writer().unwrap();
        store(&writer, "a", &noise(above as u64 + 1, 2_000_000), pages()).unwrap();
        assert!(matches!(commit(writer), Err(Error::Damaged(_))), "{above}");
        assert!(repository.snapshot_ids().unwrap().is_empty());
    }
}

#[test]
fn a_backup_that_relies_on_a_pack_that_is_removed_meanwhile_is_not_committed() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().join("repository");
    let (repository, _) = fresh(&Location::local(&root));
    let content = noise(1, 2_000_000);
    let first = back_up(&repository, &[("a", &content)]);
    let writer = repository.writer().unwrap();
    store(&writer, "a", &content, stream()).unwrap();
    let packs = tree(&root).into_keys().filter(|name| name.starts_with("data/"));
    packs.for_each(|name| fs::remove_file(root.join(name)).unwrap());
    assert!(matches!(commit(writer), Err(Error::Damaged(_))));
    assert_eq!(repository.snapshot_ids().unwrap(), [first]);
    let again = back_up(&repository, &[("a", &content)]);
    assert!(read(&repository, again, "a").unwrap() == content);
}

#[test]
fn an_abandoned_writer_leaves_nothing_to_see() {
    let directory = tempfile::tempdir().unwrap();
    let location = Location::local(&directory.path().join("r"));
    let (repository, _) = fresh(&location);
    let writer = repository.writer().unwrap();
    store(&writer, "a", &noise(4, 40_000_000), pages()).unwrap();
    assert!(writer.added_bytes() > 16_000_000);
    drop(writer);
    let report = repository.check(true, &[], &|_| ()).unwrap();
    assert!(report.is_sound() && report.unreferenced_packs >= 1, "{report:?}");
    no_snapshot_and_the_next_backup_works(&repository);
}

#[test]
fn a_fenced_writer_writes_nothing_any_more() {
    let location = Location::memory();
    let (repository, key) = fresh(&location);
    let kept = back_up(&repository, &[("a", b"ledger")]);

    // Before the first byte, in the middle of a stream, before the commit, at the last moment of it.
    for moment in ["begin", "stream", "commit", "last check"] {
        let fence = Fence::new();
        let fenced = Repository::open_or_init(&location, &key, fence.clone(), Expectation::Existing).unwrap();
        let content = noise(5, 24_000_000);
        let result = (|| {
            if moment == "begin" {
                fence.close();
            }
            let writer = fenced.writer()?;
            let progress = |_| {
                if moment == "stream" {
                    fence.close()
                }
            };
            writer.store("a", None, &mut &content[..], pages(), &progress)?;
            if moment == "commit" {
                fence.close();
            }
            writer.commit(&facts("x"), None, &|_| (), || {
                if moment == "last check" {
                    fence.close();
                }
                agree()
            })
        })();
        assert!(matches!(result, Err(Error::Fenced)), "{moment}: {result:?}");
        let stored = repository.stored_bytes().unwrap();
        assert!(matches!(fenced.writer(), Err(Error::Fenced)));
        assert!(matches!(fenced.forget(kept), Err(Error::Fenced)));
        assert!(matches!(fenced.add_password("x"), Err(Error::Fenced)));
        assert_eq!(repository.stored_bytes().unwrap(), stored);
        // Reading is not the fence's business, and other handles have their own.
        assert_eq!(read(&fenced, kept, "a").unwrap(), b"ledger");
    }
    assert_eq!(repository.snapshot_ids().unwrap(), [kept]);
    assert_sound(&repository);
    assert_ne!(back_up(&repository, &[("b", b"more")]), kept);
}

#[test]
fn a_full_storage_is_named_and_leaves_no_snapshot() {
    for (error, at) in [
        (io::ErrorKind::StorageFull, 20_000_000),
        (io::ErrorKind::QuotaExceeded, 2_000_000),
    ] {
        let failing = FailingStore::new(i64::MAX, error);
        let location = Location::object_store(failing.clone(), "customers/dupont", "test store");
        let (repository, _) = fresh(&location);
        failing.left.store(at, Ordering::SeqCst);
        let writer = repository.writer().unwrap();
        let stored = store(&writer, "a", &noise(6, 40_000_000), pages());
        assert!(matches!(stored, Err(Error::StorageFull)), "{stored:?}");
        assert!(matches!(commit(writer), Err(Error::Incomplete)));
        // Too little for the last pack, or only for the index: found by the commit itself.
        for left in [1000, 500_000, 2_100_000] {
            failing.left.store(left, Ordering::SeqCst);
            let writer = repository.writer().unwrap();
            store(&writer, "a", &noise(7 + left as u64, 2_000_000), pages()).unwrap();
            let committed = commit(writer);
            assert!(
                matches!(committed, Err(Error::StorageFull)) == (left < 2_100_000),
                "{left}: {committed:?}"
            );
            repository
                .snapshot_ids()
                .unwrap()
                .into_iter()
                .for_each(|id| repository.forget(id).unwrap());
        }
        failing.left.store(i64::MAX, Ordering::SeqCst);
        no_snapshot_and_the_next_backup_works(&repository);
    }
    let location = Location::object_store(FailingStore::new(0, io::ErrorKind::StorageFull), "", "full");
    let opened = open(&location, &RepositoryKey::generate().unwrap(), Expectation::New);
    assert!(matches!(opened, Err(Error::StorageFull)), "{opened:?}");
}

#[test]
fn a_read_only_storage_is_named_and_can_still_be_read() {
    for error in [io::ErrorKind::ReadOnlyFilesystem, io::ErrorKind::PermissionDenied] {
        let failing = FailingStore::new(i64::MAX, error);
        let location = Location::object_store(failing.clone(), "", "test store");
        let (repository, key) = fresh(&location);
        let id = back_up(&repository, &[("a", b"ledger")]);
        failing.left.store(0, Ordering::SeqCst);
        let repository = open(&location, &key, Expectation::Existing).unwrap();
        assert_eq!(read(&repository, id, "a").unwrap(), b"ledger");
        let writer = repository.writer().unwrap();
        store(&writer, "b", b"more", pages()).unwrap();
        assert!(matches!(commit(writer), Err(Error::ReadOnly)));
        assert!(matches!(repository.add_password("x"), Err(Error::ReadOnly)));
    }
}

/// The child of the next test: an ordinary user in front of somebody else's directory.
#[test]
fn child_without_permission() {
    let Some(path) = child_argument() else { return };
    let key = RepositoryKey::from_json(&fs::read(path.join("key")).unwrap()).unwrap();
    let repository = open(&Location::local(&path.join("repository")), &key, Expectation::Existing).unwrap();
    let writer = repository.writer().unwrap();
    store(&writer, "b", b"more", pages()).unwrap();
    println!("existing: {:?}", commit(writer).unwrap_err());
    println!(
        "new: {:?}",
        open(&Location::local(&path.join("other")), &key, Expectation::New).unwrap_err()
    );
}

#[test]
fn a_directory_without_write_permission_is_read_only() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let directory = tempfile::tempdir().unwrap();
    let location = Location::local(&directory.path().join("repository"));
    let (repository, key) = fresh(&location);
    back_up(&repository, &[("a", b"ledger")]);
    fs::write(directory.path().join("key"), &*key.to_json()).unwrap();
    let mut directories = vec![directory.path().to_owned()];
    while let Some(path) = directories.pop() {
        let inside = fs::read_dir(&path)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.is_dir());
        directories.extend(inside);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o555)).unwrap();
    }
    let root = fs::metadata("/proc/self").unwrap().uid() == 0;
    if root && !installed("setpriv") {
        return not_run(
            "a directory without write permission",
            "permissions do not bind root and setpriv is missing",
        );
    }
    // The test binary must be readable for the other user.
    let me = directory.path().join("test-binary");
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
    fs::copy(std::env::current_exe().unwrap(), &me).unwrap();
    fs::set_permissions(&me, fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o555)).unwrap();
    let mut command = std::process::Command::new(if root { "setpriv" } else { "env" });
    if root {
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
    }
    command
        .arg(&me)
        .args(["--exact", "child_without_permission", "--nocapture"])
        .env("CHILD", directory.path());
    let output = command.current_dir("/").output().unwrap();
    let said = text(&output);
    let mut directories = vec![directory.path().to_owned()];
    while let Some(path) = directories.pop() {
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        directories.extend(
            fs::read_dir(&path)
                .unwrap()
                .map(|entry| entry.unwrap().path())
                .filter(|path| path.is_dir()),
        );
    }
    assert!(
        said.contains("existing: ReadOnly") && said.contains("new: ReadOnly"),
        "{said}"
    );
}

#[test]
fn a_missing_repository_is_never_replaced_by_an_empty_one() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("repository");
    let key = RepositoryKey::generate().unwrap();
    let missing = |path: &Path, expected| {
        let opened = open(&Location::local(path), &key, expected);
        assert!(matches!(opened, Err(Error::Missing(_))), "{path:?}: {opened:?}");
    };
    missing(&path, Expectation::Existing);
    assert!(!path.exists());
    // An unmounted disk: the directory is there and empty.
    fs::create_dir(&path).unwrap();
    missing(&path, Expectation::Existing);
    assert!(tree(&path).is_empty());
    // A parent that is not there, a file where the directory should be.
    missing(&directory.path().join("disk/repository"), Expectation::New);
    fs::write(directory.path().join("file"), "").unwrap();
    missing(&directory.path().join("file"), Expectation::New);
    assert!(matches!(
        open(&Location::memory(), &key, Expectation::Existing),
        Err(Error::Missing(_))
    ));
    // Somebody else's files: not ours to build upon.
    fs::write(path.join("holiday.jpg"), "x").unwrap();
    for expected in [Expectation::New, Expectation::Existing] {
        assert!(matches!(
            open(&Location::local(&path), &key, expected),
            Err(Error::Damaged(_))
        ));
    }
}

#[test]
fn a_disk_that_goes_away_during_a_backup_is_noticed() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("repository");
    let (repository, key) = fresh(&Location::local(&path));
    let writer = repository.writer().unwrap();
    store(&writer, "a", &noise(8, 20_000_000), pages()).unwrap();
    fs::rename(&path, directory.path().join("unmounted")).unwrap();
    assert!(matches!(repository.writer(), Err(Error::Missing(_))));
    fs::create_dir(&path).unwrap();
    assert!(matches!(repository.writer(), Err(Error::Missing(_))));
    store(&writer, "b", &noise(9, 20_000_000), pages()).unwrap();
    let committed = commit(writer);
    assert!(
        matches!(committed, Err(Error::Damaged(_) | Error::Missing(_))),
        "{committed:?}"
    );
    fs::remove_dir_all(&path).unwrap();
    fs::rename(directory.path().join("unmounted"), &path).unwrap();
    no_snapshot_and_the_next_backup_works(&open(&Location::local(&path), &key, Expectation::Existing).unwrap());
}

#[test]
fn a_wrong_key_is_told_from_a_damaged_config() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("repository");
    let location = Location::local(&path);
    let (repository, key) = fresh(&location);
    let stranger = RepositoryKey::generate().unwrap();
    let wrong = [stranger.clone(), RepositoryKey::from_password("guess")];
    let damaged = |key| matches!(open(&location, key, Expectation::Existing), Err(Error::Damaged(_)));
    for with_content in [false, true] {
        if with_content {
            back_up(&repository, &[("a", b"ledger")]);
        }
        for key in &wrong {
            let opened = open(&location, key, Expectation::Existing);
            assert!(matches!(opened, Err(Error::WrongKey)), "{opened:?}");
        }
        let mut config = fs::read(path.join("config")).unwrap();
        config[40] ^= 1;
        fs::write(path.join("config"), &config).unwrap();
        assert!(damaged(&key));
        assert!(matches!(
            open(&location, &stranger, Expectation::Existing),
            Err(Error::WrongKey)
        ));
        config[40] ^= 1;
        fs::write(path.join("config"), &config).unwrap();
        assert!(open(&location, &key, Expectation::Existing).is_ok());
    }
}

#[test]
fn an_interrupted_initialisation_is_completed() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("repository");
    let key = RepositoryKey::generate().unwrap();
    // Only the directory, then only the config: the two places where it can have stopped.
    fs::create_dir(&path).unwrap();
    open(&Location::local(&path), &key, Expectation::New).unwrap();
    fs::remove_dir_all(path.join("keys")).unwrap();
    let repository = open(&Location::local(&path), &key, Expectation::New).unwrap();
    assert_eq!(fs::read_dir(path.join("keys")).unwrap().count(), 1);
    no_snapshot_and_the_next_backup_works(&repository);
}
