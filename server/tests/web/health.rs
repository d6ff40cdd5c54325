//! What watches the server is told when nobody looks at the nights.

use std::sync::Arc;
use std::time::Duration;

use axum::http::{StatusCode, header};
use control::Scheduler;
use control::testing::manual_clock::ManualClock;
use domain::limits::SCHEDULER_SILENCE;
use domain::time::Timestamp;

use crate::console::{Browser, Console};

#[tokio::test]
async fn a_scheduler_that_has_stopped_is_told_with_its_last_look() {
    let clock = Arc::new(ManualClock::at(Timestamp(1_795_514_400_000)));
    let console = Console::open_under(clock.clone()).await;
    let nobody = Browser::default();
    clock.advance(SCHEDULER_SILENCE);
    let well = console.call(nobody.get("/health")).await;
    assert_eq!((well.status, well.text().as_str()), (StatusCode::OK, "ok\n"));

    clock.advance(Duration::from_secs(1));
    let unwell = console.call(nobody.get("/health")).await;
    assert_eq!(unwell.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(unwell.header(header::CONTENT_TYPE), "application/json");
    let told: serde_json::Value = serde_json::from_str(&unwell.text()).unwrap();
    assert_eq!(told["reason"], "the scheduler does not look at the nights");
    assert_eq!(told["nights_looked_at"], "2026-11-24T10:00:00+00:00");

    Scheduler::new(console.plane.clone()).look().await.unwrap();
    assert_eq!(console.call(nobody.get("/health")).await.status, StatusCode::OK);
}
