//! Every number of the rules, with its unit and where it comes from. Nothing here is configuration: what an operator may
//! set has its default here and its value in the site or in the configuration file.

use std::time::Duration;

/// Longest identifier, characters.
pub const ID_MAX_LEN: usize = 40;

/// Manual backups a site may keep, unless the operator sets another number (R9).
pub const MANUAL_QUOTA: u32 = 5;

/// Largest quota an operator may set: the compartments of the meter stay readable.
pub const MANUAL_QUOTA_MAX: u32 = 99;

/// Rolling days that a nightly backup is kept (R12).
pub const DAILY_RETENTION_DAYS: u32 = 7;

/// Days that the backup taken before a restore is kept: that is what an undo uses.
pub const SAFETY_RETENTION_DAYS: u32 = 7;

/// Longest written reason of a restore without a request, characters.
pub const REASON_MAX_CHARS: usize = 500;

/// Longest name of a site, database, customer or person, characters.
pub const NAME_MAX_CHARS: usize = 80;

/// How long a worker may be silent before its process is taken over.
pub const LEASE: Duration = Duration::from_secs(15);

/// How often a worker says that it is alive: three missed beats lose the lease.
pub const HEARTBEAT: Duration = Duration::from_secs(5);

/// Attempts before an interrupted process is given up. The first plus two resumptions: a process that takes the server
/// down with it must not do so for ever.
pub const MAX_ATTEMPTS: u32 = 3;

/// Least time between two progress snapshots of one process: four a second are as smooth as eyes need.
pub const PROGRESS_INTERVAL: Duration = Duration::from_millis(250);

/// No remaining time is shown before this share is done, percent: earlier guesses are wrong by multiples.
pub const ESTIMATE_FROM_PERCENT: u8 = 5;

/// No remaining time is shown before the process has run this long.
pub const ESTIMATE_AFTER: Duration = Duration::from_secs(5);

/// A session ends after this time without a request.
pub const SESSION_IDLE: Duration = Duration::from_secs(60 * 60);

/// A session ends after this time whatever happens.
pub const SESSION_ABSOLUTE: Duration = Duration::from_secs(12 * 60 * 60);

/// A session gets a new token after this time, so that a stolen one ages.
pub const SESSION_ROTATION: Duration = Duration::from_secs(15 * 60);

/// Wrong passwords for one address before it must wait.
pub const SIGN_IN_FREE_FAILURES: u32 = 5;

/// Wait after the free failures; doubles with each further one.
pub const SIGN_IN_FIRST_WAIT: Duration = Duration::from_secs(15);

/// Longest wait between two tries: a person locked out by somebody else comes back within the hour.
pub const SIGN_IN_LONGEST_WAIT: Duration = Duration::from_secs(15 * 60);

/// Longest password read, bytes: argon2 hashes what it is given, and nobody types more.
pub const PASSWORD_MAX_BYTES: usize = 1_024;

/// How often the rights behind an open event stream are checked again.
pub const RIGHTS_RECHECK: Duration = Duration::from_secs(30);

/// Seconds a reverse proxy is told to wait while a site is being restored.
pub const GATE_RETRY_AFTER_SECS: u32 = 15;

/// Free space wanted on the scratch disk before a copy, as a multiple of the size of the database, in percent.
pub const SCRATCH_HEADROOM_PERCENT: u64 = 110;

/// Finished processes shown on a page before "older".
pub const PROCESSES_SHOWN: usize = 50;
