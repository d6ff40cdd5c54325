//! Stories of the background writer: it works beside readers, and survives what happens to its databases.

#![allow(clippy::unwrap_used, reason = "the steps of a story are test code too")]

use std::path::Path;
use std::time::Duration;

use demo::{Counts, JournalMode, Kind, Profile, Target, Writer, sqlite};
use jiff::civil::{DateTime, date};
use postgres_cluster::{Availability, ClusterOptions, PrivateCluster};
use sqlx::Connection;
use sqlx::postgres::PgConnection;

const PERIOD: Duration = Duration::from_millis(1);

fn create(path: &Path, kind: Kind, journal_mode: JournalMode) {
    let profile = Profile {
        seed: 21,
        company: "Garage Noël".to_owned(),
        kind,
        megabytes: 1,
        journal_mode,
    };
    sqlite::create(path, &profile, date(2025, 1, 1), date(2025, 6, 30)).unwrap();
}

fn now() -> DateTime {
    date(2025, 7, 1).at(11, 0, 0, 0)
}

/// Lets the writer go on until `enough`.
async fn until(writer: &Writer, enough: impl Fn(&[Counts]) -> bool) {
    while !enough(&writer.counts()) {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_reader_beside_the_writer_sees_a_database_that_balances() {
    for mode in [JournalMode::Wal, JournalMode::Delete] {
        let directory = tempfile::tempdir().unwrap();
        let paths = [Kind::Accounting, Kind::Payroll].map(|kind| {
            let path = directory.path().join(format!("{kind:?}"));
            create(&path, kind, mode);
            path
        });
        let before = paths
            .clone()
            .map(|path| sqlite::balance(&sqlite::open(&path).unwrap()).unwrap().documents);
        let writer = Writer::spawn(paths.clone().map(Target::Sqlite).into(), PERIOD, now);
        while writer.counts().iter().any(|counts| counts.entered < 20) {
            for path in paths.clone() {
                let verdict = tokio::task::spawn_blocking(move || sqlite::balance(&sqlite::open(&path).unwrap()));
                verdict.await.unwrap().unwrap();
            }
        }
        let counts = writer.stop().await;
        for ((path, before), counts) in paths.iter().zip(before).zip(counts) {
            let after = sqlite::balance(&sqlite::open(path).unwrap()).unwrap().documents;
            assert_eq!(after - before, i64::try_from(counts.entered).unwrap());
            assert_eq!(counts.missed, 0);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_database_costs_entries_and_a_restored_one_is_picked_up() {
    let directory = tempfile::tempdir().unwrap();
    let (live, away) = (directory.path().join("live"), directory.path().join("away"));
    create(&live, Kind::Accounting, JournalMode::Delete);
    std::fs::copy(&live, &away).unwrap();
    let start = sqlite::balance(&sqlite::open(&away).unwrap()).unwrap().documents;
    let writer = Writer::spawn(vec![Target::Sqlite(live.clone())], PERIOD, now);
    until(&writer, |counts| counts[0].entered > 3).await;

    std::fs::rename(&live, directory.path().join("old")).unwrap();
    let missed = writer.counts()[0].missed;
    until(&writer, |counts| counts[0].missed > missed + 2).await;
    assert!(!live.exists(), "the writer must not create a database");

    std::fs::rename(&away, &live).unwrap();
    let entered = writer.counts()[0].entered;
    until(&writer, |counts| counts[0].entered > entered + 3).await;
    writer.stop().await;
    let restored = sqlite::balance(&sqlite::open(&live).unwrap()).unwrap();
    assert!(restored.documents > start + 2, "{restored:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_postgresql_database_does_not_keep_the_others_waiting() {
    if let Err(reason) = Availability::find() {
        return eprintln!("NOT TESTED: {reason}");
    }
    let cluster = PrivateCluster::start(ClusterOptions::ephemeral()).unwrap();
    let mut connection = PgConnection::connect(&cluster.url("postgres")).await.unwrap();
    sqlx::raw_sql("CREATE DATABASE payroll")
        .execute(&mut connection)
        .await
        .unwrap();
    let mut connection = PgConnection::connect(&cluster.url("payroll")).await.unwrap();
    let profile = Profile {
        seed: 22,
        company: "Clinique Roux".to_owned(),
        kind: Kind::Payroll,
        megabytes: 1,
        journal_mode: JournalMode::Wal,
    };
    demo::postgres::create(&mut connection, &profile, date(2025, 1, 1), date(2025, 6, 30))
        .await
        .unwrap();
    let targets = vec![
        Target::Postgres(cluster.url("payroll")),
        Target::Postgres(cluster.url("nowhere")),
    ];
    assert!(!format!("{targets:?}").contains(cluster.password()));
    let writer = Writer::spawn(targets, PERIOD, now);
    until(&writer, |counts| counts[0].entered > 5 && counts[1].missed > 5).await;
    let counts = writer.stop().await;
    assert_eq!((counts[0].missed, counts[1].entered), (0, 0));
    demo::postgres::balance(&mut connection).await.unwrap();
}
