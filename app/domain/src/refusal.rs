//! Every expected "no", with its facts and the way out. The sentences are in the catalogue; the rules are where they belong.

use serde::{Deserialize, Serialize};

use crate::account::Role;
use crate::range::OutOfRange;
use crate::time::{CivilDate, Timestamp};

/// The field of a form that is not right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Field {
    /// An e-mail address.
    Email,
    /// A password.
    Password,
    /// A name.
    Name,
    /// The written reason of a restore.
    Reason,
    /// The code typed to confirm.
    Confirmation,
    /// The choice of a backup.
    Backup,
    /// What is to be restored.
    Scope,
    /// An identifier in an address.
    Id,
    /// An uploaded file: its name or its length.
    File,
    /// The time at which nights may start.
    NightStart,
    /// For how long after that they may start.
    NightWindow,
    /// A number of the retention policy.
    Retention,
}

/// A kept manual backup, as a refusal names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OldestManual {
    /// The instant it holds.
    pub t0: Timestamp,
    /// Its size, bytes.
    pub bytes: u64,
    /// The day that ended, when it is a night kept among them: that one is not deleted, it is no longer kept.
    pub business_date: Option<CivilDate>,
    /// Who can give it up.
    pub freed_by: FreedBy,
}

impl OldestManual {
    /// Those facts, for somebody who can give it up.
    #[must_use]
    pub const fn new(t0: Timestamp, bytes: u64, business_date: Option<CivilDate>) -> Self {
        Self {
            t0,
            bytes,
            business_date,
            freed_by: FreedBy::You,
        }
    }
}

/// Who can give a kept manual backup up, for the person who is refused a slot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FreedBy {
    /// The person who asks.
    You,
    /// The site's administrator, by name when there is one.
    Administrator(Option<String>),
}

/// An expected "no". Errors never carry data of others: only facts the person asking may see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Refusal {
    /// Nobody is signed in.
    NotSignedIn,
    /// It does not exist, or it is another customer's: the same answer, so that nothing is given away.
    NotFound,
    /// Wrong address or password: which one is not said.
    WrongCredentials,
    /// Too many wrong passwords; try again later.
    TooManyTries {
        /// Seconds to wait.
        wait_secs: u32,
    },
    /// A field is not right.
    Invalid {
        /// Which one.
        field: Field,
    },
    /// A setting lies outside its limits, which are told.
    OutOfRange(OutOfRange),
    /// The role sees and changes nothing.
    ReadOnly {
        /// Who can.
        administrator: Option<String>,
    },
    /// The client has not delegated this to its partner.
    NotDelegated {
        /// Who can, or can delegate.
        administrator: Option<String>,
    },
    /// A restore is run by the host or the partner (R20, R21).
    RestoredByOthers {
        /// The customer's partner, by name.
        partner: Option<String>,
    },
    /// A partner restores under a client's request (R22).
    NeedsRequest {
        /// Who can ask.
        administrator: Option<String>,
    },
    /// A partner does not download (R26).
    NotForPartners {
        /// Who can.
        administrator: Option<String>,
    },
    /// Only the client itself decides this.
    ClientOnly {
        /// Who can.
        administrator: Option<String>,
    },
    /// Only the host does this.
    OperatorOnly,
    /// The role has no such act: it uses another way.
    NotThisRole {
        /// The role that asked.
        role: Role,
    },
    /// All manual slots are taken (R9).
    QuotaReached {
        /// Kept now.
        kept: u32,
        /// Held by backups under way.
        reserved: u32,
        /// How many there are.
        quota: u32,
        /// The oldest: the cheapest to give up.
        oldest: Option<OldestManual>,
    },
    /// The site is being restored.
    SiteRestoring,
    /// A backup is being restored, or a BACPAC is being made of it.
    BackupInUse,
    /// Only manual backups are deleted by people (R10). A kept night goes back under the policy instead.
    NotManual,
    /// Only a night's backup is kept among the manual ones (R18).
    NotAutomatic,
    /// Nothing about the backup is unusual: there is nothing to decide.
    NotUnusual,
    /// The process has ended, or has gone too far to be stopped.
    TooLate,
    /// The file is larger than the operator allows.
    FileTooLarge {
        /// The largest allowed, bytes.
        most: u64,
    },
    /// The disk for uploaded files has no room for this one.
    NoRoom {
        /// Bytes left.
        free: u64,
    },
    /// Somebody, perhaps the same person in another tab, is sending this file at this moment.
    UploadBusy,
}

impl Refusal {
    /// A short name for logs and audit: never changes once published.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotSignedIn => "not-signed-in",
            Self::NotFound => "not-found",
            Self::WrongCredentials => "wrong-credentials",
            Self::TooManyTries { .. } => "too-many-tries",
            Self::Invalid { .. } => "invalid",
            Self::OutOfRange(_) => "out-of-range",
            Self::ReadOnly { .. } => "read-only",
            Self::NotDelegated { .. } => "not-delegated",
            Self::RestoredByOthers { .. } => "restored-by-others",
            Self::NeedsRequest { .. } => "needs-request",
            Self::NotForPartners { .. } => "not-for-partners",
            Self::ClientOnly { .. } => "client-only",
            Self::OperatorOnly => "operator-only",
            Self::NotThisRole { .. } => "not-this-role",
            Self::QuotaReached { .. } => "quota-reached",
            Self::SiteRestoring => "site-restoring",
            Self::BackupInUse => "backup-in-use",
            Self::NotManual => "not-manual",
            Self::NotAutomatic => "not-automatic",
            Self::NotUnusual => "not-unusual",
            Self::TooLate => "too-late",
            Self::FileTooLarge { .. } => "file-too-large",
            Self::NoRoom { .. } => "no-room",
            Self::UploadBusy => "upload-busy",
        }
    }

    /// The HTTP status of the answer.
    #[must_use]
    pub const fn status(&self) -> u16 {
        match self {
            Self::NotSignedIn | Self::WrongCredentials => 401,
            Self::NotFound => 404,
            Self::TooManyTries { .. } => 429,
            Self::Invalid { .. } | Self::OutOfRange(_) => 422,
            Self::FileTooLarge { .. } => 413,
            Self::NoRoom { .. } => 507,
            Self::UploadBusy => 423,
            Self::QuotaReached { .. }
            | Self::SiteRestoring
            | Self::BackupInUse
            | Self::NotManual
            | Self::NotAutomatic
            | Self::NotUnusual
            | Self::TooLate => 409,
            _ => 403,
        }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code())
    }
}

impl std::error::Error for Refusal {}
