//! What a killed predecessor left behind: a guard shell still at work, server processes still ending, a stale lock file.
//!
//! The guard holds a lock as its standard error, so that the kernel says when it has ended, whatever it was doing.
//! PostgreSQL refuses to start when the process id in `postmaster.pid` belongs to *any* living process of the same
//! account, which after a reboot can be a stranger. Here a process counts only if it is a `postgres` working in this
//! very directory, so a stranger neither blocks the start nor is ever signalled. Where `/proc` does not exist,
//! PostgreSQL's own check is all there is.

use std::fs::{self, File, TryLockError};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::error::ClusterError;

/// How long a guard whose owner is gone may take: it notices at once, then gives the server 30 s for an orderly end.
const GUARD_PATIENCE: Duration = Duration::from_secs(40);
/// How long a server without a guard may take, before SIGQUIT and after it.
const PATIENCE: Duration = Duration::from_secs(5);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(50);

/// Returns once no earlier guard works in `directory` any more: the lock that the next guard is to hold.
///
/// # Errors
/// [`ClusterError::InUse`] if it does not end.
pub(crate) fn wait_for_guard(directory: &Path) -> Result<File, ClusterError> {
    let path = directory.join("guard.lock");
    let file = File::create(&path).map_err(ClusterError::io("create", &path))?;
    let deadline = Instant::now() + GUARD_PATIENCE;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => thread::sleep(PAUSE),
            Err(TryLockError::WouldBlock) => {
                return Err(ClusterError::InUse {
                    directory: directory.to_owned(),
                });
            }
            Err(TryLockError::Error(source)) => return Err(ClusterError::io("lock", &path)(source)),
        }
    }
}

/// Returns once no server process works in `data` any more and no stale lock file stands in the way. The caller must
/// hold the cluster's own lock: whatever still runs here then has no living owner.
///
/// # Errors
/// [`ClusterError::InUse`] if a server process outlives even SIGQUIT.
pub(crate) fn clear(directory: &Path, data: &Path) -> Result<(), ClusterError> {
    let Ok(data) = data.canonicalize() else {
        return Ok(());
    };
    if !Path::new("/proc/self/cwd").exists() {
        return Ok(());
    }
    if !all_ended(&data) {
        // Its guard must have been killed too. SIGQUIT to the children alone would make the postmaster restart them.
        for pid in servers_in(&data).into_iter().filter(|pid| is_postmaster(&data, *pid)) {
            let _ = kill_process(pid, Signal::QUIT);
        }
        if !all_ended(&data) {
            return Err(ClusterError::InUse {
                directory: directory.to_owned(),
            });
        }
    }
    match fs::remove_file(data.join("postmaster.pid")) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(ClusterError::io("remove", &data.join("postmaster.pid"))(error))
        }
        _ => Ok(()),
    }
}

fn all_ended(data: &Path) -> bool {
    let deadline = Instant::now() + PATIENCE;
    while !servers_in(data).is_empty() {
        if Instant::now() > deadline {
            return false;
        }
        thread::sleep(PAUSE);
    }
    true
}

fn servers_in(data: &Path) -> Vec<Pid> {
    let is_server = |process: &Path| {
        fs::read_to_string(process.join("comm")).is_ok_and(|name| name.trim_end() == "postgres")
            && fs::read_link(process.join("cwd")).is_ok_and(|directory| directory == data)
    };
    fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Pid::from_raw(entry.file_name().to_str()?.parse().ok()?))
        .filter(|pid| is_server(&Path::new("/proc").join(pid.as_raw_nonzero().to_string())))
        .collect()
}

fn is_postmaster(data: &Path, pid: Pid) -> bool {
    fs::read_to_string(data.join("postmaster.pid"))
        .is_ok_and(|lock| lock.lines().next() == Some(pid.as_raw_nonzero().to_string().as_str()))
}
