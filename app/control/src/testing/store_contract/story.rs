//! The small world that every story begins in, and short words for what the stories do: three sites of two customers, one
//! of them with a reseller and two databases, one with room for two manual backups.

use std::fmt::Debug;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use domain::account::{Actor, Role};
use domain::backup::{Artifact, Backup, BackupKind, Sha256Hex, StoredFile};
use domain::failure::{Cause, Failure};
use domain::ids::{BackupId, ProcessId, SiteId};
use domain::judgement::Judgement;
use domain::process::{Process, ProcessKind, Progress, Stage};
use domain::refusal::Refusal;
use domain::restore::Scope;
use domain::site::{Database, EngineKind, Site, SiteStatus};
use domain::time::{CivilDate, OffsetChange, Timestamp, Zone};

use super::{Examine, Opened};
use crate::ports::control_store::{Account, Claim, Claimed, ControlStore, Declaration, NewProcess, StoreError};
use crate::ports::database_engine::Address;
use crate::ports::repository::SealedKey;

/// The lease of the stories, seconds.
pub const LEASE_SECS: i64 = 15;

/// More than any story runs at once.
pub const MANY: u32 = 99;

/// A store in the small world.
#[derive(Clone)]
pub struct Story {
    /// The store.
    pub store: Arc<dyn ControlStore>,
    examine: Examine,
    ids: Arc<AtomicU32>,
}

/// An id from a literal.
#[must_use]
pub fn id<T: FromStr<Err: Debug>>(text: &str) -> T {
    text.parse().expect("the stories' ids are well formed")
}

/// So many seconds after the stories begin.
#[must_use]
pub const fn at(seconds: i64) -> Timestamp {
    Timestamp(1_795_514_400_000 + seconds * 1_000)
}

/// A day of November 2026.
#[must_use]
pub const fn november(day: u8) -> CivilDate {
    CivilDate {
        year: 2026,
        month: 11,
        day,
    }
}

/// A site with its databases on SQLite, except `martin`'s.
fn site(name: &str, shown: &str, customer: &str, quota: u32, databases: &[&str]) -> Site {
    let engine = if name == "martin" {
        EngineKind::Postgres
    } else {
        EngineKind::Sqlite
    };
    let database = |database: &&str| Database {
        id: id(&format!("{name}-{database}")),
        name: (*database).to_owned(),
        product: "Sage".to_owned(),
        engine,
        bytes: None,
    };
    Site {
        id: id(name),
        code: name.to_uppercase(),
        name: shown.to_owned(),
        customer: id(customer),
        customer_name: String::new(),
        partner: (name == "dupont").then(|| id("conseil")),
        partner_name: None,
        administrator: None,
        delegated: name == "dupont",
        status: SiteStatus::Ready,
        zone: Zone {
            name: "Europe/Paris".to_owned(),
            changes: vec![
                OffsetChange {
                    from: 1_774_746_000,
                    offset: 7_200,
                },
                OffsetChange {
                    from: 1_792_890_000,
                    offset: 3_600,
                },
            ],
        },
        quota,
        databases: databases.iter().map(database).collect(),
    }
}

/// What the operator declares.
#[must_use]
pub fn declaration() -> Declaration {
    let sites = vec![
        site("dupont", "Dupont & Fils", "dupont-sa", 5, &["paie", "compta"]),
        site("martin", "Martin", "martin-sarl", 5, &["compta"]),
        site("arnaud", "Arnaud", "martin-sarl", 2, &["compta"]),
    ];
    let address = |database: &Database| match database.engine {
        EngineKind::Sqlite => Address::Sqlite {
            path: format!("/sites/{}.sqlite", database.id).into(),
        },
        EngineKind::Postgres => Address::Postgres {
            host: "db.example".to_owned(),
            port: 5_432,
            database: database.name.clone(),
            user: "coffre".to_owned(),
            password_file: Some("/secrets/pg".into()),
        },
    };
    Declaration {
        customers: vec![
            (id("dupont-sa"), "Dupont SA".to_owned()),
            (id("martin-sarl"), "Martin SARL".to_owned()),
        ],
        partners: vec![(id("conseil"), "Conseil & Cie".to_owned())],
        addresses: sites
            .iter()
            .flat_map(|site| &site.databases)
            .map(|of| (of.id.clone(), address(of)))
            .collect(),
        nights: Vec::new(),
        sites,
    }
}

/// A person.
#[must_use]
pub fn account(name: &str, role: Role, sites: &[&str]) -> Account {
    Account {
        actor: Actor {
            account: id(&name.to_lowercase()),
            name: name.to_owned(),
            role,
            partner: (role == Role::Partner).then(|| id("conseil")),
            firm: "Firm".to_owned(),
            sites: sites.iter().map(|site| id(site)).collect(),
        },
        email: format!("{}@coffre.example", name.to_lowercase()),
        password_hash: "hash".to_owned(),
    }
}

/// A progress of a backup.
#[must_use]
pub const fn progress(percent: u8) -> Progress {
    Progress {
        stage: Stage::Store,
        done_bytes: percent as u64 * 10,
        total_bytes: Some(1_000),
        percent,
    }
}

/// A failure.
#[must_use]
pub fn failure() -> Failure {
    Failure {
        cause: Cause::StorageFull,
        database: Some("compta".to_owned()),
        reference: "7f3k".to_owned(),
    }
}

/// The refusal that was expected.
///
/// # Panics
/// When the answer is something else.
#[track_caller]
pub fn refusal<T: Debug>(answer: Result<T, StoreError>) -> Refusal {
    match answer {
        Err(StoreError::Refused(refusal)) => refusal,
        other => panic!("a refusal was expected, not {other:?}"),
    }
}

/// Checks that the claim was not accepted.
///
/// # Panics
/// When it was.
#[track_caller]
pub fn fenced<T: Debug>(answer: Result<T, StoreError>) {
    assert!(matches!(answer, Err(StoreError::Fenced)), "{answer:?}");
}

/// Checks that what cannot be was refused by the store.
///
/// # Panics
/// When it was not.
#[track_caller]
pub fn broken<T: Debug>(answer: Result<T, StoreError>) {
    assert!(matches!(answer, Err(StoreError::Broken(_))), "{answer:?}");
}

/// The backup that a process makes: of its site's declared databases.
#[must_use]
pub fn backup_by(process: &Process, kind: BackupKind, t0: Timestamp) -> Backup {
    let artifact = |database: &Database| Artifact {
        database: database.id.clone(),
        database_name: database.name.clone(),
        engine: database.engine,
        engine_version: "SQLite 3.51.3".to_owned(),
        frozen_at: t0,
        files: vec![StoredFile {
            name: "database.sqlite".to_owned(),
            bytes: 700,
            sha256: Sha256Hex::from_bytes(&[7; 32]),
        }],
        download_bytes: 700,
        download_sha256: Sha256Hex::from_bytes(&[7; 32]),
        rows: Some([("entry".to_owned(), 12)].into()),
    };
    let sites = declaration().sites;
    let site = sites
        .iter()
        .find(|site| site.id == process.site)
        .expect("stories back up declared sites");
    let business_date = match &process.kind {
        ProcessKind::NightlyBackup { business_date } if kind == BackupKind::Automatic => Some(*business_date),
        _ => None,
    };
    Backup {
        id: id(&format!("b-{}-{}", process.id, process.attempt)),
        site: process.site.clone(),
        kind,
        process: process.id.clone(),
        t0,
        skew_ms: 12,
        completed_at: t0.plus(Duration::from_secs(30)),
        business_date,
        late: false,
        requested_by: process.requested_by.clone(),
        promotion: None,
        imported_from: None,
        judgement: Judgement::default(),
        snapshot: format!("snapshot of {}", process.id),
        artifacts: site.databases.iter().map(artifact).collect(),
    }
}

impl Story {
    /// Declares the small world in a store that examines itself.
    ///
    /// # Panics
    /// When the store does not take it.
    pub async fn examined(Opened { store, examine }: Opened) -> Self {
        store
            .declare(&declaration(), at(0))
            .await
            .expect("the small world is sound");
        Self {
            store,
            examine,
            ids: Arc::default(),
        }
    }

    /// The same in a store that does not.
    ///
    /// # Panics
    /// When the store does not take it.
    pub async fn begin(store: Arc<dyn ControlStore>) -> Self {
        let examine: Examine = Arc::new(|| Box::pin(async { Vec::new() }));
        Self::examined(Opened { store, examine }).await
    }

    /// Examines the store.
    ///
    /// # Panics
    /// When an invariant does not hold.
    pub async fn audit(&self) {
        assert_eq!((self.examine)().await, Vec::<String>::new(), "invariants broken");
    }

    /// A process that nobody has queued yet.
    #[must_use]
    pub fn new_process(&self, site: &str, kind: ProcessKind, at: Timestamp) -> NewProcess {
        let number = self.ids.fetch_add(1, Ordering::SeqCst);
        let reason = kind.is_restore().then(|| "asked by telephone".to_owned());
        NewProcess {
            id: id(&format!("p-{number:04}")),
            site: id(site),
            kind,
            requested_by: "Claire".to_owned(),
            reason,
            at,
        }
    }

    /// A manual backup that nobody has queued yet.
    #[must_use]
    pub fn new_manual(&self, site: &str, at: Timestamp) -> NewProcess {
        self.new_process(site, ProcessKind::ManualBackup, at)
    }

    /// A restore that nobody has queued yet.
    #[must_use]
    pub fn new_restore(&self, site: &str, backup: &Backup, scope: Scope, at: Timestamp) -> NewProcess {
        let database_name = match &scope {
            Scope::Site => None,
            Scope::Database(database) => backup.artifact(database).map(|artifact| artifact.database_name.clone()),
        };
        let kind = ProcessKind::Restore {
            backup: backup.id.clone(),
            t0: backup.t0,
            scope,
            database_name,
        };
        self.new_process(site, kind, at)
    }

    /// Queues a manual backup.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn queue_manual(&self, site: &str, at: Timestamp) -> Process {
        self.store
            .queue_backup(&self.new_manual(site, at))
            .await
            .expect("a slot is free")
    }

    /// Queues a restore of the whole site.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn queue_restore(&self, site: &str, backup: &Backup, at: Timestamp) -> Process {
        let new = self.new_restore(site, backup, Scope::Site, at);
        self.store
            .queue_restore(&new)
            .await
            .expect("the site is open and the backup its own")
    }

    /// What a worker is handed, if anything.
    ///
    /// # Panics
    /// When the store does not work.
    pub async fn look(&self, now: Timestamp, max_running: u32) -> Option<Claimed> {
        let lease_until = now.plus(Duration::from_secs(LEASE_SECS.unsigned_abs()));
        self.store
            .claim("worker", now, lease_until, max_running)
            .await
            .expect("looking for work is never refused")
    }

    /// What a worker is handed.
    ///
    /// # Panics
    /// When there is nothing.
    pub async fn claim(&self, now: Timestamp) -> Claimed {
        self.look(now, MANY).await.expect("there is something to do")
    }

    /// A manual backup from the click to the end, within some seconds after `at`. Nothing else may be waiting.
    ///
    /// # Panics
    /// When it does not complete.
    pub async fn manual_backup(&self, site: &str, at: Timestamp) -> Backup {
        self.queue_manual(site, at).await;
        self.complete(&self.claim(at).await, at).await
    }

    /// Completes a claimed backup with this T0.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn complete(&self, claimed: &Claimed, t0: Timestamp) -> Backup {
        let kind = match claimed.process.kind {
            ProcessKind::NightlyBackup { .. } => BackupKind::Automatic,
            _ => BackupKind::Manual,
        };
        let backup = backup_by(&claimed.process, kind, t0);
        let ended = t0.plus(Duration::from_secs(30));
        self.store
            .complete_backup(&claimed.claim, &backup, ended)
            .await
            .expect("the claim is held");
        self.has_stored(&claimed.process.site).await;
        backup
    }

    /// The customer of the site has a repository, as whoever has stored something does.
    ///
    /// # Panics
    /// When the site does not exist.
    pub async fn has_stored(&self, site: &SiteId) {
        let site = self.store.site(site).await.expect("the store works");
        let customer = site.expect("the site exists").customer;
        let key = self.store.save_key(&customer, &SealedKey(vec![1])).await;
        key.expect("the customer exists");
        let exists = self.store.repository_exists(&customer).await;
        exists.expect("it has a key");
    }

    /// Lets a claimed process fail.
    ///
    /// # Panics
    /// When the claim is not held.
    pub async fn fail(&self, claim: &Claim, now: Timestamp) -> Process {
        self.store
            .fail(claim, &failure(), now)
            .await
            .expect("the claim is held")
    }

    /// A process as it is now.
    ///
    /// # Panics
    /// When it does not exist.
    pub async fn process(&self, process: &ProcessId) -> Process {
        self.store
            .process(process)
            .await
            .expect("the store works")
            .expect("the process exists")
    }

    /// The status of a site.
    ///
    /// # Panics
    /// When it does not exist.
    pub async fn status(&self, site: &str) -> SiteStatus {
        self.store
            .site(&id(site))
            .await
            .expect("the store works")
            .expect("the site exists")
            .status
    }

    /// Kept, reserved, quota.
    ///
    /// # Panics
    /// When the site does not exist.
    pub async fn meter(&self, site: &str) -> (u32, u32, u32) {
        let (quota, reserving) = self.store.quota(&id(site)).await.expect("the site exists");
        assert_eq!(
            quota.reserved as usize,
            reserving.len(),
            "as many processes as reserved slots"
        );
        (quota.kept, quota.reserved, quota.quota)
    }

    /// The ids of a site's backups, youngest first.
    ///
    /// # Panics
    /// When the store does not work.
    pub async fn backups(&self, site: &SiteId) -> Vec<BackupId> {
        self.store
            .backups(site)
            .await
            .expect("the store works")
            .into_iter()
            .map(|backup| backup.id)
            .collect()
    }
}
