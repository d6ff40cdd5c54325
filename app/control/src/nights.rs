//! The scheduler: makes one automatic backup per site and night (R11), at the moment the domain tells ([`domain::nights`]).
//!
//! It keeps one moment per site in an index and looks at a site again only when that moment has come or something of the site
//! has changed; what happened without its being told (another server, a lease that ran out) the store tells it. It remembers
//! nothing that must survive: a second one on the same store makes nothing twice, because the store takes one backup per site
//! and date, and keeps what people have been told. It also raises the alert for a site that has had no backup for too long.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::alert::Matter;
use domain::ids::{ProcessId, SiteId};
use domain::nights::{self, Night};
use domain::refusal::Refusal;
use domain::time::Timestamp;
use tokio::sync::watch;

use crate::control_plane::ControlPlane;
use crate::error::ControlError;
use crate::ports::control_store::SiteNights;
use crate::ports::notifier::Notice;
use crate::ports::outbox::Alert;

/// What falls due or has changed within it is looked at together, in one transaction. Nobody minds when a night starts some
/// seconds behind its moment; [`domain::limits::NIGHT_SLACK`] is far more.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// How often the store is asked which sites have changed without this scheduler being told: by another server, by a lease that ran
/// out, by a backup that became complete. Below the first wait after a failure, so that a night given up by the queue
/// itself is tried again in time.
const ASK_FOR_CHANGES_EVERY: Duration = Duration::from_secs(10 * 60);

/// After every revision there will be.
const EVERY_REVISION: u64 = i64::MAX as u64;

/// Wait before a site that is closed is asked again; its restore tells when it ends, so this is for when it could not.
const ASK_AGAIN: Duration = Duration::from_secs(5 * 60);

/// A site that was declared in the future counts as declared so long ago: last night is then not missed, the next one is made.
const BEFORE_A_FUTURE: Duration = Duration::from_secs(60 * 60);

/// Nights that wait in the queue at most, over all sites. After an outage every site of a host is due at once: the others stay in
/// the index, so that the queue stays short enough for people to follow and for every reading of it to be cheap.
const WAITING_MOST: usize = 64;

/// How soon those that are held back are looked at again.
const HELD_BACK: Duration = Duration::from_secs(10);

/// What the scheduler and the rest of the control plane share.
#[derive(Debug)]
pub(crate) struct NightWatch {
    changed: Mutex<BTreeSet<SiteId>>,
    looked_at: AtomicI64,
}

impl NightWatch {
    /// One that was begun at this instant.
    pub(crate) fn begun(at: Timestamp) -> Self {
        Self {
            changed: Mutex::default(),
            looked_at: AtomicI64::new(at.millis()),
        }
    }

    /// Something of this site has changed that decides when its next night is.
    pub(crate) fn changed(&self, site: &SiteId) {
        let mut changed = self.changed.lock().unwrap_or_else(PoisonError::into_inner);
        changed.insert(site.clone());
    }

    fn take_changed(&self) -> BTreeSet<SiteId> {
        std::mem::take(&mut *self.changed.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl ControlPlane {
    /// When the scheduler last looked, and could; before its first look, when this control plane was made.
    #[must_use]
    pub fn nights_looked_at(&self) -> Timestamp {
        Timestamp(self.night_watch.looked_at.load(Ordering::SeqCst))
    }

    /// Makes nights until `stop` says so.
    pub(crate) async fn make_nights(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let mut scheduler = Scheduler::new(Arc::clone(&self));
        while !*stop.borrow() {
            // A failure was logged where it happened; the next look may find the store well again.
            let _ = scheduler.look().await;
            tokio::select! {
                () = tokio::time::sleep(scheduler.pause()) => {}
                _ = stop.changed() => {}
            }
        }
    }
}

/// The index of one server.
pub struct Scheduler {
    plane: Arc<ControlPlane>,
    due: BTreeSet<(Timestamp, SiteId)>,
    moments: HashMap<SiteId, Timestamp>,
    /// Was every site read? From then on each is read again with its own moment, at least once a day, and when it has changed.
    knows_all: bool,
    /// When the store was last asked for changes, and the revision up to which they are known.
    asked_at: Timestamp,
    revision: u64,
    looked_at: Timestamp,
    /// How many more nights this look may queue; `None` until one is due.
    room: Option<usize>,
}

impl Scheduler {
    /// One that has not looked yet.
    #[must_use]
    pub fn new(plane: Arc<ControlPlane>) -> Self {
        let looked_at = plane.now();
        Self {
            plane,
            due: BTreeSet::new(),
            moments: HashMap::new(),
            knows_all: false,
            asked_at: looked_at,
            revision: 0,
            looked_at,
            room: None,
        }
    }

    /// Starts every night that is due; answers when there is next something to do, unless something changes before.
    ///
    /// # Errors
    /// A failure of the store. The next look begins anew.
    pub async fn look(&mut self) -> Result<Option<Timestamp>, ControlError> {
        let now = self.plane.now();
        let mut changed = self.plane.night_watch.take_changed();
        self.room = None;
        // A clock that was put back: what the index holds was reckoned under another time.
        let knows_all = std::mem::take(&mut self.knows_all) && now >= self.looked_at;
        if knows_all {
            if now.since(self.asked_at) >= ASK_FOR_CHANGES_EVERY {
                changed.extend(self.ask_for_changes(self.revision, now).await?);
            }
            self.look_at_some(changed, now).await?;
        } else {
            // Asked first: what changes meanwhile is then looked at twice, not never.
            self.ask_for_changes(EVERY_REVISION, now).await?;
            self.look_at_all(now).await?;
        }
        // Set only now: a look that failed half-way is followed by one at everything.
        self.knows_all = true;
        self.looked_at = now;
        self.plane.night_watch.looked_at.store(now.millis(), Ordering::SeqCst);
        let next = self.due.first().map(|(moment, _)| *moment);
        Ok(next.map(|next| if next > now { next } else { now.plus(HELD_BACK) }))
    }

    /// How long to wait after a look before the next one.
    #[must_use]
    pub fn pause(&self) -> Duration {
        let held_back = self.due.first().is_some_and(|(moment, _)| *moment <= self.looked_at);
        // After a failure, the next look reads every site.
        if self.knows_all && held_back {
            HELD_BACK
        } else {
            LOOK_EVERY
        }
    }

    async fn ask_for_changes(&mut self, since: u64, now: Timestamp) -> Result<Vec<SiteId>, ControlError> {
        let (revision, sites) = self.plane.outside.store.changed_since(since).await?;
        self.revision = revision;
        self.asked_at = now;
        Ok(sites)
    }

    async fn look_at_all(&mut self, now: Timestamp) -> Result<(), ControlError> {
        let sites = self.plane.outside.store.nights(now).await?;
        self.due.clear();
        self.moments.clear();
        self.attend(sites, now).await
    }

    async fn look_at_some(&mut self, mut sites: BTreeSet<SiteId>, now: Timestamp) -> Result<(), ControlError> {
        if self.due.first().is_some_and(|(moment, _)| *moment <= now) {
            // The rest stays where it is in the index, untouched: after an outage that is nearly every site, at every look.
            let room = self.room().await?;
            let due = self.due.iter().take_while(|(moment, _)| *moment <= now);
            sites.extend(due.take(room).map(|(_, site)| site.clone()));
        }
        if sites.is_empty() {
            return Ok(());
        }
        let asked: Vec<_> = sites.iter().cloned().collect();
        let found = self.plane.outside.store.nights_of_each(&asked, now).await?;
        found.iter().for_each(|nights| {
            sites.remove(&nights.site);
        });
        self.attend(found, now).await?;
        for absent in sites {
            self.expect(absent, None);
        }
        Ok(())
    }

    /// Starts what is due of these sites, all in one transaction of the store, and notes when each is to be looked at again.
    async fn attend(&mut self, sites: Vec<SiteNights>, now: Timestamp) -> Result<(), ControlError> {
        let mut starting = Vec::new();
        for mut site in sites {
            // What a clock that ran ahead has left must neither keep nights from being made nor the alert from being raised.
            if site.nights.since > now {
                site.nights.since = now.minus(BEFORE_A_FUTURE);
            }
            site.last_completed = site.last_completed.filter(|last| *last <= now);
            let silent = self.tell_silence(&site, now).await?;
            let moment = match next(&site, now) {
                Some(night) if night.is_due(now) && self.room().await? == 0 => Some(night.at),
                Some(night) if night.is_due(now) && !site.open => Some(now.plus(ASK_AGAIN)),
                Some(night) if night.is_due(now) => {
                    self.room = self.room.map(|room| room.saturating_sub(1));
                    starting.push((site, night, silent));
                    continue;
                }
                // The zone may have been declared anew meanwhile, and a site that begins days ahead will come nearer.
                next => next.map(|night| night.at),
            };
            self.expect(site.site, moment.into_iter().chain(silent).min());
        }
        self.start(starting, now).await
    }

    /// Tells people once that a site has been without a backup for too long, and once that this is over; answers when it will be
    /// so, unless a backup completes before.
    async fn tell_silence(&self, site: &SiteNights, now: Timestamp) -> Result<Option<Timestamp>, ControlError> {
        let outside = &self.plane.outside;
        let silence = nights::silence(site.nights.since, site.last_completed, now);
        let from = silence.map(|silence| silence.from);
        if from != site.silence_told {
            let matter = silence.map_or(Matter::SilenceOver, |silence| Matter::Silent { silence });
            let alert = Alert::about(Some(site.site.clone()), matter, now);
            if outside.store.tell_silence(&site.site, from, &alert).await? {
                let site = site.site.clone();
                self.plane.notify(match silence {
                    Some(silence) => Notice::Silent { site, silence },
                    None => Notice::SilenceOver { site },
                });
            }
        }
        let coming = nights::silent_from(site.nights.since, site.last_completed);
        Ok((coming > now).then_some(coming))
    }

    /// Starts nights, and notes when their sites are to be looked at again.
    async fn start(
        &mut self,
        mut starting: Vec<(SiteNights, Night, Option<Timestamp>)>,
        now: Timestamp,
    ) -> Result<(), ControlError> {
        if starting.is_empty() {
            return Ok(());
        }
        let nights = starting
            .iter()
            .map(|(site, night, _)| (&site.site, night.business_date));
        let answers = self.plane.start_nights(nights).await?;
        for ((site, night, silent), answer) in starting.drain(..).zip(answers) {
            let moment = self.started(site.clone(), night, answer, now);
            self.expect(site.site, moment.into_iter().chain(silent).min());
        }
        Ok(())
    }

    /// When a site whose night was just asked for is to be looked at again.
    fn started(
        &self,
        mut site: SiteNights,
        night: Night,
        answer: Result<ProcessId, Refusal>,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let Night {
            business_date,
            late,
            missed,
            ..
        } = night;
        match answer {
            Ok(process) if late => {
                tracing::warn!(site = %site.site, %business_date, missed, %process, "a night is made late");
            }
            // Or another server was quicker.
            Ok(_) | Err(Refusal::TooLate) => {}
            Err(Refusal::NotFound) => return None,
            Err(_) => return Some(now.plus(ASK_AGAIN)),
        }
        site.nights.settled = Some(business_date);
        next(&site, now).map(|night| night.at)
    }

    async fn room(&mut self) -> Result<usize, ControlError> {
        if let Some(room) = self.room {
            return Ok(room);
        }
        let room = WAITING_MOST.saturating_sub(self.plane.outside.store.nights_waiting().await?);
        self.room = Some(room);
        Ok(room)
    }

    fn expect(&mut self, site: SiteId, moment: Option<Timestamp>) {
        let before = match moment {
            Some(moment) => self.moments.insert(site.clone(), moment),
            None => self.moments.remove(&site),
        };
        if let Some(before) = before {
            self.due.remove(&(before, site.clone()));
        }
        self.due.extend(moment.map(|moment| (moment, site)));
    }
}

/// The next night of a site, by what is known of it.
pub(crate) fn next(site: &SiteNights, now: Timestamp) -> Option<Night> {
    nights::next(site.schedule, &site.zone, &site.site, &site.nights, now)
}
