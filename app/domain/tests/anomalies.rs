//! What is unusual about a backup, and what is not.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops there")]

use std::collections::BTreeMap;

use domain::anomaly::{Limits, Measured, Past, Review, Thresholds, Unusual, What, unusual};
use domain::ids::DatabaseId;
use domain::range::Setting;
use proptest::prelude::*;

const MB: u64 = 1_000_000;

fn books() -> DatabaseId {
    DatabaseId::parse("dupont-books").unwrap()
}

fn measured(bytes: u64, rows: &[(&str, u64)]) -> Vec<Measured> {
    let rows: BTreeMap<_, _> = rows.iter().map(|(table, rows)| ((*table).to_owned(), *rows)).collect();
    vec![Measured {
        database: books(),
        bytes,
        rows: Some(rows),
    }]
}

fn past(review: Review, databases: Vec<Measured>) -> Past {
    Past { review, databases }
}

fn week(rows: u64) -> Vec<Past> {
    let day = |n| {
        past(
            Review::Usual,
            measured(100 * MB + n, &[("ecritures", rows + n), ("tiers", 400)]),
        )
    };
    (0..7).map(day).collect()
}

fn judge(past: &[Past], new: &[Measured]) -> Vec<Unusual> {
    unusual(Thresholds::default(), past, new)
}

fn rows(table: &str) -> What {
    What::Rows {
        database: books(),
        table: table.into(),
    }
}

#[test]
fn a_table_that_loses_half_its_rows_is_unusual_even_if_the_size_is_not() {
    let found = judge(
        &week(80_000),
        &measured(99 * MB, &[("ecritures", 40_000), ("tiers", 400)]),
    );
    let fact = Unusual {
        what: rows("ecritures"),
        before: 80_003,
        now: 40_000,
    };
    assert_eq!(found, [fact]);
    let wire = serde_json::to_string(&found).unwrap();
    assert_eq!(serde_json::from_str::<Vec<Unusual>>(&wire).unwrap(), found);
}

#[test]
fn an_ordinary_night_is_not_unusual() {
    assert_eq!(
        judge(
            &week(80_000),
            &measured(104 * MB, &[("ecritures", 81_500), ("tiers", 390)])
        ),
        []
    );
}

#[test]
fn a_size_that_collapses_or_more_than_doubles_is_unusual() {
    let ordinary = [("ecritures", 80_000), ("tiers", 400)];
    for (bytes, is) in [(69, true), (71, false), (200, false), (202, true)] {
        let found = judge(&week(80_000), &measured(bytes * MB, &ordinary));
        assert_eq!(
            found.iter().any(|fact| matches!(fact.what, What::Bytes { .. })),
            is,
            "{bytes} MB"
        );
    }
}

#[test]
fn what_disappeared_is_said_to_be_gone() {
    let found = judge(&week(80_000), &measured(100 * MB, &[("tiers", 400)]));
    let gone = What::TableGone {
        database: books(),
        table: "ecritures".into(),
    };
    assert_eq!((&found[0].what, found[0].now), (&gone, 0));
    let found = judge(&week(80_000), &[]);
    assert_eq!(found[0].what, What::DatabaseGone { database: books() });
    assert_eq!(found.len(), 1, "its tables need no words of their own");
}

#[test]
fn small_databases_do_not_cry_wolf() {
    let small: Vec<_> = (0..7)
        .map(|_| past(Review::Usual, measured(60_000, &[("tiers", 40)])))
        .collect();
    assert_eq!(judge(&small, &measured(900_000, &[("tiers", 900)])), []);
    assert_eq!(judge(&small, &measured(20_000, &[])), []);
}

#[test]
fn a_table_that_is_emptied_every_week_is_not_news() {
    let mut week = week(80_000);
    week[6] = past(
        Review::Usual,
        measured(100 * MB, &[("ecritures", 2_000), ("tiers", 400)]),
    );
    assert_eq!(
        judge(&week, &measured(100 * MB, &[("ecritures", 2_000), ("tiers", 400)])),
        []
    );
    assert_eq!(
        judge(&week, &measured(100 * MB, &[("ecritures", 100), ("tiers", 400)])).len(),
        1
    );
}

#[test]
fn the_level_stays_unusual_until_it_is_accepted_and_is_the_normal_one_then() {
    let fallen = || measured(100 * MB, &[("ecritures", 10_000), ("tiers", 400)]);
    let mut history = week(80_000);
    for review in [Review::Undecided, Review::Rejected] {
        history.insert(0, past(review, fallen()));
        assert_eq!(
            judge(&history, &fallen()).len(),
            1,
            "{review:?} is no level to compare with"
        );
    }
    history.insert(0, past(Review::Accepted, fallen()));
    assert_eq!(judge(&history, &fallen()), []);
    let back = measured(100 * MB, &[("ecritures", 80_000), ("tiers", 400)]);
    assert_eq!(judge(&history, &back).len(), 1, "and the old level is the unusual one");
}

#[test]
fn a_young_site_or_table_is_not_judged_by_its_first_days() {
    let grown = measured(300 * MB, &[("ecritures", 80_000)]);
    let start = |_| past(Review::Usual, measured(10 * MB, &[]));
    assert_eq!(judge(&(0..2).map(start).collect::<Vec<_>>(), &grown), []);
    let found = judge(&(0..3).map(start).collect::<Vec<_>>(), &grown);
    assert_eq!(found.len(), 1, "the size is, the new table is not: {found:?}");
}

#[test]
fn a_table_that_was_empty_may_be_filled() {
    let empty: Vec<_> = (0..7)
        .map(|_| past(Review::Usual, measured(100 * MB, &[("paies", 0)])))
        .collect();
    assert_eq!(judge(&empty, &measured(100 * MB, &[("paies", 50_000)])), []);
}

#[test]
fn rows_that_were_not_counted_are_not_rows_that_are_gone() {
    let mut new = measured(100 * MB, &[]);
    new[0].rows = None;
    assert_eq!(judge(&week(80_000), &new), []);
}

#[test]
fn thresholds_out_of_range_name_the_field() {
    let limits = Thresholds::default().limits();
    let no = Thresholds::new(Limits { compared: 2, ..limits }).unwrap_err();
    assert_eq!((no.setting, no.least), (Setting::Compared, 3));
    let json = serde_json::to_string(&Limits {
        fall_percent: 0,
        ..limits
    })
    .unwrap();
    assert!(serde_json::from_str::<Thresholds>(&json).is_err());
}

proptest! {
    #[test]
    fn a_value_within_the_share_or_the_floor_or_what_was_seen_is_never_unusual(
        levels in prop::collection::vec(0_u64..200_000, 3..12),
        now in 0_u64..400_000,
    ) {
        let history: Vec<_> = levels
            .iter()
            .map(|rows| past(Review::Usual, measured(0, &[("t", *rows)])))
            .collect();
        let mut seen = levels[..levels.len().min(7)].to_vec();
        seen.sort_unstable();
        let found = judge(&history, &measured(0, &[("t", now)]));
        let median = (seen[(seen.len() - 1) / 2] + seen[seen.len() / 2]) as f64 / 2.0;
        let share = (now as f64 - median) / median;
        if let [fact] = &found[..] {
            prop_assert_eq!(fact.now, now);
            prop_assert!(!(-0.299..=0.999).contains(&share));
            prop_assert!((now as f64 - median).abs() >= 999.0);
            prop_assert!(now < seen[0] || now > seen[seen.len() - 1]);
        } else {
            prop_assert!(found.is_empty());
            let clearly = !(-0.301..=1.001).contains(&share) && (now as f64 - median).abs() > 1_001.0 && median > 1.0;
            prop_assert!(!clearly || (seen[0]..=seen[seen.len() - 1]).contains(&now));
        }
    }
}
