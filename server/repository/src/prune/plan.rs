//! What becomes of each pack. Pure: a survey and a moment in, decisions out.
//!
//! A pack without a needed blob is marked; a marked one is removed when it has been marked long enough and is still
//! needed by nothing, and is taken back if it is. A pack that only partly serves is written anew without the rest, the
//! worst first, until the waste left is small. Making room comes first, in a plan of its own: on a full disk, writing anew
//! has to wait for what removing frees.

use std::{
    cmp::Reverse,
    collections::{HashMap, HashSet},
    time::Duration,
};

use rustic_core::{Id, jiff::Timestamp};

use super::survey::Survey;
use crate::{
    error::Error,
    index::{BlobEntry, IndexFile, PackEntry, is_sound},
};

/// Waste up to this share of what is needed (1/20) is let be: removing it would cost more writing than it frees.
const WASTE_SHARE: u64 = 20;

/// Index files with fewer blobs are put together with others when the index is written anyway …
const SMALL_FILE: usize = 10_000;

/// … or when there are more of them than this.
const MANY_SMALL_FILES: usize = 16;

/// Which of the two plans of a prune is made.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Mark, take back, and remove what was marked for at least this long.
    MakeRoom { keep_marked: Duration },
    /// Write wasteful packs anew. Removes nothing: what the first stage marked is not to go in the same prune.
    Repack,
}

/// What is to be done. Empty if all of it is.
#[derive(Default)]
pub(super) struct Plan {
    /// Index files that `packs`, `repack` and `marked` stand in for.
    pub(super) replaced: Vec<Id>,
    /// Packs that stay as they are.
    pub(super) packs: Vec<PackEntry>,
    /// The blobs of these packs that are needed go into new ones. The packs themselves are among the marked.
    pub(super) repack: Vec<(Id, Vec<BlobEntry>)>,
    /// Packs that a later prune may remove.
    pub(super) marked: Vec<PackEntry>,
    /// Packs to remove, with their size in bytes.
    pub(super) removed: Vec<(Id, u64)>,
    /// Bytes of packs marked now.
    pub(super) newly_marked: u64,
    /// Bytes of packs that were marked already and stay so.
    pub(super) still_marked: u64,
    /// Bytes of packs that were marked and are needed again.
    pub(super) recovered: u64,
    /// Whether packs are worth being written anew.
    pub(super) is_wasteful: bool,
}

impl Plan {
    /// Whether there is nothing to do.
    pub(super) fn is_empty(&self) -> bool {
        self.replaced.is_empty() && self.marked.is_empty()
    }
}

/// A pack that index files name.
struct Candidate {
    entry: PackEntry,
    /// Which index file names it.
    file: usize,
    is_marked: bool,
    /// Bytes in the store; `None` if it is not there.
    size: Option<u64>,
    /// Whether it is there with the right size.
    is_sound: bool,
    /// The needed blobs that are read from here and from no other pack.
    serves: Vec<BlobEntry>,
}

impl Candidate {
    /// Sealed bytes that serve.
    fn useful(&self) -> u64 {
        self.serves.iter().map(|blob| u64::from(blob.length)).sum()
    }

    /// Sealed bytes that do not.
    fn waste(&self) -> u64 {
        let all: u64 = self.entry.blobs.iter().map(|blob| u64::from(blob.length)).sum();
        all - self.useful()
    }

    /// Out of 1000.
    fn wasted_share(&self) -> u64 {
        self.waste() * 1000 / (self.waste() + self.useful()).max(1)
    }
}

/// # Errors
/// [`Error::Damaged`] if a needed blob is in no sound pack.
pub(super) fn make(survey: Survey, now: Timestamp, stage: Stage) -> Result<Plan, Error> {
    let (names, mut candidates, mut touched) = candidates(survey.files, &survey.present);
    assign(&mut candidates, survey.needed)?;
    let wasteful = worth_repacking(&candidates);

    let mut plan = Plan {
        is_wasteful: !wasteful.is_empty(),
        ..Plan::default()
    };
    let now_text = now.to_string();
    let small = small_files(&candidates, names.len());
    let mut fates = Vec::with_capacity(candidates.len());
    for (at, candidate) in candidates.iter().enumerate() {
        let fate = fate(candidate, wasteful.contains(&at), now, stage);
        touched[candidate.file] |= !matches!(fate, Fate::Keep | Fate::KeepMarked);
        fates.push(fate);
    }
    let orphans = orphans(&candidates, &survey.present);
    if touched.contains(&true) || !orphans.is_empty() || small.len() > MANY_SMALL_FILES {
        small.into_iter().for_each(|file| touched[file] = true);
    }
    for (id, size) in orphans {
        plan.newly_marked += size;
        plan.marked.push(PackEntry {
            time: Some(now_text.clone()),
            size: u32::try_from(size).ok(),
            ..PackEntry::new(id, Vec::new())
        });
    }
    for (candidate, fate) in candidates.into_iter().zip(fates) {
        let size = candidate.size.unwrap_or(0);
        if matches!(fate, Fate::KeepMarked) {
            plan.still_marked += size;
        }
        if !touched[candidate.file] {
            continue;
        }
        let mut entry = candidate.entry;
        match fate {
            Fate::Keep => plan.packs.push(entry),
            Fate::KeepMarked => plan.marked.push(entry),
            Fate::Recover => {
                plan.recovered += size;
                entry.time = None;
                plan.packs.push(entry);
            }
            Fate::Mark | Fate::Repack => {
                if matches!(fate, Fate::Repack) {
                    plan.repack.push((entry.id, candidate.serves));
                }
                plan.newly_marked += size;
                entry.time = Some(now_text.clone());
                plan.marked.push(entry);
            }
            Fate::Remove => plan.removed.push((entry.id, size)),
            Fate::Gone => {}
        }
    }
    plan.replaced = names
        .into_iter()
        .zip(touched)
        .filter(|file| file.1)
        .map(|file| file.0)
        .collect();
    Ok(plan)
}

#[derive(Clone, Copy)]
enum Fate {
    Keep,
    Mark,
    Repack,
    KeepMarked,
    Recover,
    Remove,
    /// It is not there: only its entry goes.
    Gone,
}

fn fate(candidate: &Candidate, is_wasteful: bool, now: Timestamp, stage: Stage) -> Fate {
    let serves = !candidate.serves.is_empty();
    match (candidate.is_marked, serves) {
        _ if candidate.size.is_none() => Fate::Gone,
        (false, true) if is_wasteful && stage == Stage::Repack => Fate::Repack,
        (false, true) => Fate::Keep,
        (false, false) => Fate::Mark,
        (true, true) => Fate::Recover,
        (true, false) => match (marked_at(&candidate.entry), stage) {
            // A moment nobody can read begins anew, and so does one in the future: the clock was wrong then or is now.
            (None, _) => Fate::Mark,
            (Some(since), _) if since > now => Fate::Mark,
            (Some(since), Stage::MakeRoom { keep_marked })
                if now.duration_since(since).unsigned_abs() >= keep_marked =>
            {
                Fate::Remove
            }
            (Some(_), _) => Fate::KeepMarked,
        },
    }
}

fn marked_at(entry: &PackEntry) -> Option<Timestamp> {
    entry.time.as_deref()?.parse().ok()
}

/// Each pack once: as a live one if any index file says so, else as marked at the latest moment any of them says. Also the
/// index files' names, and which of them say something that is dropped.
fn candidates(files: Vec<(Id, IndexFile)>, present: &HashMap<Id, u64>) -> (Vec<Id>, Vec<Candidate>, Vec<bool>) {
    let (mut names, mut live, mut marked) = (Vec::new(), Vec::new(), Vec::new());
    for (file, (name, content)) in files.into_iter().enumerate() {
        names.push(name);
        live.extend(content.packs.into_iter().map(|entry| (file, false, entry)));
        marked.extend(content.packs_to_delete.into_iter().map(|entry| (file, true, entry)));
    }
    // No moment sorts first and counts as the latest.
    marked.sort_by_key(|(_, _, entry)| marked_at(entry).map(Reverse));
    let (mut seen, mut all) = (HashSet::new(), Vec::new());
    let mut touched = vec![false; names.len()];
    for (file, is_marked, entry) in live.into_iter().chain(marked) {
        if !seen.insert(entry.id) {
            touched[file] = true;
            continue;
        }
        all.push(Candidate {
            size: present.get(&entry.id).copied(),
            is_sound: is_sound(&entry, present),
            entry,
            file,
            is_marked,
            serves: Vec::new(),
        });
    }
    (names, all, touched)
}

/// Gives each needed blob one pack to be read from: rather one that is not marked, then one of which much is needed.
fn assign(candidates: &mut [Candidate], mut needed: HashSet<(crate::index::BlobKind, Id)>) -> Result<(), Error> {
    let mut order: Vec<_> = (0..candidates.len()).filter(|at| candidates[*at].is_sound).collect();
    let rank = |candidate: &Candidate| {
        let all: u64 = candidate.entry.blobs.iter().map(|blob| u64::from(blob.length)).sum();
        let wanted = candidate.entry.blobs.iter().filter(|blob| needed.contains(&blob.key()));
        let useful: u64 = wanted.map(|blob| u64::from(blob.length)).sum();
        (
            candidate.is_marked,
            Reverse(useful * 1000 / all.max(1)),
            candidate.entry.id,
        )
    };
    order.sort_by_cached_key(|at| rank(&candidates[*at]));
    for at in order {
        let candidate = &mut candidates[at];
        let serves = candidate.entry.blobs.iter().filter(|blob| needed.remove(&blob.key()));
        candidate.serves = serves.copied().collect();
    }
    match needed.into_iter().next() {
        None => Ok(()),
        Some((kind, id)) => Err(Error::Damaged(
            format!("no readable pack holds the {kind:?} blob {id}").to_lowercase(),
        )),
    }
}

/// The packs whose waste is worth writing the rest anew, by position.
fn worth_repacking(candidates: &[Candidate]) -> HashSet<usize> {
    let serving = || candidates.iter().filter(|candidate| !candidate.serves.is_empty());
    let allowed = serving().map(Candidate::useful).sum::<u64>() / WASTE_SHARE;
    let mut waste: u64 = serving().map(Candidate::waste).sum();
    let mut wasteful: Vec<_> = (0..candidates.len())
        .filter(|at| {
            let candidate = &candidates[*at];
            !candidate.is_marked && !candidate.serves.is_empty() && candidate.waste() > 0
        })
        .collect();
    wasteful.sort_by_key(|at| Reverse(candidates[*at].wasted_share()));
    let mut chosen = HashSet::new();
    for at in wasteful {
        if waste <= allowed {
            break;
        }
        waste -= candidates[at].waste();
        chosen.insert(at);
    }
    chosen
}

/// Index files that are too small to stand alone, by position.
fn small_files(candidates: &[Candidate], files: usize) -> Vec<usize> {
    let mut blobs = vec![0; files];
    candidates
        .iter()
        .for_each(|candidate| blobs[candidate.file] += candidate.entry.blobs.len());
    (0..files).filter(|file| blobs[*file] < SMALL_FILE).collect()
}

/// Packs that no index file names, with their size: interrupted writers left them.
fn orphans(candidates: &[Candidate], present: &HashMap<Id, u64>) -> Vec<(Id, u64)> {
    let named: HashSet<Id> = candidates.iter().map(|candidate| candidate.entry.id).collect();
    let mut orphans: Vec<_> = present.iter().map(|(id, size)| (*id, *size)).collect();
    orphans.retain(|(id, _)| !named.contains(id));
    orphans.sort_unstable();
    orphans
}
