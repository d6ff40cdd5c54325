//! Settings that an operator may change, and the answer when one lies outside its range.
//!
//! One error for every settable rule (nights, retention, anomalies), so that a form names the field and the limits in one
//! sentence per language. The ranges themselves are in [`crate::limits`].

use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::RangeInclusive;

/// A settable number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Setting {
    /// Nights kept, days.
    RetentionDays,
    /// Month-ends kept.
    RetentionMonths,
    /// Year-ends kept.
    RetentionYears,
    /// How long a backup taken before a restore is kept, days.
    SafetyDays,
    /// When the nights may start, minutes after local midnight.
    NightStart,
    /// For how long after that they may start, minutes.
    NightWindow,
    /// A fall beyond this is unusual, percent.
    FallPercent,
    /// A growth beyond this is unusual, percent.
    GrowthPercent,
    /// Changes of size below this are never unusual, bytes.
    FloorBytes,
    /// Changes of a row count below this are never unusual, rows.
    FloorRows,
    /// How many of the last good backups a new one is compared with.
    Compared,
}

/// A setting lies outside its range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutOfRange {
    /// Which one.
    pub setting: Setting,
    /// What was asked for.
    pub value: u64,
    /// The least that is allowed.
    pub least: u64,
    /// The most that is allowed.
    pub most: u64,
}

impl fmt::Display for OutOfRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            setting,
            value,
            least,
            most,
        } = self;
        write!(f, "{setting:?} is {value}; it may be {least} to {most}")
    }
}

impl std::error::Error for OutOfRange {}

/// The value, if it lies in the range.
///
/// # Errors
/// [`OutOfRange`] otherwise.
pub(crate) fn within<T>(setting: Setting, value: T, range: &RangeInclusive<T>) -> Result<T, OutOfRange>
where
    T: PartialOrd + Copy + Into<u64>,
{
    if range.contains(&value) {
        return Ok(value);
    }
    Err(OutOfRange {
        setting,
        value: value.into(),
        least: (*range.start()).into(),
        most: (*range.end()).into(),
    })
}
