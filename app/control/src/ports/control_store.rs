//! The port to the control store: sites, accounts, sessions, backups, processes.
//!
//! One method = one transaction. An invariant that must hold under two clicks (the quota, one changing process per site,
//! one backup per night) lives inside one method *and* in a constraint of the database.
//!
//! *Fencing*: whoever works on a process holds a [`Claim`] with an attempt number. A method that takes a claim answers
//! [`StoreError::Fenced`] once the process has ended or belongs to a later attempt, and changes nothing.

use std::collections::BTreeSet;

use async_trait::async_trait;
use domain::account::Actor;
use domain::backup::{Backup, Binned, Deletion, Promotion, Quota};
use domain::bacpac::{Export, Told, Upload};
use domain::expiry::ExpiryLog;
use domain::failure::Failure;
use domain::ids::{AccountId, AlertId, BackupId, CustomerId, DatabaseId, ProcessId, ReadingId, SiteId, UploadId};
use domain::judgement::{Decision, Verdict};
use domain::process::{Process, Progress};
use domain::refusal::Refusal;
use domain::retention::Policy;
use domain::schedule::Schedule;
use domain::site::Site;
use domain::time::Timestamp;

use super::database_engine::DatabaseSource;
use super::outbox::{Alert, Delivery, Recipient, Settlement};
use super::repository::SealedKey;
use super::tally::Tally;

pub use super::records::{
    Account, AuditEntry, Claim, Claimed, Declaration, Expiring, Failures, NewProcess, RepositoryRow, RestoreProgress,
    Session, SiteNights, StoreError,
};

/// The control store.
#[async_trait]
pub trait ControlStore: Send + Sync {
    // — what the operator declares —

    /// Creates or updates everything declared; nothing is deleted, and no status, schedule, backup or process is touched. A
    /// site that is new was created `now`: it has nights from then on.
    async fn declare(&self, declaration: &Declaration, now: Timestamp) -> Result<(), StoreError>;

    /// Creates an account, or replaces the one with the same address.
    async fn save_account(&self, account: &Account) -> Result<(), StoreError>;

    /// Every site, by name.
    async fn sites(&self) -> Result<Vec<Site>, StoreError>;

    /// One site.
    async fn site(&self, id: &SiteId) -> Result<Option<Site>, StoreError>;

    /// How the databases of a site are reached, in the site's order.
    async fn sources(&self, site: &SiteId) -> Result<Vec<DatabaseSource>, StoreError>;

    /// Keeps a measured size, bytes.
    async fn measured(&self, database: &DatabaseId, bytes: u64) -> Result<(), StoreError>;

    // — people —

    /// The account of an address.
    async fn account_by_email(&self, email: &str) -> Result<Option<Account>, StoreError>;

    /// The person of an account, with present rights.
    async fn actor(&self, account: &AccountId) -> Result<Option<Actor>, StoreError>;

    /// Keeps a new session.
    async fn open_session(&self, session: &Session) -> Result<(), StoreError>;

    /// The session of a token's hash. Limits are the caller's.
    async fn session(&self, token: &[u8; 32]) -> Result<Option<Session>, StoreError>;

    /// Replaces a session's row by `session` (a later `seen_at`, or a new token). `false` when the old one is gone: two
    /// requests that rotate at once must not give two sessions.
    async fn renew_session(&self, old_token: &[u8; 32], session: &Session) -> Result<bool, StoreError>;

    /// Ends a session; ending none is fine.
    async fn close_session(&self, token: &[u8; 32]) -> Result<(), StoreError>;

    /// Ends every session that is past its limits; returns how many.
    async fn expire_sessions(&self, idle_before: Timestamp, signed_in_before: Timestamp) -> Result<u64, StoreError>;

    /// Wrong passwords for a key (an address, or a network address).
    async fn failures(&self, key: &str) -> Result<Failures, StoreError>;

    /// Counts one wrong password, or forgets them all after a right one.
    async fn count_sign_in(&self, key: &str, right: bool, at: Timestamp) -> Result<(), StoreError>;

    // — processes —

    /// Queues a backup, by hand or by night.
    ///
    /// In one transaction: the site exists and is Ready ([`Refusal::SiteRestoring`]); a manual one takes a slot
    /// ([`Refusal::QuotaReached`] when none is free, with the oldest kept backup); a second one for the same site and
    /// business date is [`Refusal::TooLate`].
    async fn queue_backup(&self, new: &NewProcess) -> Result<Process, StoreError>;

    /// Queues the backups of several nights, in one transaction; the answer to each, as [`Self::queue_backup`] would give it, in
    /// their order.
    async fn queue_nights(&self, new: &[NewProcess]) -> Result<Vec<Result<(), Refusal>>, StoreError>;

    /// Queues a restore and closes the site, in one transaction: [`Refusal::SiteRestoring`] when it is closed already,
    /// [`Refusal::NotFound`] when the backup is not this site's, is deleted, or does not hold the database in scope.
    async fn queue_restore(&self, new: &NewProcess) -> Result<Process, StoreError>;

    /// Queues the making of a BACPAC, or returns the one that is queued or running for the same database of the same backup.
    /// [`Refusal::NotFound`] when the backup is not this site's, is deleted, or does not hold the database.
    async fn queue_export(&self, new: &NewProcess) -> Result<Process, StoreError>;

    /// Queues an import. In one transaction: the site is Ready ([`Refusal::SiteRestoring`]), the upload is there, is this
    /// site's and is not used yet ([`Refusal::NotFound`]), a slot is taken ([`Refusal::QuotaReached`]).
    async fn queue_import(&self, new: &NewProcess) -> Result<Process, StoreError>;

    /// Hands the next process to a worker, atomically: no two workers get the same.
    ///
    /// First one whose worker has been silent past its lease (attempt + 1), oldest first. Then, of the queued ones that need
    /// not wait: what a person asked for before a night, and among those the customer with the fewest running processes,
    /// then the customer that was served least recently, then the oldest. So ten backups of one customer do not keep the next
    /// customer's one waiting, and within a site the order is that of the clicks. [`Process::ahead`] tells the same order.
    ///
    /// An exclusive process waits until no other exclusive one of its site is running. `worker` names the node: at most
    /// `max_running` processes run at once on it, of them [`domain::limits::exports_at_once`] exports and
    /// [`domain::limits::expiries_at_once`] expiries; what runs elsewhere does not count, and what was interrupted goes on regardless.
    ///
    /// An expiry comes after the nights until it is [hastened](Self::hasten_expiries). It waits until nobody else works with its
    /// customer's repository or reads from it, and while one runs, nothing else of its customer begins.
    ///
    /// What [`Self::end_silent`] ends is ended first, so that it is not handed out.
    async fn claim(
        &self,
        worker: &str,
        now: Timestamp,
        lease_until: Timestamp,
        max_running: u32,
    ) -> Result<Option<Claimed>, StoreError>;

    /// Ends the backups and expiries that are not tried again although their worker has been silent past its lease: those whose cancelling a
    /// person has asked for (Cancelled), and those interrupted [`domain::limits::MAX_ATTEMPTS`] times (Failed). Returns
    /// them, oldest first. What may have left remains is handed out even then, because its worker must first settle them.
    async fn end_silent(&self, now: Timestamp) -> Result<Vec<Process>, StoreError>;

    /// Ends every lease at once, those of deliveries too; returns how many of processes. Only for whoever knows that no worker is
    /// alive: a server that has just
    /// taken the lock of the data folder. What its predecessor left goes on without waiting for a lease to run out.
    async fn end_leases(&self) -> Result<u64, StoreError>;

    /// Prolongs the lease.
    async fn heartbeat(&self, claim: &Claim, lease_until: Timestamp) -> Result<(), StoreError>;

    /// Keeps the progress, and T0 once it is fixed; returns the new snapshot.
    async fn report(
        &self,
        claim: &Claim,
        progress: Progress,
        t0: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Process, StoreError>;

    /// Has a person asked for the process to be cancelled? Changes nothing, and costs little enough to be asked every second.
    async fn asked_to_stop(&self, claim: &Claim) -> Result<bool, StoreError>;

    /// What the process does becomes visible from here on: until its next attempt it can no longer be cancelled. Prolongs the
    /// lease. [`StoreError::Stopping`] when somebody has asked first: of the two, exactly one is accepted.
    async fn pass_no_return(
        &self,
        claim: &Claim,
        lease_until: Timestamp,
        now: Timestamp,
    ) -> Result<Process, StoreError>;

    /// Records the backup and completes its process, in one transaction; a reserved slot becomes the backup's.
    /// [`StoreError::Stopping`] when its cancelling was asked for; so do the other methods that end a process or decide it.
    async fn complete_backup(&self, claim: &Claim, backup: &Backup, now: Timestamp) -> Result<Process, StoreError>;

    /// Records the backup taken before a restore; the process goes on.
    async fn record_safety(&self, claim: &Claim, backup: &Backup, now: Timestamp) -> Result<(), StoreError>;

    /// Records the made BACPAC, replacing an earlier one of the same database and backup, and completes its process, in one
    /// transaction.
    async fn complete_export(&self, claim: &Claim, export: &Export, now: Timestamp) -> Result<Process, StoreError>;

    /// Keeps what a process has to tell beyond its state; a later telling replaces it.
    async fn tell(&self, claim: &Claim, told: &Told) -> Result<(), StoreError>;

    /// What a process has told.
    async fn told(&self, process: &ProcessId) -> Result<Option<Told>, StoreError>;

    /// Decides a restore: every database has been exchanged.
    async fn decide_restore(&self, claim: &Claim) -> Result<(), StoreError>;

    /// Completes a restore and opens the site, in one transaction.
    async fn complete_restore(&self, claim: &Claim, now: Timestamp) -> Result<Process, StoreError>;

    /// Fails a process; a reserved slot is free again, and a closed site opens, in one transaction.
    async fn fail(&self, claim: &Claim, failure: &Failure, now: Timestamp) -> Result<Process, StoreError>;

    /// Cancels a queued process at once: its slot is free, its site opens. Of a running one it keeps the wish, which
    /// everybody sees ([`domain::process::Cancelling::Asked`]); a second wish changes nothing. [`Refusal::TooLate`] when it has
    /// ended, or has passed the point from which what it does becomes visible.
    async fn cancel(&self, process: &ProcessId, by: &str, now: Timestamp) -> Result<Process, StoreError>;

    /// Ends a running process whose cancelling was asked for, once what it began is undone; a reserved slot is free again, and
    /// a closed site opens, in one transaction. A backup taken before a restore stays.
    async fn end_cancelled(&self, claim: &Claim, now: Timestamp) -> Result<Process, StoreError>;

    /// One process.
    async fn process(&self, id: &ProcessId) -> Result<Option<Process>, StoreError>;

    /// The written reason of a process, if it was given one.
    async fn reason(&self, id: &ProcessId) -> Result<Option<String>, StoreError>;

    /// Queued and running processes of these sites (of all with `None`), oldest first.
    async fn active(&self, sites: Option<&[SiteId]>) -> Result<Vec<Process>, StoreError>;

    /// Processes of these sites that have ended, youngest first.
    async fn ended(&self, sites: &[SiteId], limit: usize) -> Result<Vec<Process>, StoreError>;

    // — backups —

    /// Every complete backup of a site that is not deleted, youngest T0 first.
    async fn backups(&self, site: &SiteId) -> Result<Vec<Backup>, StoreError>;

    /// The youngest complete backup of a site, those taken before a restore and imported ones left aside: they do
    /// not hold what is live.
    async fn last_backup(&self, site: &SiteId) -> Result<Option<Backup>, StoreError>;

    /// One backup; none when it is deleted.
    async fn backup(&self, id: &BackupId) -> Result<Option<Backup>, StoreError>;

    /// How full the manual compartments of a site are, and which processes hold reserved ones.
    async fn quota(&self, site: &SiteId) -> Result<(Quota, Vec<ProcessId>), StoreError>;

    // — which backups are kept —

    /// Keeps an automatic backup among the manual ones; its data and hashes stay as they are. In one transaction: it is there
    /// ([`Refusal::NotFound`]) and automatic ([`Refusal::NotAutomatic`]), and takes a slot ([`Refusal::QuotaReached`]). One
    /// that is kept already stays as it is.
    async fn promote(&self, backup: &BackupId, promotion: &Promotion) -> Result<Backup, StoreError>;

    /// Puts a kept automatic backup back under the policy and gives its slot back, in one transaction. [`Refusal::NotFound`];
    /// [`Refusal::NotAutomatic`]. One that is not kept stays as it is.
    async fn demote(&self, backup: &BackupId) -> Result<Backup, StoreError>;

    /// Keeps what somebody said of an unusual backup, in one transaction: it is there and not deleted ([`Refusal::NotFound`]), and
    /// unusual ([`Refusal::NotUnusual`]). A later decision replaces an earlier one; the same verdict again leaves the first.
    async fn decide(&self, backup: &BackupId, verdict: Verdict, decision: &Decision) -> Result<Backup, StoreError>;

    /// How many backups of a site, the deleted ones left aside, are unusual and nobody has decided about them.
    async fn undecided(&self, site: &SiteId) -> Result<u32, StoreError>;

    /// Puts a manual backup in the bin; its slot is free at once. In one transaction: it is there ([`Refusal::NotFound`]) and
    /// manual ([`Refusal::NotManual`]), and nothing that is queued or running restores or exports it
    /// ([`Refusal::BackupInUse`]). One that is in the bin already stays as it is, with its first deletion.
    async fn delete_backup(&self, backup: &BackupId, deletion: &Deletion) -> Result<Binned, StoreError>;

    /// Takes a backup out of the bin, in one transaction: it is there and its time has not come ([`Refusal::NotFound`]), and
    /// takes a slot ([`Refusal::QuotaReached`]). One that is in the lists already stays as it is.
    async fn put_back(&self, backup: &BackupId, now: Timestamp) -> Result<Backup, StoreError>;

    /// What of a site can be put back, youngest T0 first.
    async fn bin(&self, site: &SiteId, now: Timestamp) -> Result<Vec<Binned>, StoreError>;

    /// One backup of the bin, if it can be put back.
    async fn binned(&self, backup: &BackupId, now: Timestamp) -> Result<Option<Binned>, StoreError>;

    // — what leaves for good —

    /// The sites, or this one, for which an expiry has something to do and none is queued or running, by id: the policy no longer keeps a backup that
    /// nobody uses, the time of one in the bin has come, one is marked, or space of the customer's repository waits to be
    /// freed (one site of the customer is told then). None of a customer whose repository was never created. A site whose last expiry failed or was cancelled less than
    /// [`domain::limits::EXPIRY_RETRY`] ago waits.
    async fn expiry_due(&self, site: Option<&SiteId>, now: Timestamp) -> Result<Vec<SiteId>, StoreError>;

    /// Queues an expiry, or returns the one that is queued or running for the site; [`Refusal::NotFound`] without such a site.
    async fn queue_expiry(&self, new: &NewProcess) -> Result<Process, StoreError>;

    /// Expiries that have been queued for [`domain::limits::EXPIRY_WAITS`] take their turn among the nights from now on.
    async fn hasten_expiries(&self, now: Timestamp) -> Result<(), StoreError>;

    /// Marks, in one transaction, what leaves the claim's site for good: what [`domain::retention::plan`] expires under the policy
    /// of this moment and nobody uses (no restore or export is queued or running, no reading goes on), and what in the bin
    /// is past its time. From here on it is in no list and comes back in none, and the expiry can no longer be cancelled
    /// ([`StoreError::Stopping`] when somebody has asked for that before). Returns all that is marked, by this call or by
    /// an earlier one that was not followed to its end, oldest first.
    async fn begin_expiry(&self, claim: &Claim, now: Timestamp) -> Result<Expiring, StoreError>;

    /// Removes every row of a marked backup, in one transaction; removing what is gone is fine and does nothing. Only for
    /// whoever has made its data invisible in the repository: what names them is lost here.
    async fn remove_backup(&self, claim: &Claim, backup: &BackupId) -> Result<(), StoreError>;

    /// Keeps the log and completes an expiry, in one transaction. `free_at` is when the space that it marked may be removed;
    /// with a log that tells of no space it says nothing.
    async fn complete_expiry(
        &self,
        claim: &Claim,
        log: &ExpiryLog,
        free_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Process, StoreError>;

    /// The snapshots that the backups of a customer are in, whether these are listed, in the bin or marked.
    async fn snapshots(&self, customer: &CustomerId) -> Result<BTreeSet<String>, StoreError>;

    /// Begins to read a backup, which is not deleted and does not expire before `until`; [`Refusal::NotFound`] when it is deleted.
    async fn begin_reading(&self, reading: &ReadingId, backup: &BackupId, until: Timestamp) -> Result<(), StoreError>;

    /// Goes on reading; `false` once the backup may be gone, because this came too late.
    async fn go_on_reading(&self, reading: &ReadingId, now: Timestamp, until: Timestamp) -> Result<bool, StoreError>;

    /// Ends a reading, and all that gave no sign of life until `now`; ending none is fine.
    async fn end_reading(&self, reading: &ReadingId, now: Timestamp) -> Result<(), StoreError>;

    // — nights —

    /// What is known of the nights of every site, by id, in one reading.
    ///
    /// A business date is settled by a nightly process that is queued, running, completed or cancelled, and by an
    /// automatic backup. Dates later than the site's tomorrow come from a clock that was wrong and do not count.
    async fn nights(&self, now: Timestamp) -> Result<Vec<SiteNights>, StoreError>;

    /// The same of one site.
    async fn nights_of(&self, site: &SiteId, now: Timestamp) -> Result<Option<SiteNights>, StoreError>;

    /// How many nights are queued, over all sites.
    async fn nights_waiting(&self) -> Result<usize, StoreError>;

    /// The sites that were declared, were given another schedule or zone, or of which any process was queued, moved on or ended
    /// after this revision, each once, and the revision now. Costs what has changed, not what there is.
    async fn changed_since(&self, revision: u64) -> Result<(u64, Vec<SiteId>), StoreError>;

    /// The same of these sites, by id; those that do not exist are left out.
    async fn nights_of_each(&self, sites: &[SiteId], now: Timestamp) -> Result<Vec<SiteNights>, StoreError>;

    /// Sets when the nights of a site start; [`Refusal::NotFound`] when there is no such site.
    async fn set_schedule(&self, site: &SiteId, schedule: Schedule) -> Result<(), StoreError>;

    /// The retention policy of a site; [`Refusal::NotFound`] when there is no such site.
    async fn policy(&self, site: &SiteId) -> Result<Policy, StoreError>;

    /// Sets it; the same refusal. What the new policy removes is removed later, not here.
    async fn set_policy(&self, site: &SiteId, policy: Policy) -> Result<(), StoreError>;

    /// Keeps that people are told of a silence that began to count then, or, with `None`, that it is over, and the alert that
    /// tells them, in one transaction. `false` when that was kept already: of several servers one tells.
    async fn tell_silence(&self, site: &SiteId, from: Option<Timestamp>, alert: &Alert) -> Result<bool, StoreError>;

    // — alerts —
    //
    // An order or an end that people are told of ([`Alert::of_order`], [`Alert::of_end`]) raises its alert in its own
    // transaction: [`Self::queue_restore`], [`Self::fail`], [`Self::claim`].

    /// Keeps an alert; `false` when that of the same occasion is kept already.
    async fn raise_alert(&self, alert: &Alert) -> Result<bool, StoreError>;

    /// Alerts for which nobody has decided yet whom they reach, oldest first.
    async fn unaddressed_alerts(&self) -> Result<Vec<Alert>, StoreError>;

    /// The e-mail addresses of the client's administrators of a site.
    async fn administrators(&self, site: &SiteId) -> Result<Vec<String>, StoreError>;

    /// Makes one delivery per recipient, due at once; `false` when that was done already: of several servers one decides.
    async fn address_alert(&self, alert: &AlertId, to: &[Recipient], now: Timestamp) -> Result<bool, StoreError>;

    /// Recipients for whom [`Self::take_delivery`] has something now.
    async fn due_recipients(&self, now: Timestamp) -> Result<Vec<Recipient>, StoreError>;

    /// Hands out the oldest delivery to this recipient that is due, that nobody holds, and before which none of the same site
    /// is still on its way, those that were refused left aside. Its attempts are one more and it is held until then. A
    /// wait beyond [`domain::limits::ALERT_LONGEST_RETRY`] was reckoned under another clock and does not count.
    async fn take_delivery(
        &self,
        to: &Recipient,
        now: Timestamp,
        held_until: Timestamp,
    ) -> Result<Option<Delivery>, StoreError>;

    /// Keeps how an attempt ended; [`StoreError::Fenced`] when a later one has begun or it is settled. One that arrived shows
    /// that the recipient is well: what else waits for it is due at once, unless it was refused.
    async fn settle_delivery(
        &self,
        delivery: &Delivery,
        settlement: Settlement,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Gives up, and returns, what has been on its way for [`domain::limits::ALERT_TRIED_FOR`] and is not held; forgets alerts
    /// that were raised [`domain::limits::ALERT_KEPT`] ago and are not on their way.
    async fn sweep_alerts(&self, now: Timestamp) -> Result<Vec<Delivery>, StoreError>;

    // — figures —

    /// What has ended since this store was made. What is removed later stays counted.
    async fn tally(&self) -> Result<Tally, StoreError>;

    // — files beside the backups —

    /// The BACPAC of one database of a backup, when it is made and kept.
    async fn export(&self, backup: &BackupId, database: &DatabaseId) -> Result<Option<Export>, StoreError>;

    /// Every kept BACPAC.
    async fn exports(&self) -> Result<Vec<Export>, StoreError>;

    /// Forgets those kept until before `now`; returns them.
    async fn expire_exports(&self, now: Timestamp) -> Result<Vec<Export>, StoreError>;

    /// Keeps a new upload.
    async fn open_upload(&self, upload: &Upload) -> Result<(), StoreError>;

    /// One upload.
    async fn upload(&self, id: &UploadId) -> Result<Option<Upload>, StoreError>;

    /// Every upload.
    async fn uploads(&self) -> Result<Vec<Upload>, StoreError>;

    /// Notes that the upload has been gone on with.
    async fn touch_upload(&self, id: &UploadId, at: Timestamp) -> Result<(), StoreError>;

    /// Forgets an upload, unless an import that is queued or running needs it: `false` then.
    async fn close_upload(&self, id: &UploadId) -> Result<bool, StoreError>;

    // — keys and trail —

    /// A customer's repository.
    async fn repository(&self, customer: &CustomerId) -> Result<Option<RepositoryRow>, StoreError>;

    /// Keeps a customer's key unless there is one; returns the one that is kept.
    async fn save_key(&self, customer: &CustomerId, key: &SealedKey) -> Result<RepositoryRow, StoreError>;

    /// From now on the repository must be there.
    async fn repository_exists(&self, customer: &CustomerId) -> Result<(), StoreError>;

    /// Writes a line of the audit trail.
    async fn audit(&self, entry: &AuditEntry) -> Result<(), StoreError>;

    /// The youngest lines of the audit trail.
    async fn audit_trail(&self, limit: usize) -> Result<Vec<AuditEntry>, StoreError>;
}
