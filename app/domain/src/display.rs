//! Sizes, percentages, dates and durations as people read them: one formatter for pages, e-mails and the command line,
//! the same text on the server and in the browser. It knows no sentence; those are in the catalogue.

use std::time::Duration;

use crate::lang::Lang;
use crate::schedule::business_date;
use crate::time::{CivilDate, Timestamp, Zone};

/// Narrow no-break space: before units and high punctuation in French, between groups of three digits.
const NARROW: char = '\u{202f}';
/// No-break space: around *h*, between day and month.
const NO_BREAK: char = '\u{a0}';

const MONTHS_FR: [&str; 12] = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
];
const MONTHS_FR_SHORT: [&str; 12] = [
    "janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc.",
];
const MONTHS_EN: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS_FR: [&str; 7] = ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"];
const DAYS_EN: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];

/// A whole number with its groups: `12 408`, `12,408`.
#[must_use]
pub fn number(lang: Lang, value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(lang.pick(NARROW, ','));
        }
        text.push(digit);
    }
    text
}

/// A size in powers of 1,000: `640 Mo`, `1,12 Go`; one decimal under 100, two under 10 from the gigabyte on. Whole numbers
/// only: the browser downloads no arithmetic of fractions for it.
#[must_use]
pub fn size(lang: Lang, bytes: u64) -> String {
    measured(lang, bytes, |unit, rounded| match unit {
        3.. if rounded(1) < 1_000 => 2,
        _ if rounded(10) < 10_000 => 1,
        _ => 0,
    })
}

/// The same inside a sentence, one decimal shorter: `14 Mo`, `1,1 Go`.
#[must_use]
pub fn size_in_words(lang: Lang, bytes: u64) -> String {
    measured(lang, bytes, |_, rounded| usize::from(rounded(10) < 1_000))
}

/// A size with as many decimals as `decimals` wants, which is given the unit (0 for bytes) and a way to round to so many
/// hundredths of it.
fn measured(lang: Lang, bytes: u64, decimals: impl Fn(usize, &dyn Fn(u128) -> u128) -> usize) -> String {
    const UNITS: [(&str, &str); 5] = [("o", "B"), ("ko", "kB"), ("Mo", "MB"), ("Go", "GB"), ("To", "TB")];
    let mut unit = 0;
    let mut scale = 1_u64;
    while unit + 1 < UNITS.len() && bytes >= scale.saturating_mul(1_000) {
        scale *= 1_000;
        unit += 1;
    }
    // Rounded, in hundredths of the unit; u128 because the largest count of bytes times a hundred is beyond u64.
    let rounded =
        |step: u128| (u128::from(bytes) * 100 + u128::from(scale) * step / 2) / (u128::from(scale) * step) * step;
    let value = match decimals(unit, &rounded) {
        _ if unit == 0 => bytes.to_string(),
        2 => format!("{}.{:02}", rounded(1) / 100, rounded(1) % 100),
        1 => format!("{}.{}", rounded(10) / 100, rounded(10) % 100 / 10),
        _ => (rounded(100) / 100).to_string(),
    };
    let (fr, en) = UNITS[unit];
    match lang {
        Lang::Fr => format!("{value}{NARROW}{fr}").replace('.', ","),
        Lang::En => format!("{value} {en}"),
    }
}

/// `42 %`, `42%`.
#[must_use]
pub fn percent(lang: Lang, value: u8) -> String {
    match lang {
        Lang::Fr => format!("{value}{NARROW}%"),
        Lang::En => format!("{value}%"),
    }
}

/// `24 novembre 2026`, `1er décembre 2026`, `24 November 2026`.
#[must_use]
pub fn date(lang: Lang, date: CivilDate) -> String {
    format!("{}{NO_BREAK}{}", day_and_month(lang, date), date.year)
}

/// `24 novembre`, `24 November`.
#[must_use]
pub fn day_and_month(lang: Lang, date: CivilDate) -> String {
    let month = usize::from(date.month - 1);
    format!(
        "{}{NO_BREAK}{}",
        ordinal(lang, date.day),
        lang.pick(MONTHS_FR[month], MONTHS_EN[month])
    )
}

/// `24 nov.`, `24 Nov`.
#[must_use]
pub fn short_date(lang: Lang, date: CivilDate) -> String {
    let month = usize::from(date.month - 1);
    format!(
        "{}{NO_BREAK}{}",
        ordinal(lang, date.day),
        lang.pick(MONTHS_FR_SHORT[month], &MONTHS_EN[month][..3])
    )
}

/// `Lundi 23 novembre`, `Monday 23 November`: how the backup of a night is named.
#[must_use]
pub fn weekday_date(lang: Lang, date: CivilDate) -> String {
    let weekday = lang.pick(DAYS_FR, DAYS_EN)[date.weekday()];
    capital(&format!("{weekday} {}", day_and_month(lang, date)))
}

/// `octobre 2026`, `October 2026`.
#[must_use]
pub fn month(lang: Lang, year: i32, month: u8) -> String {
    let place = usize::from(month.clamp(1, 12) - 1);
    format!("{}{NO_BREAK}{year}", lang.pick(MONTHS_FR[place], MONTHS_EN[place]))
}

/// The name of a day of the week, 0 for Monday to 6 for Sunday: `lundi`, `Monday`.
#[must_use]
pub const fn weekday(lang: Lang, day: usize) -> &'static str {
    match lang {
        Lang::Fr => DAYS_FR[day % 7],
        Lang::En => DAYS_EN[day % 7],
    }
}

/// Time of day to the minute: `02 h 30`, `02:30`.
#[must_use]
pub fn time(lang: Lang, zone: &Zone, at: Timestamp) -> String {
    let local = zone.local(at);
    match lang {
        Lang::Fr => format!("{:02}{NO_BREAK}h{NO_BREAK}{:02}", local.hour, local.minute),
        Lang::En => format!("{:02}:{:02}", local.hour, local.minute),
    }
}

/// Time of day to the second: `09 h 41 min 12 s`, `09:41:12`.
#[must_use]
pub fn time_to_the_second(lang: Lang, zone: &Zone, at: Timestamp) -> String {
    let second = zone.local(at).second;
    match lang {
        Lang::Fr => format!("{}{NO_BREAK}min{NO_BREAK}{second:02}{NO_BREAK}s", time(lang, zone, at)),
        Lang::En => format!("{}:{second:02}", time(lang, zone, at)),
    }
}

/// `24 novembre 2026 à 03 h 30`, `24 November 2026, 03:30`.
#[must_use]
pub fn date_time(lang: Lang, zone: &Zone, at: Timestamp) -> String {
    join(lang, &date(lang, zone.local(at).date), &time(lang, zone, at))
}

/// `24 nov. à 03 h 30`, `24 Nov, 03:30`.
#[must_use]
pub fn short_date_time(lang: Lang, zone: &Zone, at: Timestamp) -> String {
    join(lang, &short_date(lang, zone.local(at).date), &time(lang, zone, at))
}

/// `aujourd'hui à 09 h 41`, `hier à 02 h 30`, else the short date; always with the hour, in the middle of a sentence.
#[must_use]
pub fn relative(lang: Lang, zone: &Zone, now: Timestamp, at: Timestamp) -> String {
    let away = zone.local(now).date.days() - zone.local(at).date.days();
    let night = zone.local(at).hour < 6;
    let day = match away {
        0 if night => lang.pick("cette nuit", "last night"),
        0 => lang.pick("aujourd’hui", "today"),
        1 => lang.pick("hier", "yesterday"),
        _ => return short_date_time(lang, zone, at),
    };
    join(lang, day, &time(lang, zone, at))
}

/// When something will be, as people say it: `cette nuit à 02 h 14`, `demain à 12 h 00`, `26 nov. à 02 h 14`.
#[must_use]
pub fn upcoming(lang: Lang, zone: &Zone, now: Timestamp, at: Timestamp) -> String {
    let away = zone.local(at).date.days() - zone.local(now).date.days();
    let dark = !(6..21).contains(&zone.local(at).hour);
    let this_night = business_date(zone, at) == business_date(zone, now);
    let day = match away {
        0 | 1 if dark && this_night => lang.pick("cette nuit", "tonight"),
        0 => lang.pick("aujourd’hui", "today"),
        1 => lang.pick("demain", "tomorrow"),
        _ => return short_date_time(lang, zone, at),
    };
    join(lang, day, &time(lang, zone, at))
}

/// A time of day that is no instant, minutes after midnight: `01 h 30`, `01:30`.
#[must_use]
pub fn time_of_day(lang: Lang, minutes: u16) -> String {
    let (hour, minute) = (minutes / 60 % 24, minutes % 60);
    match lang {
        Lang::Fr => format!("{hour:02}{NO_BREAK}h{NO_BREAK}{minute:02}"),
        Lang::En => format!("{hour:02}:{minute:02}"),
    }
}

/// A duration to the precision that matters: `8 s`, `3 min 05 s`, `1 h 20`, `1 h 20 min`.
#[must_use]
pub fn duration(lang: Lang, length: Duration) -> String {
    let seconds = length.as_secs();
    let space = lang.pick(NARROW, ' ');
    if seconds < 60 {
        format!("{seconds}{space}s")
    } else if seconds < 3_600 {
        format!("{}{space}min{space}{:02}{space}s", seconds / 60, seconds % 60)
    } else {
        format!("{}{space}h{space}{:02}{space}min", seconds / 3_600, seconds / 60 % 60)
    }
}

/// A range of time left: `10 à 20 s`, `3 à 5 min`; rounded, because it is an estimate.
#[must_use]
pub fn range(lang: Lang, (low, high): (Duration, Duration)) -> String {
    let space = lang.pick(NARROW, ' ');
    let to = lang.pick(" à ", " to ");
    let (low, high) = (low.as_secs(), high.as_secs().max(1));
    let (low, high, unit) = if high < 90 {
        let tens = |s: u64, up: u64| if high > 20 { (s + up) / 10 * 10 } else { s };
        (tens(low, 0).max(1), tens(high, 9), "s")
    } else if high < 5_400 {
        ((low / 60).max(1), high.div_ceil(60), "min")
    } else {
        ((low / 3_600).max(1), high.div_ceil(3_600), "h")
    };
    if low >= high {
        format!("{high}{space}{unit}")
    } else {
        format!("{low}{to}{high}{space}{unit}")
    }
}

/// The first letter as a capital.
#[must_use]
pub fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// The day of the month: the first has its own form in French.
fn ordinal(lang: Lang, day: u8) -> String {
    match (lang, day) {
        (Lang::Fr, 1) => "1er".to_owned(),
        _ => day.to_string(),
    }
}

fn join(lang: Lang, day: &str, time: &str) -> String {
    match lang {
        Lang::Fr => format!("{day} à {time}"),
        Lang::En => format!("{day}, {time}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> String {
        text.replace([NARROW, NO_BREAK], " ")
    }

    #[test]
    fn sizes_are_powers_of_a_thousand_with_the_unit_of_the_language() {
        for (bytes, fr, en) in [
            (0, "0 o", "0 B"),
            (999, "999 o", "999 B"),
            (1_500, "1,5 ko", "1.5 kB"),
            (14_040_000, "14,0 Mo", "14.0 MB"),
            (640_000_000, "640 Mo", "640 MB"),
            (1_120_000_000, "1,12 Go", "1.12 GB"),
            (740_000_000_000, "740 Go", "740 GB"),
            (u64::MAX, "18446744 To", "18446744 TB"),
        ] {
            assert_eq!(plain(&size(Lang::Fr, bytes)), fr);
            assert_eq!(size(Lang::En, bytes), en);
        }
    }

    #[test]
    fn a_size_in_a_sentence_is_one_decimal_shorter() {
        for (bytes, fr, en) in [
            (0, "0 o", "0 B"),
            (999, "999 o", "999 B"),
            (1_400, "1,4 ko", "1.4 kB"),
            (14_040_000, "14 Mo", "14 MB"),
            (1_120_000_000, "1,1 Go", "1.1 GB"),
            (9_960_000_000, "10 Go", "10 GB"),
        ] {
            assert_eq!(plain(&size_in_words(Lang::Fr, bytes)), fr);
            assert_eq!(size_in_words(Lang::En, bytes), en);
        }
    }

    #[test]
    fn a_night_is_named_by_the_day_that_ended() {
        let day = CivilDate::parse("2026-11-23").unwrap();
        assert_eq!(plain(&weekday_date(Lang::Fr, day)), "Lundi 23 novembre");
        assert_eq!(plain(&weekday_date(Lang::En, day)), "Monday 23 November");
        let first = CivilDate::parse("2026-12-01").unwrap();
        assert_eq!(plain(&date(Lang::Fr, first)), "1er décembre 2026");
        assert_eq!(plain(&short_date(Lang::En, first)), "1 Dec");
        assert_eq!(plain(&month(Lang::Fr, 2026, 12)), "décembre 2026");
        assert_eq!(weekday(Lang::En, first.weekday()), "Tuesday");
    }

    #[test]
    fn an_instant_is_told_from_today() {
        let (zone, now) = (Zone::utc(), Timestamp(1_795_514_400_000)); // 2026-11-24 10:00
        let hours = |h: i64| Timestamp(now.millis() - h * 3_600_000);
        assert_eq!(
            plain(&relative(Lang::Fr, &zone, now, hours(1))),
            "aujourd’hui à 09 h 00"
        );
        assert_eq!(plain(&relative(Lang::Fr, &zone, now, hours(8))), "cette nuit à 02 h 00");
        assert_eq!(plain(&relative(Lang::En, &zone, now, hours(20))), "yesterday, 14:00");
        assert_eq!(plain(&relative(Lang::Fr, &zone, now, hours(80))), "21 nov. à 02 h 00");
    }

    #[test]
    fn the_coming_night_is_called_so_from_noon_on() {
        let zone = Zone::utc();
        let noon = Timestamp(1_795_521_600_000); // 2026-11-24 12:00
        let hours = |h: i64| Timestamp(noon.millis() + h * 3_600_000);
        let told = |now, at| plain(&upcoming(Lang::Fr, &zone, now, at));
        assert_eq!(told(noon, hours(14)), "cette nuit à 02 h 00");
        assert_eq!(
            told(hours(13), hours(14)),
            "cette nuit à 02 h 00",
            "after midnight as well"
        );
        assert_eq!(told(noon, hours(10)), "cette nuit à 22 h 00");
        assert_eq!(told(noon, hours(2)), "aujourd’hui à 14 h 00");
        assert_eq!(
            told(hours(-4), hours(14)),
            "demain à 02 h 00",
            "in the morning another night lies between"
        );
        assert_eq!(told(noon, hours(38)), "26 nov. à 02 h 00");
        assert_eq!(upcoming(Lang::En, &zone, noon, hours(14)), "tonight, 02:00");
        assert_eq!(plain(&time_of_day(Lang::Fr, 1_530)), "01 h 30");
    }

    #[test]
    fn numbers_have_groups_and_ranges_are_rounded() {
        assert_eq!(number(Lang::En, 12_408), "12,408");
        assert_eq!(plain(&number(Lang::Fr, 1_000_000)), "1 000 000");
        let secs = Duration::from_secs;
        assert_eq!(plain(&range(Lang::Fr, (secs(33), secs(71)))), "30 à 80 s");
        assert_eq!(plain(&range(Lang::Fr, (secs(190), secs(290)))), "3 à 5 min");
        assert_eq!(range(Lang::En, (secs(2), secs(6))), "2 to 6 s");
        assert_eq!(plain(&duration(Lang::Fr, secs(185))), "3 min 05 s");
    }
}
