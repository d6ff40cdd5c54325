//! What the control store is given and what it tells.

use domain::account::Actor;
use domain::expiry::Leaving;
use domain::ids::{AccountId, BackupId, CustomerId, DatabaseId, PartnerId, ProcessId, SiteId};
use domain::nights::Nights;
use domain::process::{Process, ProcessKind};
use domain::refusal::Refusal;
use domain::schedule::Schedule;
use domain::site::Site;
use domain::time::{Timestamp, Zone};
use serde::{Deserialize, Serialize};

use super::database_engine::Address;
use super::repository::SealedKey;

/// Why a method of the store did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// An expected "no".
    #[error("refused: {0}")]
    Refused(#[from] Refusal),
    /// The process has ended or belongs to a later attempt: whoever asks must stop.
    #[error("the claim is no longer held")]
    Fenced,
    /// A person has asked for the process to be cancelled: whoever asks must stop, undo what it began, and end it with
    /// [`end_cancelled`](super::control_store::ControlStore::end_cancelled).
    #[error("the process is to be cancelled")]
    Stopping,
    /// The store does not work; the detail is for the log.
    #[error("control store: {0}")]
    Broken(String),
}

/// Whose work on a process is accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The process.
    pub process: ProcessId,
    /// Its attempt: the fencing token.
    pub attempt: u32,
}

/// A process handed to a worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// The right to work on it.
    pub claim: Claim,
    /// Its snapshot, now Running.
    pub process: Process,
    /// For a restore that an earlier attempt began: what that attempt reached.
    pub restore: RestoreProgress,
}

/// How far a restore got, over all its attempts. Kept apart from the percentage because a later attempt decides by it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RestoreProgress {
    /// The safety backup, once complete: it holds the state before the first exchange and is not taken again.
    pub safety: Option<BackupId>,
    /// Every database was exchanged and the restore is decided: a later attempt keeps the new data.
    pub swapped: bool,
}

/// A process to be queued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewProcess {
    /// Its id.
    pub id: ProcessId,
    /// The site.
    pub site: SiteId,
    /// What the work is.
    pub kind: ProcessKind,
    /// Shown name of who asks; empty for the night.
    pub requested_by: String,
    /// The written reason, for a restore without a request.
    pub reason: Option<String>,
    /// When it is asked for.
    pub at: Timestamp,
}

/// An account with its secret.
#[derive(Clone)]
pub struct Account {
    /// Who it is.
    pub actor: Actor,
    /// The address it signs in with, lower-case.
    pub email: String,
    /// PHC string of the password.
    pub password_hash: String,
}

/// A signed-in browser. The token itself is never stored, only its hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// SHA-256 of the token in the cookie.
    pub token: [u8; 32],
    /// Whose.
    pub account: AccountId,
    /// When the person signed in: the absolute limit counts from here.
    pub signed_in_at: Timestamp,
    /// When this token was issued: rotation counts from here.
    pub issued_at: Timestamp,
    /// Last request: the idle limit counts from here.
    pub seen_at: Timestamp,
}

/// Wrong passwords for one address.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Failures {
    /// How many since the last success.
    pub count: u32,
    /// When the last one was.
    pub last_at: Option<Timestamp>,
}

/// A repository's key and whether the repository was ever created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepositoryRow {
    /// The sealed key.
    pub key: SealedKey,
    /// Was it opened once? From then on it must be there.
    pub exists: bool,
}

/// A line of the audit trail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// When.
    pub at: Timestamp,
    /// Who; `None` before sign-in.
    pub account: Option<AccountId>,
    /// Their shown name at the time.
    pub name: String,
    /// The site concerned.
    pub site: Option<SiteId>,
    /// What: `backup.start`, `backup.download`, `restore.start`, `sign-in`, …
    pub action: String,
    /// `done`, or the code of the refusal.
    pub outcome: String,
    /// Facts: backup id, database, reason.
    pub detail: String,
}

/// Everything the operator declares: customers, partners, sites, databases, accounts. Comes from the configuration.
#[derive(Debug, Clone, Default)]
pub struct Declaration {
    /// Customers: id and name.
    pub customers: Vec<(CustomerId, String)>,
    /// Partners: id and name.
    pub partners: Vec<(PartnerId, String)>,
    /// Sites; `status`, names of others and sizes in them are ignored, `databases` gives order, names and products.
    pub sites: Vec<Site>,
    /// How each database is reached.
    pub addresses: Vec<(DatabaseId, Address)>,
    /// When the nights of new sites start, where it is not the default. Sites that are known keep what operators have set.
    pub nights: Vec<(SiteId, Schedule)>,
}

/// What is known of the nights of a site: enough to tell when the next one is due, without another query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteNights {
    /// The site.
    pub site: SiteId,
    /// The zone its nights are in.
    pub zone: Zone,
    /// When they start.
    pub schedule: Schedule,
    /// What has been done of them.
    pub nights: Nights,
    /// Does the site take backups now? Not while it is being restored.
    pub open: bool,
    /// When its youngest complete backup became complete; one made of an uploaded file says nothing of the site and is
    /// left aside.
    pub last_completed: Option<Timestamp>,
    /// From when on the site was without a backup, when people have been told so and not yet that it is over.
    pub silence_told: Option<Timestamp>,
}

/// What an expiry has before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expiring {
    /// What is marked.
    pub leaving: Vec<Leaving>,
    /// Is it to free the space too? Not while another expiry of the same customer is queued: the last one does.
    pub frees: bool,
}
