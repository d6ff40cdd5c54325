//! What has ended, counted.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::backup::BackupKind;
use domain::process::{ProcessState, StateName};

use super::world::World;
use crate::ports::tally::{Ended, Stored, Tally, duration_class, kind_code};

impl World {
    /// Processes are never removed here: they are counted when somebody asks.
    pub(super) fn tally(&self) -> Tally {
        let mut ended = BTreeMap::new();
        for work in self.processes.values() {
            let (state, took) = match work.process.state {
                ProcessState::Queued | ProcessState::Running { .. } => continue,
                ProcessState::Completed { started_at, ended_at } => (StateName::Completed, ended_at.since(started_at)),
                ProcessState::Failed { .. } => (StateName::Failed, Duration::ZERO),
                ProcessState::Cancelled { .. } => (StateName::Cancelled, Duration::ZERO),
            };
            let kind = kind_code(&work.process.kind);
            let tally = ended.entry((kind, state.word())).or_insert_with(|| Ended {
                kind: kind.to_owned(),
                state,
                count: 0,
                durations: Default::default(),
                took: Duration::ZERO,
            });
            tally.count += 1;
            tally.took += took;
            if state == StateName::Completed {
                tally.durations[duration_class(took)] += 1;
            }
        }
        let stored = |kind: BackupKind| {
            let (count, bytes) = *self.stored.get(kind.code())?;
            Some(Stored { kind, count, bytes })
        };
        let mut kinds = BackupKind::ALL;
        kinds.sort_by_key(|kind| kind.code());
        Tally {
            ended: ended.into_values().collect(),
            stored: kinds.into_iter().filter_map(stored).collect(),
        }
    }
}
