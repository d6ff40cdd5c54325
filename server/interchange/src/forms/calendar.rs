//! Dates and times of day as ISO 8601 writes them, between text and the numbers of the file: days since 0001-01-01 and units
//! of 100 ns since midnight. Reading is strict: what is read in a format is written in it as it was.

use std::fmt::Write;

use domain::time::CivilDate;
use serde::{Deserialize, Serialize};

/// Units of 100 ns in a second.
const SECOND: u64 = 10_000_000;
/// Units of 100 ns in a day.
pub(crate) const DAY: i64 = 864_000_000_000;
/// Days from 0001-01-01 to 1970-01-01.
const EPOCH: i64 = 719_162;
/// Days from 1900-01-01 to 1970-01-01.
const EPOCH_1900: i64 = 25_567;
/// The last day of the year 9999.
const LAST_DAY: i64 = 3_652_058;

/// How a time of day is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Clock {
    /// With seconds.
    pub(crate) seconds: bool,
    /// Digits after them, 0 to 7.
    pub(crate) digits: u8,
}

/// How a moment is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Moment {
    /// `T` between date and time, or a space.
    pub(crate) letter: bool,
    /// Its time.
    pub(crate) clock: Clock,
    /// What follows.
    pub(crate) zone: Zone,
}

/// What follows a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Zone {
    /// Nothing.
    None,
    /// `Z`.
    Zulu,
    /// `+01:00`.
    Offset,
    /// ` +01:00`.
    SpacedOffset,
}

/// Days since 0001-01-01, units since midnight, minutes of offset; the first two are UTC's when there is a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Instant {
    pub(crate) days: u32,
    pub(crate) ticks: u64,
    pub(crate) offset: i16,
}

/// `2024-02-29`.
pub(crate) fn parse_date(text: &str) -> Option<u32> {
    let date = CivilDate::parse(text)?;
    if date.year < 1 {
        return None;
    }
    u32::try_from(date.days() + EPOCH).ok()
}

/// Writes a day.
pub(crate) fn push_date(days: u32, text: &mut String) {
    push_civil(i64::from(days) - EPOCH, text);
}

/// Writes a day of `datetime` and `smalldatetime`.
pub(crate) fn push_date_of_1900(days: i64, text: &mut String) {
    push_civil(days - EPOCH_1900, text);
}

fn push_civil(days_since_1970: i64, text: &mut String) {
    // Writing to a String does not fail.
    let _ = write!(text, "{}", CivilDate::from_days(days_since_1970));
}

fn two(bytes: &[u8], at: usize) -> Option<u64> {
    let digit = |at: usize| {
        bytes
            .get(at)
            .filter(|byte| byte.is_ascii_digit())
            .map(|byte| u64::from(byte - b'0'))
    };
    Some(digit(at)? * 10 + digit(at + 1)?)
}

/// `23:59`, `23:59:59`, `23:59:59.9999999`; less than 24 h.
pub(crate) fn parse_clock(text: &str) -> Option<(Clock, u64)> {
    let bytes = text.as_bytes();
    let (hours, minutes) = (two(bytes, 0)?, two(bytes, 3)?);
    if bytes.get(2) != Some(&b':') || hours > 23 || minutes > 59 {
        return None;
    }
    let mut ticks = (hours * 60 + minutes) * 60 * SECOND;
    if bytes.len() == 5 {
        let clock = Clock {
            seconds: false,
            digits: 0,
        };
        return Some((clock, ticks));
    }
    let seconds = two(bytes, 6)?;
    if bytes.get(5) != Some(&b':') || seconds > 59 {
        return None;
    }
    ticks += seconds * SECOND;
    let fraction = match bytes.get(8) {
        None => &[][..],
        Some(b'.') => bytes.get(9..).filter(|digits| !digits.is_empty())?,
        Some(_) => return None,
    };
    if fraction.len() > 7 || !fraction.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let mut unit = SECOND;
    for digit in fraction {
        unit /= 10;
        ticks += u64::from(digit - b'0') * unit;
    }
    let clock = Clock {
        seconds: true,
        digits: u8::try_from(fraction.len()).ok()?,
    };
    Some((clock, ticks))
}

/// Writes a time of day; digits that the format has no room for are left out.
pub(crate) fn push_clock(clock: Clock, ticks: u64, text: &mut String) {
    let seconds = ticks / SECOND;
    let _ = write!(text, "{:02}:{:02}", seconds / 3_600, seconds / 60 % 60);
    if clock.seconds {
        let _ = write!(text, ":{:02}", seconds % 60);
        push_fraction(ticks, clock.digits, text);
    }
}

fn push_fraction(ticks: u64, digits: u8, text: &mut String) {
    if digits > 0 {
        let digits = u32::from(digits.min(7));
        let units = ticks % SECOND / 10u64.pow(7 - digits);
        let _ = write!(text, ".{units:0width$}", width = digits as usize);
    }
}

/// `2024-02-29 23:59:59.123+01:00` and its relatives.
pub(crate) fn parse_moment(text: &str) -> Option<(Moment, Instant)> {
    let (date, rest) = text.split_at_checked(10)?;
    let days = parse_date(date)?;
    let letter = match rest.as_bytes().first()? {
        b'T' => true,
        b' ' => false,
        _ => return None,
    };
    let rest = rest.get(1..)?;
    let (clock, zone, offset) = split_zone(rest)?;
    let (clock, ticks) = parse_clock(clock)?;
    let moment = Moment { letter, clock, zone };
    let utc = i64::from(days) * DAY + i64::try_from(ticks).ok()? - i64::from(offset) * 600_000_000;
    let utc_days = utc.div_euclid(DAY);
    if !(0..=LAST_DAY).contains(&utc_days) {
        return None;
    }
    let instant = Instant {
        days: u32::try_from(utc_days).ok()?,
        ticks: u64::try_from(utc.rem_euclid(DAY)).ok()?,
        offset,
    };
    Some((moment, instant))
}

/// The time, what follows it, and the offset in minutes.
fn split_zone(text: &str) -> Option<(&str, Zone, i16)> {
    if let Some(clock) = text.strip_suffix('Z') {
        return Some((clock, Zone::Zulu, 0));
    }
    let Some(at) = text.rfind(['+', '-']) else {
        return Some((text, Zone::None, 0));
    };
    let (clock, offset) = text.split_at_checked(at)?;
    let bytes = offset.as_bytes();
    let minutes = two(bytes, 1)? * 60 + two(bytes, 4).filter(|minutes| *minutes < 60)?;
    let minutes = i16::try_from(minutes).ok().filter(|minutes| *minutes <= 840)?;
    let negative = offset.starts_with('-');
    // "-00:00" is written "+00:00".
    if bytes.len() != 6 || bytes.get(3) != Some(&b':') || negative && minutes == 0 {
        return None;
    }
    let offset = if negative { -minutes } else { minutes };
    Some(match clock.strip_suffix(' ') {
        Some(clock) => (clock, Zone::SpacedOffset, offset),
        None => (clock, Zone::Offset, offset),
    })
}

/// Writes a moment.
pub(crate) fn push_moment(moment: Moment, instant: Instant, text: &mut String) {
    let local = i64::from(instant.days) * DAY
        + i64::try_from(instant.ticks).unwrap_or(0)
        + i64::from(instant.offset) * 600_000_000;
    push_civil(local.div_euclid(DAY) - EPOCH, text);
    text.push(if moment.letter { 'T' } else { ' ' });
    push_clock(moment.clock, u64::try_from(local.rem_euclid(DAY)).unwrap_or(0), text);
    match moment.zone {
        Zone::None => {}
        Zone::Zulu => text.push('Z'),
        Zone::Offset => push_offset(instant.offset, text),
        Zone::SpacedOffset => {
            text.push(' ');
            push_offset(instant.offset, text);
        }
    }
}

/// Milliseconds since 1970.
pub(crate) fn epoch_millis(instant: Instant) -> i64 {
    (i64::from(instant.days) - EPOCH) * 86_400_000 + i64::try_from(instant.ticks / 10_000).unwrap_or(0)
}

fn push_offset(offset: i16, text: &mut String) {
    let sign = if offset < 0 { '-' } else { '+' };
    let minutes = offset.unsigned_abs();
    let _ = write!(text, "{sign}{:02}:{:02}", minutes / 60, minutes % 60);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_written_as_it_was() {
        for text in [
            "2024-02-29 23:59:59",
            "0001-01-01T00:00",
            "9999-12-31 23:59:59.9999999",
            "2024-03-01T00:30:00.5+14:00",
            "2024-03-01 00:30 -09:30",
            "2024-03-01T00:30:00Z",
        ] {
            let (moment, instant) = parse_moment(text).unwrap_or_else(|| panic!("{text}"));
            let mut again = String::new();
            push_moment(moment, instant, &mut again);
            assert_eq!(again, text);
        }
        for wrong in [
            "2024-02-30 00:00:00",
            "2024-02-29 24:00:00",
            "2024-02-29 00:00:60",
            "2024-02-29  00:00:00",
            "2024-02-29 00:00:00.",
            "2024-02-29 00:00:00.12345678",
            "2024-02-29 00:00:00-00:00",
            "2024-02-29 00:00:00+14:01",
            "2024-02-29 00:00:00+1:00",
            "2024-02-29 00:00:00 ",
            "0000-01-01 00:00:00",
            "0001-01-01 00:00:00+01:00",
            "9999-12-31 23:59:59-00:01",
            "2024-02-29",
            "2024-02-29 é0:00:00",
        ] {
            assert_eq!(parse_moment(wrong), None, "{wrong}");
        }
        assert_eq!(parse_date("2003-02-01"), Some(731_246));
    }
}
