//! Freeing space: what nothing needs goes, in two steps, and whatever happens meanwhile, what a snapshot needs stays.

#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use std::{
    cell::Cell,
    fs, io,
    process::Command,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use repository::{Alone, Error, Expectation, Fence, Location, Pruned, Repository, SnapshotId};
use support::{
    mutations::{CountingStore, Verdict},
    *,
};

const DAY: Duration = Duration::from_secs(86_400);
const DAY_MS: i64 = 86_400_000;

fn prune_at(repository: &Repository, now_ms: i64, keep_marked: Duration) -> Result<Pruned, Error> {
    let alone = Alone::i_hold_the_exclusive_lease();
    repository.prune(&alone, now_ms, keep_marked, &|| true, &|_| ())
}

fn prune(repository: &Repository) -> Result<Pruned, Error> {
    prune_at(repository, EVENING_MS, Duration::ZERO)
}

/// Until nothing more is to be freed.
fn prune_out(repository: &Repository) -> u64 {
    let mut freed = 0;
    loop {
        let pruned = prune(repository).unwrap();
        freed += pruned.removed_bytes;
        if pruned.removed_bytes + pruned.marked_bytes == 0 {
            return freed;
        }
    }
}

fn forget(repository: &Repository, id: SnapshotId) {
    repository.forget(id).unwrap();
}

/// Two backups of one database that share half of it, as two nights do, and one that shares nothing.
struct Nights {
    monday: (SnapshotId, Vec<u8>),
    tuesday: (SnapshotId, Vec<u8>),
    other: (SnapshotId, Vec<u8>),
}

impl Nights {
    /// `scale` bytes are one quarter of a database.
    fn back_up(repository: &Repository, scale: usize) -> Self {
        let one = |content: Vec<u8>| (back_up(repository, &[("compta/database.sqlite", &content)]), content);
        let shared = noise(1, 2 * scale);
        // Chunks that stay and chunks that go lie alternately, so that packs serve in part.
        let night = |seed| {
            let own = noise(seed, 2 * scale);
            let pages = shared.chunks(32_768).zip(own.chunks(32_768));
            pages.flat_map(|(a, b)| [a, b].concat()).collect::<Vec<u8>>()
        };
        Self {
            monday: one(night(2)),
            tuesday: one(night(3)),
            other: one(noise(4, scale)),
        }
    }

    fn assert_readable(&self, repository: &Repository) {
        for (id, content) in [&self.monday, &self.tuesday, &self.other] {
            if repository.snapshot_ids().unwrap().contains(id) {
                assert!(&read(repository, *id, "compta/database.sqlite").unwrap() == content);
            }
        }
    }
}

#[test]
fn the_space_of_a_forgotten_backup_is_really_free_a_day_after_it_was_marked() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().join("repository");
    let (repository, key) = fresh(&Location::local(&root));
    let restic_finds_no_errors = || {
        if !installed("restic") {
            return not_run("a pruned repository in restic", "restic is missing");
        }
        let password = directory.path().join("password");
        fs::write(&password, key.password()).unwrap();
        let mut restic = Command::new("restic");
        restic.args(["--no-cache", "check", "--read-data", "--repo"]).arg(&root);
        restic
            .arg("--password-file")
            .arg(&password)
            .env("HOME", directory.path());
        let said = text(&restic.output().unwrap());
        assert!(said.contains("no errors were found"), "{said}");
    };
    let nights = Nights::back_up(&repository, 4_000_000);
    let before = size(&root);
    assert_eq!(prune_at(&repository, EVENING_MS, DAY).unwrap().marked_bytes, 0);
    assert_eq!(size(&root), before, "nothing is forgotten, nothing to do");

    forget(&repository, nights.monday.0);
    forget(&repository, nights.other.0);
    let marked = prune_at(&repository, EVENING_MS, DAY).unwrap();
    assert!(marked.marked_bytes > 12_000_000, "{marked:?}");
    assert!(marked.repacked_bytes > 8_000_000, "{marked:?}");
    assert_eq!(marked.removed_bytes, 0);
    assert_eq!(marked.kept_bytes, repository.stored_bytes().unwrap());
    nights.assert_readable(&repository);
    assert_sound(&repository);
    restic_finds_no_errors();

    let almost = prune_at(&repository, EVENING_MS + DAY_MS - 1, DAY).unwrap();
    assert_eq!((almost.removed_bytes, almost.marked_bytes), (0, 0));
    assert_eq!(almost.still_marked_bytes, marked.marked_bytes);

    let told = Cell::new(0);
    let alone = Alone::i_hold_the_exclusive_lease();
    let tell = |bytes| told.set(told.get() + bytes);
    let freed = repository
        .prune(&alone, EVENING_MS + DAY_MS, DAY, &|| true, &tell)
        .unwrap();
    assert_eq!(freed.removed_bytes, marked.marked_bytes);
    assert_eq!(told.get(), freed.removed_bytes);
    assert_eq!(freed.kept_bytes, repository.stored_bytes().unwrap());
    // What is left: Tuesday's 16 MB, and little else.
    assert!(size(&root) < 16_300_000, "{} of {before}", size(&root));
    println!("{before} bytes, then {}; {marked:?}; {freed:?}", size(&root));

    nights.assert_readable(&repository);
    assert_sound(&repository);
    let report = repository.check(true, &[nights.tuesday.0], &|_| ()).unwrap();
    assert_eq!(report.unreferenced_packs, 0);
    restic_finds_no_errors();
}

#[test]
fn when_all_is_forgotten_all_is_freed() {
    let (repository, _) = fresh(&Location::memory());
    let nights = Nights::back_up(&repository, 1_000_000);
    [&nights.monday, &nights.tuesday, &nights.other]
        .iter()
        .for_each(|night| forget(&repository, night.0));
    prune_out(&repository);
    assert_eq!(repository.stored_bytes().unwrap(), 0);
    let again = Nights::back_up(&repository, 1_000_000);
    again.assert_readable(&repository);
    assert_sound(&repository);
}

#[test]
fn what_one_prune_marks_the_same_prune_never_removes() {
    let (repository, _) = fresh(&Location::memory());
    let nights = Nights::back_up(&repository, 1_000_000);
    forget(&repository, nights.monday.0);
    // The shortest wait there is, and a clock that leaps by a year.
    let marked = prune_at(&repository, EVENING_MS, Duration::ZERO).unwrap();
    assert!(marked.marked_bytes > 0 && marked.removed_bytes == 0, "{marked:?}");
    forget(&repository, nights.tuesday.0);
    let later = prune_at(&repository, EVENING_MS + 365 * DAY_MS, Duration::ZERO).unwrap();
    assert!(later.marked_bytes > 0, "{later:?}");
    assert_eq!(
        later.removed_bytes, marked.marked_bytes,
        "only what was marked before it began"
    );
    nights.assert_readable(&repository);
}

#[test]
fn a_clock_that_went_back_makes_marks_younger_never_older() {
    let (repository, _) = fresh(&Location::memory());
    let nights = Nights::back_up(&repository, 1_000_000);
    forget(&repository, nights.other.0);
    let marked = prune_at(&repository, EVENING_MS, DAY).unwrap().marked_bytes;
    let month_before = EVENING_MS - 30 * DAY_MS;
    assert_eq!(prune_at(&repository, month_before, DAY).unwrap().marked_bytes, marked);
    assert_eq!(
        prune_at(&repository, month_before + DAY_MS - 1, DAY)
            .unwrap()
            .removed_bytes,
        0
    );
    assert_eq!(
        prune_at(&repository, month_before + DAY_MS, DAY).unwrap().removed_bytes,
        marked
    );
}

#[test]
fn a_backup_does_not_rely_on_marked_packs_and_stores_their_content_again() {
    let (repository, _) = fresh(&Location::memory());
    let content = noise(1, 3_000_000);
    let first = back_up(&repository, &[("a", &content)]);
    forget(&repository, first);
    prune_at(&repository, EVENING_MS, DAY).unwrap();
    let writer = repository.writer().unwrap();
    store(&writer, "a", &content, stream()).unwrap();
    let second = commit(writer).unwrap();
    assert!(second.added_bytes > 3_000_000, "{second:?}");
    prune_out(&repository);
    assert!(read(&repository, second.snapshot, "a").unwrap() == content);
    assert_sound(&repository);
}

#[test]
fn a_backup_under_way_whose_packs_are_marked_is_refused_and_the_next_is_whole() {
    let (repository, _) = fresh(&Location::memory());
    let content = noise(1, 3_000_000);
    forget(&repository, back_up(&repository, &[("a", &content)]));
    let writer = repository.writer().unwrap();
    store(&writer, "a", &content, stream()).unwrap();
    // Against the word that the prune asks for: the writer is still there.
    prune_at(&repository, EVENING_MS, DAY).unwrap();
    assert!(matches!(commit(writer), Err(Error::Damaged(_))));
    let again = back_up(&repository, &[("a", &content)]);
    prune_out(&repository);
    assert!(read(&repository, again, "a").unwrap() == content);
    assert_sound(&repository);
}

#[test]
fn a_snapshot_that_came_about_on_marked_packs_is_readable_and_the_next_prune_takes_them_back() {
    let (repository, _) = fresh(&Location::memory());
    let content = noise(1, 3_000_000);
    forget(&repository, back_up(&repository, &[("a", &content)]));
    let writer = repository.writer().unwrap();
    store(&writer, "a", &content, stream()).unwrap();
    // The one gap that no check closes: between the last look at the index and the snapshot.
    let committed = writer.commit(&facts("late"), None, &|_| (), || {
        prune_at(&repository, EVENING_MS, DAY).map(drop)
    });
    let late = committed.unwrap().snapshot;
    assert!(read(&repository, late, "a").unwrap() == content, "by this handle");
    let report = repository.check(true, &[late], &|_| ()).unwrap();
    assert!(
        report
            .findings
            .iter()
            .any(|finding| finding.contains("marked for removal")),
        "{report:?}"
    );
    let recovered = prune_at(&repository, EVENING_MS + 10 * DAY_MS, DAY).unwrap();
    assert!(
        recovered.recovered_bytes > 3_000_000 && recovered.removed_bytes == 0,
        "{recovered:?}"
    );
    assert!(read(&repository, late, "a").unwrap() == content);
    assert_sound(&repository);
}

#[test]
fn a_lost_snapshot_or_chunk_keeps_a_prune_from_removing_anything() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().join("repository");
    let (repository, _) = fresh(&Location::local(&root));
    let nights = Nights::back_up(&repository, 1_000_000);
    forget(&repository, nights.other.0);
    prune(&repository).unwrap();
    let whole = tree(&root);
    for kind in ["snapshots/", "index/", "data/"] {
        for name in whole.keys().filter(|name| name.starts_with(kind)) {
            let mut content = whole[name].clone();
            let middle = content.len() / 2;
            content[middle] ^= 1;
            if kind == "data/" {
                content.truncate(middle);
            }
            fs::write(root.join(name), &content).unwrap();
            let damaged = tree(&root);
            match prune(&repository) {
                Err(Error::Damaged(_)) => assert!(tree(&root) == damaged, "{name}"),
                // A pack that nothing needs may be as damaged as it likes.
                Ok(_) if kind == "data/" => nights.assert_readable(&repository),
                other => panic!("{name}: {other:?}"),
            }
            whole.keys().for_each(|name| {
                fs::write(root.join(name), &whole[name]).unwrap();
            });
            for name in tree(&root).keys().filter(|name| !whole.contains_key(*name)) {
                fs::remove_file(root.join(name)).unwrap();
            }
        }
    }
    prune_out(&repository);
    nights.assert_readable(&repository);
    assert_sound(&repository);
}

#[test]
fn packs_of_interrupted_writers_are_freed_too() {
    let (repository, _) = fresh(&Location::memory());
    let nights = Nights::back_up(&repository, 1_000_000);
    let stored = repository.stored_bytes().unwrap();
    let writer = repository.writer().unwrap();
    store(&writer, "a", &noise(9, 20_000_000), pages()).unwrap();
    drop(writer);
    let orphaned = repository.stored_bytes().unwrap() - stored;
    assert!(orphaned > 16_000_000);
    assert_eq!(prune_at(&repository, EVENING_MS, DAY).unwrap().marked_bytes, orphaned);
    assert_sound(&repository);
    assert_eq!(
        prune_at(&repository, EVENING_MS + DAY_MS, DAY).unwrap().removed_bytes,
        orphaned
    );
    assert_eq!(repository.stored_bytes().unwrap(), stored);
    nights.assert_readable(&repository);
    assert_sound(&repository);
}

/// A store on which a prune has all its kinds of work: marked packs to remove, packs to mark, packs to write anew,
/// orphans, packs to take back.
fn busy_store() -> (Arc<CountingStore>, repository::RepositoryKey, Nights) {
    let store = CountingStore::new();
    let (repository, key) = fresh(&Location::object_store(store.clone(), "", "counting store"));
    let ghost = noise(7, 200_000);
    forget(&repository, back_up(&repository, &[("ghost", &ghost)]));
    forget(&repository, back_up(&repository, &[("gone", &noise(8, 200_000))]));
    let writer = repository.writer().unwrap();
    support::store(&writer, "ghost", &ghost, stream()).unwrap();
    let late = || prune(&repository).map(drop);
    writer.commit(&facts("late"), None, &|_| (), late).unwrap();

    let nights = Nights::back_up(&repository, 300_000);
    forget(&repository, nights.monday.0);
    forget(&repository, nights.other.0);
    // A backup that could store its packs, but not their index.
    let writer = repository.writer().unwrap();
    support::store(&writer, "orphan", &noise(10, 200_000), pages()).unwrap();
    store.judge_by(|n| if n < 2 { Verdict::Do } else { Verdict::Refuse });
    assert!(commit(writer).is_err());
    store.judge_by(|_| Verdict::Do);
    (store, key, nights)
}

fn assert_nothing_lost_and_all_freed(store: &Arc<CountingStore>, key: &repository::RepositoryKey, nights: &Nights) {
    let location = Location::object_store(store.clone(), "", "counting store");
    let repository = open(&location, key, Expectation::Existing).unwrap();
    assert_eq!(repository.snapshot_ids().unwrap().len(), 2);
    nights.assert_readable(&repository);
    let late = repository
        .snapshots()
        .unwrap()
        .into_iter()
        .find(|s| s.facts.label == "late")
        .unwrap();
    assert!(read(&repository, late.id, "ghost").unwrap() == noise(7, 200_000));
    let new = noise(11, 100_000);
    let written = back_up(&repository, &[("new", &new), ("ghost", &noise(7, 200_000))]);
    prune_out(&repository);
    nights.assert_readable(&repository);
    assert!(read(&repository, late.id, "ghost").unwrap() == noise(7, 200_000));
    assert!(read(&repository, written, "new").unwrap() == new);
    assert_sound(&repository);
    let stored = repository.stored_bytes().unwrap();
    assert!(stored < 1_200_000 + 200_000 + 100_000 + 150_000, "{stored}");
}

#[test]
fn a_prune_that_is_cut_off_at_any_write_or_removal_loses_nothing_and_is_made_good_by_later_ones() {
    let (busy, key, nights) = busy_store();
    let mut cut = 0;
    loop {
        let store = busy.fork();
        let location = Location::object_store(store.clone(), "", "counting store");
        let repository = open(&location, &key, Expectation::Existing).unwrap();
        store.judge_by(move |n| if n < cut { Verdict::Do } else { Verdict::Refuse });
        let pruned = prune(&repository);
        store.judge_by(|_| Verdict::Do);
        if let Ok(pruned) = pruned {
            assert!(
                pruned
                    .marked_bytes
                    .min(pruned.removed_bytes)
                    .min(pruned.repacked_bytes)
                    .min(pruned.recovered_bytes)
                    > 0,
                "the test is to see all kinds of work: {pruned:?}"
            );
            assert_nothing_lost_and_all_freed(&store, &key, &nights);
            break;
        }
        assert_nothing_lost_and_all_freed(&store, &key, &nights);
        cut += 1;
    }
    println!("cut off at each of {cut} writes and removals");
    assert!(cut >= 9, "{cut}");
}

#[test]
fn a_removal_or_write_that_is_done_but_reported_as_failed_loses_nothing_either() {
    let (busy, key, nights) = busy_store();
    let mut cut = 0;
    loop {
        let store = busy.fork();
        let location = Location::object_store(store.clone(), "", "counting store");
        let repository = open(&location, &key, Expectation::Existing).unwrap();
        store.judge_by(move |n| if n == cut { Verdict::DoAndFail } else { Verdict::Do });
        let pruned = prune(&repository);
        store.judge_by(|_| Verdict::Do);
        assert_nothing_lost_and_all_freed(&store, &key, &nights);
        if pruned.is_ok() {
            break;
        }
        cut += 1;
    }
}

#[test]
fn a_fence_that_closes_at_any_write_or_removal_stops_the_prune_there() {
    let (busy, key, nights) = busy_store();
    for by_lease in [false, true] {
        let mut at = 0;
        loop {
            let store = busy.fork();
            let location = Location::object_store(store.clone(), "", "counting store");
            let fence = Fence::new();
            let repository = Repository::open_or_init(&location, &key, fence.clone(), Expectation::Existing).unwrap();
            // The n-th operation still goes through: it was handed to the store when the right was lost.
            let lost = Arc::new(std::sync::atomic::AtomicBool::new(false));
            let (closing, losing) = (fence.clone(), lost.clone());
            store.judge_by(move |n| {
                if n == at && by_lease {
                    losing.store(true, Ordering::SeqCst);
                } else if n == at {
                    closing.close();
                }
                Verdict::Do
            });
            let alone = Alone::i_hold_the_exclusive_lease();
            let still_mine = || !lost.load(Ordering::SeqCst);
            let pruned = repository.prune(&alone, EVENING_MS, Duration::ZERO, &still_mine, &|_| ());
            let done = store.count();
            assert!(done <= at + 1, "{done} operations, {} were allowed", at + 1);
            store.judge_by(|_| Verdict::Do);
            match pruned {
                // The last operation of all: nothing was left to be stopped.
                Ok(_) => break,
                Err(Error::Fenced) => assert!(!by_lease),
                Err(Error::Refused(_)) => assert!(by_lease),
                Err(other) => panic!("{other:?}"),
            }
            assert_nothing_lost_and_all_freed(&store, &key, &nights);
            at += 1;
        }
        assert!(at >= 9, "{at}");
    }
}

#[test]
fn on_a_full_disk_a_prune_still_frees_what_it_can() {
    let failing = FailingStore::new(i64::MAX, io::ErrorKind::StorageFull);
    let (repository, _) = fresh(&Location::object_store(failing.clone(), "", "full store"));
    let nights = Nights::back_up(&repository, 1_000_000);
    forget(&repository, nights.monday.0);
    forget(&repository, nights.other.0);
    // Room for index files, not for packs.
    failing.left.store(60_000, Ordering::SeqCst);
    let marked = prune(&repository).unwrap();
    assert!(
        marked.marked_bytes > 1_000_000 && marked.repacked_bytes == 0,
        "{marked:?}"
    );
    failing.left.store(60_000, Ordering::SeqCst);
    let freed = prune(&repository).unwrap();
    assert_eq!(freed.removed_bytes, marked.marked_bytes);
    failing.left.store(i64::MAX, Ordering::SeqCst);
    prune_out(&repository);
    assert!(repository.stored_bytes().unwrap() < 4_200_000);
    nights.assert_readable(&repository);
    assert_sound(&repository);
}

#[test]
fn a_reader_that_was_opened_before_a_prune_reads_on_after_it() {
    let location = Location::memory();
    let (repository, key) = fresh(&location);
    let nights = Nights::back_up(&repository, 1_000_000);
    let reading = open(&location, &key, Expectation::Existing).unwrap();
    let opened = reading.open_file(nights.tuesday.0, "compta/database.sqlite").unwrap();
    forget(&repository, nights.monday.0);
    prune_out(&repository);
    let (_, content) = &nights.tuesday;
    assert!(opened.read_at(2_000_000, 500_000).unwrap() == content[2_000_000..2_500_000]);
    let mut whole = Vec::new();
    opened.copy_to(&mut whole, &|_| ()).unwrap();
    assert!(&whole == content);
    nights.assert_readable(&reading);
}

#[test]
fn an_index_that_is_replaced_while_it_is_read_is_read_again() {
    let failing = FailingStore::new(i64::MAX, io::ErrorKind::Other);
    let location = Location::object_store(failing.clone(), "", "busy store");
    let (repository, key) = fresh(&location);
    let nights = Nights::back_up(&repository, 300_000);
    forget(&repository, nights.other.0);
    for _ in 0..2 {
        let reading = open(&location, &key, Expectation::Existing).unwrap();
        let prunes = repository.clone();
        // Between a listing of index files and the reading of the first of them.
        failing.after_listing("index", move || assert!(prune(&prunes).is_ok()));
        nights.assert_readable(&reading);
        let report = reading.check(false, &[], &|_| ()).unwrap();
        assert!(report.is_sound(), "{report:?}");
    }
}
