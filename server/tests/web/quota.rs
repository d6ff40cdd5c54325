//! The last slot, clicked on by many browsers at once (R9, R18).

use axum::http::StatusCode;
use domain::account::Role;
use domain::ids::{BackupId, SiteId};
use domain::retention::{Policy, Terms};
use domain::time::CivilDate;
use tokio::task::JoinSet;

use crate::console::{Answer, Browser, Console};

/// Rounds of fifty clicks.
const ROUNDS: usize = 100;

/// Nights to be kept, and as many backups to be started at the same moment.
const HALF: usize = 25;

fn dupont() -> SiteId {
    SiteId::parse("dupont").unwrap()
}

/// Twenty-five nights, whose policy lets go of none.
async fn nights(console: &Console) -> Vec<BackupId> {
    let terms = Terms {
        days: 60,
        ..Policy::default().terms()
    };
    let store = console.plane.store();
    store.set_policy(&dupont(), Policy::new(terms).unwrap()).await.unwrap();
    let today = CivilDate::from_days(console.plane.now().seconds() / 86_400);
    for back in 1..=i64::try_from(HALF).unwrap() {
        let night = console
            .plane
            .start_nightly_backup(&dupont(), today.plus_days(-back))
            .await;
        night.unwrap();
        console.work().await;
    }
    let backups = store.backups(&dupont()).await.unwrap();
    backups.into_iter().map(|backup| backup.id).collect()
}

async fn meter(console: &Console) -> (u32, u32, u32) {
    let (quota, _) = console.plane.store().quota(&dupont()).await.unwrap();
    (quota.kept, quota.reserved, quota.quota)
}

fn keep(browser: &Browser, night: &BackupId) -> axum::http::Request<axum::body::Body> {
    let form = format!("site=dupont&database=dupont-compta&backup={night}");
    browser.function("promote_backup", &form)
}

/// Gives back what was won, so that the next round begins at four.
async fn give_back(console: &Console, admin: &Browser) {
    let store = console.plane.store();
    for process in store.active(None).await.unwrap() {
        let stopped = console
            .call(admin.function("cancel_process", &format!("process={}", process.id)))
            .await;
        assert_eq!(stopped.status, StatusCode::OK, "{}", stopped.text());
    }
    for backup in store.backups(&dupont()).await.unwrap() {
        if backup.promotion.is_some() {
            let form = format!("site=dupont&database=dupont-compta&backup={}", backup.id);
            let back = console.call(admin.function("demote_backup", &form)).await;
            assert_eq!(back.status, StatusCode::OK, "{}", back.text());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_clicks_on_the_last_slot_leave_exactly_five_a_hundred_times() {
    let console = std::sync::Arc::new(Console::open().await);
    let admin = console.sign_in(Role::ClientAdmin).await;
    let nights = nights(&console).await;
    assert_eq!(nights.len(), HALF);
    for _ in 0..4 {
        console.back_up(&admin).await;
    }
    let (mut backups, mut kept) = (0, 0);
    for round in 0..ROUNDS {
        let mut clicks = JoinSet::new();
        for night in &nights {
            let requests = [admin.function("start_backup", "site=dupont"), keep(&admin, night)];
            // Whoever comes first usually wins: they take turns.
            let turns = if round % 2 == 0 { [0, 1] } else { [1, 0] };
            let mut requests = requests.map(Some);
            for turn in turns {
                let (console, request) = (std::sync::Arc::clone(&console), requests[turn].take().unwrap());
                clicks.spawn(async move { (turn, console.call(request).await) });
            }
        }
        let answers: Vec<(usize, Answer)> = clicks.join_all().await;
        let (won, refused): (Vec<_>, Vec<_>) = answers
            .into_iter()
            .partition(|(_, answer)| answer.status == StatusCode::OK);
        assert_eq!((won.len(), refused.len()), (1, 49), "round {round}");
        for (_, answer) in refused {
            assert_eq!(answer.status, StatusCode::CONFLICT, "round {round}: {}", answer.text());
            assert!(answer.text().contains("quota-reached"), "{}", answer.text());
        }
        match won[0].0 {
            0 => backups += 1,
            _ => kept += 1,
        }
        let (kept_now, reserved, quota) = meter(&console).await;
        assert_eq!((kept_now + reserved, quota), (5, 5), "round {round}");
        give_back(&console, &admin).await;
        assert_eq!(meter(&console).await, (4, 0, 5), "round {round}");
    }
    // Which of the two wins depends on the machine; alone, promotions race each other.
    eprintln!("{backups} backups and {kept} promotions won");
    let mut clicks = JoinSet::new();
    for night in &nights {
        let (console, request) = (std::sync::Arc::clone(&console), keep(&admin, night));
        clicks.spawn(async move { console.call(request).await.status });
    }
    let answers = clicks.join_all().await;
    let won = answers.iter().filter(|status| **status == StatusCode::OK).count();
    assert_eq!((won, meter(&console).await), (1, (5, 0, 5)));
}
