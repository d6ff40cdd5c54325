//! Nights through the whole control plane: made once, on their date, at their place; after outages, restores, failures and
//! both changes of the clock (R11).

use std::collections::BTreeMap;
use std::time::Duration;

use control::ports::control_store::Declaration;
use control::ports::database_engine::Address;
use control::ports::notifier::Notice;
use control::testing::fake_engine::Point;
use control::zones::zone;
use control::{ControlError, RestoreOrder, Scheduler};
use domain::account::Role;
use domain::backup::{Backup, BackupKind};
use domain::bacpac::Told;
use domain::expiry::Why;
use domain::failure::Cause;
use domain::process::{ProcessKind, StateName};
use domain::refusal::Refusal;
use domain::restore::Scope;
use domain::retention::{Coming, Facts, Policy, Terms, preview};
use domain::schedule::Schedule;
use domain::time::{CivilDate, Timestamp, Zone};

use crate::world::{START, World, actor, database, site};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The world in Paris, and the server that makes its nights.
struct Host {
    world: World,
    server: Scheduler,
    zone: Zone,
    /// The automatic backups of Dupont as they were when they were made, by business date.
    seen: BTreeMap<CivilDate, Backup>,
}

impl Host {
    async fn new() -> Self {
        let world = World::new().await;
        let paris = zone("Europe/Paris", START).unwrap();
        let store = world.plane.store();
        let mut sites = store.sites().await.unwrap();
        let mut declared = Declaration::default();
        for site in &mut sites {
            site.zone = paris.clone();
            let path = |id| format!("/books/{id}.sqlite").into();
            let at = |id| Address::Sqlite { path: path(id) };
            declared
                .addresses
                .extend(site.databases.iter().map(|of| (of.id.clone(), at(&of.id))));
        }
        declared.sites = sites;
        store.declare(&declared, START).await.unwrap();
        let server = Scheduler::new(world.plane.clone());
        Self {
            world,
            server,
            zone: paris,
            seen: BTreeMap::new(),
        }
    }

    /// One look, and everything that is then to do.
    async fn look(&mut self) -> Option<Timestamp> {
        let next = self.server.look().await.unwrap();
        self.world.work().await;
        for backup in self.made().await {
            if let Some(date) = backup.business_date {
                self.seen.entry(date).or_insert(backup);
            }
        }
        next
    }

    /// Lives from moment to moment until then.
    async fn live(&mut self, until: Timestamp) {
        loop {
            self.look().await;
            // What has ended decides when the next look is wanted.
            let next = self.look().await.filter(|next| *next < until);
            self.world.clock.set(next.unwrap_or(until));
            if next.is_none() {
                break;
            }
        }
        self.look().await;
    }

    /// The server is off until then, and begins anew.
    async fn outage(&mut self, until: Timestamp) {
        self.world.clock.set(until);
        self.server = Scheduler::new(self.world.plane.clone());
    }

    /// The automatic backups of Dupont, oldest first.
    async fn made(&self) -> Vec<Backup> {
        let mut backups = self.world.plane.store().backups(&site("dupont")).await.unwrap();
        backups.retain(|backup| backup.kind == BackupKind::Automatic);
        backups.reverse();
        backups
    }

    async fn dates(&self) -> Vec<String> {
        let made = self.made().await;
        made.iter()
            .map(|backup| backup.business_date.unwrap().to_string())
            .collect()
    }

    fn at(&self, date: &str, minutes: u16) -> Timestamp {
        self.zone.instant(day(date), minutes)
    }

    /// When the night that saves this day is to start.
    fn moment(&self, date: &str) -> Timestamp {
        Schedule::default()
            .starts(&self.zone, &site("dupont"), day(date))
            .unwrap()
    }
}

fn day(date: &str) -> CivilDate {
    CivilDate::parse(date).unwrap()
}

/// The scheduler looks every minute, as a server does whose clock nobody moves.
#[tokio::test]
async fn a_night_is_made_once_on_its_date_at_its_place() {
    let mut host = Host::new().await;
    let moment = host.moment("2026-11-24");
    assert!(moment > host.at("2026-11-25", 90) && moment < host.at("2026-11-25", 210));
    host.world.clock.set(host.at("2026-11-25", 60));
    while host.world.now() < host.at("2026-11-25", 300) {
        host.look().await;
        host.world.clock.advance(MINUTE);
    }
    let made = host.made().await;
    assert_eq!(host.dates().await, ["2026-11-24"]);
    assert!(made[0].t0 >= moment && made[0].t0.since(moment) < MINUTE, "{made:?}");
    assert_eq!(made[0].requested_by, "");
    let other = host.world.plane.store().backups(&site("martin")).await.unwrap();
    assert_eq!(other.len(), 1, "every site has its own");
}

#[tokio::test]
async fn neither_a_restart_nor_a_second_server_makes_a_second_one() {
    let mut host = Host::new().await;
    let mut second = Scheduler::new(host.world.plane.clone());
    host.look().await;
    second.look().await.unwrap();
    host.world.clock.set(host.moment("2026-11-24"));
    let (one, two) = tokio::join!(host.server.look(), second.look());
    assert!(one.is_ok() && two.is_ok());
    host.outage(host.world.now().plus(MINUTE)).await;
    host.look().await;
    host.outage(host.world.now().plus(HOUR)).await;
    host.look().await;
    assert_eq!(host.dates().await, ["2026-11-24"]);
}

#[tokio::test]
async fn several_missed_nights_are_made_up_for_by_one() {
    let mut host = Host::new().await;
    host.live(host.at("2026-11-25", 12 * 60)).await;
    let back = host.at("2026-11-29", 9 * 60);
    host.outage(back).await;
    host.live(host.at("2026-11-30", 12 * 60)).await;
    assert_eq!(host.dates().await, ["2026-11-24", "2026-11-28", "2026-11-29"]);
    let made = host.made().await;
    assert_eq!(made[1].t0, back, "as soon as there is somebody to make it");
    let late: Vec<_> = made.iter().map(|backup| backup.late).collect();
    assert_eq!(late, [false, true, false], "and marked as late");
    assert_eq!(made[2].t0, host.moment("2026-11-29"), "and the next is in time again");
}

#[tokio::test]
async fn a_site_that_is_being_restored_has_its_night_afterwards() {
    let mut host = Host::new().await;
    let kept = host.world.backed_up().await.backup.unwrap();
    let moment = host.moment("2026-11-24");
    host.live(moment.plus(MINUTE).plus(DAY)).await;
    assert_eq!(host.dates().await, ["2026-11-24", "2026-11-25"]);

    let moment = host.moment("2026-11-26");
    host.live(Timestamp(moment.millis() - 1)).await;
    let order = RestoreOrder {
        site: site("dupont"),
        scope: Scope::Site,
        backup: kept,
        confirmation: "dupont".to_owned(),
        reason: "Asked by telephone".to_owned(),
    };
    host.world
        .plane
        .start_restore(&actor(Role::Operator), order)
        .await
        .unwrap();
    host.world.clock.set(moment);
    host.server.look().await.unwrap();
    assert_eq!(host.dates().await.len(), 2, "the site is closed");
    // The restore runs only now; its end is told to the scheduler.
    host.world.work().await;
    host.look().await;
    assert_eq!(host.dates().await, ["2026-11-24", "2026-11-25", "2026-11-26"]);
}

#[tokio::test]
async fn a_night_that_fails_is_tried_again_after_the_waits_of_the_domain() {
    let mut host = Host::new().await;
    let moment = host.moment("2026-11-24");
    let engine = host.world.engine.clone();
    engine.fail_always(Point::Freeze, &database("compta"), Cause::DatabaseLocked);
    host.live(moment.plus(16 * MINUTE)).await;
    assert!(host.made().await.is_empty(), "it failed twice");
    engine.heal();
    host.live(moment.plus(46 * MINUTE)).await;
    let made = host.made().await;
    assert_eq!(host.dates().await, ["2026-11-24"]);
    assert_eq!(
        made[0].t0,
        moment.plus(45 * MINUTE),
        "a quarter of an hour, then half of one"
    );
}

/// A person who cancels a night wants none.
#[tokio::test]
async fn a_cancelled_night_is_not_made_again() {
    let mut host = Host::new().await;
    host.world.clock.set(host.moment("2026-11-24"));
    host.server.look().await.unwrap();
    let store = host.world.plane.store();
    let queued = store.active(Some(&[site("dupont")])).await.unwrap().pop().unwrap();
    host.world
        .plane
        .cancel(&actor(Role::Operator), &queued.id)
        .await
        .unwrap();
    host.live(host.at("2026-11-25", 20 * 60)).await;
    assert!(host.made().await.is_empty());
    host.live(host.at("2026-11-26", 20 * 60)).await;
    assert_eq!(host.dates().await, ["2026-11-25"]);
}

/// The hour that is skipped, and the hour that comes twice, hold one night each.
#[tokio::test]
async fn both_clock_changes_leave_one_night_each() {
    for (from, until, expected) in [
        (
            "2027-03-27",
            "2027-03-30",
            ["2027-03-26", "2027-03-27", "2027-03-28", "2027-03-29"],
        ),
        (
            "2027-10-30",
            "2027-11-02",
            ["2027-10-29", "2027-10-30", "2027-10-31", "2027-11-01"],
        ),
    ] {
        let mut host = Host::new().await;
        let store = host.world.plane.store();
        let half_past_two = Schedule::new(150, 15).unwrap();
        store.set_schedule(&site("dupont"), half_past_two).await.unwrap();
        host.outage(host.at(from, 0)).await;
        host.live(host.at(until, 23 * 60)).await;
        // The first is the one of the outage.
        let dates = host.dates().await;
        assert_eq!(dates[dates.len() - expected.len()..], expected);
    }
}

/// A clock that was a week ahead for a moment does not cost the week its nights.
#[tokio::test]
async fn a_clock_that_jumps_ahead_and_back_costs_no_night() {
    let mut host = Host::new().await;
    host.live(host.at("2026-11-25", 12 * 60)).await;
    host.world.clock.set(host.at("2026-12-02", 12 * 60));
    host.look().await;
    host.world.clock.set(host.at("2026-11-25", 13 * 60));
    host.live(host.at("2026-11-28", 12 * 60)).await;
    let dates = host.dates().await;
    for date in ["2026-11-24", "2026-11-25", "2026-11-26", "2026-11-27"] {
        assert!(dates.contains(&date.to_owned()), "{date} of {dates:?}");
    }
}

/// A year and a day in Paris with three outages: one within an hour of the night but not over its window, one over a whole
/// night, one of several nights.
#[tokio::test]
async fn a_year_of_nights_has_one_each() {
    let mut host = Host::new().await;
    let end = host.at("2027-11-26", 12 * 60);
    let short = host.moment("2027-01-14");
    let outages = [
        (Timestamp(short.millis() - 60_000), short.plus(5 * MINUTE)),
        (host.at("2027-03-27", 23 * 60), host.at("2027-03-28", 9 * 60)),
        (host.at("2027-08-10", 8 * 60), host.at("2027-08-15", 15 * 60)),
    ];
    for (from, until) in outages {
        host.live(from).await;
        host.outage(until).await;
    }
    host.live(end).await;

    let mut expected = Vec::new();
    for n in 0..=366 {
        let date = day("2026-11-24").plus_days(n);
        let moment = host.moment(&date.to_string());
        match outages.iter().find(|(from, until)| (*from..*until).contains(&moment)) {
            None => expected.push((date, moment)),
            Some((_, back)) if host.moment(&date.plus_days(1).to_string()) > *back => expected.push((date, *back)),
            Some(_) => {}
        }
    }
    let made: Vec<_> = host.seen.values().collect();
    let found: Vec<_> = made
        .iter()
        .map(|backup| (backup.business_date.unwrap(), backup.t0))
        .collect();
    assert_eq!(found, expected);
    let late: Vec<_> = made.iter().filter(|backup| backup.late).collect();
    let late: Vec<_> = late
        .iter()
        .map(|backup| backup.business_date.unwrap().to_string())
        .collect();
    assert_eq!(
        late,
        ["2027-03-27", "2027-08-14"],
        "the first outage ended within the window"
    );
    assert_eq!(made.len(), 367 - 4, "four of the nights of the third outage");
    let kept: Vec<_> = host.made().await.iter().map(|backup| backup.business_date).collect();
    assert_eq!(
        kept.len(),
        7 + 1 + 1,
        "seven nights, the end of October, the end of 2026: {kept:?}"
    );
    let mut ended = host.world.plane.store().ended(&[site("dupont")], 999).await.unwrap();
    assert!(ended.iter().all(|process| process.state.name() == StateName::Completed));
    ended.retain(|process| process.kind != ProcessKind::Expiry);
    assert_eq!(ended.len(), made.len(), "and nothing was begun besides");
}

/// R12–R14: the function that a page shows ahead is the one that acts, night after night, over the end of a year.
#[tokio::test]
async fn what_the_preview_shows_is_what_happens() {
    let mut host = Host::new().await;
    host.live(host.at("2026-12-20", 12 * 60)).await;
    let store = host.world.plane.store().clone();
    let policy = Policy::new(Terms {
        days: 3,
        months: 2,
        years: 1,
        safety_days: 7,
    })
    .unwrap();
    let stored = store.backups(&site("dupont")).await.unwrap();
    assert_eq!(stored.len(), 8, "seven nights and the end of November");
    let facts: Vec<_> = stored.iter().map(Facts::of).collect();
    let coming = Coming {
        site: site("dupont"),
        schedule: Schedule::default(),
        since: START,
        days: 120,
    };
    let shown = preview(host.world.now(), &host.zone, policy, &facts, &coming);
    let mut expected: Vec<_> = shown
        .at_once
        .iter()
        .map(|gone| (gone.saved, gone.reason.clone()))
        .collect();
    assert_eq!(expected.len(), 4);
    let nights = shown.nights.iter().flat_map(|night| &night.gone);
    expected.extend(nights.map(|gone| (gone.saved, gone.reason.clone())));

    store.set_policy(&site("dupont"), policy).await.unwrap();
    host.world.plane.sweep().await.unwrap();
    host.live(shown.nights.last().unwrap().at.plus(30 * MINUTE)).await;

    let mut happened = Vec::new();
    let mut ended = store.ended(&[site("dupont")], usize::MAX).await.unwrap();
    ended.reverse();
    for process in ended.iter().filter(|process| process.kind == ProcessKind::Expiry) {
        let Some(Told::Expired(log)) = store.told(&process.id).await.unwrap() else {
            panic!("{process:?} has told nothing");
        };
        for gone in log.gone {
            let Why::Policy(reason) = gone.why else {
                panic!("{gone:?}");
            };
            if process.requested_at > START.plus(26 * 24 * 60 * MINUTE) {
                happened.push((gone.business_date.unwrap(), reason));
            }
        }
    }
    assert_eq!(happened, expected);
    let left: Vec<_> = host.made().await.iter().map(|backup| backup.id.clone()).collect();
    assert_eq!(
        left.len(),
        3 + 2 + 1,
        "three nights, two month-ends, the end of 2026: {left:?}"
    );
}

/// Told once, whoever starts anew, and told when it is over.
#[tokio::test]
async fn a_site_without_a_backup_for_too_long_is_told_once_and_so_is_the_end() {
    let mut host = Host::new().await;
    let told = |host: &Host| -> Vec<bool> {
        let notices = host.world.notices.all();
        let about = |of: &domain::ids::SiteId| *of == site("dupont");
        notices
            .iter()
            .filter_map(|notice| match notice {
                Notice::Silent { site, .. } => about(site).then_some(true),
                Notice::SilenceOver { site } => about(site).then_some(false),
                _ => None,
            })
            .collect()
    };
    let engine = host.world.engine.clone();
    host.live(host.at("2026-11-25", 12 * 60)).await;
    let last = host.made().await[0].completed_at;
    engine.fail_always(Point::Freeze, &database("compta"), Cause::DatabaseLocked);
    host.live(Timestamp(last.plus(26 * HOUR).millis() - 1)).await;
    assert!(told(&host).is_empty(), "a night that fails is not a silence yet");
    host.live(last.plus(26 * HOUR)).await;
    assert_eq!(told(&host), [true]);
    let (viewer, dupont) = (actor(Role::ClientViewer), site("dupont"));
    let overview = host.world.plane.site_overview(&viewer, &dupont).await;
    let silence = overview.unwrap().summary.nights.silence.unwrap();
    assert_eq!((silence.last, silence.from), (Some(last), last.plus(26 * HOUR)));
    host.outage(host.world.now().plus(HOUR)).await;
    host.live(host.world.now().plus(10 * HOUR)).await;
    assert_eq!(told(&host), [true], "a restart does not repeat it");
    engine.heal();
    host.live(host.world.now().plus(DAY)).await;
    assert_eq!(told(&host), [true, false]);
    let list = host.world.plane.site_list(&actor(Role::Operator)).await.unwrap();
    assert!(list.sites.iter().all(|summary| summary.nights.silence.is_none()));
}

/// The next night moves with the schedule at once; who may not is told so, and so is what cannot be.
#[tokio::test]
async fn an_operator_sets_the_hour_and_everybody_reads_it() {
    let mut host = Host::new().await;
    let plane = host.world.plane.clone();
    let dupont = site("dupont");
    host.look().await;
    for role in [Role::ClientAdmin, Role::ClientViewer, Role::Partner] {
        let answer = plane.set_schedule(&actor(role), &dupont, 1_320, 60).await;
        assert_eq!(answer, Err(ControlError::Refused(Refusal::OperatorOnly)), "{role:?}");
    }
    let operator = actor(Role::Operator);
    let too_long = plane.set_schedule(&operator, &dupont, 660, 120).await;
    let Err(ControlError::Refused(Refusal::OutOfRange(limits))) = too_long else {
        panic!("{too_long:?}")
    };
    assert_eq!((limits.least, limits.most), (15, 60));

    let evening = plane.set_schedule(&operator, &dupont, 1_320, 60).await.unwrap();
    let overview = plane.site_overview(&actor(Role::ClientViewer), &dupont).await.unwrap();
    let moment = evening.starts(&host.zone, &dupont, day("2026-11-24")).unwrap();
    let plan = overview.summary.nights;
    assert_eq!((plan.schedule, plan.next.unwrap().at), (evening, moment));
    host.live(moment.plus(MINUTE)).await;
    assert_eq!(host.dates().await, ["2026-11-24"], "before midnight of its day");
    let audited = host.world.audited().await;
    let of = |action: &str| audited.iter().filter(|(done, _)| done == action).count();
    assert_eq!((of("Administer"), of("nights.set")), (3, 2));
}

/// What the probe of the server asks.
#[tokio::test]
async fn each_look_is_stamped() {
    let mut host = Host::new().await;
    let plane = host.world.plane.clone();
    assert_eq!(plane.nights_looked_at(), START);
    host.world.clock.advance(HOUR);
    assert_eq!(plane.nights_looked_at(), START, "nobody has looked");
    host.look().await;
    assert_eq!(plane.nights_looked_at(), START.plus(HOUR));
}

/// After an outage a whole host is due: the queue stays short, and everybody's turn comes.
#[tokio::test]
async fn a_host_that_was_away_does_not_queue_all_its_sites_at_once() {
    let mut host = Host::new().await;
    let store = host.world.plane.store().clone();
    let model = store.site(&site("dupont")).await.unwrap().unwrap();
    let mut declared = Declaration::default();
    for n in 0..100 {
        let mut another = model.clone();
        (another.id, another.databases) = (site(&format!("site-{n:03}")), Vec::new());
        declared.sites.push(another);
    }
    store.declare(&declared, START).await.unwrap();
    host.world.clock.set(host.at("2026-11-25", 9 * 60));
    let mut made = 0;
    for expected in [64, 38, 0] {
        let next = host.server.look().await.unwrap().unwrap();
        assert_eq!(
            host.server.look().await.unwrap().unwrap(),
            next,
            "nothing more while it is full"
        );
        let queued = store.active(None).await.unwrap();
        assert_eq!(queued.len(), expected);
        assert_eq!(next.since(host.world.now()) == Duration::from_secs(10), expected == 64);
        let pause = if expected == 64 { 10 } else { 60 };
        assert_eq!(host.server.pause(), Duration::from_secs(pause), "while others are due");
        for night in queued {
            host.world
                .plane
                .cancel(&actor(Role::Operator), &night.id)
                .await
                .unwrap();
            made += 1;
        }
        host.world.clock.advance(Duration::from_secs(10));
    }
    assert_eq!(made, 102);
}
