//! The ranges of dates and times, shared by decoder and encoder, and the one form in which the XML parts write a moment.
use std::time::{SystemTime, UNIX_EPOCH};

/// Days from 0001-01-01 to 9999-12-31.
pub(crate) const LAST_DAY: u32 = 3_652_058;
/// Units of 100 ns in a day.
pub(crate) const TICKS_PER_DAY: u64 = 864_000_000_000;
/// Minutes either side of UTC.
pub(crate) const OFFSET: std::ops::RangeInclusive<i16> = -840..=840;
/// 1753-01-01 to 9999-12-31, in days since 1900-01-01.
pub(crate) const DATETIME_DAYS: std::ops::RangeInclusive<i32> = -53_690..=2_958_463;
/// Units of 1/300 s in a day.
pub(crate) const DATETIME_TICKS: u32 = 25_920_000;
/// Minutes in a day.
pub(crate) const MINUTES: u16 = 1_440;

/// The magnitudes that `precision` digits can hold are less than this; `None` when the precision itself is impossible.
pub(crate) fn decimal_bound(precision: u8) -> Option<u128> {
    // Computed once: every decimal of every row is compared with one of these.
    const BOUNDS: [u128; 39] = {
        let mut bounds = [1; 39];
        let mut precision = 1;
        while precision < 39 {
            bounds[precision] = bounds[precision - 1] * 10;
            precision += 1;
        }
        bounds
    };
    if precision == 0 {
        return None;
    }
    BOUNDS.get(usize::from(precision)).copied()
}

/// A moment as the XML parts write it, in UTC: `2026-01-02T03:04:05.0000000+00:00`. Moments outside the years 1970 to 9999
/// are moved to the nearest that is inside.
pub(crate) fn moment(at: SystemTime) -> String {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    let last = u64::from(LAST_DAY - UNIX_DAY + 1) * 86_400 - 1;
    let seconds = since.as_secs().min(last);
    let (year, month, day) = civil(UNIX_DAY + (seconds / 86_400) as u32);
    let clock = seconds % 86_400;
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{:07}+00:00",
        clock / 3_600,
        clock / 60 % 60,
        clock % 60,
        since.subsec_nanos() / 100
    )
}

/// 1970-01-01 in days since 0001-01-01.
const UNIX_DAY: u32 = 719_162;

/// Year, month and day of a number of days since 0001-01-01, up to [`LAST_DAY`].
fn civil(days: u32) -> (u32, u32, u32) {
    let leap = |year: u32| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let before = |year: u32| year * 365 + year / 4 - year / 100 + year / 400;
    let mut year = days / 366 + 1;
    while before(year) <= days {
        year += 1;
    }
    let mut rest = days - before(year - 1);
    for month in 1..12 {
        let length = match month {
            2 => 28 + u32::from(leap(year)),
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        if rest < length {
            return (year, month, rest + 1);
        }
        rest -= length;
    }
    (year, 12, rest + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn moments_are_written_in_utc() {
        assert_eq!(civil(0), (1, 1, 1));
        assert_eq!(civil(LAST_DAY), (9999, 12, 31));
        assert_eq!(civil(738_944), (2024, 2, 29));
        let at = |seconds, nanos| moment(UNIX_EPOCH + Duration::new(seconds, nanos));
        assert_eq!(at(0, 0), "1970-01-01T00:00:00.0000000+00:00");
        assert_eq!(at(1_767_323_045, 123_456_789), "2026-01-02T03:04:05.1234567+00:00");
        assert_eq!(at(u64::MAX / 8, 0), "9999-12-31T23:59:59.0000000+00:00");
    }
}
