//! The shelf of live states: the newest wins, and pages are told when to read themselves again.

use super::*;
use domain::process::{Cancelling, Process, ProcessKind, ProcessState, Progress};
use domain::time::Timestamp;

fn snapshot(revision: u64, state: ProcessState) -> Process {
    Process {
        id: ProcessId::parse("p1").unwrap(),
        site: SiteId::parse("dupont").unwrap(),
        site_name: "Dupont".into(),
        kind: ProcessKind::ManualBackup,
        state,
        requested_by: "Claire".into(),
        requested_at: Timestamp(0),
        attempt: 1,
        ahead: None,
        cancelling: Cancelling::Possible,
        t0: None,
        backup: None,
        revision,
        updated_at: Timestamp(0),
    }
}

fn running(revision: u64, percent: u8) -> Process {
    let progress = Progress {
        percent,
        ..Progress::start()
    };
    snapshot(
        revision,
        ProcessState::Running {
            started_at: Timestamp(0),
            progress,
        },
    )
}

fn completed(revision: u64) -> Process {
    snapshot(
        revision,
        ProcessState::Completed {
            started_at: Timestamp(0),
            ended_at: Timestamp(1),
        },
    )
}

fn with_live(story: impl FnOnce(Live)) {
    Owner::new().with(|| story(Live::provide(false)));
}

#[test]
fn an_older_snapshot_never_replaces_a_newer_one() {
    with_live(|live| {
        let shown = live.process(running(3, 30));
        assert_eq!(shown.get_untracked().state.percent(), 30);
        live.absorb(LiveEvent::Process(running(5, 50)));
        live.absorb(LiveEvent::Process(running(4, 40)));
        assert_eq!(shown.get_untracked().state.percent(), 50);
        // A page drawn later than the event keeps its own, newer snapshot.
        assert_eq!(live.process(running(6, 60)).get_untracked().state.percent(), 60);
    });
}

#[test]
fn a_page_reads_itself_again_when_a_process_appears_or_turns_and_not_at_each_percent() {
    with_live(|live| {
        let asked = || live.changes(Some("dupont"));
        live.absorb(LiveEvent::Process(running(1, 10)));
        assert_eq!(asked(), 1, "a new process");
        live.absorb(LiveEvent::Process(running(2, 20)));
        assert_eq!(asked(), 1, "progress alone");
        live.absorb(LiveEvent::Process(completed(3)));
        assert_eq!(asked(), 2, "the end");
        assert_eq!(live.changes(Some("other")), 0);
        assert_eq!(live.changes(None), 2);
    });
}

#[test]
fn a_page_reads_itself_again_when_other_backups_are_kept() {
    with_live(|live| {
        let site = SiteId::parse("dupont").unwrap();
        live.absorb(LiveEvent::Backups { site: site.clone() });
        live.absorb(LiveEvent::Backups { site });
        assert_eq!((live.changes(Some("dupont")), live.changes(Some("other"))), (2, 0));
    });
}

#[test]
fn a_process_that_ended_between_the_drawing_and_the_connection_is_noticed() {
    with_live(|live| {
        live.absorb(LiveEvent::Process(completed(7)));
        assert_eq!(live.changes(Some("dupont")), 0, "history");
        live.seed(&[running(3, 30)]);
        assert_eq!(live.changes(Some("dupont")), 1);
        live.seed(&[completed(7)]);
        assert_eq!(live.changes(Some("dupont")), 1);
    });
}
