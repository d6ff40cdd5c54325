//! One automatic backup per site and day, whoever's clock strikes (R11).

use domain::alert::Matter;
use domain::backup::BackupKind;
use domain::limits::{DAILY_RETENTION_RANGE, MONTHLY_RETENTION_RANGE, SAFETY_RETENTION_RANGE, YEARLY_RETENTION_RANGE};
use domain::nights::{FailedNight, Silence};
use domain::process::{Cancelling, Process, ProcessKind, ProcessState};
use domain::refusal::Refusal;
use domain::retention::{Policy, Terms};
use domain::schedule::Schedule;
use domain::time::{CivilDate, Timestamp};
use tokio::task::JoinSet;

use super::story::{Story, at, backup_by, broken, declaration, id, november, refusal};
use crate::ports::control_store::{SiteNights, StoreError};
use crate::ports::outbox::Alert;
use crate::zones::zone;

/// A restart, a second node, a clock that is set back: the night is made once.
pub async fn ten_clocks_at_once_make_one_backup_of_a_night(story: Story) {
    let mut clocks = JoinSet::new();
    for _ in 0..10 {
        let story = story.clone();
        clocks.spawn(async move { night(&story, "dupont", november(23)).await });
    }
    let (queued, refused): (Vec<_>, Vec<_>) = clocks.join_all().await.into_iter().partition(Result::is_ok);
    assert_eq!((queued.len(), refused.len()), (1, 9));
    for answer in refused {
        assert_eq!(refusal(answer), Refusal::TooLate);
    }
    let claimed = story.claim(at(1)).await;
    assert_eq!(
        refusal(night(&story, "dupont", november(23)).await),
        Refusal::TooLate,
        "while it runs"
    );
    story.complete(&claimed, at(1)).await;
    assert_eq!(
        refusal(night(&story, "dupont", november(23)).await),
        Refusal::TooLate,
        "and once it is there"
    );
}

/// A failure does not cost the night.
pub async fn a_night_that_failed_may_be_tried_again(story: Story) {
    for n in 0..3 {
        let queued = night(&story, "dupont", november(23))
            .await
            .expect("the night is still to be made");
        if n == 1 {
            story
                .store
                .cancel(&queued.id, "Paul", at(n * 10))
                .await
                .expect("it is queued");
        } else {
            story.fail(&story.claim(at(n * 10)).await.claim, at(n * 10 + 1)).await;
        }
    }
    night(&story, "dupont", november(23))
        .await
        .expect("the night is still to be made");
}

/// Neither another site's night nor another day's stands in the way.
pub async fn each_site_and_day_has_its_own(story: Story) {
    for site in ["dupont", "martin", "arnaud"] {
        for day in [22, 23, 24] {
            night(&story, site, november(day)).await.expect("its own night");
        }
    }
}

/// Queued, running, completed and cancelled nights are settled, and so is one whose backup is there; all in one reading.
pub async fn what_was_done_of_a_night_is_told_of_all_sites_and_of_one(story: Story) {
    let begun = nights_of(&story, "dupont").await;
    let expected = (at(0), None, None);
    assert_eq!(
        (begun.nights.since, begun.nights.settled, begun.nights.failed),
        expected
    );
    assert_eq!(
        (begun.schedule, begun.open, begun.last_completed),
        (Schedule::default(), true, None)
    );
    assert_eq!(begun.zone, declaration().sites[0].zone);

    let first = night(&story, "dupont", november(20)).await.expect("a night to be made");
    assert_eq!(settled(&story, "dupont").await, Some(november(20)), "queued");
    let backup = story.complete(&story.claim(at(1)).await, at(1)).await;
    assert_eq!(backup.process, first.id);
    assert_eq!(
        nights_of(&story, "dupont").await.last_completed,
        Some(backup.completed_at)
    );
    let second = night(&story, "dupont", november(21)).await.expect("a night to be made");
    story
        .store
        .cancel(&second.id, "Paul", at(2))
        .await
        .expect("it is queued");
    assert_eq!(
        settled(&story, "dupont").await,
        Some(november(21)),
        "a person wanted none"
    );
    night(&story, "dupont", november(22)).await.expect("a night to be made");
    story.claim(at(3)).await;
    assert_eq!(settled(&story, "dupont").await, Some(november(22)), "running");

    let kept = story.manual_backup("martin", at(10)).await;
    story.queue_restore("martin", &kept, at(20)).await;
    let all = story.store.nights(at(0)).await.expect("the store works");
    let of: Vec<_> = all
        .iter()
        .map(|nights| (nights.site.as_str(), nights.nights.settled, nights.open))
        .collect();
    assert_eq!(
        of,
        [
            ("arnaud", None, true),
            ("dupont", Some(november(22)), true),
            ("martin", None, false)
        ]
    );
    for one in all {
        assert_eq!(nights_of(&story, one.site.as_str()).await, one);
    }
    assert_eq!(
        story
            .store
            .nights_of(&id("nowhere"), at(0))
            .await
            .expect("the store works"),
        None
    );
}

/// It is said once, with the backup.
pub async fn a_late_night_stays_late(story: Story) {
    let site = id("dupont");
    night(&story, "dupont", november(23)).await.expect("a night to be made");
    let claimed = story.claim(at(1)).await;
    let mut backup = backup_by(&claimed.process, BackupKind::Automatic, at(1));
    backup.late = true;
    let complete = story.store.complete_backup(&claimed.claim, &backup, at(31)).await;
    complete.expect("the claim is held");
    story
        .store
        .set_schedule(&site, Schedule::new(0, 720).expect("within its limits"))
        .await
        .expect("the site exists");
    assert_eq!(
        story.store.backups(&site).await.expect("the store works"),
        [backup.clone()]
    );
    assert_eq!(
        story.store.backup(&backup.id).await.expect("the store works"),
        Some(backup)
    );

    story.queue_manual("dupont", at(40)).await;
    let by_hand = story.claim(at(40)).await;
    let mut never = backup_by(&by_hand.process, BackupKind::Manual, at(41));
    never.late = true;
    broken(story.store.complete_backup(&by_hand.claim, &never, at(42)).await);
}

/// The waits between tries are reckoned from it.
pub async fn a_failed_night_is_counted_until_it_is_settled(story: Story) {
    let older = night(&story, "dupont", november(21)).await.expect("a night to be made");
    story.fail(&story.claim(at(1)).await.claim, at(2)).await;
    for times in 1..=3 {
        night(&story, "dupont", november(22)).await.expect("a night to be made");
        let ended_at = at(10 * i64::from(times));
        story.fail(&story.claim(ended_at).await.claim, ended_at).await;
        let business_date = november(22);
        let expected = FailedNight {
            business_date,
            times,
            ended_at,
        };
        assert_eq!(nights_of(&story, "dupont").await.nights.failed, Some(expected));
    }
    assert_eq!(settled(&story, "dupont").await, None, "not by {}", older.id);
    night(&story, "dupont", november(22)).await.expect("a night to be made");
    assert_eq!(
        nights_of(&story, "dupont").await.nights.failed,
        None,
        "it is being made"
    );
    assert_eq!(settled(&story, "dupont").await, Some(november(22)));
}

/// The stories are told on the 24th: the 25th may be tomorrow's night, nothing later can.
pub async fn a_date_of_a_wrong_clock_does_not_count(story: Story) {
    for day in [29, 28, 27, 26] {
        night(&story, "dupont", november(day)).await.expect("its own night");
        night(&story, "arnaud", november(day)).await.expect("its own night");
    }
    assert_eq!(settled(&story, "dupont").await, None);
    night(&story, "dupont", november(25)).await.expect("its own night");
    assert_eq!(settled(&story, "dupont").await, Some(november(25)));
    let failing = story.claim(at(1)).await;
    story.fail(&failing.claim, at(2)).await;
    assert_eq!(
        nights_of(&story, failing.process.site.as_str()).await.nights.failed,
        None
    );
}

/// What an operator has set is not set back by the next start, and another site's stays.
pub async fn a_schedule_is_the_sites_own_and_a_declaration_leaves_it(story: Story) {
    let store = &story.store;
    let evening = Schedule::new(22 * 60, 240).expect("within its limits");
    store
        .set_schedule(&id("dupont"), evening)
        .await
        .expect("the site exists");
    let mut declared = declaration();
    let early = Schedule::new(15, 60).expect("within its limits");
    declared.nights = vec![(id("dupont"), early), (id("new"), early)];
    let mut new = declared.sites[2].clone();
    (new.id, new.databases) = (id("new"), Vec::new());
    declared.sites.push(new);
    store
        .declare(&declared, at(500))
        .await
        .expect("the declaration is sound");
    for (site, schedule, since) in [
        ("dupont", evening, at(0)),
        ("martin", Schedule::default(), at(0)),
        ("new", early, at(500)),
    ] {
        let nights = nights_of(&story, site).await;
        assert_eq!((nights.schedule, nights.nights.since), (schedule, since), "{site}");
    }
    assert_eq!(
        refusal(store.set_schedule(&id("nowhere"), early).await),
        Refusal::NotFound
    );
}

/// The one of the fiche until an operator sets another; the widest and the narrowest of the limits are accepted.
pub async fn a_policy_is_the_sites_own_and_a_declaration_leaves_it(story: Story) {
    let store = &story.store;
    let terms = |days, months, years, safety_days| Terms {
        days,
        months,
        years,
        safety_days,
    };
    let [widest, narrowest] = [
        terms(
            *DAILY_RETENTION_RANGE.end(),
            *MONTHLY_RETENTION_RANGE.end(),
            *YEARLY_RETENTION_RANGE.end(),
            *SAFETY_RETENTION_RANGE.end(),
        ),
        terms(
            *DAILY_RETENTION_RANGE.start(),
            *MONTHLY_RETENTION_RANGE.start(),
            *YEARLY_RETENTION_RANGE.start(),
            *SAFETY_RETENTION_RANGE.start(),
        ),
    ]
    .map(|terms| Policy::new(terms).expect("within its limits"));
    for (site, policy) in [("dupont", widest), ("martin", narrowest)] {
        let set = store.set_policy(&id(site), policy).await;
        set.expect("the site exists");
    }
    let again = store.declare(&declaration(), at(500)).await;
    again.expect("the declaration is sound");
    for (site, policy) in [("dupont", widest), ("martin", narrowest), ("arnaud", Policy::default())] {
        assert_eq!(
            store.policy(&id(site)).await.expect("the site exists"),
            policy,
            "{site}"
        );
    }
    let nowhere = id("nowhere");
    assert_eq!(refusal(store.set_policy(&nowhere, widest).await), Refusal::NotFound);
    assert_eq!(refusal(store.policy(&nowhere).await), Refusal::NotFound);
}

/// Of several servers one tells, and a restart repeats nothing.
pub async fn a_silence_is_told_once_and_its_end_once(story: Story) {
    let silent = |from| {
        let silence = Silence { last: None, from };
        Alert::about(Some(id("dupont")), Matter::Silent { silence }, at(6))
    };
    let over = Alert::about(Some(id("dupont")), Matter::SilenceOver, at(7));
    let tell = async |from: Option<Timestamp>| {
        let alert = from.map_or(over.clone(), silent);
        let told = story.store.tell_silence(&id("dupont"), from, &alert).await;
        told.expect("the site exists")
    };
    let raised = async || story.store.unaddressed_alerts().await.expect("the store works");
    assert!(!tell(None).await, "nothing was told");
    assert_eq!(raised().await, []);
    assert!(tell(Some(at(5))).await);
    assert!(!tell(Some(at(5))).await);
    assert_eq!(raised().await, [silent(at(5))], "with what is told, its alert");
    assert_eq!(nights_of(&story, "dupont").await.silence_told, Some(at(5)));
    assert_eq!(nights_of(&story, "martin").await.silence_told, None);
    assert!(tell(None).await);
    assert!(!tell(None).await);
    assert_eq!(raised().await, [silent(at(5)), over.clone()]);
    let nowhere = story.store.tell_silence(&id("nowhere"), None, &over).await;
    assert_eq!(refusal(nowhere), Refusal::NotFound);
}

async fn nights_of(story: &Story, site: &str) -> SiteNights {
    let nights = story.store.nights_of(&id(site), at(0)).await;
    nights.expect("the store works").expect("the site exists")
}

async fn settled(story: &Story, site: &str) -> Option<CivilDate> {
    nights_of(story, site).await.nights.settled
}

async fn night(story: &Story, site: &str, business_date: CivilDate) -> Result<Process, StoreError> {
    let new = story.new_process(site, ProcessKind::NightlyBackup { business_date }, at(0));
    story.store.queue_backup(&new).await
}

/// In one transaction, and one that is refused keeps none of the others from being made.
pub async fn several_nights_at_once_are_each_answered(story: Story) {
    let store = &story.store;
    let backup = story.manual_backup("arnaud", at(0)).await;
    story.queue_restore("arnaud", &backup, at(60)).await;
    night(&story, "dupont", november(20)).await.expect("a night to be made");
    let new = [
        ("dupont", 21),
        ("dupont", 20),
        ("arnaud", 20),
        ("nowhere", 20),
        ("martin", 20),
        ("martin", 20),
    ]
    .map(|(site, day)| {
        let business_date = november(day);
        story.new_process(site, ProcessKind::NightlyBackup { business_date }, at(70))
    });
    let answers = store.queue_nights(&new).await.expect("the store works");
    let refusals: Vec<_> = answers.iter().map(|answer| answer.clone().err()).collect();
    let expected = [
        None,
        Some(Refusal::TooLate),
        Some(Refusal::SiteRestoring),
        Some(Refusal::NotFound),
        None,
        Some(Refusal::TooLate),
    ];
    assert_eq!(refusals, expected);
    for (new, answer) in new.iter().zip(answers) {
        match answer {
            Ok(()) => {
                let process = story.process(&new.id).await;
                assert_eq!(
                    (process.state, process.cancelling),
                    (ProcessState::Queued, Cancelling::Possible)
                );
                assert_eq!((process.kind, process.site), (new.kind.clone(), new.site.clone()));
                assert_eq!(
                    (process.requested_by, process.requested_at),
                    (new.requested_by.clone(), at(70))
                );
            }
            Err(_) => assert_eq!(store.process(&new.id).await.expect("the store works"), None),
        }
    }
    assert_eq!(store.queue_nights(&[]).await.expect("the store works"), []);
    let sites = ["martin", "nowhere", "dupont"].map(id);
    let some = store.nights_of_each(&sites, at(80)).await.expect("the store works");
    let all = store.nights(at(80)).await.expect("the store works");
    let wanted: Vec<_> = all.into_iter().filter(|nights| sites.contains(&nights.site)).collect();
    assert_eq!(some, wanted);
    let manual = store.queue_nights(&[story.new_manual("dupont", at(90))]).await;
    broken(manual);
}

/// A scheduler that knows a revision is told of everything after it, and of nothing twice.
pub async fn a_site_has_changed_once_anything_of_its_work_has(story: Story) {
    let since = async |revision| story.store.changed_since(revision).await.expect("the store works");
    let (begun, declared) = since(0).await;
    assert_eq!(declared.len(), declaration().sites.len());
    assert_eq!(since(begun).await, (begun, Vec::new()));
    let queued = night(&story, "dupont", november(20)).await.expect("a night to be made");
    night(&story, "martin", november(20)).await.expect("a night to be made");
    let (both, mut sites) = since(begun).await;
    sites.sort();
    assert_eq!(sites, [id("dupont"), id("martin")]);
    assert_eq!(since(both).await, (both, Vec::new()));
    let waiting = async || story.store.nights_waiting().await.expect("the store works");
    story.queue_manual("arnaud", at(0)).await;
    story.complete(&story.claim(at(0)).await, at(0)).await;
    let (both, _) = since(both).await;
    assert_eq!(waiting().await, 2);
    let claimed = story.claim(at(1)).await;
    assert_eq!((claimed.process.id.clone(), waiting().await), (queued.id, 1));
    let (running, sites) = since(both).await;
    assert_eq!(sites, [id("dupont")]);
    story.fail(&claimed.claim, at(2)).await;
    let (ended, sites) = since(running).await;
    assert_eq!(sites, [id("dupont")]);
    assert_eq!(
        since(i64::MAX.unsigned_abs()).await,
        (ended, Vec::new()),
        "only the revision is asked for"
    );
}

/// What an operator sets at one server is found by the scheduler of another, without its reading every site.
pub async fn a_site_has_changed_once_it_is_planned_anew(story: Story) {
    let store = &story.store;
    let since = async |revision| store.changed_since(revision).await.expect("the store works");
    let (begun, _) = since(0).await;
    let evening = Schedule::new(20 * 60, 60).expect("within its limits");
    store
        .set_schedule(&id("dupont"), evening)
        .await
        .expect("the site is there");
    let (set, sites) = since(begun).await;
    assert_eq!(sites, [id("dupont")]);
    store.declare(&declaration(), at(10)).await.expect("the same once more");
    assert_eq!(since(set).await.1, [], "nothing was planned anew");
    let mut moved = declaration();
    moved.sites[1].zone = zone("Pacific/Noumea", at(10)).expect("a zone");
    let (known, site) = (since(set).await.0, moved.sites[1].id.clone());
    store.declare(&moved, at(10)).await.expect("a zone declared anew");
    assert_eq!(since(known).await.1, [site]);
}
