//! The steps of a server at work, counted from outside: each change of a repository's files, each commit of the control store.
//! A run that is let go on shows how many there are; each other run is killed at one of them.
//!
//! The kernel tells of a change after it was made, and the server may have gone on by a hair until the kill strikes: before and
//! after a step are both met that way.

use std::collections::HashMap;
use std::fs::File;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use rustix::fs::inotify::{CreateFlags, ReadFlags, Reader, WatchFlags, add_watch, init};
use rustix::process::{Pid, Signal, kill_process};

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// A file of a repository begins, is complete, or goes.
    File,
    /// A transaction of the control store.
    Commit,
}

pub struct Steps {
    inotify: OwnedFd,
    folders: HashMap<i32, PathBuf>,
    over: PathBuf,
    log: Log,
    of: Step,
}

impl Steps {
    /// Counts from now on. A file in the folder `over` ends the counting.
    pub fn watch(of: Step, repositories: &Path, store: &Path, over: &Path) -> Self {
        let mut steps = Self {
            inotify: init(CreateFlags::CLOEXEC).unwrap(),
            folders: HashMap::new(),
            over: over.to_owned(),
            log: Log::begin(store),
            of,
        };
        steps.add(over, WatchFlags::CREATE);
        match of {
            Step::File => steps.add_all(repositories),
            Step::Commit => steps.add(store.parent().unwrap(), WatchFlags::MODIFY),
        }
        steps
    }

    /// Kills the process at this step, the first being 0; `false` when the counting has ended before.
    pub fn kill_at(mut self, step: usize, pid: u32) -> bool {
        let pid = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
        let mut seen = 0;
        let mut buffer = [MaybeUninit::uninit(); 4_096];
        let inotify = self.inotify.try_clone().unwrap();
        let mut events = Reader::new(&inotify, &mut buffer);
        loop {
            let event = events.next().unwrap();
            let folder = self.folders[&event.wd()].clone();
            if folder == self.over {
                return false;
            }
            seen += match self.of {
                Step::File => 1,
                Step::Commit => self.log.new_commits(),
            };
            if seen > step {
                kill_process(pid, Signal::KILL).unwrap();
                return true;
            }
            if event.events().contains(ReadFlags::CREATE | ReadFlags::ISDIR) {
                let name = event.file_name().unwrap().to_str().unwrap().to_owned();
                self.add_all(&folder.join(name));
            }
        }
    }

    fn add_all(&mut self, folder: &Path) {
        self.add(folder, WatchFlags::CREATE | WatchFlags::MOVED_TO | WatchFlags::DELETE);
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                self.add_all(&entry.path());
            }
        }
    }

    fn add(&mut self, folder: &Path, what: WatchFlags) {
        let watch = add_watch(&self.inotify, folder, what).unwrap();
        self.folders.insert(watch, folder.to_owned());
    }
}

/// The write-ahead log of an SQLite file, of which a frame with a size ends a transaction.
struct Log {
    path: PathBuf,
    salt: [u8; 8],
    read_to: u64,
}

impl Log {
    const HEADER: u64 = 32;
    const FRAME_HEADER: u64 = 24;

    fn begin(store: &Path) -> Self {
        let mut log = Self {
            path: store.with_extension("sqlite-wal"),
            salt: [0; 8],
            read_to: Self::HEADER,
        };
        log.new_commits();
        log
    }

    /// Transactions since the last look.
    fn new_commits(&mut self) -> usize {
        let Ok(file) = File::open(&self.path) else { return 0 };
        let mut header = [0; Self::HEADER as usize];
        if file.read_exact_at(&mut header, 0).is_err() {
            return 0;
        }
        let page = u64::from(u32::from_be_bytes(header[8..12].try_into().unwrap()));
        if header[16..24] != self.salt {
            self.salt.copy_from_slice(&header[16..24]);
            self.read_to = Self::HEADER;
        }
        let (mut commits, mut frame) = (0, [0; Self::FRAME_HEADER as usize]);
        while file.read_exact_at(&mut frame, self.read_to).is_ok() && frame[8..16] == self.salt {
            commits += usize::from(frame[4..8] != [0; 4]);
            self.read_to += Self::FRAME_HEADER + page;
        }
        commits
    }
}
