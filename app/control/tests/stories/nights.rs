//! Nights through the whole control plane: made once, on their date, at their place; after outages, restores, failures and
//! both changes of the clock (R11).

use std::time::Duration;

use control::ports::control_store::Declaration;
use control::ports::database_engine::Address;
use control::testing::fake_engine::Point;
use control::zones::zone;
use control::{RestoreOrder, Scheduler};
use domain::account::Role;
use domain::backup::{Backup, BackupKind};
use domain::failure::Cause;
use domain::process::StateName;
use domain::restore::Scope;
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
        }
    }

    /// One look, and everything that is then to do.
    async fn look(&mut self) -> Option<Timestamp> {
        let next = self.server.look().await.unwrap();
        self.world.work().await;
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
    let made = host.made().await;
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
    let ended = host.world.plane.store().ended(&[site("dupont")], 999).await.unwrap();
    assert!(ended.iter().all(|process| process.state.name() == StateName::Completed));
    assert_eq!(ended.len(), made.len(), "and nothing was begun besides");
}
