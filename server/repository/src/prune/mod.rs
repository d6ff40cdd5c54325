//! Freeing the space of forgotten snapshots.
//!
//! In two steps that are never one: a prune *marks* packs that nothing needs, and a later one *removes* those that were
//! marked long enough and are still needed by nothing. Between the two, a backup that relied on such a pack (a writer
//! that slept through the loss of its right) keeps its content: readers still find it, and the next prune takes the pack
//! back. There is no way to ask for both steps at once.
//!
//! Room is made first, then wasteful packs are written anew. The order within each: new packs, read back; new index
//! files, read back; old index files removed; everything that every snapshot needs looked up again in what is left; only
//! then packs removed. Stopped anywhere, it leaves packs that nothing names, which later prunes mark and remove.
//!
//! What it does not do: decide what to forget, remove files that a crash left half written (`Location::sweep_staging`).

mod plan;
mod repack;
mod survey;

use std::{collections::HashSet, time::Duration};

use rustic_core::{FileType, Id, jiff::Timestamp};

use self::{
    plan::{Plan, Stage},
    repack::Repacker,
    survey::Survey,
};
use crate::{
    error::Error,
    index::{self, IndexFile},
    repository::{Inner, Repository},
};

/// The caller's word that nobody else writes to this repository: no backup, no other prune, no `restic`, on any machine,
/// for as long as this value lives. Nothing here can check it; a lease in the caller's database can.
#[derive(Debug)]
pub struct Alone(());

impl Alone {
    /// To be called by whoever holds that lease, and by nobody else.
    #[must_use]
    pub fn i_hold_the_exclusive_lease() -> Self {
        Self(())
    }
}

/// What a prune did. All in bytes of packs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Marked now: a later prune removes them.
    pub marked_bytes: u64,
    /// Marked by earlier prunes, and not yet for long enough.
    pub still_marked_bytes: u64,
    /// Marked by earlier prunes, but needed again: taken back.
    pub recovered_bytes: u64,
    /// Written anew because their packs were needed in part only. Those packs are among the marked.
    pub repacked_bytes: u64,
    /// Really gone from the store.
    pub removed_bytes: u64,
    /// In the store afterwards, the marked ones included.
    pub kept_bytes: u64,
}

impl Repository {
    /// Removes packs that were marked at least `keep_marked` before `now_ms` (milliseconds since 1970) and that nothing
    /// needs; marks those that nothing needs now; writes anew what is needed of packs that are mostly waste. What one
    /// prune marks, only a later one removes, whatever `keep_marked` is.
    ///
    /// Choose `keep_marked` longer than any writer can sleep without noticing that it lost its right: a day. `still_mine`
    /// is asked before each write and removal; `progress` gets the bytes of packs written anew and removed.
    ///
    /// May be interrupted or fail anywhere, and be repeated: no snapshot loses anything.
    ///
    /// # Errors
    /// [`Error::Damaged`] if any snapshot, index file or needed pack is not sound: nothing is removed then.
    /// [`Error::Refused`] if `still_mine` said no, [`Error::Fenced`], [`Error::Missing`], [`Error::StorageFull`],
    /// [`Error::ReadOnly`] or another failure of the store.
    pub fn prune(
        &self,
        alone: &Alone,
        now_ms: i64,
        keep_marked: Duration,
        still_mine: &dyn Fn() -> bool,
        progress: &dyn Fn(u64),
    ) -> Result<Pruned, Error> {
        // The word is all that is wanted of it.
        let Alone(()) = alone;
        let now = Timestamp::from_millisecond(now_ms)
            .map_err(|error| Error::reading("reading the moment of the prune", error))?;
        let inner = &*self.inner;
        inner.backend.fence().pass()?;
        inner.verify_config()?;
        let pruning = Pruning {
            inner,
            still_mine,
            progress,
        };
        let pruned = pruning.run(now, keep_marked);
        inner.forget_index();
        pruned
    }
}

/// A prune under way.
struct Pruning<'a> {
    inner: &'a Inner,
    still_mine: &'a dyn Fn() -> bool,
    progress: &'a dyn Fn(u64),
}

impl Pruning<'_> {
    fn run(&self, now: Timestamp, keep_marked: Duration) -> Result<Pruned, Error> {
        let survey = Survey::take(self.inner)?;
        let mut kept_bytes = survey.present.values().sum::<u64>();
        let room = plan::make(survey, now, Stage::MakeRoom { keep_marked })?;
        let mut pruned = Pruned {
            marked_bytes: room.newly_marked,
            still_marked_bytes: room.still_marked,
            recovered_bytes: room.recovered,
            ..Pruned::default()
        };
        let is_wasteful = room.is_wasteful;
        pruned.removed_bytes = self.follow(room)?.removed_bytes;
        kept_bytes -= pruned.removed_bytes;
        if is_wasteful {
            let anew = plan::make(Survey::take(self.inner)?, now, Stage::Repack)?;
            let newly_marked = anew.newly_marked;
            match self.follow(anew) {
                Ok(followed) => {
                    pruned.marked_bytes += newly_marked;
                    pruned.repacked_bytes = followed.repacked_bytes;
                }
                // Worth waiting for: what is marked now makes room for it.
                Err(Error::StorageFull) => {}
                Err(error) => return Err(error),
            }
        }
        pruned.kept_bytes = kept_bytes + pruned.repacked_bytes;
        Ok(pruned)
    }

    /// Does what the plan says.
    fn follow(&self, plan: Plan) -> Result<Pruned, Error> {
        if plan.is_empty() {
            return Ok(Pruned::default());
        }
        let mut packs = plan.packs;
        let (fresh, repacked_bytes) = Repacker::new(self).take_all(&plan.repack)?;
        packs.extend(fresh);
        let packs_to_delete = plan.marked;
        self.replace_index(&plan.replaced, IndexFile { packs, packs_to_delete })?;
        let removed_bytes = self.remove_packs(&plan.removed)?;
        Ok(Pruned {
            repacked_bytes,
            removed_bytes,
            ..Pruned::default()
        })
    }

    /// Whether the next write or removal may be done.
    fn may_write(&self) -> Result<(), Error> {
        self.inner.backend.fence().pass()?;
        if (self.still_mine)() {
            Ok(())
        } else {
            Err(Error::Refused("the right to prune was lost".into()))
        }
    }

    fn replace_index(&self, replaced: &[Id], content: IndexFile) -> Result<(), Error> {
        let inner = self.inner;
        let written = index::write(&inner.backend, &inner.sealer, content, &|| self.may_write())?;
        for id in &written {
            index::read_index_file(&inner.backend, &inner.sealer, id)?;
        }
        for id in replaced {
            self.may_write()?;
            inner.backend.remove_file(FileType::Index, id)?;
        }
        Ok(())
    }

    /// Removes packs that no index file names any more, after one more look whether all snapshots do without them.
    fn remove_packs(&self, packs: &[(Id, u64)]) -> Result<u64, Error> {
        if packs.is_empty() {
            return Ok(0);
        }
        let after = Survey::take(self.inner)?;
        let files = after.files.iter().map(|(_, file)| file);
        let named: HashSet<Id> = files
            .flat_map(|file| file.packs.iter().chain(&file.packs_to_delete))
            .map(|entry| entry.id)
            .collect();
        let mut removed = 0;
        for (id, size) in packs {
            if named.contains(id) {
                // Somebody relies on it again, who should not have been there.
                continue;
            }
            self.may_write()?;
            self.inner.backend.remove_file(FileType::Pack, id)?;
            removed += size;
            (self.progress)(*size);
        }
        Ok(removed)
    }
}
