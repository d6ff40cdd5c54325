//! Why a backup stays or goes, as words with their facts; the sentences are in the catalogue of the screens.

use serde::{Deserialize, Serialize};

use crate::ids::BackupId;
use crate::time::{CivilDate, Timestamp};

/// Why a backup is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Keep {
    /// Made by hand: not under the policy.
    Manual,
    /// Kept by a person among the manual ones: not under the policy.
    Promoted,
    /// One of the youngest nights.
    Daily {
        /// Which of them, 1 for the youngest.
        place: u32,
        /// How many are kept.
        of: u32,
    },
    /// The last good night of a month that is over.
    Monthly {
        /// The year.
        year: i32,
        /// The month, 1 to 12.
        month: u8,
    },
    /// The last good night of a year that is over.
    Yearly {
        /// The year.
        year: i32,
    },
    /// Taken before a restore, not long enough ago.
    Safety {
        /// Until when.
        until: Timestamp,
    },
    /// The last good backup of the site: never removed by policy.
    LastGood,
    /// It is unusual, and nobody has decided.
    Undecided,
    /// It is older than an unusual backup about which nobody has decided.
    Frozen {
        /// The first such backup after it.
        by: BackupId,
    },
    /// A person said that it holds damaged data; kept as evidence until so many good nights are younger.
    SetAside {
        /// Good nights that are younger.
        younger: u32,
        /// Good nights that make it go.
        of: u32,
    },
    /// It is of a day that is not over: the clock was wrong then, or is now. It stands for no night.
    Ahead,
}

/// Why a backup is no longer kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Expire {
    /// So many younger nights are good, and it is not the last of its month or year.
    OlderThanDays {
        /// How many nights are kept.
        days: u32,
    },
    /// It was a month-end; as many younger ones as are kept have taken its place.
    MonthReplaced {
        /// How many month-ends are kept.
        months: u32,
        /// The youngest of them.
        by: CivilDate,
    },
    /// It was a year-end; as many younger ones as are kept have taken its place.
    YearReplaced {
        /// How many year-ends are kept.
        years: u32,
        /// The youngest of them.
        by: CivilDate,
    },
    /// It was taken before a restore, longer ago than this.
    SafetyOver {
        /// Days it was kept.
        days: u32,
    },
    /// A person said that it holds damaged data, and so many younger nights are good.
    SetAside {
        /// How many nights are kept.
        days: u32,
    },
}
