//! Every number of the rules, with its unit and where it comes from. Nothing here is configuration: what an operator may
//! set has its default here and its value in the site or in the configuration file.

use std::ops::RangeInclusive;
use std::time::Duration;

/// Longest identifier, characters.
pub const ID_MAX_LEN: usize = 40;

/// Manual backups a site may keep, unless the operator sets another number (R9).
pub const MANUAL_QUOTA: u32 = 5;

/// Largest quota an operator may set: the compartments of the meter stay readable.
pub const MANUAL_QUOTA_MAX: u32 = 99;

/// Rolling days that a nightly backup is kept (R12).
pub const DAILY_RETENTION_DAYS: u32 = 7;

/// Nights an operator may have kept. At least one: the last good backup is never removed by policy. At most a year of them.
pub const DAILY_RETENTION_RANGE: RangeInclusive<u32> = 1..=366;

/// Month-ends kept (R13).
pub const MONTHLY_RETENTION: u32 = 1;

/// Month-ends an operator may have kept: none, to five years of them.
pub const MONTHLY_RETENTION_RANGE: RangeInclusive<u32> = 0..=60;

/// Year-ends kept (R14).
pub const YEARLY_RETENTION: u32 = 1;

/// Year-ends an operator may have kept: none, to the ten years that French law has accounting records kept.
pub const YEARLY_RETENTION_RANGE: RangeInclusive<u32> = 0..=10;

/// Days that the backup taken before a restore is kept: that is what an undo uses.
pub const SAFETY_RETENTION_DAYS: u32 = 7;

/// Days an operator may have the backups before restores kept.
pub const SAFETY_RETENTION_RANGE: RangeInclusive<u32> = 1..=90;

/// How long what nobody needs stays in a repository after it was marked: whoever had read the repository before, such as a
/// worker that was paused, has long lost its lease by then.
pub const KEPT_MARKED: Duration = Duration::from_secs(24 * 60 * 60);

/// How long somebody who reads a backup is waited for without a sign of life; then the backup may be deleted.
pub const READING_LEASE: Duration = Duration::from_secs(60);

/// How often a reader gives one.
pub const READING_HEARTBEAT: Duration = Duration::from_secs(15);

/// After so long in the queue, an expiry no longer goes after the nights but among them: on a server that is never idle, what
/// leaves would otherwise never leave.
pub const EXPIRY_WAITS: Duration = Duration::from_secs(24 * 60 * 60);

/// Wait before an expiry that failed is tried again.
pub const EXPIRY_RETRY: Duration = Duration::from_secs(60 * 60);

/// Nights a policy is shown ahead: a year and a month, so that one of every kind of end is in it.
pub const PREVIEW_DAYS: u32 = 400;

/// When the nights of a site may start, minutes after local midnight, unless the operator sets another time: 01:30. After
/// the late workers and the closing runs of the software, and over long before people come back.
pub const NIGHT_START_MINUTES: u16 = 90;

/// For how long after that the nights of a host may start, minutes: 5,000 sites in two hours are 42 a minute.
pub const NIGHT_WINDOW_MINUTES: u16 = 120;

/// Shortest and longest window, minutes. Below a quarter of an hour nothing is spread; a night has twelve hours at most.
pub const NIGHT_WINDOW_RANGE: RangeInclusive<u16> = 15..=720;

/// No night is planned in the last part of its window: the clock is looked at every so often, and a start a few seconds
/// behind its moment must not be called late.
pub const NIGHT_SLACK: Duration = Duration::from_secs(5 * 60);

/// Wait before a night that failed is tried again; doubles with each further failure.
pub const NIGHT_FIRST_RETRY: Duration = Duration::from_secs(15 * 60);

/// Longest wait between two tries of a night: some nine more before the next night takes its place.
pub const NIGHT_LONGEST_RETRY: Duration = Duration::from_secs(4 * 60 * 60);

/// Missed nights are counted up to this many: a site that was away for longer has missed "more than a year".
pub const MISSED_NIGHTS_COUNTED: u32 = 366;

/// A site without a completed backup for this long raises an alert: a night, the hour of an autumn clock change, and one
/// hour for the work itself.
pub const BACKUP_SILENCE: Duration = Duration::from_secs(26 * 60 * 60);

/// A server whose scheduler has not looked at the nights for this long is not well: it looks every minute.
pub const SCHEDULER_SILENCE: Duration = Duration::from_secs(5 * 60);

/// Wait before an alert that could not be delivered is tried again; doubled each time.
pub const ALERT_FIRST_RETRY: Duration = Duration::from_secs(60);

/// Longest such wait: a mail server that is back is noticed within it.
pub const ALERT_LONGEST_RETRY: Duration = Duration::from_secs(60 * 60);

/// How long an alert is tried: over a long week-end somebody mends the mail server.
pub const ALERT_TRIED_FOR: Duration = Duration::from_secs(3 * 24 * 60 * 60);

/// How long an alert is kept after it was raised, to look up who was told what.
pub const ALERT_KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// A size or row count that falls by more than this is unusual, percent.
pub const FALL_PERCENT: u32 = 30;

/// Falls an operator may set, percent. At 100 nothing is ever beyond it: falls are not watched.
pub const FALL_PERCENT_RANGE: RangeInclusive<u32> = 1..=100;

/// A size or row count that grows by more than this is unusual, percent: it has doubled.
pub const GROWTH_PERCENT: u32 = 100;

/// Growths an operator may set, percent: up to a hundredfold.
pub const GROWTH_PERCENT_RANGE: RangeInclusive<u32> = 5..=10_000;

/// Changes of size below this are never unusual, bytes: small databases double and halve every day.
pub const ANOMALY_FLOOR_BYTES: u64 = 5_000_000;

/// Floors of size an operator may set, bytes: up to 1 TB.
pub const ANOMALY_FLOOR_BYTES_RANGE: RangeInclusive<u64> = 0..=1_000_000_000_000;

/// Changes of a row count below this are never unusual, rows.
pub const ANOMALY_FLOOR_ROWS: u64 = 1_000;

/// Floors of a row count an operator may set, rows.
pub const ANOMALY_FLOOR_ROWS_RANGE: RangeInclusive<u64> = 0..=1_000_000_000;

/// The rows of a database are counted for at most this long in each backup; beyond it they are not counted. Reading at some
/// 200 MB/s, that is 12 GB of tables.
pub const ROW_COUNT_BUDGET: Duration = Duration::from_secs(60);

/// How many of the last good backups a new one is compared with: a week has every rhythm of an office in it.
pub const COMPARED_BACKUPS: u32 = 7;

/// Comparisons an operator may set.
pub const COMPARED_BACKUPS_RANGE: RangeInclusive<u32> = 3..=60;

/// A young site is not judged before it has this many good backups: its first days are all growth.
pub const COMPARED_BACKUPS_LEAST: usize = 3;

/// Days that a deleted manual backup can still be put back. R10 asks for the deletion alone; the respite is as long as a night
/// is kept (R12), so that whoever misses it within the week has it back.
pub const BIN_DAYS: u32 = 7;

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

/// Days that a BACPAC made on demand is kept beside its backup: long enough to resume a download after a week-end, and it
/// can be made again at any time.
pub const EXPORT_KEPT_DAYS: u32 = 7;

/// How long an upload may rest before it is swept: a cut connection is resumed within a day or not at all.
pub const UPLOAD_IDLE: Duration = Duration::from_secs(24 * 60 * 60);

/// Largest uploaded file unless the configuration sets another size, bytes.
pub const UPLOAD_MAX_BYTES: u64 = 20_000_000_000;

/// Longest name of an uploaded file that is kept, characters.
pub const FILE_NAME_MAX_CHARS: usize = 120;

/// BACPAC files made at once on a node that runs so many processes: one worker is left for backups, nights and restores, if there are several.
#[must_use]
pub const fn exports_at_once(max_running: u32) -> u32 {
    if max_running > 1 { max_running - 1 } else { 1 }
}

/// Expiries at once on a node that runs so many processes: at most half of its workers, and always one, for nobody waits for them and
/// one can take long.
#[must_use]
pub const fn expiries_at_once(max_running: u32) -> u32 {
    if max_running > 3 { max_running / 2 } else { 1 }
}
