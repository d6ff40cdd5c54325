//! Is a new backup unusual? Its sizes and row counts against the last good ones of the same site.
//!
//! A database that lost half its rows is backed up as faithfully as any other, and a week later the policy would have
//! replaced every good night with it. So an unusual backup is marked with the facts, and [`crate::retention`] stops
//! expiring what is older until somebody decides. Data changed in place without a change of size or count are not seen here.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ids::DatabaseId;
use crate::limits::{
    ANOMALY_FLOOR_BYTES, ANOMALY_FLOOR_BYTES_RANGE, ANOMALY_FLOOR_ROWS, ANOMALY_FLOOR_ROWS_RANGE, COMPARED_BACKUPS,
    COMPARED_BACKUPS_LEAST, COMPARED_BACKUPS_RANGE, FALL_PERCENT, FALL_PERCENT_RANGE, GROWTH_PERCENT,
    GROWTH_PERCENT_RANGE,
};
use crate::range::{OutOfRange, Setting, within};

/// What is thought of a backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Review {
    /// Nothing about it is unusual.
    #[default]
    Usual,
    /// It is unusual, and nobody has decided.
    Undecided,
    /// It was unusual; somebody said that it is as it should be. Its level is the normal one from then on.
    Accepted,
    /// It was unusual; somebody said that it holds damaged data. It stands for no night.
    Rejected,
}

impl Review {
    /// Every review.
    pub const ALL: [Self; 4] = [Self::Usual, Self::Undecided, Self::Accepted, Self::Rejected];

    /// May one rely on the backup?
    #[must_use]
    pub const fn is_good(self) -> bool {
        matches!(self, Self::Usual | Self::Accepted)
    }

    /// The code kept in the control store.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Usual => "usual",
            Self::Undecided => "undecided",
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
        }
    }

    /// The review of a code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|review| review.code() == code)
    }
}

/// What is unusual on a site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Limits", into = "Limits")]
pub struct Thresholds(Limits);

/// The thresholds as they are written down, before they are checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// A fall beyond this share is unusual, percent.
    pub fall_percent: u32,
    /// A growth beyond this share is unusual, percent.
    pub growth_percent: u32,
    /// Changes of size below this are never unusual, bytes.
    pub floor_bytes: u64,
    /// Changes of a row count below this are never unusual, rows.
    pub floor_rows: u64,
    /// How many of the last good backups a new one is compared with.
    pub compared: u32,
}

impl Thresholds {
    /// Checks every limit against its range in [`crate::limits`].
    ///
    /// # Errors
    /// [`OutOfRange`] for the first that lies outside.
    pub fn new(limits: Limits) -> Result<Self, OutOfRange> {
        within(Setting::FallPercent, limits.fall_percent, &FALL_PERCENT_RANGE)?;
        within(Setting::GrowthPercent, limits.growth_percent, &GROWTH_PERCENT_RANGE)?;
        within(Setting::FloorBytes, limits.floor_bytes, &ANOMALY_FLOOR_BYTES_RANGE)?;
        within(Setting::FloorRows, limits.floor_rows, &ANOMALY_FLOOR_ROWS_RANGE)?;
        within(Setting::Compared, limits.compared, &COMPARED_BACKUPS_RANGE)?;
        Ok(Self(limits))
    }

    /// The limits.
    #[must_use]
    pub const fn limits(self) -> Limits {
        self.0
    }
}

impl Default for Thresholds {
    fn default() -> Self {
        Self(Limits {
            fall_percent: FALL_PERCENT,
            growth_percent: GROWTH_PERCENT,
            floor_bytes: ANOMALY_FLOOR_BYTES,
            floor_rows: ANOMALY_FLOOR_ROWS,
            compared: COMPARED_BACKUPS,
        })
    }
}

impl TryFrom<Limits> for Thresholds {
    type Error = OutOfRange;
    fn try_from(limits: Limits) -> Result<Self, OutOfRange> {
        Self::new(limits)
    }
}

impl From<Thresholds> for Limits {
    fn from(thresholds: Thresholds) -> Self {
        thresholds.0
    }
}

/// What was measured of one database in one backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measured {
    /// Which database.
    pub database: DatabaseId,
    /// The size of its stored copy, bytes.
    pub bytes: u64,
    /// Rows of each table, by name; `None` when they were not counted. A table that is not in the list does not exist.
    pub rows: Option<BTreeMap<String, u64>>,
}

/// A past backup, as a new one is compared with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Past {
    /// What is thought of it.
    pub review: Review,
    /// Its databases.
    pub databases: Vec<Measured>,
}

/// What changed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// The size of a database, bytes.
    Bytes {
        /// Which one.
        database: DatabaseId,
    },
    /// The rows of a table.
    Rows {
        /// Of which database.
        database: DatabaseId,
        /// Its name.
        table: String,
    },
    /// A table is no longer there; told in rows.
    TableGone {
        /// Of which database.
        database: DatabaseId,
        /// Its name.
        table: String,
    },
    /// A database of the site is no longer in the backup; told in bytes.
    DatabaseGone {
        /// Which one.
        database: DatabaseId,
    },
}

impl What {
    /// The database concerned.
    #[must_use]
    pub const fn database(&self) -> &DatabaseId {
        match self {
            Self::Bytes { database }
            | Self::Rows { database, .. }
            | Self::TableGone { database, .. }
            | Self::DatabaseGone { database } => database,
        }
    }
}

/// One unusual fact of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unusual {
    /// What changed.
    pub what: What,
    /// The median of the last good backups.
    pub before: u64,
    /// In this one.
    pub now: u64,
}

/// The unusual facts of a new backup, in the order of databases and tables; none when it is usual.
///
/// `past` holds the site's completed backups that are judged ([`crate::judgement::is_judged`]), youngest first; more than
/// needed does no harm. Compared is with
/// the last [`Limits::compared`] good ones, not further back than the last that was accepted: its level is the normal
/// one. A database or table that fewer than [`COMPARED_BACKUPS_LEAST`] of them know is not judged yet, unless one of them
/// was accepted.
///
/// A value is unusual when it differs from their median by more than the share **and** by the floor or more **and** lies
/// outside everything seen in them: a table that is emptied every week is not news. What was at zero has no share, and
/// what is new has no past: neither is unusual.
#[must_use]
pub fn unusual(thresholds: Thresholds, past: &[Past], new: &[Measured]) -> Vec<Unusual> {
    let limits = thresholds.limits();
    let mut good: Vec<&Past> = past
        .iter()
        .filter(|past| past.review.is_good())
        .take(limits.compared as usize)
        .collect();
    let accepted = good.iter().position(|past| past.review == Review::Accepted);
    if let Some(accepted) = accepted {
        good.truncate(accepted + 1);
    }
    let enough = if accepted.is_some() { 1 } else { COMPARED_BACKUPS_LEAST };
    let mut found = Vec::new();
    for (what, levels) in levels(&good) {
        if levels.len() < enough {
            continue;
        }
        let (now, floor) = match &what {
            What::Bytes { database } | What::DatabaseGone { database } => {
                (measured(new, database).map(|m| m.bytes), limits.floor_bytes)
            }
            What::Rows { database, table } | What::TableGone { database, table } => {
                let Some(rows) = measured(new, database).and_then(|m| m.rows.as_ref()) else {
                    continue;
                };
                (rows.get(table).copied(), limits.floor_rows)
            }
        };
        if let Some((before, value)) = beyond(&limits, floor, levels, now.unwrap_or(0)) {
            found.push(Unusual {
                what: if now.is_none() { gone(what) } else { what },
                before,
                now: value,
            });
        }
    }
    found
}

/// Every value of the good backups, youngest backup first.
fn levels(good: &[&Past]) -> BTreeMap<What, Vec<u64>> {
    let mut levels: BTreeMap<What, Vec<u64>> = BTreeMap::new();
    for measured in good.iter().flat_map(|past| &past.databases) {
        let database = measured.database.clone();
        let bytes = What::Bytes {
            database: database.clone(),
        };
        levels.entry(bytes).or_default().push(measured.bytes);
        for (table, rows) in measured.rows.iter().flatten() {
            let rows_of = What::Rows {
                database: database.clone(),
                table: table.clone(),
            };
            levels.entry(rows_of).or_default().push(*rows);
        }
    }
    levels
}

fn measured<'a>(new: &'a [Measured], database: &DatabaseId) -> Option<&'a Measured> {
    new.iter().find(|measured| measured.database == *database)
}

fn gone(what: What) -> What {
    match what {
        What::Bytes { database } => What::DatabaseGone { database },
        What::Rows { database, table } => What::TableGone { database, table },
        gone => gone,
    }
}

/// The median and the value, if the value is unusual beside these levels.
fn beyond(limits: &Limits, floor: u64, mut levels: Vec<u64>, now: u64) -> Option<(u64, u64)> {
    levels.sort_unstable();
    let (least, most) = (*levels.first()?, *levels.last()?);
    let before = u64::midpoint(levels[(levels.len() - 1) / 2], levels[levels.len() / 2]);
    let percent = if now < least {
        limits.fall_percent
    } else if now > most {
        limits.growth_percent
    } else {
        return None;
    };
    let change = now.abs_diff(before);
    let share = u128::from(change) * 100 > u128::from(percent) * u128::from(before);
    (before > 0 && change >= floor && share).then_some((before, now))
}
