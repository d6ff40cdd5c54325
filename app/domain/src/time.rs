//! Instants and the zone they are told in, without a clock and without a zone database.
//!
//! The server computes the offsets of a site's zone once and sends them along; the arithmetic below then gives the same
//! local time on both sides, and the browser downloads no time library.

use serde::{Deserialize, Serialize};

/// An instant: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Milliseconds since the epoch.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded down.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    /// Time since an earlier instant; zero if that one is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> std::time::Duration {
        std::time::Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// The instant that much earlier.
    #[must_use]
    pub fn minus(self, duration: std::time::Duration) -> Self {
        Self(
            self.0
                .saturating_sub(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)),
        )
    }

    /// The instant that much later.
    #[must_use]
    pub fn plus(self, duration: std::time::Duration) -> Self {
        Self(
            self.0
                .saturating_add(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)),
        )
    }
}

/// A day of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CivilDate {
    /// Year, Gregorian.
    pub year: i32,
    /// Month, 1 to 12.
    pub month: u8,
    /// Day of the month, 1 to 31.
    pub day: u8,
}

impl CivilDate {
    /// The date of a number of days since 1970-01-01.
    #[must_use]
    pub const fn from_days(days: i64) -> Self {
        // Eras of 400 years, counted from 1 March so that the leap day comes last.
        let shifted = days + 719_468;
        let era = shifted.div_euclid(146_097);
        let of_era = shifted.rem_euclid(146_097);
        let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * of_year + 2) / 153;
        let day = of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = if month_from_march < 10 {
            month_from_march + 3
        } else {
            month_from_march - 9
        };
        let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
        Self {
            year: year as i32,
            month: month as u8,
            day: day as u8,
        }
    }

    /// Days since 1970-01-01.
    #[must_use]
    pub const fn days(self) -> i64 {
        let year = self.year as i64 - if self.month <= 2 { 1 } else { 0 };
        let era = year.div_euclid(400);
        let year_of_era = year.rem_euclid(400);
        let month_from_march = (self.month as i64 + 9) % 12;
        let of_year = (153 * month_from_march + 2) / 5 + self.day as i64 - 1;
        let of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year;
        era * 146_097 + of_era - 719_468
    }

    /// Reads `YYYY-MM-DD`; nothing else, and no day that does not exist.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (year, rest) = text.split_once('-')?;
        let (month, day) = rest.split_once('-')?;
        let digits = |part: &str, len: usize| part.len() == len && part.bytes().all(|b| b.is_ascii_digit());
        if !(digits(year, 4) && digits(month, 2) && digits(day, 2)) {
            return None;
        }
        let date = Self {
            year: year.parse().ok()?,
            month: month.parse().ok()?,
            day: day.parse().ok()?,
        };
        ((1..=12).contains(&date.month) && date.day >= 1 && Self::from_days(date.days()) == date).then_some(date)
    }

    /// The date so many days later, or earlier.
    #[must_use]
    pub const fn plus_days(self, days: i64) -> Self {
        Self::from_days(self.days() + days)
    }

    /// Day of the week, 0 for Monday to 6 for Sunday.
    #[must_use]
    pub const fn weekday(self) -> usize {
        (self.days() + 3).rem_euclid(7) as usize
    }
}

impl std::fmt::Display for CivilDate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// A local date and time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct CivilTime {
    /// The day.
    pub date: CivilDate,
    /// Hour, 0 to 23.
    pub hour: u8,
    /// Minute, 0 to 59.
    pub minute: u8,
    /// Second, 0 to 59.
    pub second: u8,
}

/// From this instant on, this offset holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OffsetChange {
    /// When, seconds since the epoch.
    pub from: i64,
    /// Local time minus UTC, seconds.
    pub offset: i32,
}

/// A time zone as far as the console needs it: a name, and the offsets over some years around today.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Zone {
    /// IANA name: `Europe/Paris`.
    pub name: String,
    /// Changes of offset, oldest first. Before the first, the first holds; none means UTC.
    pub changes: Vec<OffsetChange>,
}

impl Zone {
    /// Coordinated universal time.
    #[must_use]
    pub fn utc() -> Self {
        Self {
            name: "UTC".to_owned(),
            changes: Vec::new(),
        }
    }

    /// Local time minus UTC at an instant, seconds.
    #[must_use]
    pub fn offset_at(&self, at: Timestamp) -> i32 {
        let later = self.changes.partition_point(|change| change.from <= at.seconds());
        self.changes
            .get(later.saturating_sub(1))
            .map_or(0, |change| change.offset)
    }

    /// The local date and time of an instant.
    #[must_use]
    pub fn local(&self, at: Timestamp) -> CivilTime {
        let seconds = at.seconds() + i64::from(self.offset_at(at));
        let of_day = seconds.rem_euclid(86_400);
        CivilTime {
            date: CivilDate::from_days(seconds.div_euclid(86_400)),
            hour: (of_day / 3_600) as u8,
            minute: (of_day / 60 % 60) as u8,
            second: (of_day % 60) as u8,
        }
    }

    /// The instant at which clocks show a date and so many minutes after midnight. Where the clock is put forward over
    /// that time it is the first instant after the gap; where it is put back, the first of the two.
    #[must_use]
    pub fn instant(&self, date: CivilDate, minutes: u16) -> Timestamp {
        let local = date.days() * 86_400 + i64::from(minutes) * 60;
        // No offset and no jump is longer than a day: what changed two days before is over.
        let mut at = self
            .changes
            .partition_point(|change| change.from <= local - 2 * 86_400)
            .saturating_sub(1);
        let seconds = loop {
            let Some(now) = self.changes.get(at) else {
                break local;
            };
            let until = self.changes.get(at + 1).map(|next| next.from);
            let told = local - i64::from(now.offset);
            if until.is_none_or(|until| told < until) {
                // Before the first change the first offset holds.
                break if at == 0 { told } else { told.max(now.from) };
            }
            at += 1;
        };
        Timestamp(seconds * 1_000)
    }

    /// Does this day exist here? A zone that crosses the date line skips one (Apia had no 30 December 2011).
    #[must_use]
    pub fn has_day(&self, date: CivilDate) -> bool {
        self.local(self.instant(date, 0)).date == date
    }

    /// RFC 3339 with the zone's offset, for `<time datetime>`.
    #[must_use]
    pub fn rfc3339(&self, at: Timestamp) -> String {
        let offset = self.offset_at(at);
        let local = self.local(at);
        let (sign, away) = if offset < 0 { ('-', -offset) } else { ('+', offset) };
        format!(
            "{}T{:02}:{:02}:{:02}{sign}{:02}:{:02}",
            local.date,
            local.hour,
            local.minute,
            local.second,
            away / 3_600,
            away / 60 % 60
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn paris() -> Zone {
        let change = |from, offset| OffsetChange { from, offset };
        // 2026: summer time from 29 March 01:00Z to 25 October 01:00Z.
        Zone {
            name: "Europe/Paris".into(),
            changes: vec![
                change(1_761_440_400, 3_600),
                change(1_774_746_000, 7_200),
                change(1_792_890_000, 3_600),
            ],
        }
    }

    #[test]
    fn the_clock_change_is_seen_to_the_second() {
        let zone = paris();
        assert_eq!(zone.rfc3339(Timestamp(1_774_745_999_000)), "2026-03-29T01:59:59+01:00");
        assert_eq!(zone.rfc3339(Timestamp(1_774_746_000_000)), "2026-03-29T03:00:00+02:00");
        assert_eq!(zone.rfc3339(Timestamp(1_792_890_000_000)), "2026-10-25T02:00:00+01:00");
    }

    #[test]
    fn a_known_day_has_its_weekday() {
        let date = CivilDate::parse("2026-11-24").unwrap();
        assert_eq!(date.weekday(), 1, "24 November 2026 is a Tuesday");
        for wrong in ["2026-02-29", "2026-13-01", "26-01-01", "2026-1-01", "2026-01-32"] {
            assert_eq!(CivilDate::parse(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn days_and_dates_are_two_names_of_one_thing(days in -800_000_i64..800_000) {
            let date = CivilDate::from_days(days);
            prop_assert_eq!(date.days(), days);
            if (0..=9999).contains(&date.year) {
                prop_assert_eq!(CivilDate::parse(&date.to_string()), Some(date));
            }
            prop_assert!(CivilDate::from_days(days + 1) > date);
        }
    }
}
