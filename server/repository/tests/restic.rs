//! Recovery without us: the standard `restic` program on what we wrote, and we on what it wrote.

#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use repository::{Expectation, Location, Repository};
use support::*;

/// A repository with two snapshots, as `restic` sees it.
struct Customer {
    directory: tempfile::TempDir,
    repository: Repository,
    files: Vec<(&'static str, Vec<u8>)>,
}

impl Customer {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let (repository, key) = fresh(&Location::local(&directory.path().join("repository")));
        fs::write(directory.path().join("password"), key.password()).unwrap();
        let files = vec![
            (
                "compta/database.sqlite",
                [ledger(1, 9_000_000), noise(2, 9_000_000)].concat(),
            ),
            ("compta/empty.sqlite", Vec::new()),
            ("paie/d\u{e9}p\u{f4}t 2026/bulletins.copy", ledger(3, 3_333_333)),
            ("paie/one byte", vec![b'x']),
            ("paie/zeros.sqlite", vec![0; 1_000_000]),
        ];
        back_up(&repository, &[("compta/database.sqlite", &ledger(1, 9_100_000))]);
        let writer = repository.writer().unwrap();
        for (path, content) in &files {
            store(
                &writer,
                path,
                content,
                if path.ends_with("sqlite") { pages() } else { stream() },
            )
            .unwrap();
        }
        writer
            .commit(&facts("evening"), Some(b"{\"site\":\"dupont\"}"), &|_| (), agree)
            .unwrap();
        Self {
            directory,
            repository,
            files,
        }
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.directory.path().join(name)
    }

    fn restic(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new("restic");
        command.args(["--no-cache", "--repo"]).arg(self.path("repository"));
        command
            .arg("--password-file")
            .arg(self.path("password"))
            .args(arguments);
        let output = command.env("HOME", self.directory.path()).output().unwrap();
        assert!(output.status.success(), "restic {arguments:?}: {}", text(&output));
        output
    }

    fn assert_restored(&self, target: &Path) {
        for (path, content) in &self.files {
            assert!(&fs::read(target.join(path)).unwrap() == content, "{path}");
        }
        assert_eq!(
            fs::read(target.join("manifest.json")).unwrap(),
            b"{\"site\":\"dupont\"}"
        );
    }
}

fn restic_is_missing(what: &str) -> bool {
    let missing = !installed("restic");
    if missing {
        not_run(what, "restic is missing");
    }
    missing
}

#[test]
fn restic_lists_checks_and_restores_what_we_wrote() {
    if restic_is_missing("recovery with restic alone") {
        return;
    }
    let customer = Customer::new();
    let listed = text(&customer.restic(&["snapshots", "--json"]));
    let second = customer.repository.snapshots().unwrap()[1].id;
    assert!(
        listed.contains(&second.to_string()) && listed.contains("2026-11-24T"),
        "{listed}"
    );
    assert!(
        listed.contains("\"hostname\":\"atelier\"") && listed.contains("\"nightly\""),
        "{listed}"
    );
    let checked = text(&customer.restic(&["check", "--read-data"]));
    assert!(checked.contains("no errors were found"), "{checked}");

    let both: Vec<_> = customer.repository.snapshot_ids().unwrap();
    assert_eq!(both.len(), 2);
    let evening = both
        .into_iter()
        .find(|id| customer.repository.snapshot(*id).unwrap().facts.label == "evening");
    let evening = evening.unwrap().to_string();
    let names = text(&customer.restic(&["ls", &evening]));
    customer
        .files
        .iter()
        .for_each(|(path, _)| assert!(names.contains(path), "{path} in {names}"));
    let target = customer.path("restored");
    let restored = text(&customer.restic(&["restore", &evening, "--verify", "--target", target.to_str().unwrap()]));
    assert!(!restored.to_lowercase().contains("error"), "{restored}");
    customer.assert_restored(&target);
    let dumped = customer.restic(&["dump", &evening, "/compta/database.sqlite"]).stdout;
    assert!(dumped == customer.files[0].1);
    println!("{}", text(&Command::new("restic").arg("version").output().unwrap()));
}

#[test]
fn we_read_and_check_what_restic_wrote_beside_ours() {
    if restic_is_missing("reading what restic wrote") {
        return;
    }
    let customer = Customer::new();
    let source = customer.path("restic-source");
    fs::create_dir_all(source.join("sub \"quoted\"")).unwrap();
    let content = [ledger(1, 9_000_000), noise(8, 1_000_000)].concat();
    fs::write(source.join("sub \"quoted\"/file"), &content).unwrap();
    customer.restic(&["backup", "--tag", "by-hand", source.to_str().unwrap()]);
    let by_hand = customer
        .repository
        .snapshots()
        .unwrap()
        .into_iter()
        .find(|s| s.facts.tags == ["by-hand"])
        .unwrap();
    let files = customer.repository.files(by_hand.id).unwrap();
    assert_eq!(files.len(), 1);
    assert!(read(&customer.repository, by_hand.id, &files[0].path).unwrap() == content);
    assert_sound(&customer.repository);
}

#[test]
fn a_repository_that_restic_pruned_is_still_ours() {
    if restic_is_missing("pruning with restic") {
        return;
    }
    let customer = Customer::new();
    let evening = customer
        .repository
        .snapshots()
        .unwrap()
        .into_iter()
        .find(|s| s.facts.label == "evening")
        .unwrap();
    let other = customer
        .repository
        .snapshot_ids()
        .unwrap()
        .into_iter()
        .find(|id| *id != evening.id)
        .unwrap();
    read(&customer.repository, other, "compta/database.sqlite").unwrap();
    customer.restic(&["forget", "--prune", &other.to_string()]);
    // The index in memory is older than the packs: it is read again, and the writer relies on nothing that is gone.
    for (path, content) in &customer.files {
        assert!(
            &read(&customer.repository, evening.id, path).unwrap() == content,
            "{path}"
        );
    }
    assert_sound(&customer.repository);
    let content = ledger(1, 9_100_000);
    let again = back_up(&customer.repository, &[("compta/database.sqlite", &content)]);
    assert!(read(&customer.repository, again, "compta/database.sqlite").unwrap() == content);
    assert_sound(&customer.repository);
    let reopened = open(
        &Location::local(&customer.path("repository")),
        customer.repository.key(),
        Expectation::Existing,
    );
    assert_eq!(reopened.unwrap().snapshot_ids().unwrap().len(), 2);
}
