//! The preview says what will be: every coming night made and the policy applied, as the server does it.

use std::collections::BTreeMap;

use domain::anomaly::Review;
use domain::backup::BackupKind;
use domain::ids::{BackupId, SiteId};
use domain::nights::{Nights, next};
use domain::retention::{Coming, Expire, Facts, Keep, Policy, Preview, Which, plan, preview, standing};
use domain::schedule::Schedule;
use domain::time::{CivilDate, Timestamp};

use super::history::History;
use super::zones;

/// When, which one, why.
type Removals = Vec<(Timestamp, Which, Expire)>;

#[test]
fn what_the_preview_says_is_what_later_happens() {
    let paris = zones::zone("Europe/Paris", 2025, 2040);
    let mut removed = 0;
    for seed in 0..120 {
        let mut history = History::new(seed, paris.clone());
        for _ in 0..40 {
            history.step();
            let now = history.now();
            let plan = plan(now, &paris, history.policy, &history.backups);
            history.apply(&plan);
        }
        // The operator tries another policy on what is there.
        let tried = super::history::policy(&mut history.rng);
        let now = history.now();
        let coming = Coming {
            site: SiteId::parse("dupont").unwrap(),
            schedule: Schedule::new(history.rng.u16(0..1_440) / 15 * 15, 15).unwrap(),
            since: Timestamp(0),
            days: if seed % 10 == 0 { 400 } else { 60 },
        };
        let said = preview(now, &paris, tried, &history.backups, &coming);
        let real = live(&history, now, tried, &coming);
        assert_eq!(told(&said), real, "seed {seed}");
        assert_eq!(said.nights.len(), coming.days as usize);
        assert_eq!(lives(&said), real_lives(&real), "seed {seed}");
        stands_as_planned(&history, now, tried, &coming, &said);
        removed += real.len();
    }
    assert!(removed > 5_000, "{removed} removals are too few to say anything");
}

/// What stands at a moment, and why, is what the server would find then: also long after a reason has changed.
fn stands_as_planned(history: &History, mut now: Timestamp, policy: Policy, coming: &Coming, said: &Preview) {
    let mut backups = history.backups.clone();
    apply(history, now, policy, &mut backups);
    for night in &said.nights {
        let before = standing(now, &history.zone, policy, &history.backups, said);
        if night.at > now {
            assert_eq!(
                named(before.iter().map(|one| (name_of(&one.which), one.reasons.clone()))),
                named(
                    plan(now, &history.zone, policy, &backups)
                        .kept
                        .into_iter()
                        .map(|kept| (kept.id.to_string(), kept.reasons))
                ),
                "{now:?} {coming:?}"
            );
        }
        now = night.at;
        backups.push(assumed(night.business_date, now));
        apply(history, now, policy, &mut backups);
    }
}

/// By name, because assumed nights have ids of their own here.
fn named(standing: impl Iterator<Item = (String, Vec<Keep>)>) -> BTreeMap<String, Vec<Keep>> {
    standing.collect()
}

fn name_of(which: &Which) -> String {
    match which {
        Which::Stored(id) => id.to_string(),
        Which::Night(date) => date.to_string(),
    }
}

fn assumed(date: CivilDate, at: Timestamp) -> Facts {
    Facts {
        id: BackupId::parse(&date.to_string()).unwrap(),
        kind: BackupKind::Automatic,
        promoted: false,
        business_date: Some(date),
        completed_at: at,
        review: Review::Usual,
    }
}

/// The server over the coming nights: each is made at its moment, is good, and the policy is applied.
fn live(history: &History, mut now: Timestamp, policy: Policy, coming: &Coming) -> Removals {
    let mut backups = history.backups.clone();
    let mut removals = apply(history, now, policy, &mut backups);
    let limit = history.zone.local(now).date.plus_days(1);
    let mut nights = Nights {
        since: coming.since,
        settled: backups_of_nights(&history.backups).filter(|date| *date <= limit).max(),
        failed: None,
    };
    for _ in 0..coming.days {
        let night = next(coming.schedule, &history.zone, &coming.site, &nights, now).unwrap();
        now = now.max(night.at);
        nights.settled = Some(night.business_date);
        backups.push(assumed(night.business_date, now));
        removals.extend(apply(history, now, policy, &mut backups));
    }
    removals
}

fn apply(history: &History, now: Timestamp, policy: Policy, backups: &mut Vec<Facts>) -> Removals {
    let plan = plan(now, &history.zone, policy, backups);
    backups.retain(|facts| plan.expired.iter().all(|gone| gone.id != facts.id));
    plan.expired
        .into_iter()
        .map(|gone| {
            let which = CivilDate::parse(gone.id.as_str()).map_or_else(|| Which::Stored(gone.id.clone()), Which::Night);
            (now, which, gone.reason)
        })
        .collect()
}

fn backups_of_nights(backups: &[Facts]) -> impl Iterator<Item = CivilDate> {
    backups.iter().filter_map(|facts| facts.business_date)
}

/// The list of the preview.
fn told(preview: &Preview) -> Removals {
    let at_once = preview
        .fates
        .iter()
        .filter_map(|fate| fate.end.as_ref())
        .find(|end| end.night.is_none());
    let now = at_once.map(|end| end.at);
    let first = preview.at_once.iter().map(|gone| (now.unwrap(), gone));
    let rest = preview
        .nights
        .iter()
        .flat_map(|night| night.gone.iter().map(|gone| (night.at, gone)));
    first
        .chain(rest)
        .map(|(at, gone)| (at, gone.which.clone(), gone.reason.clone()))
        .collect()
}

/// The calendar of the preview: when each backup goes.
fn lives(preview: &Preview) -> BTreeMap<String, Timestamp> {
    let ends = preview
        .fates
        .iter()
        .filter_map(|fate| Some((format!("{:?}", fate.which), fate.end.as_ref()?.at)));
    ends.collect()
}

fn real_lives(removals: &Removals) -> BTreeMap<String, Timestamp> {
    removals
        .iter()
        .map(|(at, which, _)| (format!("{which:?}"), *at))
        .collect()
}

#[test]
fn the_coming_year_of_a_site_reads_as_its_calendar_says() {
    let paris = zones::zone("Europe/Paris", 2024, 2030);
    let date = |text: &str| CivilDate::parse(text).unwrap();
    let stored = |text: &str| Facts {
        id: BackupId::parse(text).unwrap(),
        kind: BackupKind::Automatic,
        promoted: false,
        business_date: Some(date(text)),
        completed_at: paris.instant(date(text).plus_days(1), 150),
        review: Review::Usual,
    };
    let mut backups: Vec<_> = (17..24).map(|day| stored(&format!("2026-11-{day}"))).collect();
    backups.extend(["2026-10-31", "2025-12-31"].map(stored));
    let coming = Coming {
        site: SiteId::parse("dupont").unwrap(),
        schedule: Schedule::default(),
        since: Timestamp(0),
        days: 400,
    };
    let now = paris.instant(date("2026-11-24"), 600);
    let said = preview(now, &paris, Policy::default(), &backups, &coming);
    assert!(said.at_once.is_empty());

    let end = |text: &str| {
        let which = Which::Stored(BackupId::parse(text).unwrap());
        let fate = said.fates.iter().find(|fate| fate.which == which).unwrap();
        let end = fate.end.clone().unwrap();
        (end.night.unwrap().to_string(), end.reason)
    };
    assert_eq!(
        end("2026-11-17"),
        ("2026-11-24".to_owned(), Expire::OlderThanDays { days: 7 })
    );
    assert_eq!(end("2026-11-23").0, "2026-11-30");
    let by = date("2026-11-30");
    assert_eq!(
        end("2026-10-31"),
        ("2026-11-30".to_owned(), Expire::MonthReplaced { months: 1, by })
    );
    let by = date("2026-12-31");
    assert_eq!(
        end("2025-12-31"),
        ("2026-12-31".to_owned(), Expire::YearReplaced { years: 1, by })
    );

    let becomes: Vec<_> = said
        .nights
        .iter()
        .flat_map(|night| {
            night
                .becomes
                .iter()
                .map(|becomes| (night.business_date.to_string(), becomes.role.clone()))
        })
        .take(3)
        .collect();
    let monthly = |year, month| Keep::Monthly { year, month };
    assert_eq!(
        becomes,
        [
            ("2026-11-30".to_owned(), monthly(2026, 11)),
            ("2026-12-31".to_owned(), monthly(2026, 12)),
            ("2026-12-31".to_owned(), Keep::Yearly { year: 2026 })
        ]
    );
    let wire = serde_json::to_string(&said).unwrap();
    assert_eq!(serde_json::from_str::<Preview>(&wire).unwrap(), said);
}
