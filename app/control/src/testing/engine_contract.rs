//! What every database engine must do, as stories over a harness: run by the real engines, each on its own databases, and
//! by the fake, so that what is proved over the fake holds for them.
//!
//! An adapter brings an [`EngineHarness`] and runs all [`STORIES`]. A story panics when it is not kept.

use std::any::Any;
use std::collections::BTreeMap;
use std::io::{self, Cursor, Read};
use std::path::PathBuf;
use std::sync::Mutex;

use domain::backup::{Sha256Hex, StoredFile};
use domain::failure::Cause;
use sha2::{Digest, Sha256};

use crate::ports::database_engine::{
    CopiedDatabase, DatabaseEngine, DatabaseSource, EngineError, Settlement, ShadowDatabase, StoredFiles,
};

/// What a story needs of the world around an engine. Rows are lines of text, kept in the order of the text.
pub trait EngineHarness: Sync {
    /// The engine under test.
    fn engine(&self) -> &dyn DatabaseEngine;
    /// A new database with these rows, and some schema around them.
    fn create(&self, name: &str, rows: &[&str]) -> DatabaseSource;
    /// Adds a row as another program would: through a connection of its own, committed on return.
    fn write(&self, source: &DatabaseSource, row: &str);
    /// All rows, sorted.
    fn rows(&self, source: &DatabaseSource) -> Vec<String>;
    /// The name under which the rows are counted.
    fn table(&self) -> &'static str;
    /// A new, empty, private folder.
    fn scratch(&self) -> PathBuf;
    /// Names of everything a restore left around this database.
    fn remains(&self, source: &DatabaseSource) -> Vec<String>;
    /// Databases that cannot be worked on, each with the cause that must be told.
    fn unusable(&self) -> Vec<(&'static str, DatabaseSource, Cause)>;
    /// Holds the database so that a swap must refuse; `None` when the engine turns holders away instead.
    fn hold(&self, source: &DatabaseSource) -> Option<Box<dyn Any>>;
    /// Loads, checks and swaps, but stops dead after `steps` durable steps, cleaning nothing, as a killed server would.
    /// `false`: there are fewer steps, and the swap is done.
    fn killed_after(&self, source: &DatabaseSource, tag: &str, files: &dyn StoredFiles, steps: usize) -> bool;
}

/// A story over a harness.
pub type Story = fn(&dyn EngineHarness);

/// Every story, by name.
pub const STORIES: &[(&str, Story)] = &[
    (
        "a_copy_holds_exactly_what_was_committed_before_the_freeze",
        a_copy_holds_exactly_what_was_committed_before,
    ),
    (
        "rows_are_counted_exactly_in_the_state_that_is_stored",
        rows_are_counted_exactly_in_the_state_that_is_stored,
    ),
    (
        "a_copy_names_its_files_and_their_exact_lengths",
        a_copy_names_its_files_and_their_exact_lengths,
    ),
    (
        "a_restore_brings_the_same_content_back",
        a_restore_brings_the_same_content_back,
    ),
    (
        "a_restore_leaves_the_other_databases_alone",
        a_restore_leaves_the_other_databases_alone,
    ),
    (
        "whatever_is_dropped_leaves_nothing_behind",
        whatever_is_dropped_leaves_nothing_behind,
    ),
    (
        "a_swap_is_kept_or_rolled_back_as_often_as_one_asks",
        a_swap_is_kept_or_rolled_back_as_often_as_one_asks,
    ),
    (
        "a_restore_killed_anywhere_is_rolled_back_and_can_be_done_again",
        killed_anywhere_is_rolled_back,
    ),
    (
        "stored_files_that_do_not_read_back_leave_the_live_database_alone",
        damaged_files_leave_the_live_database_alone,
    ),
    (
        "whoever_asks_to_stop_is_heard_and_nothing_stays",
        whoever_asks_to_stop_is_heard_and_nothing_stays,
    ),
    (
        "a_held_database_refuses_the_swap_and_stays_as_it_is",
        a_held_database_refuses_the_swap,
    ),
    (
        "what_cannot_be_worked_on_is_told_by_its_cause",
        what_cannot_be_worked_on_is_told_by_its_cause,
    ),
];

/// Runs every story on one harness and says which one is running: a panic then has its name above it.
pub fn all(harness: &dyn EngineHarness) {
    for (name, story) in STORIES {
        eprintln!("story: {name}");
        story(harness);
    }
}

/// A stored copy in memory, with the hashes a repository would have recorded; can be told to fail.
pub struct MemoryFiles {
    files: Vec<StoredFile>,
    contents: BTreeMap<String, Vec<u8>>,
    breaks_after: Option<usize>,
}

impl MemoryFiles {
    /// Takes a finished copy in.
    #[must_use]
    pub fn of(copied: &dyn CopiedDatabase) -> Self {
        let (mut files, mut contents) = (Vec::new(), BTreeMap::new());
        for file in copied.files() {
            let mut content = Vec::new();
            copied
                .open(&file.name)
                .expect("a file of a copy opens")
                .read_to_end(&mut content)
                .expect("and reads");
            assert_eq!(
                content.len() as u64,
                file.bytes,
                "{} has another length than was said",
                file.name
            );
            let sha256 = Sha256Hex::from_bytes(&Sha256::digest(&content).into());
            files.push(StoredFile {
                name: file.name.clone(),
                bytes: file.bytes,
                sha256,
            });
            contents.insert(file.name.clone(), content);
        }
        Self {
            files,
            contents,
            breaks_after: None,
        }
    }

    /// The same, whose readers fail after so many bytes.
    #[must_use]
    pub fn breaking_after(mut self, bytes: usize) -> Self {
        self.breaks_after = Some(bytes);
        self
    }

    /// The same, with the content of the longest file changed after it was stored.
    #[must_use]
    pub fn changed(mut self, change: impl Fn(&mut Vec<u8>)) -> Self {
        if let Some(content) = self.contents.values_mut().max_by_key(|content| content.len()) {
            change(content);
        }
        self
    }
}

impl StoredFiles for MemoryFiles {
    fn files(&self) -> &[StoredFile] {
        &self.files
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn Read + Send>> {
        let content = self.contents.get(name).ok_or(io::ErrorKind::NotFound)?.clone();
        match self.breaks_after {
            Some(bytes) => Ok(Box::new(Cursor::new(content).take(bytes as u64).chain(Broken))),
            None => Ok(Box::new(Cursor::new(content))),
        }
    }
}

struct Broken;

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::other("a pack is missing"))
    }
}

fn go_on(_: u64) -> bool {
    true
}

fn stored(harness: &dyn EngineHarness, source: &DatabaseSource) -> MemoryFiles {
    let frozen = harness
        .engine()
        .freeze(source, &harness.scratch(), &|| true)
        .expect("freezes");
    MemoryFiles::of(frozen.copy(&go_on).expect("copies").as_ref())
}

fn load(
    harness: &dyn EngineHarness,
    source: &DatabaseSource,
    tag: &str,
    files: &dyn StoredFiles,
) -> Result<Box<dyn ShadowDatabase>, EngineError> {
    harness.engine().load(source, tag, files, &harness.scratch(), &go_on)
}

fn swapped(harness: &dyn EngineHarness, source: &DatabaseSource, tag: &str, files: &dyn StoredFiles) {
    let mut shadow = load(harness, source, tag, files).expect("loads");
    shadow.check(&go_on).expect("passes its check");
    shadow.swap().expect("swaps");
}

fn settle(harness: &dyn EngineHarness, source: &DatabaseSource, tag: &str, settlement: Settlement) {
    harness.engine().settle(source, tag, settlement).expect("settles");
}

fn digest(harness: &dyn EngineHarness, source: &DatabaseSource) -> [u8; 32] {
    harness.engine().content_digest(source).expect("has a content digest")
}

fn cause_of<T>(result: Result<T, EngineError>) -> Option<Cause> {
    result.err().map(|error| error.cause)
}

fn nothing_remains(harness: &dyn EngineHarness, source: &DatabaseSource) {
    assert_eq!(harness.remains(source), Vec::<String>::new());
}

fn a_copy_holds_exactly_what_was_committed_before(harness: &dyn EngineHarness) {
    let source = harness.create("t0", &["before 1", "before 2"]);
    harness.write(&source, "before 3");
    let frozen = harness
        .engine()
        .freeze(&source, &harness.scratch(), &|| true)
        .expect("freezes");
    harness.write(&source, "after the freeze");
    let writes = Mutex::new(0);
    let copied = frozen
        .copy(&|_| {
            let mut writes = writes.lock().expect("no story panics in here");
            *writes += 1;
            if *writes <= 3 {
                harness.write(&source, &format!("during the copy {writes}"));
            }
            true
        })
        .expect("copies while somebody writes");
    harness.write(&source, "after the copy");
    let written = *writes.lock().expect("no story panicked");
    assert!(written >= 1, "the copy never told its progress");
    assert_eq!(
        harness.rows(&source).len(),
        3 + 2 + written.min(3),
        "every write succeeded at once"
    );

    swapped(harness, &source, "t0", &MemoryFiles::of(copied.as_ref()));
    settle(harness, &source, "t0", Settlement::Keep);
    assert_eq!(harness.rows(&source), ["before 1", "before 2", "before 3"]);
}

fn rows_are_counted_exactly_in_the_state_that_is_stored(harness: &dyn EngineHarness) {
    let source = harness.create("counted", &["1", "2", "3"]);
    let frozen = harness
        .engine()
        .freeze(&source, &harness.scratch(), &|| true)
        .expect("freezes");
    harness.write(&source, "after the freeze");
    let writes = Mutex::new(0);
    let copied = frozen
        .copy(&|_| {
            let mut writes = writes.lock().expect("no story panics in here");
            *writes += 1;
            if *writes <= 3 {
                harness.write(&source, &format!("during the copy {writes}"));
            }
            true
        })
        .expect("copies while somebody writes");
    let rows = copied.rows().expect("a small database is counted");
    assert_eq!(rows.get(harness.table()), Some(&3), "{rows:?}");
    swapped(harness, &source, "counted", &MemoryFiles::of(copied.as_ref()));
    settle(harness, &source, "counted", Settlement::Keep);
    assert_eq!(harness.rows(&source).len(), 3, "the stored copy has as many");
}

fn a_copy_names_its_files_and_their_exact_lengths(harness: &dyn EngineHarness) {
    let source = harness.create("names", &["a"]);
    let measure = harness.engine().measure(&source, &|| true).expect("measures");
    assert!(
        measure.bytes > 0 && measure.version.starts_with(source.address.engine().name()),
        "{measure:?}"
    );
    let told = Mutex::new(Vec::new());
    let frozen = harness
        .engine()
        .freeze(&source, &harness.scratch(), &|| true)
        .expect("freezes");
    let copied = frozen
        .copy(&|bytes| {
            told.lock().expect("not poisoned").push(bytes);
            true
        })
        .expect("copies");
    let mut names: Vec<&str> = copied.files().iter().map(|file| file.name.as_str()).collect();
    assert!(!names.is_empty());
    assert!(
        names
            .iter()
            .all(|name| !name.is_empty() && !name.contains('/') && !name.starts_with('.')),
        "{names:?}"
    );
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), copied.files().len(), "names are unique");
    let _checks_the_lengths = MemoryFiles::of(copied.as_ref());
    assert!(copied.open("no-such-file").is_err());
    assert!(copied.open("../escape").is_err());
    assert!(
        told.lock().expect("not poisoned").is_sorted(),
        "progress never goes back"
    );
}

fn a_restore_brings_the_same_content_back(harness: &dyn EngineHarness) {
    let source = harness.create("same", &["one", "two", "", "trois œufs", "four' \" \\ \t"]);
    let before = digest(harness, &source);
    let files = stored(harness, &source);
    harness.write(&source, "later");
    assert_ne!(digest(harness, &source), before, "a row changes the digest");
    swapped(harness, &source, "same", &files);
    settle(harness, &source, "same", Settlement::Keep);
    assert_eq!(digest(harness, &source), before);
    harness.write(&source, "the restored database is alive");
    nothing_remains(harness, &source);
}

fn a_restore_leaves_the_other_databases_alone(harness: &dyn EngineHarness) {
    let accounting = harness.create("accounting", &["entry"]);
    let payroll = harness.create("payroll", &["slip"]);
    let files = stored(harness, &payroll);
    harness.write(&accounting, "entry 2");
    harness.write(&payroll, "slip 2");
    let before = digest(harness, &accounting);
    swapped(harness, &payroll, "one", &files);
    settle(harness, &payroll, "one", Settlement::Keep);
    assert_eq!(digest(harness, &accounting), before);
    assert_eq!(harness.rows(&payroll), ["slip"]);
}

fn whatever_is_dropped_leaves_nothing_behind(harness: &dyn EngineHarness) {
    let source = harness.create("dropped", &["kept"]);
    let before = digest(harness, &source);
    let scratch = harness.scratch();
    let empty = || scratch.read_dir().expect("the scratch folder stays").next().is_none();

    drop(harness.engine().freeze(&source, &scratch, &|| true).expect("freezes"));
    assert!(empty(), "a dropped view left a file");
    let copied = harness
        .engine()
        .freeze(&source, &scratch, &|| true)
        .expect("freezes")
        .copy(&go_on)
        .expect("copies");
    let files = MemoryFiles::of(copied.as_ref());
    drop(copied);
    assert!(empty(), "a dropped copy left a file");

    let shadow = harness
        .engine()
        .load(&source, "dropped", &files, &scratch, &go_on)
        .expect("loads");
    assert_ne!(
        harness.remains(&source),
        Vec::<String>::new(),
        "a loaded copy lies beside the live database"
    );
    drop(shadow);
    nothing_remains(harness, &source);
    assert!(empty(), "a dropped load left a file");
    let mut shadow = load(harness, &source, "dropped", &files).expect("loads again under the same tag");
    shadow.check(&go_on).expect("passes its check");
    drop(shadow);
    nothing_remains(harness, &source);
    assert_eq!(digest(harness, &source), before);
    harness.write(&source, "and is not locked");
}

fn a_swap_is_kept_or_rolled_back_as_often_as_one_asks(harness: &dyn EngineHarness) {
    let source = harness.create("settled", &["old"]);
    let files = stored(harness, &source);
    harness.write(&source, "newer");
    let newer = digest(harness, &source);

    settle(harness, &source, "back", Settlement::RollBack);
    swapped(harness, &source, "back", &files);
    assert_eq!(harness.rows(&source), ["old"], "the swap is live on return");
    settle(harness, &source, "back", Settlement::RollBack);
    settle(harness, &source, "back", Settlement::RollBack);
    assert_eq!(digest(harness, &source), newer);
    nothing_remains(harness, &source);

    swapped(harness, &source, "kept", &files);
    settle(harness, &source, "another-tag", Settlement::RollBack);
    settle(harness, &source, "kept", Settlement::Keep);
    settle(harness, &source, "kept", Settlement::Keep);
    settle(harness, &source, "back", Settlement::Keep);
    assert_eq!(harness.rows(&source), ["old"]);
    nothing_remains(harness, &source);
    harness.write(&source, "alive");
}

fn killed_anywhere_is_rolled_back(harness: &dyn EngineHarness) {
    let source = harness.create("killed", &["old"]);
    let files = stored(harness, &source);
    harness.write(&source, "newer");
    let newer = digest(harness, &source);
    let mut steps = 0;
    while harness.killed_after(&source, "killed", &files, steps) {
        settle(harness, &source, "killed", Settlement::RollBack);
        assert_eq!(digest(harness, &source), newer, "killed after {steps} steps");
        nothing_remains(harness, &source);
        settle(harness, &source, "killed", Settlement::RollBack);
        steps += 1;
        assert!(steps < 100, "a restore has few steps");
    }
    assert!(steps >= 2, "an exchange has steps to be killed at");
    assert_eq!(harness.rows(&source), ["old"]);
    settle(harness, &source, "killed", Settlement::Keep);
    nothing_remains(harness, &source);
}

fn damaged_files_leave_the_live_database_alone(harness: &dyn EngineHarness) {
    let source = harness.create("damaged", &["one", "two"]);
    let before = digest(harness, &source);
    let damaged: [(&str, MemoryFiles); 4] = [
        ("the reader fails", stored(harness, &source).breaking_after(100)),
        (
            "the end is missing",
            stored(harness, &source).changed(|content| content.truncate(content.len() / 2)),
        ),
        (
            "there is more",
            stored(harness, &source).changed(|content| content.extend_from_slice(b"more")),
        ),
        (
            "a bit is flipped",
            stored(harness, &source).changed(|content| *content.last_mut().expect("not empty") ^= 1),
        ),
    ];
    for (what, files) in damaged {
        let result = load(harness, &source, "damaged", &files);
        assert_eq!(cause_of(result), Some(Cause::StoredDataDamaged), "{what}");
        nothing_remains(harness, &source);
        assert_eq!(digest(harness, &source), before, "{what}");
    }
}

fn whoever_asks_to_stop_is_heard_and_nothing_stays(harness: &dyn EngineHarness) {
    let source = harness.create("stopped", &["one", "two"]);
    let scratch = harness.scratch();
    let frozen = harness.engine().freeze(&source, &scratch, &|| true).expect("freezes");
    assert_eq!(cause_of(frozen.copy(&|_| false)), Some(Cause::Interrupted));
    assert!(scratch.read_dir().expect("the scratch folder stays").next().is_none());

    let files = stored(harness, &source);
    let result = harness
        .engine()
        .load(&source, "stopped", &files, &harness.scratch(), &|_| false);
    assert_eq!(cause_of(result), Some(Cause::Interrupted));
    nothing_remains(harness, &source);
    harness.write(&source, "alive");
}

fn a_held_database_refuses_the_swap(harness: &dyn EngineHarness) {
    let source = harness.create("held", &["one"]);
    let files = stored(harness, &source);
    harness.write(&source, "two");
    let before = digest(harness, &source);
    let shadow = load(harness, &source, "held", &files).expect("loads");
    let Some(holder) = harness.hold(&source) else {
        eprintln!("this engine turns holders away: a swap is never refused");
        return;
    };
    assert_eq!(cause_of(shadow.swap()), Some(Cause::DatabaseLocked));
    drop(holder);
    assert_eq!(digest(harness, &source), before);
    settle(harness, &source, "held", Settlement::RollBack);
    nothing_remains(harness, &source);
    swapped(harness, &source, "held", &files);
    settle(harness, &source, "held", Settlement::Keep);
    assert_eq!(harness.rows(&source), ["one"]);
}

fn what_cannot_be_worked_on_is_told_by_its_cause(harness: &dyn EngineHarness) {
    let unusable = harness.unusable();
    assert!(!unusable.is_empty());
    for (what, source, cause) in unusable {
        let engine = harness.engine();
        assert_eq!(
            cause_of(engine.measure(&source, &|| true)),
            Some(cause),
            "measure: {what}"
        );
        assert_eq!(
            cause_of(engine.freeze(&source, &harness.scratch(), &|| true)),
            Some(cause),
            "freeze: {what}"
        );
        assert_eq!(cause_of(engine.content_digest(&source)), Some(cause), "digest: {what}");
    }
}
