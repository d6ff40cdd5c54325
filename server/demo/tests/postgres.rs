//! The same stories in PostgreSQL, on a private cluster. Where no server program exists each says so on stderr.

#![allow(clippy::unwrap_used, reason = "the steps of a story are test code too")]

use demo::{Broken, JournalMode, Kind, Profile, postgres, sqlite};
use jiff::civil::{Date, date};
use postgres_cluster::{Availability, ClusterOptions, PrivateCluster};
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection};

const FROM: Date = date(2025, 1, 1);
const TO: Date = date(2025, 6, 30);

fn cluster() -> Option<PrivateCluster> {
    Availability::find()
        .inspect_err(|reason| eprintln!("NOT TESTED: {reason}"))
        .ok()?;
    Some(PrivateCluster::start(ClusterOptions::ephemeral()).unwrap())
}

fn profile(kind: Kind) -> Profile {
    Profile {
        seed: 11,
        company: "Forêt & Fils".to_owned(),
        kind,
        megabytes: 2,
        journal_mode: JournalMode::Wal,
    }
}

async fn run(connection: &mut PgConnection, sql: &str) {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.unwrap();
}

async fn created(cluster: &PrivateCluster, name: &str, kind: Kind, up_to: Date) -> PgConnection {
    let mut connection = PgConnection::connect(&cluster.url("postgres")).await.unwrap();
    run(&mut connection, &format!("CREATE DATABASE {name}")).await;
    let mut connection = PgConnection::connect(&cluster.url(name)).await.unwrap();
    postgres::create(&mut connection, &profile(kind), FROM, up_to)
        .await
        .unwrap();
    connection
}

/// Of every row of every table, large objects included.
async fn content_digest(connection: &mut PgConnection) -> Vec<(String, String)> {
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') \
         AND NOT relispartition AND relname <> 'letterhead' ORDER BY 1",
    )
    .fetch_all(&mut *connection)
    .await
    .unwrap();
    let mut digests = Vec::new();
    for table in tables {
        let sql = format!("SELECT COALESCE(md5(string_agg(md5(t::text), ' ' ORDER BY t::text)), '') FROM {table} AS t");
        let digest: String = sqlx::query_scalar(AssertSqlSafe(sql))
            .fetch_one(&mut *connection)
            .await
            .unwrap();
        digests.push((table, digest));
    }
    digests
}

#[tokio::test]
async fn advancing_in_one_step_equals_advancing_day_by_day_and_an_sqlite_file() {
    let Some(cluster) = cluster() else { return };
    for (kind, word) in [(Kind::Accounting, "accounting"), (Kind::Payroll, "payroll")] {
        let mut leap = created(&cluster, &format!("{word}_leap"), kind, TO).await;
        let mut walk = created(&cluster, &format!("{word}_walk"), kind, TO).await;
        let end = date(2025, 7, 20);
        assert_eq!(postgres::advance(&mut leap, end).await.unwrap(), 13);
        let mut day = TO;
        while day < end {
            day = day.tomorrow().unwrap();
            postgres::advance(&mut walk, day).await.unwrap();
        }
        let digest = content_digest(&mut leap).await;
        assert!(digest.len() > 7, "{digest:?}");
        assert_eq!(digest, content_digest(&mut walk).await);

        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("database.sqlite");
        sqlite::create(&file, &profile(kind), FROM, TO).unwrap();
        let mut file = sqlite::open(&file).unwrap();
        sqlite::advance(&mut file, end).unwrap();
        assert_eq!(
            postgres::balance(&mut leap).await.unwrap(),
            sqlite::balance(&file).unwrap()
        );
    }
}

#[tokio::test]
async fn two_writers_and_the_daily_routine_never_break_the_balance_of_a_reader() {
    let Some(cluster) = cluster() else { return };
    let mut reader = created(&cluster, "live", Kind::Accounting, TO).await;
    let before = postgres::balance(&mut reader).await.unwrap();
    let url = cluster.url("live");
    let writers: Vec<_> = (0..2)
        .map(|writer| {
            let url = url.clone();
            tokio::spawn(async move {
                let mut connection = PgConnection::connect(&url).await.unwrap();
                for counter in 0..15 {
                    let at = date(2025, 7, 1).at(10, writer, 0, 0);
                    postgres::enter_one(&mut connection, at, counter).await.unwrap();
                }
            })
        })
        .collect();
    let mut routine = PgConnection::connect(&url).await.unwrap();
    for day in 1..5 {
        postgres::advance(&mut routine, date(2025, 7, day)).await.unwrap();
        postgres::balance(&mut reader).await.unwrap();
    }
    for writer in writers {
        writer.await.unwrap();
    }
    let after = postgres::balance(&mut reader).await.unwrap();
    assert!(after.documents > before.documents + 30, "{after:?}");
}

#[tokio::test]
async fn the_balance_finds_damage_and_the_schema_has_what_only_postgresql_has() {
    let Some(cluster) = cluster() else { return };
    let mut connection = created(&cluster, "whole", Kind::Accounting, TO).await;
    for (what, sql) in [
        (
            "partitions",
            "SELECT COUNT(*) FROM pg_class WHERE relispartition AND relkind = 'r'",
        ),
        ("identity", "SELECT COUNT(*) FROM pg_attribute WHERE attidentity <> ''"),
        (
            "generated",
            "SELECT COUNT(*) FROM pg_attribute WHERE attgenerated <> ''",
        ),
        ("large objects", "SELECT COUNT(*) FROM pg_largeobject_metadata"),
        ("views", "SELECT COUNT(*) FROM pg_views WHERE schemaname = 'public'"),
        ("used sequence", "SELECT last_value FROM receipt_number"),
        ("movements in a partition", "SELECT COUNT(*) FROM bank_movement_2025"),
        ("function", "SELECT account_balance('512000', '2025-06-30')"),
    ] {
        let found: i64 = sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap();
        assert!(found > 0, "{what}: {found}");
    }
    connection.close().await.unwrap();
    let mut admin = PgConnection::connect(&cluster.url("postgres")).await.unwrap();
    for (damage, expected) in [
        (
            "DELETE FROM entry_line WHERE entry = 100 AND position = 1",
            "entries that do not balance",
        ),
        (
            "UPDATE entry_line SET credit_cents = credit_cents + 1 WHERE entry = 9 AND position = 2",
            "entries that do not",
        ),
        (
            "UPDATE attachment SET content = substr(content, 1, 900) WHERE document = 7",
            "without a whole PDF",
        ),
        ("DELETE FROM bank_movement WHERE receipt = 5", "bank account"),
        (
            "SELECT lo_unlink(content), lo_create(content) FROM letterhead",
            "letterheads",
        ),
    ] {
        run(&mut admin, "DROP DATABASE IF EXISTS copy").await;
        run(&mut admin, "CREATE DATABASE copy TEMPLATE whole").await;
        let mut copy = PgConnection::connect(&cluster.url("copy")).await.unwrap();
        assert!(postgres::balance(&mut copy).await.is_ok());
        run(&mut copy, damage).await;
        let verdict = postgres::balance(&mut copy).await;
        let Err(Broken::Violated { what, .. }) = &verdict else {
            panic!("{damage}: {verdict:?}")
        };
        assert!(what.contains(expected), "{damage}: {what}");
        copy.close().await.unwrap();
    }
    let empty = postgres::balance(&mut admin).await;
    assert!(matches!(empty, Err(Broken::Unreadable(_))), "{empty:?}");
}
