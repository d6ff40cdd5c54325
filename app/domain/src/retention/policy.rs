//! How much of a site's past the policy keeps; set by the operator, checked once.

use serde::{Deserialize, Serialize};

use crate::limits::{
    DAILY_RETENTION_DAYS, DAILY_RETENTION_RANGE, MONTHLY_RETENTION, MONTHLY_RETENTION_RANGE, SAFETY_RETENTION_DAYS,
    SAFETY_RETENTION_RANGE, YEARLY_RETENTION, YEARLY_RETENTION_RANGE,
};
use crate::range::{OutOfRange, Setting, within};

/// What is kept, as it is written down, before it is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// Nights: the youngest that have a good backup (R12).
    pub days: u32,
    /// Month-ends, each the last good night of a month that is over (R13).
    pub months: u32,
    /// Year-ends, each the last good night of a year that is over (R14).
    pub years: u32,
    /// Days that a backup taken before a restore is kept.
    pub safety_days: u32,
}

/// The retention policy of a site. Backups by hand, and those kept among them, are not under it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Terms", into = "Terms")]
pub struct Policy(Terms);

impl Policy {
    /// Checks every term against its range in [`crate::limits`].
    ///
    /// # Errors
    /// [`OutOfRange`] for the first that lies outside.
    pub fn new(terms: Terms) -> Result<Self, OutOfRange> {
        within(Setting::RetentionDays, terms.days, &DAILY_RETENTION_RANGE)?;
        within(Setting::RetentionMonths, terms.months, &MONTHLY_RETENTION_RANGE)?;
        within(Setting::RetentionYears, terms.years, &YEARLY_RETENTION_RANGE)?;
        within(Setting::SafetyDays, terms.safety_days, &SAFETY_RETENTION_RANGE)?;
        Ok(Self(terms))
    }

    /// The terms.
    #[must_use]
    pub const fn terms(self) -> Terms {
        self.0
    }
}

impl Default for Policy {
    /// The one of the fiche: seven days, one month-end, one year-end.
    fn default() -> Self {
        Self(Terms {
            days: DAILY_RETENTION_DAYS,
            months: MONTHLY_RETENTION,
            years: YEARLY_RETENTION,
            safety_days: SAFETY_RETENTION_DAYS,
        })
    }
}

impl TryFrom<Terms> for Policy {
    type Error = OutOfRange;
    fn try_from(terms: Terms) -> Result<Self, OutOfRange> {
        Self::new(terms)
    }
}

impl From<Policy> for Terms {
    fn from(policy: Policy) -> Self {
        policy.0
    }
}
