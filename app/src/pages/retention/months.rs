//! The calendar as plain values: which months, and for each saved day what its backup is, and whether it is there at a moment.
//! No markup, no words.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::retention::{Expire, Fate, Keep, Preview, Which};
use domain::time::{CivilDate, Timestamp};

/// What lets a backup live longest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Life {
    /// Held for a reason of its own: it is unusual, set aside, of a day to come.
    Held,
    /// One of the last nights and nothing more.
    Days,
    /// Taken before a restore.
    Safety,
    /// Manual, or kept among the manual ones.
    Free,
    /// The end of a month.
    Month,
    /// The end of a year.
    Year,
}

/// Whether the backup of a day is there at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum State {
    /// It was, or was not kept at all.
    Gone,
    /// It will be made.
    Coming,
    /// It is there.
    There,
}

/// A month of the calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Month {
    pub(super) year: i32,
    pub(super) month: u8,
    /// The backups by their day of the month, 1 to 31; of several of one day, the one to show.
    pub(super) days: BTreeMap<u8, (Life, State)>,
}

impl Month {
    /// Its first day.
    pub(super) const fn first(&self) -> CivilDate {
        CivilDate {
            year: self.year,
            month: self.month,
            day: 1,
        }
    }

    /// How many days it has.
    pub(super) fn length(&self) -> u8 {
        let next = following(self.year, self.month);
        let next = CivilDate {
            year: next.0,
            month: next.1,
            day: 1,
        };
        next.plus_days(-1).day
    }
}

const fn following(year: i32, month: u8) -> (i32, u8) {
    if month == 12 { (year + 1, 1) } else { (year, month + 1) }
}

/// What each backup of a preview comes to be at its best.
pub(super) fn lives(preview: &Preview) -> Vec<Life> {
    let mut ends: HashMap<&Which, Life> = HashMap::new();
    for becomes in preview.nights.iter().flat_map(|night| &night.becomes) {
        let life = of_reason(&becomes.role);
        let best = ends.entry(&becomes.which).or_insert(life);
        *best = life.max(*best);
    }
    let of_fate = |fate: &Fate| {
        let first = fate.kept.iter().map(of_reason).max().or_else(|| {
            let end = fate.end.as_ref()?;
            Some(match end.reason {
                Expire::OlderThanDays { .. } => Life::Days,
                Expire::MonthReplaced { .. } => Life::Month,
                Expire::YearReplaced { .. } => Life::Year,
                Expire::SafetyOver { .. } => Life::Safety,
                Expire::SetAside { .. } => Life::Held,
            })
        });
        let later = ends.get(&fate.which).copied();
        first.max(later).unwrap_or(Life::Held)
    };
    preview.fates.iter().map(of_fate).collect()
}

const fn of_reason(keep: &Keep) -> Life {
    match keep {
        Keep::Manual | Keep::Promoted => Life::Free,
        Keep::Daily { .. } => Life::Days,
        Keep::Monthly { .. } => Life::Month,
        Keep::Yearly { .. } => Life::Year,
        Keep::Safety { .. } => Life::Safety,
        Keep::LastGood | Keep::Undecided | Keep::Frozen { .. } | Keep::SetAside { .. } | Keep::Ahead => Life::Held,
    }
}

/// The months of a preview at a moment: every one from today's to the last night's, and before them those of which something
/// is stored. `lives` is what [`lives`] says of the same preview.
pub(super) fn months(preview: &Preview, lives: &[Life], today: CivilDate, at: Timestamp) -> Vec<Month> {
    let mut days: BTreeMap<(i32, u8), BTreeMap<u8, (Life, State)>> = BTreeMap::new();
    let last = preview.nights.last().map_or(today, |night| night.business_date);
    let mut month = (today.year, today.month);
    while month <= (last.year, last.month) {
        days.insert(month, BTreeMap::new());
        month = following(month.0, month.1);
    }
    for (fate, life) in preview.fates.iter().zip(lives) {
        let state = state(preview, fate, at);
        let date = fate.saved;
        let month = days.entry((date.year, date.month)).or_default();
        let square = month.entry(date.day).or_insert((*life, state));
        // What is there before what is not, then what lives longest.
        if (state, *life) > (square.1, square.0) {
            *square = (*life, state);
        }
    }
    days.into_iter()
        .map(|((year, month), days)| Month { year, month, days })
        .collect()
}

fn state(preview: &Preview, fate: &Fate, at: Timestamp) -> State {
    if preview.is_there(fate, at) {
        State::There
    } else if fate.end.as_ref().is_none_or(|end| end.at > at) {
        State::Coming
    } else {
        State::Gone
    }
}

/// A backup of before the first month of a calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Earlier {
    pub(super) date: CivilDate,
    pub(super) life: Life,
    pub(super) state: State,
}

/// Splits the months that are drawn whole from single backups of before, oldest first: those before today's month and before
/// the oldest that holds one of the last nights.
pub(super) fn split(months: Vec<Month>, today: CivilDate) -> (Vec<Earlier>, Vec<Month>) {
    let nights = |month: &Month| month.days.values().any(|(life, _)| *life == Life::Days);
    let whole = |month: &Month| nights(month) || (month.year, month.month) >= (today.year, today.month);
    let first = months.iter().position(whole).unwrap_or(months.len());
    let (mut earlier, mut shown) = (Vec::new(), Vec::new());
    for (place, month) in months.into_iter().enumerate() {
        if place >= first {
            shown.push(month);
            continue;
        }
        earlier.extend(month.days.iter().map(|(day, (life, state))| Earlier {
            date: CivilDate {
                day: *day,
                ..month.first()
            },
            life: *life,
            state: *state,
        }));
    }
    (earlier, shown)
}

/// Which kinds of squares a calendar has: what its legend must explain.
pub(super) fn kinds(months: &[Month]) -> BTreeSet<Life> {
    months
        .iter()
        .flat_map(|month| month.days.values().map(|(life, _)| *life))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::anomaly::Review;
    use domain::backup::BackupKind;
    use domain::ids::{BackupId, SiteId};
    use domain::retention::{Coming, Facts, Policy, preview};
    use domain::schedule::Schedule;
    use domain::time::Zone;

    fn date(text: &str) -> CivilDate {
        CivilDate::parse(text).unwrap()
    }

    /// Seven nights, a month-end, a year-end, and a manual one made on the day of a night.
    fn site(zone: &Zone) -> Vec<Facts> {
        let stored = |text: &str, kind: BackupKind| Facts {
            id: BackupId::parse(&format!("{}-{text}", kind.code())).unwrap(),
            kind,
            promoted: false,
            business_date: (kind == BackupKind::Automatic).then(|| date(text)),
            completed_at: match kind {
                BackupKind::Automatic => zone.instant(date(text).plus_days(1), 150),
                _ => zone.instant(date(text), 1_000),
            },
            review: Review::Usual,
        };
        let mut all: Vec<_> = (17..24)
            .map(|day| stored(&format!("2026-11-{day}"), BackupKind::Automatic))
            .collect();
        all.push(stored("2026-10-31", BackupKind::Automatic));
        all.push(stored("2025-12-31", BackupKind::Automatic));
        all.push(stored("2026-11-19", BackupKind::Manual));
        all
    }

    fn calendar(on: &str) -> Vec<Month> {
        let zone = Zone::utc();
        let (now, coming) = (
            zone.instant(date("2026-11-24"), 600),
            Coming {
                site: SiteId::parse("dupont").unwrap(),
                schedule: Schedule::default(),
                since: Timestamp(0),
                days: 400,
            },
        );
        let preview = preview(now, &zone, Policy::default(), &site(&zone), &coming);
        let at = zone.instant(date(on), 720);
        months(&preview, &lives(&preview), date("2026-11-24"), at)
    }

    fn square(months: &[Month], day: &str) -> Option<(Life, State)> {
        let day = date(day);
        let month = months
            .iter()
            .find(|month| (month.year, month.month) == (day.year, day.month))?;
        month.days.get(&day.day).copied()
    }

    #[test]
    fn today_shows_what_is_stored_and_what_each_coming_night_will_be() {
        let months = calendar("2026-11-24");
        let names: Vec<_> = months.iter().map(|month| (month.year, month.month)).collect();
        assert_eq!(names[..3], [(2025, 12), (2026, 10), (2026, 11)]);
        assert_eq!(names.last(), Some(&(2027, 12)));
        assert_eq!(names.len(), 2 + 14);
        for (day, wanted) in [
            ("2025-12-31", (Life::Year, State::There)),
            ("2026-10-31", (Life::Month, State::There)),
            ("2026-11-17", (Life::Days, State::There)),
            ("2026-11-19", (Life::Free, State::There)),
            ("2026-11-24", (Life::Days, State::Coming)),
            ("2026-11-30", (Life::Month, State::Coming)),
            ("2026-12-31", (Life::Year, State::Coming)),
        ] {
            assert_eq!(square(&months, day), Some(wanted), "{day}");
        }
        assert_eq!(square(&months, "2026-11-16"), None);
        assert_eq!(
            kinds(&months).into_iter().collect::<Vec<_>>(),
            [Life::Days, Life::Free, Life::Month, Life::Year]
        );
    }

    #[test]
    fn on_15_march_the_last_week_the_month_end_and_the_year_end_are_there_and_nothing_else_of_the_nights() {
        let months = calendar("2027-03-15");
        let there: Vec<_> = months
            .iter()
            .flat_map(|month| month.days.iter().map(move |(day, square)| (month, *day, *square)))
            .filter(|(_, _, (life, state))| *state == State::There && *life != Life::Free)
            .map(|(month, day, (life, _))| (format!("{}-{day}", month.month), life))
            .collect();
        let week = (8..15).map(|day| (format!("3-{day}"), Life::Days));
        let ends = [("12-31".to_owned(), Life::Year), ("2-28".to_owned(), Life::Month)];
        assert_eq!(there, ends.into_iter().chain(week).collect::<Vec<_>>());
        assert_eq!(square(&months, "2026-11-23"), Some((Life::Days, State::Gone)));
        assert_eq!(square(&months, "2027-03-15"), Some((Life::Days, State::Coming)));
    }

    #[test]
    fn months_before_the_last_nights_are_single_backups() {
        let today = date("2026-11-24");
        let (earlier, shown) = split(calendar("2026-11-24"), today);
        let dates: Vec<_> = earlier.iter().map(|one| (one.date.to_string(), one.life)).collect();
        assert_eq!(
            dates,
            [
                ("2025-12-31".to_owned(), Life::Year),
                ("2026-10-31".to_owned(), Life::Month)
            ]
        );
        assert_eq!((shown[0].year, shown[0].month, shown.len()), (2026, 11, 14));
        // In the first days of a month the last nights are of the month before, which is drawn whole.
        let (_, shown) = split(calendar("2026-11-24"), date("2026-12-03"));
        assert_eq!((shown[0].year, shown[0].month), (2026, 11));
    }

    #[test]
    fn a_month_knows_its_length_and_its_first_day() {
        let month = |year, month| Month {
            year,
            month,
            days: BTreeMap::new(),
        };
        for ((year, of), length) in [((2026, 12), 31), ((2027, 2), 28), ((2028, 2), 29), ((2026, 11), 30)] {
            assert_eq!(month(year, of).length(), length, "{year}-{of}");
        }
        assert_eq!(month(2026, 11).first().weekday(), 6, "1 November 2026 is a Sunday");
    }
}
