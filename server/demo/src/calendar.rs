//! Which days the companies work: Monday to Friday, without the French public holidays of fixed date. (The movable
//! ones would need the date of Easter and would change nothing anyone can see here.)

use jiff::civil::{Date, Weekday};

/// (month, day)
const HOLIDAYS: [(i8, i8); 8] = [(1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25)];

/// The days after `last` up to and including `to`, in order.
pub(crate) fn business_days(last: Date, to: Date) -> impl Iterator<Item = Date> {
    let mut day = last;
    std::iter::from_fn(move || {
        day = (day < to).then(|| day.tomorrow().ok()).flatten()?;
        Some(day)
    })
    .filter(|day| is_business_day(*day))
}

fn is_business_day(day: Date) -> bool {
    !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) && !HOLIDAYS.contains(&(day.month(), day.day()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn weekends_and_holidays_are_left_out_and_the_end_is_included() {
        let days: Vec<Date> = business_days(date(2025, 4, 30), date(2025, 5, 9)).collect();
        assert_eq!(days, [2, 5, 6, 7, 9].map(|day| date(2025, 5, day)));
        assert_eq!(business_days(date(2025, 5, 9), date(2025, 5, 1)).count(), 0);
    }
}
