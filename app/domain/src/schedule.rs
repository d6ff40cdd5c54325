//! When the nights of a site start: an hour, a window, and the site's own place inside it.
//!
//! **A night runs from noon to noon and belongs to the day in which it began**: one that starts at 02:30 on the 24th, and one
//! that starts at 22:00 on the 23rd, both save the 23rd, "the day that ended". Its *business date* is that day.
//! Nothing here knows which nights have been made: that is [`crate::nights`].

use serde::{Deserialize, Serialize};
use std::time::Duration;

use crate::ids::SiteId;
use crate::limits::{NIGHT_SLACK, NIGHT_START_MINUTES, NIGHT_WINDOW_MINUTES, NIGHT_WINDOW_RANGE};
use crate::range::{OutOfRange, Setting, within};
use crate::time::{CivilDate, Timestamp, Zone};

const NOON: u16 = 12 * 60;
const MIDNIGHT: u16 = 24 * 60;

/// The business date of an instant: the day whose night, noon to noon, it falls into.
#[must_use]
pub fn business_date(zone: &Zone, at: Timestamp) -> CivilDate {
    let local = zone.local(at);
    if u16::from(local.hour) * 60 < NOON {
        local.date.plus_days(-1)
    } else {
        local.date
    }
}

/// Reads a local time `HH:MM` as minutes after midnight, also with the seconds that some browsers add.
#[must_use]
pub fn minutes(text: &str) -> Option<u16> {
    let mut parts = text.trim().split(':');
    let mut next = |below: u16| -> Option<u16> {
        let part = parts.next()?;
        let digits = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        part.parse().ok().filter(|number| digits && *number < below)
    };
    Some(next(24)? * 60 + next(60)?)
}

/// The part of the night in which a site's backup starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Fields", into = "Fields")]
pub struct Schedule {
    start: u16,
    window: u16,
}

/// A schedule as it is written down, before it is checked.
#[derive(Serialize, Deserialize)]
struct Fields {
    start_minutes: u16,
    window_minutes: u16,
}

impl Schedule {
    /// From the local time at which the window opens, minutes after midnight (0 to 1,439), and its length, minutes
    /// ([`NIGHT_WINDOW_RANGE`]). It must not cross noon: then one night would belong to two days.
    ///
    /// # Errors
    /// [`OutOfRange`], with the longest window that this start allows.
    pub fn new(start_minutes: u16, window_minutes: u16) -> Result<Self, OutOfRange> {
        let (shortest, longest) = (*NIGHT_WINDOW_RANGE.start(), *NIGHT_WINDOW_RANGE.end());
        let start = within(Setting::NightStart, start_minutes, &(0..=MIDNIGHT - 1))?;
        let noon = if start < NOON { NOON } else { MIDNIGHT + NOON };
        if noon - start < shortest {
            // No window fits between this start and noon.
            return Err(OutOfRange {
                setting: Setting::NightStart,
                value: start.into(),
                least: 0,
                most: (NOON - shortest).into(),
            });
        }
        let window = within(
            Setting::NightWindow,
            window_minutes,
            &(shortest..=longest.min(noon - start)),
        )?;
        Ok(Self { start, window })
    }

    /// When the window opens, minutes after local midnight.
    #[must_use]
    pub const fn start_minutes(self) -> u16 {
        self.start
    }

    /// How long it stays open, minutes.
    #[must_use]
    pub const fn window_minutes(self) -> u16 {
        self.window
    }

    /// When the window of a night opens; `None` for a day that the zone skips. The hour is local: where the clock is put
    /// forward over it, the first instant after; where it is put back, the first of the two.
    #[must_use]
    pub fn opens(self, zone: &Zone, business_date: CivilDate) -> Option<Timestamp> {
        let day = if self.start < NOON {
            business_date.plus_days(1)
        } else {
            business_date
        };
        zone.has_day(business_date).then(|| zone.instant(day, self.start))
    }

    /// When the window of a night closes. Its length is time that passes, not what clocks show.
    #[must_use]
    pub fn closes(self, zone: &Zone, business_date: CivilDate) -> Option<Timestamp> {
        let window = Duration::from_secs(u64::from(self.window) * 60);
        self.opens(zone, business_date).map(|opens| opens.plus(window))
    }

    /// When a site's backup of a night is to start: the opening of the window and the site's own place in it.
    #[must_use]
    pub fn starts(self, zone: &Zone, site: &SiteId, business_date: CivilDate) -> Option<Timestamp> {
        self.opens(zone, business_date)
            .map(|opens| opens.plus(self.place(site)))
    }

    /// A site's place in the window: the same every night, on every machine and in every version, whole seconds from zero to
    /// less than the window without its last [`NIGHT_SLACK`]. It moves in proportion when the window is set.
    #[must_use]
    pub fn place(self, site: &SiteId) -> Duration {
        let spread = u64::from(self.window) * 60 - NIGHT_SLACK.as_secs();
        // The upper half of the hash as a fraction of the spread: no bias, and no remainder.
        Duration::from_secs(((spread_hash(site.as_str()) >> 32) * spread) >> 32)
    }

    /// Was a night that started at this instant late? A backup made then still belongs to its business date, but holds what
    /// was recorded after the window closed as well.
    #[must_use]
    pub fn is_late(self, zone: &Zone, business_date: CivilDate, started: Timestamp) -> bool {
        self.closes(zone, business_date).is_some_and(|closes| started > closes)
    }
}

impl Default for Schedule {
    fn default() -> Self {
        Self {
            start: NIGHT_START_MINUTES,
            window: NIGHT_WINDOW_MINUTES,
        }
    }
}

impl TryFrom<Fields> for Schedule {
    type Error = OutOfRange;
    fn try_from(fields: Fields) -> Result<Self, OutOfRange> {
        Self::new(fields.start_minutes, fields.window_minutes)
    }
}

impl From<Schedule> for Fields {
    fn from(schedule: Schedule) -> Self {
        Self {
            start_minutes: schedule.start,
            window_minutes: schedule.window,
        }
    }
}

/// FNV-1a over the bytes, 64 bits (offset basis `cbf29ce484222325`, prime `100000001b3`), then the finalizer of
/// MurmurHash3 (`fmix64`): FNV alone leaves the upper bits of short, similar names close together. The standard hasher
/// would do, but may differ from one version of the compiler to the next, and every site would move.
const fn spread_hash(text: &str) -> u64 {
    let bytes = text.as_bytes();
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    let mut at = 0;
    while at < bytes.len() {
        hash = (hash ^ bytes[at] as u64).wrapping_mul(0x0100_0000_01b3);
        at += 1;
    }
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ (hash >> 33)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_the_published_one() {
        // FNV-1a of "" is its basis and of "a" af63dc4c8601ec8c; fmix64 of both.
        assert_eq!(spread_hash(""), fmix(0xcbf2_9ce4_8422_2325));
        assert_eq!(spread_hash("a"), fmix(0xaf63_dc4c_8601_ec8c));
        fn fmix(mut k: u64) -> u64 {
            k ^= k >> 33;
            k = k.wrapping_mul(0xff51_afd7_ed55_8ccd);
            k ^= k >> 33;
            k = k.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
            k ^ (k >> 33)
        }
    }

    #[test]
    fn a_time_of_day_is_read_as_browsers_send_it() {
        for (text, read) in [("01:30", Some(90)), (" 23:59 ", Some(1_439)), ("00:00:00", Some(0))] {
            assert_eq!(minutes(text), read, "{text}");
        }
        for wrong in ["", "1:30", "24:00", "01:60", "01", "01h30", "+1:30", "é:00"] {
            assert_eq!(minutes(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_window_never_crosses_noon() {
        assert_eq!(Schedule::new(150, 120).unwrap().window_minutes(), 120);
        assert!(
            Schedule::new(22 * 60, 8 * 60).is_ok(),
            "an evening window may cross midnight"
        );
        let no = Schedule::new(11 * 60, 120).unwrap_err();
        assert_eq!((no.setting, no.most), (Setting::NightWindow, 60));
        assert_eq!(
            Schedule::new(12 * 60 - 10, 15).unwrap_err().setting,
            Setting::NightStart
        );
        assert_eq!(Schedule::new(1_440, 60).unwrap_err().setting, Setting::NightStart);
        assert_eq!(Schedule::new(0, 14).unwrap_err().least, 15);
    }

    #[test]
    fn a_schedule_out_of_range_does_not_come_in_over_the_wire() {
        let sound = serde_json::to_string(&Schedule::default()).unwrap();
        assert_eq!(sound, r#"{"start_minutes":90,"window_minutes":120}"#);
        assert_eq!(serde_json::from_str::<Schedule>(&sound).unwrap(), Schedule::default());
        assert!(serde_json::from_str::<Schedule>(r#"{"start_minutes":660,"window_minutes":120}"#).is_err());
    }
}
