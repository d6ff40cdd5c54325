//! Which backups are judged, beside which others, and what a decision leaves as it was.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops there")]

use domain::anomaly::{Review, Thresholds};
use domain::backup::{Artifact, Backup, BackupKind, Sha256Hex};
use domain::ids::{BackupId, DatabaseId, ProcessId, SiteId};
use domain::judgement::{Decision, Judgement, Verdict, judge};
use domain::site::EngineKind;
use domain::time::Timestamp;

/// The backup of a minute, with so many rows in its one table.
fn backup(minute: i64, rows: u64) -> Backup {
    Backup {
        id: BackupId::parse(&format!("b-{minute}")).unwrap(),
        site: SiteId::parse("dupont").unwrap(),
        kind: BackupKind::Manual,
        process: ProcessId::parse(&format!("p-{minute}")).unwrap(),
        t0: Timestamp(minute * 60_000),
        skew_ms: 0,
        completed_at: Timestamp(minute * 60_000 + 1),
        business_date: None,
        late: false,
        requested_by: "Claire".to_owned(),
        promotion: None,
        imported_from: None,
        judgement: Judgement::default(),
        snapshot: "s".to_owned(),
        artifacts: vec![Artifact {
            database: DatabaseId::parse("compta").unwrap(),
            database_name: "Comptabilité".to_owned(),
            engine: EngineKind::Sqlite,
            engine_version: "SQLite".to_owned(),
            frozen_at: Timestamp(minute * 60_000),
            files: vec![],
            download_bytes: 1_000,
            download_sha256: Sha256Hex::from_bytes(&[0; 32]),
            rows: Some([("entry".to_owned(), rows)].into()),
        }],
    }
}

/// Ten full ones, youngest first.
fn full() -> Vec<Backup> {
    (0..10).rev().map(|minute| backup(minute, 10_000)).collect()
}

fn review(backups: &[Backup], new: &Backup) -> Review {
    judge(Thresholds::default(), backups, new).review
}

#[test]
fn neither_a_backup_before_a_restore_nor_an_imported_one_is_judged_or_a_level() {
    let half = |minute| backup(minute, 5_000);
    let safety = |minute| Backup {
        kind: BackupKind::Safety,
        ..half(minute)
    };
    let imported = |minute| Backup {
        imported_from: Some("f.bacpac".to_owned()),
        ..half(minute)
    };
    assert_eq!(review(&full(), &half(10)), Review::Undecided);
    assert_eq!(review(&full(), &safety(10)), Review::Usual);
    assert_eq!(review(&full(), &imported(10)), Review::Usual);

    let mut among: Vec<Backup> = (10..20)
        .rev()
        .map(|minute| {
            if minute % 2 == 0 {
                safety(minute)
            } else {
                imported(minute)
            }
        })
        .collect();
    among.extend(full());
    assert_eq!(review(&among, &half(20)), Review::Undecided);
    assert_eq!(review(&among, &backup(20, 10_000)), Review::Usual);
}

#[test]
fn a_backup_is_judged_beside_those_before_it_whatever_came_since() {
    let mut all: Vec<Backup> = (11..20).rev().map(|minute| backup(minute, 5_000)).collect();
    all.push(backup(10, 5_000));
    all.extend(full());
    assert_eq!(review(&all, &all[9].clone()), Review::Undecided);
}

#[test]
fn a_decision_keeps_the_facts_and_the_last_one_counts() {
    let judgement = judge(Thresholds::default(), &full(), &backup(10, 5_000));
    assert!(judgement.is_undecided() && judgement.unusual.len() == 1);
    let by = |name: &str| Decision {
        at: Timestamp(1),
        by: name.to_owned(),
        reason: None,
    };
    let accepted = judgement.clone().decided(Verdict::Accept, by("Claire"));
    let rejected = accepted.clone().decided(Verdict::Reject, by("Inès"));
    assert_eq!(
        (accepted.review, &accepted.unusual),
        (Review::Accepted, &judgement.unusual)
    );
    assert_eq!(
        (rejected.review, &rejected.unusual),
        (Review::Rejected, &judgement.unusual)
    );
    assert_eq!(rejected.decision.unwrap().by, "Inès");
}

/// What an earlier version wrote down holds neither counts nor a judgement.
#[test]
fn a_backup_written_down_before_reads_as_usual_and_not_counted() {
    let mut uncounted = backup(1, 1);
    uncounted.artifacts[0].rows = None;
    let text = serde_json::to_string(&uncounted).unwrap();
    assert!(!text.contains("judgement") && !text.contains("rows"), "{text}");
    assert_eq!(serde_json::from_str::<Backup>(&text).unwrap(), uncounted);
}
