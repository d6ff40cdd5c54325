//! Random histories from fixed seeds: whatever is asked in whatever order, every promise holds after every step.
//!
//! A history never misuses the port, so it never meets a broken store; it does use claims that are long lost.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::backup::{Backup, BackupKind, Deletion, Promotion};
use domain::expiry::{ExpiryLog, Space};
use domain::ids::ProcessId;
use domain::process::{Cancelling, Process, ProcessKind, ProcessState, Progress, Stage};
use domain::restore::Scope;
use domain::retention::{Policy, Terms};
use domain::site::SiteStatus;
use domain::time::Timestamp;
use fastrand::Rng;
use tokio::task::JoinSet;

use super::story::{Story, at, backup_by, declaration, failure, id, november};
use crate::ports::control_store::{Claim, Claimed, Expiring, StoreError};

const SITES: [&str; 3] = ["dupont", "martin", "arnaud"];

/// Six lives of a small host.
pub async fn random_histories_keep_every_promise(story: Story) {
    for seed in 0..6 {
        tell(&story, seed, 80).await;
    }
}

/// Eight lives that meet in one store.
pub async fn many_histories_at_once_keep_every_promise(story: Story) {
    let mut lives = JoinSet::new();
    for seed in 100..108 {
        let story = story.clone();
        lives.spawn(async move {
            let mut life = Life::new(&story, seed);
            for _ in 0..80 {
                life.step().await;
            }
        });
    }
    lives.join_all().await;
    check(&story, &mut BTreeMap::new()).await;
}

/// Lives one history and checks every promise after each step. Returns what was answered and seen, for two stores to be compared
/// by.
///
/// # Panics
/// When a promise is broken.
pub async fn tell(story: &Story, seed: u64, steps: u32) -> Vec<String> {
    for site in SITES {
        story.has_stored(&id(site)).await;
    }
    let mut life = Life::new(story, seed);
    let mut seen = BTreeMap::new();
    let mut told = Vec::new();
    for _ in 0..steps {
        told.push(life.step().await);
        told.push(check(story, &mut seen).await);
    }
    told
}

/// What one host does, and what it remembers.
struct Life<'a> {
    story: &'a Story,
    rng: Rng,
    now: Timestamp,
    claimed: Vec<Claimed>,
    queued: Vec<ProcessId>,
    backups: Vec<Backup>,
}

impl<'a> Life<'a> {
    fn new(story: &'a Story, seed: u64) -> Self {
        let start = at(i64::try_from(seed).unwrap_or(0) * 100_000);
        Self {
            story,
            rng: Rng::with_seed(seed),
            now: start,
            claimed: Vec::new(),
            queued: Vec::new(),
            backups: Vec::new(),
        }
    }

    /// One thing that may happen, with its answer.
    async fn step(&mut self) -> String {
        self.now = self.now.plus(Duration::from_millis(self.rng.u64(0..4_000)));
        match self.rng.u32(0..56) {
            0..=7 => self.queue_manual().await,
            8..=9 => self.queue_night().await,
            10..=13 => self.queue_restore().await,
            14..=21 => self.look().await,
            22..=23 => self.cancel().await,
            24..=25 => self.declare().await,
            26 => match self.rng.bool() {
                true => answered(&self.story.store.end_leases().await),
                false => answered(&self.story.store.end_silent(self.now).await),
            },
            27..=33 => self.keep_or_give_up().await,
            34..=35 => self.queue_expiry().await,
            36..=37 => self.read().await,
            38 => self.set_policy().await,
            _ => self.work().await,
        }
    }

    async fn queue_manual(&mut self) -> String {
        let new = self.story.new_manual(SITES[self.rng.usize(0..3)], self.now);
        let answer = self.story.store.queue_backup(&new).await;
        self.remember(answer)
    }

    async fn queue_night(&mut self) -> String {
        let kind = ProcessKind::NightlyBackup {
            business_date: november(self.rng.u8(1..6)),
        };
        let new = self.story.new_process(SITES[self.rng.usize(0..3)], kind, self.now);
        let answer = self.story.store.queue_backup(&new).await;
        self.remember(answer)
    }

    /// Of any site from any backup: often refused.
    async fn queue_restore(&mut self) -> String {
        let Some(backup) = self.rng.choice(&self.backups).cloned() else {
            return String::new();
        };
        let own = backup.site.to_string();
        let site = if self.rng.u8(0..4) == 0 {
            SITES[self.rng.usize(0..3)].to_owned()
        } else {
            own
        };
        let scope = match self.rng.choice(&backup.artifacts) {
            Some(artifact) if self.rng.bool() => Scope::Database(artifact.database.clone()),
            _ => Scope::Site,
        };
        let new = self.story.new_restore(&site, &backup, scope, self.now);
        let answer = self.story.store.queue_restore(&new).await;
        self.remember(answer)
    }

    async fn look(&mut self) -> String {
        let claimed = self.story.look(self.now, self.rng.u32(0..5)).await;
        let nights = self.story.store.nights(self.now).await;
        let told = format!("{claimed:?} {nights:?}");
        self.claimed.extend(claimed);
        told
    }

    async fn cancel(&mut self) -> String {
        let Some(process) = self.rng.choice(&self.queued).cloned() else {
            return String::new();
        };
        answered(&self.story.store.cancel(&process, "Paul", self.now).await)
    }

    async fn declare(&mut self) -> String {
        let mut declared = declaration();
        declared.sites[0].quota = self.rng.u32(1..7);
        answered(&self.story.store.declare(&declared, at(0)).await)
    }

    /// Of any backup there ever was: often refused.
    async fn keep_or_give_up(&mut self) -> String {
        let Some(backup) = self.rng.choice(&self.backups).map(|backup| backup.id.clone()) else {
            return String::new();
        };
        let (store, at) = (&self.story.store, self.now);
        match self.rng.u32(0..6) {
            0 => {
                let by = "Claire".to_owned();
                answered(&store.promote(&backup, &Promotion { at, by }).await)
            }
            1 => answered(&store.demote(&backup).await),
            2..=3 => {
                let until = at.plus(Duration::from_millis(self.rng.u64(0..60_000)));
                let by = "Claire".to_owned();
                answered(&store.delete_backup(&backup, &Deletion { at, by, until }).await)
            }
            _ => answered(&store.put_back(&backup, at).await),
        }
    }

    /// Of one site, whether or not there is anything to do.
    async fn queue_expiry(&mut self) -> String {
        let (store, now) = (&self.story.store, self.now);
        let due = answered(&store.expiry_due(None, now).await);
        let new = self
            .story
            .new_process(SITES[self.rng.usize(0..3)], ProcessKind::Expiry, now);
        let answer = store.queue_expiry(&new).await;
        due + &self.remember(answer)
    }

    /// Somebody reads, goes on, or is done; the same few every time.
    async fn read(&mut self) -> String {
        let reading = id(&format!("r-{}", self.rng.u8(0..3)));
        let (store, now) = (&self.story.store, self.now);
        let until = now.plus(Duration::from_millis(self.rng.u64(0..20_000)));
        match (self.rng.u8(0..4), self.rng.choice(&self.backups)) {
            (0, _) => answered(&store.go_on_reading(&reading, now, until).await),
            (1, _) => answered(&store.end_reading(&reading, now).await),
            (_, None) => String::new(),
            (_, Some(backup)) => {
                let ended = store.end_reading(&reading, now).await;
                answered(&ended) + &answered(&store.begin_reading(&reading, &backup.id, until).await)
            }
        }
    }

    async fn set_policy(&mut self) -> String {
        let terms = Terms {
            days: self.rng.u32(1..4),
            months: 0,
            years: 0,
            safety_days: 1,
        };
        let policy = Policy::new(terms).expect("within its limits");
        answered(
            &self
                .story
                .store
                .set_policy(&id(SITES[self.rng.usize(0..3)]), policy)
                .await,
        )
    }

    /// Sometimes it is interrupted before its end.
    async fn expire(&mut self, claim: &Claim) -> String {
        let (store, now) = (&self.story.store, self.now);
        let begun = store.begin_expiry(claim, now).await;
        let mut told = answered(&begun);
        let Ok(Expiring { leaving, frees }) = begun else {
            return told;
        };
        let mut log = ExpiryLog::default();
        log.add(&leaving);
        for leaving in &leaving {
            if self.rng.u8(0..4) == 0 {
                return told;
            }
            told += &answered(&store.remove_backup(claim, &leaving.backup.id).await);
        }
        log.space = frees.then(Space::default);
        let free_at = self.rng.bool().then(|| now.plus(Duration::from_secs(20)));
        told + &answered(&store.complete_expiry(claim, &log, free_at, now).await)
    }

    /// Something a worker does with a claim, mostly with its last.
    async fn work(&mut self) -> String {
        let recent = self
            .claimed
            .len()
            .saturating_sub(if self.rng.u8(0..5) == 0 { 99 } else { 2 });
        let Some(index) = (!self.claimed.is_empty()).then(|| self.rng.usize(recent..self.claimed.len())) else {
            return String::new();
        };
        let Claimed {
            claim,
            process,
            restore,
        } = self.claimed[index].clone();
        let (store, now) = (&self.story.store, self.now);
        match self.rng.u32(0..9) {
            0 => answered(&store.heartbeat(&claim, now.plus(Duration::from_secs(15))).await),
            1..=2 => {
                let percent = self.rng.u8(0..120);
                let told = Progress {
                    stage: Stage::Copy,
                    done_bytes: 5,
                    total_bytes: None,
                    percent,
                };
                let t0 = self.rng.bool().then_some(now);
                answered(&store.report(&claim, told, t0, now).await)
            }
            3 => match store.asked_to_stop(&claim).await {
                Ok(true) => answered(&store.end_cancelled(&claim, now).await),
                _ => answered(&store.fail(&claim, &failure(), now).await),
            },
            4 => {
                let lease = now.plus(Duration::from_secs(15));
                answered(&store.pass_no_return(&claim, lease, now).await)
            }
            _ if process.kind == ProcessKind::Expiry => self.expire(&claim).await,
            _ if !process.kind.is_restore() => {
                let kind = match process.kind {
                    ProcessKind::NightlyBackup { .. } => BackupKind::Automatic,
                    _ => BackupKind::Manual,
                };
                let backup = backup_by(&process, kind, now);
                let answer = store.complete_backup(&claim, &backup, now).await;
                if answer.is_ok() {
                    self.backups.push(backup);
                }
                answered(&answer)
            }
            5 if restore.safety.is_none() => {
                let safety = backup_by(&process, BackupKind::Safety, now);
                let answer = store.record_safety(&claim, &safety, now).await;
                if answer.is_ok() {
                    self.claimed[index].restore.safety = Some(safety.id);
                }
                answered(&answer)
            }
            _ if restore.swapped => answered(&store.complete_restore(&claim, now).await),
            _ => {
                let answer = store.decide_restore(&claim).await;
                self.claimed[index].restore.swapped = answer.is_ok();
                answered(&answer)
            }
        }
    }

    fn remember(&mut self, answer: Result<Process, StoreError>) -> String {
        let told = answered(&answer);
        self.queued.extend(answer.map(|process| process.id));
        told
    }
}

/// An answer as text. A store that does not work is not an answer.
fn answered<T: std::fmt::Debug>(answer: &Result<T, StoreError>) -> String {
    assert!(!matches!(answer, Err(StoreError::Broken(_))), "{answer:?}");
    format!("{answer:?}")
}

/// Every promise that can be seen through the port. Returns what was seen.
async fn check(story: &Story, seen: &mut BTreeMap<ProcessId, Process>) -> String {
    let sites: Vec<_> = SITES.iter().map(|site| id(site)).collect();
    let active = story.store.active(None).await.expect("the store works");
    let ended = story.store.ended(&sites, usize::MAX).await.expect("the store works");
    for process in active.iter().chain(&ended) {
        let over = process.state.is_over();
        assert_eq!(
            process.state.percent() == 100,
            matches!(process.state, ProcessState::Completed { .. })
        );
        if let Some(before) = seen.insert(process.id.clone(), process.clone()) {
            assert!(process.revision >= before.revision, "{before:?} then {process:?}");
            let kept = process.attempt != before.attempt || process.state.percent() >= before.state.percent();
            assert!(kept, "{before:?} then {process:?}");
            if let (Cancelling::Asked { by, at }, true) = (&before.cancelling, over) {
                let ended = matches!(&process.state, ProcessState::Cancelled { by: of, ended_at, .. } if of == by && ended_at >= at);
                assert!(ended, "{before:?} then {process:?}");
            }
            assert!(
                !before.state.is_over() || (over && *process == before),
                "{before:?} then {process:?}"
            );
        }
    }
    let mut told = format!("{active:?}");
    for site in &sites {
        let of_site = || active.iter().filter(|process| process.site == *site);
        let running = of_site()
            .filter(|process| matches!(process.state, ProcessState::Running { .. }))
            .count();
        assert!(running <= 1, "{running} processes running on {site}");
        let restore = of_site().find(|process| process.kind.is_restore());
        let status = story.status(site.as_str()).await;
        let expected = restore.map_or(SiteStatus::Ready, |restore| SiteStatus::Restoring {
            process: restore.id.clone(),
        });
        assert_eq!(status, expected);
        let (kept, reserved, quota) = story.meter(site.as_str()).await;
        assert!(kept + reserved <= quota, "{kept} + {reserved} of {quota} on {site}");
        let manual = of_site()
            .filter(|process| process.kind == ProcessKind::ManualBackup)
            .count();
        assert_eq!(manual, reserved as usize);
        let backups = story.store.backups(site).await.expect("the store works");
        assert_eq!(
            backups.iter().filter(|backup| backup.takes_a_slot()).count(),
            kept as usize
        );
        let bin = story
            .store
            .bin(site, Timestamp(i64::MIN))
            .await
            .expect("the store works");
        assert!(
            bin.iter().all(|binned| !backups.contains(&binned.backup)),
            "both in the bin and in the lists"
        );
        told.push_str(&format!(" {status:?} {kept} {reserved} {quota} {backups:?} {bin:?}"));
    }
    told
}
