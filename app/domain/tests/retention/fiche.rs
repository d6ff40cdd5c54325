//! The sentences about keeping, one test each (R12 to R14, R18, and how they are read).

use domain::anomaly::Review;
use domain::backup::BackupKind;
use domain::ids::BackupId;
use domain::range::Setting;
use domain::retention::{Expire, Facts, Keep, Plan, Policy, Terms, plan};
use domain::time::{CivilDate, Timestamp, Zone};

fn date(text: &str) -> CivilDate {
    CivilDate::parse(text).unwrap()
}

/// The backup of a night, made at half past two of the next day; its id is its date.
fn night(saved: CivilDate) -> Facts {
    Facts {
        id: BackupId::parse(&saved.to_string()).unwrap(),
        kind: BackupKind::Automatic,
        promoted: false,
        business_date: Some(saved),
        completed_at: Zone::utc().instant(saved.plus_days(1), 150),
        review: Review::Usual,
    }
}

fn reviewed(saved: &str, review: Review) -> Facts {
    Facts {
        review,
        ..night(date(saved))
    }
}

/// Lives through the nights from one date to another, those that `succeeds` refuses failing, and applies the policy after
/// each; then says what is left at three o'clock of the following day.
fn live(policy: Policy, first: &str, last: &str, succeeds: impl Fn(CivilDate) -> bool) -> Vec<Facts> {
    let mut backups: Vec<Facts> = Vec::new();
    let mut saved = date(first);
    while saved <= date(last) {
        if succeeds(saved) {
            backups.push(night(saved));
        }
        let left = at_three(policy, saved.plus_days(1), &backups);
        backups.retain(|facts| left.kept.iter().any(|kept| kept.id == facts.id));
        saved = saved.plus_days(1);
    }
    backups
}

fn at_three(policy: Policy, day: CivilDate, backups: &[Facts]) -> Plan {
    plan(Zone::utc().instant(day, 180), &Zone::utc(), policy, backups)
}

fn dates(backups: &[Facts]) -> Vec<&str> {
    backups.iter().map(|facts| facts.id.as_str()).collect()
}

fn reasons<'a>(plan: &'a Plan, id: &str) -> &'a [Keep] {
    let kept = plan.kept.iter().find(|kept| kept.id.as_str() == id);
    kept.map_or(&[], |kept| &kept.reasons)
}

#[test]
fn night_8_removes_night_1_and_nothing_younger() {
    let after = |last| live(Policy::default(), "2026-11-01", last, |_| true);
    assert_eq!(after("2026-11-07").len(), 7);
    let eight = after("2026-11-08");
    assert_eq!((eight.len(), eight[0].id.as_str()), (7, "2026-11-02"));
}

#[test]
fn on_15_march_the_ends_of_february_and_december_are_there() {
    let left = live(Policy::default(), "2026-11-20", "2027-03-14", |_| true);
    let mut expected = vec!["2026-12-31".to_owned(), "2027-02-28".to_owned()];
    expected.extend((8..=14).map(|day| format!("2027-03-{day:02}")));
    assert_eq!(dates(&left), expected);
    let plan = at_three(Policy::default(), date("2027-03-15"), &left);
    assert_eq!(reasons(&plan, "2026-12-31"), [Keep::Yearly { year: 2026 }]);
    assert_eq!(reasons(&plan, "2027-02-28"), [Keep::Monthly { year: 2027, month: 2 }]);
}

#[test]
fn a_month_end_stays_until_its_successor_is_complete() {
    // The last nights of November and the first of December fail: October's end stays until one succeeds.
    let fails = |day: CivilDate| (date("2026-11-28")..=date("2026-12-03")).contains(&day);
    let left = |last| live(Policy::default(), "2026-10-20", last, |day| !fails(day));
    assert!(dates(&left("2026-12-03")).contains(&"2026-10-31"));
    let after = left("2026-12-04");
    assert!(!dates(&after).contains(&"2026-10-31"));
    let plan = at_three(Policy::default(), date("2026-12-05"), &after);
    assert!(reasons(&plan, "2026-11-27").contains(&Keep::Monthly { year: 2026, month: 11 }));
}

#[test]
fn failures_do_not_shorten_history() {
    let left = live(Policy::default(), "2026-11-01", "2026-11-30", |day| {
        day.day <= 9 || day.day == 30
    });
    assert_eq!(left.len(), 7, "a night makes room for itself only: {:?}", dates(&left));
    assert_eq!(left[0].id.as_str(), "2026-11-04");
}

#[test]
fn more_month_ends_and_year_ends_are_kept_when_the_operator_says_so() {
    let policy = Policy::new(Terms {
        days: 2,
        months: 3,
        years: 2,
        safety_days: 7,
    })
    .unwrap();
    let left = live(policy, "2024-12-01", "2027-02-10", |_| true);
    assert_eq!(
        dates(&left),
        [
            "2025-12-31",
            "2026-11-30",
            "2026-12-31",
            "2027-01-31",
            "2027-02-09",
            "2027-02-10"
        ]
    );
    let none = Policy::new(Terms {
        days: 2,
        months: 0,
        years: 0,
        safety_days: 7,
    })
    .unwrap();
    assert_eq!(live(none, "2024-12-01", "2027-02-10", |_| true).len(), 2);
}

#[test]
fn a_promoted_night_stays_for_good_and_still_stands_for_its_day() {
    let mut backups: Vec<_> = (1..=9).map(|day| night(date(&format!("2026-11-{day:02}")))).collect();
    backups[1].promoted = true;
    backups[4].promoted = true;
    let plan = at_three(Policy::default(), date("2026-11-10"), &backups);
    assert_eq!(reasons(&plan, "2026-11-02"), [Keep::Promoted]);
    assert_eq!(
        reasons(&plan, "2026-11-05"),
        [Keep::Promoted, Keep::Daily { place: 5, of: 7 }]
    );
    assert_eq!(plan.expired.len(), 1, "{plan:?}");
}

#[test]
fn a_backup_before_a_restore_is_kept_seven_days_unless_it_is_the_last_good_one() {
    let taken = Timestamp(1_795_514_400_000);
    let safety = Facts {
        kind: BackupKind::Safety,
        business_date: None,
        completed_at: taken,
        ..night(date("2026-11-24"))
    };
    let week = Timestamp(taken.0 + 7 * 86_400_000);
    let alone = |now, backups: &[Facts]| plan(now, &Zone::utc(), Policy::default(), backups);
    let newer = night(date("2026-11-26"));
    let both = [safety.clone(), newer];
    assert!(alone(Timestamp(week.0 - 1), &both).expired.is_empty());
    assert_eq!(alone(week, &both).expired[0].reason, Expire::SafetyOver { days: 7 });
    assert_eq!(alone(week, &[safety]).kept[0].reasons, [Keep::LastGood]);
}

#[test]
fn an_unusual_night_freezes_what_is_older_until_somebody_decides() {
    let day = |n: u32| format!("2026-11-{n:02}");
    let mut backups: Vec<_> = (1..=20).map(|n| night(date(&day(n)))).collect();
    let decided = |backups: &mut Vec<Facts>, review| {
        backups[9] = reviewed("2026-11-10", review);
        at_three(Policy::default(), date("2026-11-21"), backups)
    };
    let frozen = decided(&mut backups, Review::Undecided);
    let gone: Vec<_> = frozen.expired.iter().map(|gone| gone.id.as_str()).collect();
    assert_eq!(
        gone,
        ["2026-11-11", "2026-11-12", "2026-11-13"],
        "what is younger goes as always"
    );
    assert_eq!(reasons(&frozen, "2026-11-10"), [Keep::Undecided]);
    let by = BackupId::parse("2026-11-10").unwrap();
    assert_eq!(reasons(&frozen, "2026-11-01"), [Keep::Frozen { by }]);

    let accepted = decided(&mut backups, Review::Accepted);
    assert_eq!(accepted.expired.len(), 13, "the level is the normal one");
    let rejected = decided(&mut backups, Review::Rejected);
    let reason = &rejected
        .expired
        .iter()
        .find(|gone| gone.id.as_str() == "2026-11-10")
        .unwrap()
        .reason;
    assert_eq!(*reason, Expire::SetAside { days: 7 });
}

#[test]
fn a_rejected_night_stands_for_nothing_and_costs_no_good_one() {
    let mut backups: Vec<_> = (1..=7).map(|n| night(date(&format!("2026-11-{n:02}")))).collect();
    backups.extend(["2026-11-08", "2026-11-09"].map(|day| reviewed(day, Review::Rejected)));
    let plan = at_three(Policy::default(), date("2026-11-10"), &backups);
    assert!(plan.expired.is_empty());
    assert_eq!(reasons(&plan, "2026-11-09"), [Keep::SetAside { younger: 0, of: 7 }]);
    assert!(reasons(&plan, "2026-11-07").contains(&Keep::LastGood));
}

#[test]
fn a_clock_that_ran_ahead_removes_nothing() {
    let mut backups: Vec<_> = (1..=7).map(|n| night(date(&format!("2026-11-{n:02}")))).collect();
    backups.push(night(date("2031-01-01")));
    let plan = at_three(Policy::default(), date("2026-11-08"), &backups);
    assert!(plan.expired.is_empty());
    assert!(reasons(&plan, "2031-01-01").contains(&Keep::Ahead));
    // Years later it is a night like the others, but no clock that jumps makes room by itself.
    assert_eq!(at_three(Policy::default(), date("2026-11-01"), &backups).expired, []);
}

#[test]
fn a_policy_out_of_range_names_the_field_and_its_limits() {
    let no = Policy::new(Terms {
        days: 0,
        months: 1,
        years: 1,
        safety_days: 7,
    })
    .unwrap_err();
    assert_eq!((no.setting, no.least, no.most), (Setting::RetentionDays, 1, 366));
    let json = r#"{"days":7,"months":61,"years":1,"safety_days":7}"#;
    assert!(serde_json::from_str::<Policy>(json).is_err());
    let sound = serde_json::to_string(&Policy::default()).unwrap();
    assert_eq!(serde_json::from_str::<Policy>(&sound).unwrap(), Policy::default());
}
