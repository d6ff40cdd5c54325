//! The good nights of a site, and what each of them stands for: one of the last days, a month-end, a year-end.

use super::{Expire, Keep, Terms};
use crate::time::CivilDate;

/// Which dates the terms keep.
pub(super) struct Calendar {
    terms: Terms,
    /// Every date with a good night, youngest first.
    nights: Vec<CivilDate>,
    /// The last good night of every month that is over, youngest first.
    month_ends: Vec<CivilDate>,
    /// The last good night of every year that is over, youngest first.
    year_ends: Vec<CivilDate>,
}

impl Calendar {
    /// From the dates of the good nights, in any order, with or without repetition.
    pub(super) fn new(terms: Terms, dates: impl Iterator<Item = CivilDate>) -> Self {
        let mut nights: Vec<_> = dates.collect();
        nights.sort_unstable_by(|a, b| b.cmp(a));
        nights.dedup();
        // The day on which the youngest night was made: with it, a month or year that ended has its last night.
        let day = nights.first().map(|youngest| youngest.plus_days(1));
        let last_of = |period: fn(CivilDate) -> (i32, u8)| {
            let over = nights
                .iter()
                .filter(|date| day.is_some_and(|day| period(**date) < period(day)));
            let mut ends: Vec<CivilDate> = over.copied().collect();
            ends.dedup_by_key(|date| period(*date));
            ends
        };
        Self {
            terms,
            month_ends: last_of(month),
            year_ends: last_of(year),
            nights,
        }
    }

    /// How many good nights are younger than a date.
    pub(super) fn younger_than(&self, date: CivilDate) -> u32 {
        place(&self.nights, date)
    }

    /// What a good night stands for.
    pub(super) fn roles(&self, date: CivilDate) -> impl Iterator<Item = Keep> {
        let Terms {
            days, months, years, ..
        } = self.terms;
        let place = self.younger_than(date);
        let daily = (place < days).then_some(Keep::Daily {
            place: place + 1,
            of: days,
        });
        let monthly = kept(&self.month_ends, months, date).then_some(Keep::Monthly {
            year: date.year,
            month: date.month,
        });
        let yearly = kept(&self.year_ends, years, date).then_some(Keep::Yearly { year: date.year });
        [daily, monthly, yearly].into_iter().flatten()
    }

    /// Why a good night stands for nothing any more.
    pub(super) fn why_not(&self, date: CivilDate) -> Expire {
        let Terms {
            days, months, years, ..
        } = self.terms;
        let was = |ends: &[CivilDate], count: u32| {
            let stood = count > 0 && ends.get(place(ends, date) as usize) == Some(&date);
            ends.first().copied().filter(|_| stood)
        };
        if let Some(by) = was(&self.year_ends, years) {
            Expire::YearReplaced { years, by }
        } else if let Some(by) = was(&self.month_ends, months) {
            Expire::MonthReplaced { months, by }
        } else {
            Expire::OlderThanDays { days }
        }
    }
}

const fn month(date: CivilDate) -> (i32, u8) {
    (date.year, date.month)
}

const fn year(date: CivilDate) -> (i32, u8) {
    (date.year, 0)
}

/// How many of these dates, youngest first, are younger than one.
fn place(youngest_first: &[CivilDate], date: CivilDate) -> u32 {
    u32::try_from(youngest_first.partition_point(|other| *other > date)).unwrap_or(u32::MAX)
}

fn kept(ends: &[CivilDate], count: u32, date: CivilDate) -> bool {
    let place = place(ends, date);
    place < count && ends.get(place as usize) == Some(&date)
}
