//! The rule a second time, written from the sentences: for each backup alone, by looking at all others, without sorting or
//! counting ahead, on the dates of another library.

use std::collections::{BTreeMap, BTreeSet};

use domain::anomaly::Review;
use domain::backup::BackupKind;
use domain::retention::{Expire, Facts, Keep, Plan, Terms, plan};
use domain::time::{CivilDate, Timestamp, Zone};
use jiff::ToSpan;
use jiff::civil::Date;

use super::history::History;
use super::zones;

/// Reasons to stay, or the one to go, by id.
type Verdicts = BTreeMap<String, Result<Vec<Keep>, Expire>>;

/// A year and a month of it, or 0 for the whole year.
type Period = (i16, i8);

#[test]
fn ten_thousand_histories_are_kept_and_expired_as_a_second_reading_of_the_rule_says() {
    let paris = zones::zone("Europe/Paris", 2025, 2040);
    let (mut steps, mut expired) = (0, BTreeMap::<&str, u32>::new());
    for seed in 0..10_000 {
        let mut history = History::new(seed, paris.clone());
        for _ in 0..history.rng.u32(3..20) {
            history.step();
            let now = history.now();
            let plan = plan(now, &paris, history.policy, &history.backups);
            let wanted = second_reading(now, &paris, history.policy.terms(), &history.backups);
            assert_eq!(
                verdicts(&plan),
                wanted,
                "seed {seed}, {now:?}, {:?}: {:#?}",
                history.policy,
                history.backups
            );
            let had = history.backups.iter().any(good);
            history.apply(&plan);
            assert!(
                !had || history.backups.iter().any(good),
                "seed {seed}: the last good one went"
            );
            for gone in plan.expired {
                *expired.entry(name(&gone.reason)).or_default() += 1;
            }
            steps += 1;
        }
    }
    // The histories are worth something only if every reason occurs.
    assert!(
        expired.len() == 5 && expired.values().all(|count| *count > 100),
        "{steps} steps: {expired:?}"
    );
}

#[test]
fn time_alone_and_failures_alone_remove_no_night() {
    let paris = zones::zone("Europe/Paris", 2025, 2040);
    for seed in 0..500 {
        let mut history = History::new(seed, paris.clone());
        for _ in 0..20 {
            history.step();
            let now = history.now();
            let applied = plan(now, &paris, history.policy, &history.backups);
            history.apply(&applied);
            // A day that was ahead becomes an ordinary one; nothing else may change.
            let ahead = |facts: &Facts| facts.business_date > Some(history.day);
            if history.backups.iter().any(ahead) {
                continue;
            }
            let later = history.zone.instant(history.day.plus_days(history.rng.i64(1..900)), 0);
            for gone in plan(later, &paris, history.policy, &history.backups).expired {
                let facts = history.backups.iter().find(|facts| facts.id == gone.id).unwrap();
                assert_eq!(facts.kind, BackupKind::Safety, "seed {seed}");
            }
        }
    }
}

fn verdicts(plan: &Plan) -> Verdicts {
    let kept = plan
        .kept
        .iter()
        .map(|kept| (kept.id.to_string(), Ok(kept.reasons.clone())));
    let gone = plan
        .expired
        .iter()
        .map(|gone| (gone.id.to_string(), Err(gone.reason.clone())));
    kept.chain(gone).collect()
}

fn name(reason: &Expire) -> &'static str {
    match reason {
        Expire::OlderThanDays { .. } => "days",
        Expire::MonthReplaced { .. } => "month",
        Expire::YearReplaced { .. } => "year",
        Expire::SafetyOver { .. } => "safety",
        Expire::SetAside { .. } => "set aside",
    }
}

fn second_reading(now: Timestamp, zone: &Zone, terms: Terms, all: &[Facts]) -> Verdicts {
    let today = civil(zone.local(now).date);
    // The nights that count: good, and not of a day to come; each with the day on which it was made.
    let nights: BTreeSet<(Date, Date)> = all
        .iter()
        .filter(|facts| good(facts) && facts.kind == BackupKind::Automatic)
        .map(|facts| civil(facts.business_date.unwrap()))
        .filter(|date| *date <= today)
        .map(|date| (date, date + 1.day()))
        .collect();
    let nights = Vec::from_iter(nights);
    all.iter()
        .map(|backup| (backup.id.to_string(), verdict(backup, now, today, terms, &nights, all)))
        .collect()
}

fn good(facts: &Facts) -> bool {
    matches!(facts.review, Review::Usual | Review::Accepted)
}

fn verdict(
    backup: &Facts,
    now: Timestamp,
    today: Date,
    terms: Terms,
    nights: &[(Date, Date)],
    all: &[Facts],
) -> Result<Vec<Keep>, Expire> {
    let younger = |date: Date| nights.iter().filter(|night| night.0 > date).count() as u32;
    let month = |date: Date| (date.year(), date.month());
    let year = |date: Date| (date.year(), 0);
    // Is a period over? Some good night was made on a day of a later one.
    let over = |period: fn(Date) -> Period, date: Date| nights.iter().any(|night| period(night.1) > period(date));
    let is_last = |period: fn(Date) -> Period, date: Date| {
        let later_in_it = |other: Date| other > date && period(other) == period(date);
        over(period, date) && !nights.iter().any(|night| later_in_it(night.0))
    };
    // Later periods that are over and have a night.
    let successors = |period: fn(Date) -> Period, date: Date| -> BTreeSet<Period> {
        let later = nights
            .iter()
            .filter(|night| period(night.0) > period(date) && over(period, night.0));
        later.map(|night| period(night.0)).collect()
    };
    let stands = |period: fn(Date) -> Period, date: Date, count: u32| {
        is_last(period, date) && (successors(period, date).len() as u32) < count
    };
    let youngest_last = |period: fn(Date) -> Period| {
        let last = nights
            .iter()
            .map(|night| night.0)
            .filter(|other| is_last(period, *other))
            .max();
        CivilDate::parse(&last.unwrap().to_string()).unwrap()
    };
    let older = |a: &Facts, b: &Facts| (a.completed_at, &a.id) < (b.completed_at, &b.id);

    let mut keep = Vec::new();
    let automatic = backup.kind == BackupKind::Automatic;
    if backup.kind == BackupKind::Manual {
        keep.push(Keep::Manual);
    }
    if backup.promoted {
        keep.push(Keep::Promoted);
    }
    let night = backup.business_date.filter(|_| automatic).map(civil);
    let ahead = night.is_some_and(|date| date > today);
    if let Some(date) = night
        && good(backup)
        && !ahead
    {
        if younger(date) < terms.days {
            keep.push(Keep::Daily {
                place: younger(date) + 1,
                of: terms.days,
            });
        }
        if stands(month, date, terms.months) {
            keep.push(Keep::Monthly {
                year: date.year().into(),
                month: date.month() as u8,
            });
        }
        if stands(year, date, terms.years) {
            keep.push(Keep::Yearly {
                year: date.year().into(),
            });
        }
    }
    let until = Timestamp(backup.completed_at.0 + i64::from(terms.safety_days) * 86_400_000);
    if backup.kind == BackupKind::Safety && until > now {
        keep.push(Keep::Safety { until });
    }
    if good(backup) && !all.iter().any(|other| good(other) && older(backup, other)) {
        keep.push(Keep::LastGood);
    }
    if backup.review == Review::Undecided {
        keep.push(Keep::Undecided);
    }
    let under_policy = backup.kind != BackupKind::Manual && !backup.promoted;
    let doubts = all
        .iter()
        .filter(|other| other.review == Review::Undecided && older(backup, other));
    if let Some(first) = doubts.reduce(|a, b| if older(b, a) { b } else { a })
        && good(backup)
        && under_policy
    {
        keep.push(Keep::Frozen { by: first.id.clone() });
    }
    if let Some(date) = night
        && backup.review == Review::Rejected
        && younger(date) < terms.days
    {
        keep.push(Keep::SetAside {
            younger: younger(date),
            of: terms.days,
        });
    }
    if ahead {
        keep.push(Keep::Ahead);
    }
    if !keep.is_empty() {
        return Ok(keep);
    }
    Err(match night {
        None => Expire::SafetyOver {
            days: terms.safety_days,
        },
        Some(_) if !good(backup) => Expire::SetAside { days: terms.days },
        Some(date) if terms.years > 0 && is_last(year, date) => Expire::YearReplaced {
            years: terms.years,
            by: youngest_last(year),
        },
        Some(date) if terms.months > 0 && is_last(month, date) => Expire::MonthReplaced {
            months: terms.months,
            by: youngest_last(month),
        },
        Some(_) => Expire::OlderThanDays { days: terms.days },
    })
}

fn civil(date: CivilDate) -> Date {
    Date::new(date.year as i16, date.month as i8, date.day as i8).unwrap()
}
