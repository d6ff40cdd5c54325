//! Dates and times of day between PostgreSQL's text (ISO style, UTC) and the numbers of the file: days since 0001-01-01, units
//! of 100 ns since midnight. It rounds nothing: what cannot be said in numbers is told apart.

/// Units of 100 ns in a second.
const SECOND: u64 = 10_000_000;
/// Units of 100 ns in a day.
pub(super) const DAY: u64 = 86_400 * SECOND;
/// The last unit of a day: what 24:00:00 becomes. PostgreSQL's own times have microseconds, so no other time of its is this.
pub(super) const LAST_TICK: u64 = DAY - 1;

/// A date or a moment as PostgreSQL prints it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach<T> {
    /// In the years 1 to 9999.
    Within(T),
    /// Before, after, or infinite.
    Beyond,
}

/// `2024-02-29`, `10000-01-01`, `0044-03-15 BC`, `infinity`.
pub(super) fn date(text: &str) -> Option<Reach<u32>> {
    if matches!(text, "infinity" | "-infinity") {
        return Some(Reach::Beyond);
    }
    let (text, before) = match text.strip_suffix(" BC") {
        Some(text) => (text, true),
        None => (text, false),
    };
    let mut numbers = text.split('-').map(|number| number.parse::<u32>().ok());
    let (Some(Some(year)), Some(Some(month)), Some(Some(day)), None) =
        (numbers.next(), numbers.next(), numbers.next(), numbers.next())
    else {
        return None;
    };
    if before || year > 9_999 {
        return Some(Reach::Beyond);
    }
    days(year, month, day).map(Reach::Within)
}

/// `23:59:59.999999`; up to and including `24:00:00`.
pub(super) fn time(text: &str) -> Option<u64> {
    let (clock, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut numbers = clock.split(':').map(|number| number.parse::<u64>().ok());
    let (Some(Some(hours)), Some(Some(minutes)), Some(Some(seconds)), None) =
        (numbers.next(), numbers.next(), numbers.next(), numbers.next())
    else {
        return None;
    };
    if fraction.len() > 7
        || !fraction.bytes().all(|byte| byte.is_ascii_digit())
        || hours > 24
        || minutes > 59
        || seconds > 60
    {
        return None;
    }
    let fraction: u64 = if fraction.is_empty() {
        0
    } else {
        format!("{fraction:0<7}").parse().ok()?
    };
    let ticks = ((hours * 60 + minutes) * 60 + seconds) * SECOND + fraction;
    (ticks <= DAY).then_some(ticks)
}

/// `2024-02-29 12:34:56.789`, with ` BC` after it, or `infinity`.
pub(super) fn moment(text: &str) -> Option<Reach<(u32, u64)>> {
    if matches!(text, "infinity" | "-infinity") {
        return Some(Reach::Beyond);
    }
    let (day, rest) = text.split_once(' ')?;
    if let Some(clock) = rest.strip_suffix(" BC") {
        return time(clock).map(|_| Reach::Beyond);
    }
    let ticks = time(rest).filter(|ticks| *ticks < DAY)?;
    Some(match date(day)? {
        Reach::Within(days) => Reach::Within((days, ticks)),
        Reach::Beyond => Reach::Beyond,
    })
}

fn is_leap(year: u32) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn month_days(year: u32, month: u32) -> u32 {
    match month {
        2 => 28 + u32::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn before_year(year: u32) -> u32 {
    let past = year - 1;
    past * 365 + past / 4 - past / 100 + past / 400
}

fn days(year: u32, month: u32, day: u32) -> Option<u32> {
    if year == 0 || !(1..=12).contains(&month) || !(1..=month_days(year, month)).contains(&day) {
        return None;
    }
    let months: u32 = (1..month).map(|month| month_days(year, month)).sum();
    Some(before_year(year) + months + day - 1)
}

/// Year, month and day of a number of days since 0001-01-01.
fn civil(days: u32) -> (u32, u32, u32) {
    let mut year = days / 366 + 1;
    while before_year(year + 1) <= days {
        year += 1;
    }
    let mut rest = days - before_year(year);
    let mut month = 1;
    while rest >= month_days(year, month) {
        rest -= month_days(year, month);
        month += 1;
    }
    (year, month, rest + 1)
}

/// A date as PostgreSQL reads it.
pub(super) struct DateText(pub(super) u32);

impl std::fmt::Display for DateText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (year, month, day) = civil(self.0);
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

/// A time of day in units of 100 ns as PostgreSQL reads it, cut off after the microsecond.
pub(super) struct TimeText(pub(super) u64);

impl std::fmt::Display for TimeText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (seconds, fraction) = (self.0 / SECOND, self.0 % SECOND / 10);
        write!(f, "{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60)?;
        if fraction > 0 {
            write!(f, ".{fraction:06}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_reads_back_as_it_was_printed() {
        for days in (0..=3_652_058).step_by(13).chain([0, 364, 365, 738_944, 3_652_058]) {
            assert_eq!(date(&DateText(days).to_string()), Some(Reach::Within(days)));
        }
        assert_eq!(DateText(738_944).to_string(), "2024-02-29");
    }

    #[test]
    fn what_the_file_cannot_say_is_told_apart_from_what_is_no_date() {
        for text in ["infinity", "-infinity", "0044-03-15 BC", "10000-01-01", "5874897-12-31"] {
            assert_eq!(date(text), Some(Reach::Beyond), "{text}");
        }
        assert_eq!(moment("0001-01-01 00:00:00 BC"), Some(Reach::Beyond));
        assert_eq!(moment("294276-12-31 23:59:59.999999"), Some(Reach::Beyond));
        for text in [
            "",
            "2024-02-30",
            "2024-02",
            "2024-13-01",
            "0000-01-01",
            "x",
            "2024-02-29 ",
        ] {
            assert_eq!(date(text), None, "{text}");
        }
    }

    #[test]
    fn times_have_every_digit() {
        assert_eq!(time("23:59:59.999999"), Some(DAY - 10));
        assert_eq!(time("24:00:00"), Some(DAY));
        assert_eq!(time("00:00:00.5"), Some(5_000_000));
        assert_eq!(TimeText(DAY - 10).to_string(), "23:59:59.999999");
        assert_eq!(moment("2024-02-29 00:00:01"), Some(Reach::Within((738_944, SECOND))));
        for text in ["24:00:01", "1:2", "12:60:00", "12:00:00.12345678", "", "12:00:00.x"] {
            assert_eq!(time(text), None, "{text}");
        }
    }
}
