//! Crashes: the order in which things reach the disk, `kill -9`, and what is left lying about.

#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    path::Path,
    process::Stdio,
    time::{Duration, UNIX_EPOCH},
};

use repository::{Expectation, Location, Repository, RepositoryKey};
use support::*;

fn open_as_child(path: &Path) -> Repository {
    let key = RepositoryKey::from_json(&fs::read(path.join("key")).unwrap()).unwrap();
    open(&Location::local(&path.join("repository")), &key, Expectation::New).unwrap()
}

/// Makes a key for a child, which makes the repository.
fn prepare() -> (tempfile::TempDir, RepositoryKey) {
    let directory = tempfile::tempdir().unwrap();
    let key = RepositoryKey::generate().unwrap();
    fs::write(directory.path().join("key"), &*key.to_json()).unwrap();
    (directory, key)
}

#[test]
fn child_backs_up() {
    let Some(path) = child_argument() else { return };
    back_up(
        &open_as_child(&path),
        &[("a.sqlite", &noise(1, 20_000_000)), ("b", b"small")],
    );
}

/// One system call: its text, and the lines of the trace where it began and ended.
struct Call {
    text: String,
    began: usize,
    ended: usize,
}

/// Joins the two halves of calls that other threads interrupted.
fn calls(trace: &str) -> Vec<Call> {
    let mut open: std::collections::HashMap<&str, (String, usize)> = Default::default();
    let mut calls = Vec::new();
    for (line_number, line) in trace.lines().enumerate() {
        let (thread, text) = line.trim_start().split_once(' ').unwrap_or(("", line));
        let text = text.trim();
        if let Some(begin) = text.strip_suffix("<unfinished ...>") {
            open.insert(thread, (begin.to_owned(), line_number));
        } else if let Some((_, end)) = text.strip_prefix("<... ").and_then(|rest| rest.split_once(" resumed>")) {
            if let Some((begin, began)) = open.remove(thread) {
                calls.push(Call {
                    text: begin + end,
                    began,
                    ended: line_number,
                });
            }
        } else {
            calls.push(Call {
                text: text.to_owned(),
                began: line_number,
                ended: line_number,
            });
        }
    }
    calls.retain(|call| call.text.trim_end().ends_with("= 0"));
    calls.sort_by_key(|call| call.began);
    calls
}

#[test]
fn everything_is_on_the_disk_before_the_snapshot_and_the_snapshot_before_success() {
    if !installed("strace") {
        return not_run("the order of writes on the disk", "strace is missing");
    }
    let (directory, _) = prepare();
    let trace = directory.path().join("trace");
    let strace = [
        "strace",
        "-f",
        "-y",
        "-s",
        "300",
        "-e",
        "trace=fsync,link,linkat,rename,renameat,renameat2,mkdir,mkdirat",
        "-o",
    ];
    let wrapper: Vec<&str> = strace.into_iter().chain([trace.to_str().unwrap()]).collect();
    let output = child(&wrapper, "child_backs_up", directory.path()).output().unwrap();
    if !output.status.success() && text(&output).contains("ptrace") {
        return not_run("the order of writes on the disk", "strace may not trace here");
    }
    assert!(output.status.success(), "{}", text(&output));
    let calls = calls(&fs::read_to_string(&trace).unwrap());
    let root = directory.path().join("repository").canonicalize().unwrap();

    let synced = |path: &str, after: usize| {
        calls.iter().find(|call| {
            call.text.starts_with("fsync(") && call.text.contains(&format!("<{path}>")) && call.began > after
        })
    };
    // (name, appeared, durable), in lines of the trace
    let mut files = Vec::new();
    for name in tree(&root).into_keys() {
        let path = root.join(&name).to_string_lossy().into_owned();
        let published = calls
            .iter()
            .find(|call| {
                (call.text.starts_with("rename") || call.text.starts_with("link"))
                    && call.text.contains(&format!("\"{path}\""))
            })
            .unwrap_or_else(|| panic!("{name} was not put in place at once"));
        let staging = published.text.split('"').nth(1).unwrap();
        assert!(staging.starts_with(&path) && staging.contains('#'), "{name}: {staging}");
        let content = synced(staging, 0).unwrap_or_else(|| panic!("{name} was not synced"));
        assert!(
            content.ended < published.began,
            "{name} appeared before its content was on the disk"
        );
        let parent = Path::new(&path).parent().unwrap().to_string_lossy().into_owned();
        let entry = synced(&parent, published.ended).unwrap_or_else(|| panic!("{name}: its directory was not synced"));
        files.push((name, published.began, entry.ended));
    }
    let (snapshots, others): (Vec<_>, Vec<_>) = files.iter().partition(|(name, ..)| name.starts_with("snapshots/"));
    assert_eq!(snapshots.len(), 1);
    let first_index = others
        .iter()
        .filter(|(name, ..)| name.starts_with("index/"))
        .map(|f| f.1)
        .min()
        .unwrap();
    for (name, _, durable) in &others {
        assert!(
            *durable < snapshots[0].1,
            "the snapshot appeared before {name} was on the disk"
        );
        if name.starts_with("data/") {
            assert!(
                *durable < first_index,
                "the index appeared before {name} was on the disk"
            );
        }
    }
    for made in calls.iter().filter(|call| call.text.starts_with("mkdir")) {
        let path = made.text.split('"').nth(1).unwrap();
        if path.starts_with(&*root.to_string_lossy()) {
            let parent = Path::new(path).parent().unwrap().to_string_lossy().into_owned();
            let entry = synced(&parent, made.ended).unwrap_or_else(|| panic!("the entry of {path} was not synced"));
            assert!(entry.ended < snapshots[0].1 || path.ends_with("snapshots"), "{path}");
        }
    }
    println!(
        "{} files, each content → name → directory; the snapshot last",
        files.len()
    );
}

/// Says where it is, and goes on only when told.
#[test]
fn child_backs_up_step_by_step() {
    let Some(path) = child_argument() else { return };
    let pause = |at: &str| {
        println!("at {at}");
        std::io::stdout().flush().unwrap();
        let mut line = String::new();
        std::io::stdin().read_line(&mut line).unwrap();
    };
    struct Paused<'a>(&'a [u8], usize, &'a dyn Fn(&str));
    impl Read for Paused<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            if self.1 > 0 && self.0.len() <= self.1 {
                self.1 = 0;
                self.2("middle of the stream");
            }
            self.0.read(buffer)
        }
    }
    let repository = open_as_child(&path);
    let content = noise(5, 45_000_000);
    let writer = repository.writer().unwrap();
    writer
        .store(
            "a.sqlite",
            None,
            &mut Paused(&content, 5_000_000, &pause),
            pages(),
            &|_| (),
        )
        .unwrap();
    pause("end of the stream");
    let first = std::cell::Cell::new(true);
    let read_back = |_| {
        if first.replace(false) {
            pause("read-back");
        }
    };
    let committed = writer.commit(&facts("x"), None, &read_back, || {
        pause("last check");
        agree()
    });
    committed.unwrap();
    pause("committed");
}

#[test]
fn a_backup_killed_anywhere_is_not_there_and_a_committed_one_is() {
    let moments = [
        "middle of the stream",
        "end of the stream",
        "read-back",
        "last check",
        "committed",
    ];
    for (number, moment) in moments.iter().enumerate() {
        let (directory, key) = prepare();
        let mut process = child(&[], "child_backs_up_step_by_step", directory.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = process.stdin.take().unwrap();
        let mut said = BufReader::new(process.stdout.take().unwrap())
            .lines()
            .map(Result::unwrap);
        for passed in &moments[..=number] {
            let line = said.find(|line| line.contains("at ") && line.ends_with(passed));
            assert!(line.is_some(), "the child never came to {passed}");
            if passed != moment {
                input.write_all(b"go on\n").unwrap();
            }
        }
        process.kill().unwrap();
        process.wait().unwrap();

        let location = Location::local(&directory.path().join("repository"));
        let repository = open(&location, &key, Expectation::Existing).unwrap();
        let snapshots = repository.snapshot_ids().unwrap();
        assert_eq!(
            snapshots.len(),
            usize::from(*moment == "committed"),
            "killed at {moment}"
        );
        assert_sound(&repository);
        let content = noise(5, 45_000_000);
        for id in snapshots {
            assert!(read(&repository, id, "a.sqlite").unwrap() == content);
        }
        let again = back_up(&repository, &[("a.sqlite", &content)]);
        assert!(
            read(&repository, again, "a.sqlite").unwrap() == content,
            "killed at {moment}"
        );
    }
}

#[test]
fn files_abandoned_while_being_written_are_swept_once_they_are_old() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().join("repository");
    let location = Location::local(&root);
    let (repository, _) = fresh(&location);
    let content = ledger(1, 200_000);
    let id = back_up(&repository, &[("a#1", &content)]);
    let files = tree(&root);
    let pack = files.keys().find(|name| name.starts_with("data/")).unwrap();
    let abandoned = [
        root.join(format!("{pack}#1")),
        root.join("config#12"),
        root.join("index/ab#3"),
    ];
    abandoned
        .iter()
        .for_each(|path| fs::write(path, "half a file").unwrap());
    assert_sound(&repository);

    let written = fs::metadata(&abandoned[0])
        .unwrap()
        .modified()
        .unwrap()
        .duration_since(UNIX_EPOCH)
        .unwrap();
    let (hour, second) = (Duration::from_secs(3600), Duration::from_secs(1));
    let sweep = |age: Duration| {
        location
            .sweep_staging((written + age).as_millis() as i64, hour)
            .unwrap()
    };
    assert_eq!(sweep(Duration::ZERO), 0);
    assert_eq!(sweep(hour - second * 30), 0);
    assert_eq!(sweep(hour + second * 30), 3);
    assert_eq!(tree(&root), files);
    assert!(read(&repository, id, "a#1").unwrap() == content);
    assert_eq!(Location::memory().sweep_staging(0, hour).unwrap(), 0);
}
