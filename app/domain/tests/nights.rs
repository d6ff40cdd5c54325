//! Nights of simulated years: one automatic backup per site and date, whatever the clock and the server do (R11).

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops there")]

mod zones;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use domain::ids::SiteId;
use domain::nights::{FailedNight, Nights, next, silence, silent_from};
use domain::schedule::{Schedule, business_date};
use domain::time::{CivilDate, Timestamp, Zone};
use jiff::civil::Date;
use jiff::tz::{AmbiguousOffset, TimeZone};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);

fn site(id: &str) -> SiteId {
    SiteId::parse(id).unwrap()
}

fn date(text: &str) -> CivilDate {
    CivilDate::parse(text).unwrap()
}

/// A backup that the simulated server started.
#[derive(Debug, PartialEq)]
struct Made {
    at: Timestamp,
    late: bool,
    missed: u32,
}

/// A server that looks at its clock every five minutes while it is up, and whose backups succeed unless `fails` says so.
fn simulate(
    zone: &Zone,
    schedule: Schedule,
    (from, until): (Timestamp, Timestamp),
    up: impl Fn(Timestamp) -> bool,
    mut fails: impl FnMut(CivilDate, Timestamp) -> bool,
) -> BTreeMap<CivilDate, Made> {
    let site = site("dupont");
    let mut nights = Nights {
        since: from,
        settled: None,
        failed: None,
    };
    let mut made = BTreeMap::new();
    let mut now = from;
    while now < until {
        let night = next(schedule, zone, &site, &nights, now).unwrap();
        if up(now) && night.is_due(now) {
            let date = night.business_date;
            if fails(date, now) {
                let times = nights
                    .failed
                    .filter(|f| f.business_date == date)
                    .map_or(1, |f| f.times + 1);
                nights.failed = Some(FailedNight {
                    business_date: date,
                    times,
                    ended_at: now,
                });
            } else {
                nights.settled = Some(date);
                let second = made.insert(
                    date,
                    Made {
                        at: now,
                        late: night.late,
                        missed: night.missed,
                    },
                );
                assert_eq!(second, None, "{date} was made twice");
            }
        }
        now = now.plus(5 * MINUTE);
    }
    made
}

#[test]
fn a_year_of_nights_in_paris_with_three_outages_has_one_backup_for_every_date_and_marks_the_late_ones() {
    let paris = zones::zone("Europe/Paris", 2026, 2029);
    // 366 nights with both changes of the clock: 31 October 2027 and 26 March 2028.
    let first = date("2027-06-01");
    let from = paris.instant(first, 12 * 60);
    let until = paris.instant(first.plus_days(366), 12 * 60);
    let outages = [
        (
            paris.instant(date("2027-10-31"), 0),
            paris.instant(date("2027-10-31"), 9 * 60),
        ),
        (
            paris.instant(date("2028-03-26"), 60),
            paris.instant(date("2028-03-26"), 6 * 60),
        ),
        (
            paris.instant(date("2028-02-28"), 20 * 60),
            paris.instant(date("2028-02-29"), 18 * 60),
        ),
    ];
    let up = |at| !outages.iter().any(|(down, up)| (*down..*up).contains(&at));
    for schedule in [
        Schedule::default(),
        Schedule::new(150, 60).unwrap(),
        Schedule::new(120, 15).unwrap(),
    ] {
        // A night that fails twice and is tried again inside its window or after it costs no date either.
        let mut failures = 2;
        let fails = |day, _| {
            let fails = day == date("2027-08-15") && failures > 0;
            failures -= u32::from(fails);
            fails
        };
        let made = simulate(&paris, schedule, (from, until), up, fails);
        let dates: Vec<_> = made.keys().copied().collect();
        let every: Vec<_> = (0..366).map(|days| first.plus_days(days)).collect();
        assert_eq!(dates, every);
        let mut late: BTreeSet<_> = made
            .iter()
            .filter(|(_, made)| made.late)
            .map(|(date, _)| *date)
            .collect();
        late.remove(&date("2027-08-15"));
        assert_eq!(
            late,
            BTreeSet::from(["2027-10-30", "2028-02-28", "2028-03-25"].map(date)),
            "{schedule:?}"
        );
        let recovered = paris.rfc3339(made[&date("2028-02-28")].at);
        assert_eq!(recovered, "2028-02-29T18:00:00+01:00", "as soon as the server is back");
        assert!(made.values().all(|made| made.missed == 0));
    }
}

#[test]
fn an_outage_of_three_days_leaves_one_late_backup_and_says_how_many_nights_are_lost() {
    let paris = zones::zone("Europe/Paris", 2026, 2027);
    let (down, back) = (
        paris.instant(date("2026-11-20"), 23 * 60),
        paris.instant(date("2026-11-23"), 15 * 60),
    );
    let made = simulate(
        &paris,
        Schedule::default(),
        (
            paris.instant(date("2026-11-18"), 720),
            paris.instant(date("2026-11-25"), 720),
        ),
        |at| !(down..back).contains(&at),
        |_, _| false,
    );
    let told: Vec<_> = made
        .iter()
        .map(|(date, made)| (date.to_string(), made.late, made.missed))
        .collect();
    let night = |day: &str, late, missed| (format!("2026-11-{day}"), late, missed);
    assert_eq!(
        told,
        [
            night("18", false, 0),
            night("19", false, 0),
            night("22", true, 2),
            night("23", false, 0),
            night("24", false, 0)
        ]
    );
}

#[test]
fn ten_years_of_six_zones_start_when_the_zone_database_says_and_have_each_local_date_once() {
    let site = site("dupont");
    let apart = [
        ("Europe/Paris", 2020),
        ("America/New_York", 2020),
        ("Australia/Lord_Howe", 2020), // half an hour
        ("Africa/Casablanca", 2020),   // back before Ramadan, forward after
        ("America/Santiago", 2020),    // midnight itself is skipped
        ("Pacific/Apia", 2006),        // had no 30 December 2011
    ];
    for (name, first) in apart {
        let zone = zones::zone(name, first - 1, first + 11);
        let tz = TimeZone::get(name).unwrap();
        for start in [0, 150, 23 * 60 + 30] {
            let schedule = Schedule::new(start, 60).unwrap();
            let mut nights = Nights {
                since: schedule.starts(&zone, &site, CivilDate::from_days(0)).unwrap(),
                settled: None,
                failed: None,
            };
            let (mut now, mut previous) = (nights.since, None);
            let begin = CivilDate {
                year: first.into(),
                month: 1,
                day: 1,
            };
            for days in 0..3_653 {
                let date = begin.plus_days(days);
                let expected = oracle(&tz, date, start);
                assert_eq!(
                    schedule.opens(&zone, date).map(Timestamp::seconds),
                    expected,
                    "{name} {date} {start}"
                );
                let Some(opens) = schedule.opens(&zone, date) else {
                    assert_eq!((name, date.to_string().as_str()), ("Pacific/Apia", "2011-12-30"));
                    continue;
                };
                if days == 0 {
                    (nights.since, now) = (opens, opens);
                }
                let night = next(schedule, &zone, &site, &nights, now).unwrap();
                assert_eq!(
                    (night.business_date, night.late, night.missed),
                    (date, false, 0),
                    "{name}"
                );
                assert_eq!(night.at, opens.plus(schedule.place(&site)));
                assert!(previous < Some(night.at));
                let crossing = name == "Pacific/Apia" && date.to_string() == "2011-12-29";
                assert!(crossing || business_date(&zone, night.at) == date, "{name} {date}");
                nights.settled = Some(date);
                (now, previous) = (night.at, Some(night.at));
            }
        }
    }
}

/// The first instant at which clocks show the time or later, from the zone database; `None` for a day that does not exist.
fn oracle(tz: &TimeZone, date: CivilDate, start: u16) -> Option<i64> {
    let saved = Date::new(i16::try_from(date.year).unwrap(), date.month as i8, date.day as i8).unwrap();
    let noon = tz.to_ambiguous_timestamp(saved.at(12, 0, 0, 0));
    if matches!(noon.offset(), AmbiguousOffset::Gap { .. }) {
        return None;
    }
    let day = if start < 720 { saved.tomorrow().unwrap() } else { saved };
    let local = day.at((start / 60) as i8, (start % 60) as i8, 0, 0);
    let told = tz.to_ambiguous_timestamp(local);
    if matches!(told.offset(), AmbiguousOffset::Gap { .. }) {
        // Reading it with the offset from before the gap lands after the change.
        let after = told.later().unwrap();
        let before = told.earlier().unwrap().min(after);
        return tz.following(before).next().map(|change| change.timestamp().as_second());
    }
    Some(told.earlier().unwrap().as_second())
}

#[test]
fn the_places_of_5_000_sites_fill_the_window_evenly() {
    let schedule = Schedule::default();
    let sites: Vec<_> = (0..2_500)
        .map(|n| site(&format!("site-{n:04}")))
        .chain({
            let mut rng = fastrand::Rng::with_seed(11);
            std::iter::repeat_with(move || SiteId::from_random(std::array::from_fn(|_| rng.u8(..)))).take(2_500)
        })
        .collect();
    let mut minutes = [0_u32; 115];
    for site in &sites {
        minutes[usize::try_from(schedule.place(site).as_secs() / 60).unwrap()] += 1;
    }
    // 43 a minute on average; a fair draw stays within these bounds in all but one of a million.
    assert!(minutes.iter().all(|count| (12..=82).contains(count)), "{minutes:?}");
    let halves: Vec<u32> = minutes.chunks(23).map(|fifth| fifth.iter().sum()).collect();
    assert!(halves.iter().all(|count| (860..=1_140).contains(count)), "{halves:?}");
}

#[test]
fn a_site_keeps_its_place_in_every_version() {
    let places =
        |schedule: Schedule| ["dupont", "martin", "a", "site-0001"].map(|id| schedule.place(&site(id)).as_secs());
    assert_eq!(places(Schedule::default()), [855, 4_537, 3_521, 1_621]);
    assert_eq!(places(Schedule::new(90, 15).unwrap()), [74, 394, 306, 141]);
}

#[test]
fn a_night_of_5_000_sites_looks_at_each_of_them_twice() {
    let paris = zones::zone("Europe/Paris", 2026, 2027);
    let sites: Vec<_> = (0..5_000).map(|n| site(&format!("s{n}"))).collect();
    let evening = paris.instant(date("2026-11-23"), 18 * 60);
    let mut nights = vec![
        Nights {
            since: evening,
            settled: None,
            failed: None
        };
        sites.len()
    ];
    let asked = std::cell::Cell::new(0);
    let ask = |n: usize, nights: &Nights, now| {
        asked.set(asked.get() + 1);
        next(Schedule::default(), &paris, &sites[n], nights, now).unwrap()
    };
    // What the store has as an index: the moment of each site's next night.
    let mut index: BTreeSet<_> = (0..sites.len()).map(|n| (ask(n, &nights[n], evening).at, n)).collect();
    asked.set(0);
    let (mut now, mut most) = (evening, 0);
    let mut started = 0;
    while now < evening.plus(14 * HOUR) {
        let due: Vec<_> = index.range(..=(now, usize::MAX)).copied().collect();
        most = most.max(due.len());
        for (at, n) in due {
            let night = ask(n, &nights[n], now);
            assert!(night.is_due(now) && !night.late);
            started += 1;
            nights[n].settled = Some(night.business_date);
            index.remove(&(at, n));
            index.insert((ask(n, &nights[n], now).at, n));
        }
        now = now.plus(MINUTE);
    }
    assert_eq!((started, asked.get()), (5_000, 10_000));
    assert!(most < 90, "{most} sites started in one minute");
    assert!(index.iter().all(|(at, _)| *at > now), "and nothing is left for the day");
}

#[test]
fn a_failing_night_is_tried_ever_more_rarely_until_the_next_one_takes_its_place() {
    let utc = Zone::utc();
    let period = (
        utc.instant(date("2026-11-23"), 720),
        utc.instant(date("2026-11-25"), 720),
    );
    let mut tries: Vec<(CivilDate, Timestamp)> = Vec::new();
    let made = simulate(
        &utc,
        Schedule::default(),
        period,
        |_| true,
        |date, at| {
            tries.push((date, at));
            true
        },
    );
    assert!(made.is_empty());
    let waits = |date: CivilDate| -> Vec<u64> {
        let of: Vec<_> = tries
            .iter()
            .filter(|(night, _)| *night == date)
            .map(|(_, at)| *at)
            .collect();
        of.windows(2)
            .map(|pair| pair[1].since(pair[0]).as_secs() / 60)
            .collect()
    };
    assert_eq!(waits(date("2026-11-23")), [15, 30, 60, 120, 240, 240, 240, 240, 240]);
    assert_eq!(
        waits(date("2026-11-24"))[..5],
        [15, 30, 60, 120, 240],
        "the next night starts afresh"
    );
    assert!(tries.is_sorted_by_key(|(date, _)| *date));
}

#[test]
fn the_next_look_at_a_failed_night_is_never_later_than_the_next_night() {
    let utc = Zone::utc();
    let failed = |ended_at| Nights {
        since: Timestamp(0),
        settled: Some(date("2026-11-21")),
        failed: Some(FailedNight {
            business_date: date("2026-11-22"),
            times: 9,
            ended_at,
        }),
    };
    let look = |ended_at| next(Schedule::default(), &utc, &site("dupont"), &failed(ended_at), ended_at).unwrap();
    let noon = utc.instant(date("2026-11-23"), 720);
    let again = look(noon);
    assert_eq!(
        (again.business_date, again.at),
        (date("2026-11-22"), noon.plus(4 * HOUR))
    );
    let instead = look(utc.instant(date("2026-11-24"), 60));
    let start = Schedule::default().starts(&utc, &site("dupont"), date("2026-11-23"));
    assert_eq!((instead.business_date, Some(instead.at)), (date("2026-11-23"), start));
    assert_eq!((instead.late, instead.missed), (false, 1));
}

#[test]
fn a_night_is_late_once_its_window_has_closed() {
    let paris = zones::zone("Europe/Paris", 2026, 2027);
    let schedule = Schedule::default();
    let saved = date("2026-11-23");
    let closes = paris.instant(date("2026-11-24"), 210);
    assert_eq!(schedule.closes(&paris, saved), Some(closes));
    assert!(!schedule.is_late(&paris, saved, closes));
    assert!(schedule.is_late(&paris, saved, Timestamp(closes.0 + 1)));
}

#[test]
fn a_new_site_has_its_first_night_in_the_coming_one() {
    let utc = Zone::utc();
    let noon = utc.instant(date("2026-11-24"), 720);
    let nights = Nights {
        since: noon,
        settled: None,
        failed: None,
    };
    let night = next(Schedule::default(), &utc, &site("jura"), &nights, noon.plus(HOUR)).unwrap();
    assert_eq!((night.business_date, night.missed), (date("2026-11-24"), 0));
    assert!(!night.is_due(noon.plus(HOUR)));
}

#[test]
fn a_night_dated_by_a_wrong_clock_does_not_stop_the_coming_ones() {
    let utc = Zone::utc();
    let now = utc.instant(date("2026-11-24"), 720);
    let nights = Nights {
        since: Timestamp(0),
        settled: Some(date("2031-01-01")),
        failed: None,
    };
    let night = next(Schedule::default(), &utc, &site("jura"), &nights, now).unwrap();
    assert_eq!(night.business_date, date("2026-11-23"));
}

#[test]
fn changes_of_hour_and_zone_at_any_time_double_no_date() {
    let zones = ["Europe/Paris", "Asia/Tokyo", "America/Los_Angeles", "UTC"].map(|name| zones::zone(name, 2025, 2028));
    for seed in 0..40 {
        let mut rng = fastrand::Rng::with_seed(seed);
        let (mut zone, mut schedule) = (&zones[0], Schedule::default());
        let begin = zone.instant(date("2026-01-01"), 720);
        let mut nights = Nights {
            since: begin,
            settled: None,
            failed: None,
        };
        let (mut now, mut made) = (begin, Vec::new());
        while now < begin.plus(90 * 24 * HOUR) {
            now = now.plus(MINUTE * rng.u32(1..120));
            if rng.u8(..) < 10 {
                zone = &zones[rng.usize(..zones.len())];
                schedule = Schedule::new(rng.u16(0..600), rng.u16(15..120)).unwrap();
            }
            let night = next(schedule, zone, &site("dupont"), &nights, now).unwrap();
            if night.is_due(now) {
                nights.settled = Some(night.business_date);
                made.push(night.business_date);
            }
        }
        assert!(made.windows(2).all(|pair| pair[0] < pair[1]), "{seed}: {made:?}");
        assert!(made.len() >= 85, "{seed}: {} of 90 nights", made.len());
    }
}

#[test]
fn a_site_without_a_completed_backup_for_26_hours_raises_an_alert() {
    let last = Timestamp(1_795_514_400_000);
    let since = Timestamp(last.0 - 1_000_000_000);
    let just = last.plus(26 * HOUR);
    assert_eq!(silence(since, Some(last), Timestamp(just.0 - 1)), None);
    let alert = silence(since, Some(last), just).unwrap();
    assert_eq!((alert.last, alert.from), (Some(last), just));
    assert_eq!(silent_from(since, Some(last)), just);
    // A site that never had one is given a night.
    assert_eq!(silence(last, None, last.plus(25 * HOUR)), None);
    assert!(silence(last, None, just).is_some());
}
