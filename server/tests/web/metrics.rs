//! The figures for Prometheus: in its format to the letter, about what has happened, and on an address of their own.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use control::Scheduler;
use control::testing::manual_clock::ManualClock;
use domain::account::Role;
use domain::time::Timestamp;
use tower::ServiceExt;

use crate::console::{Browser, Console};

const TEN: Timestamp = Timestamp(1_795_514_400_000);
const HOUR: Duration = Duration::from_secs(3_600);

/// Series by name and labels, as written: `coffre_processes{kind="manual",state="queued"}`.
type Series = BTreeMap<String, f64>;

async fn scrape(router: &axum::Router) -> Series {
    let request = Request::get("/metrics").body(Body::empty()).unwrap();
    let answer = router.clone().oneshot(request).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(
        answer.headers()[header::CONTENT_TYPE],
        "text/plain; version=0.0.4; charset=utf-8"
    );
    let body = axum::body::to_bytes(answer.into_body(), usize::MAX).await.unwrap();
    parse(std::str::from_utf8(&body).unwrap())
}

/// Reads the text format strictly: a family is announced by HELP and TYPE, stands in one place, and says nothing twice.
fn parse(text: &str) -> Series {
    assert!(text.ends_with('\n'), "the last line ends");
    let (mut series, mut families) = (Series::new(), BTreeSet::new());
    let (mut helped, mut family, mut kind) = (String::new(), String::new(), String::new());
    for line in text.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, help) = help.split_once(' ').unwrap();
            assert!(!help.is_empty() && is_name(name), "{line}");
            helped = name.to_owned();
            continue;
        }
        if let Some(told) = line.strip_prefix("# TYPE ") {
            let (name, of) = told.split_once(' ').unwrap();
            assert_eq!(name, helped, "HELP comes right before TYPE");
            assert!(["counter", "gauge", "histogram"].contains(&of), "{line}");
            assert!(families.insert(name.to_owned()), "{name} stands in two places");
            assert_eq!(of == "counter", name.ends_with("_total"), "{line}");
            (family, kind) = (name.to_owned(), of.to_owned());
            continue;
        }
        let (name_and_labels, value) = line.rsplit_once(' ').unwrap();
        let value: f64 = value.parse().unwrap();
        assert!(value.is_finite() && value >= 0.0, "{line}");
        let name = name_and_labels.split('{').next().unwrap();
        let suffixes: &[&str] = if kind == "histogram" {
            &["_sum", "_count", "_bucket"]
        } else {
            &[""]
        };
        assert!(
            suffixes.iter().any(|suffix| name == format!("{family}{suffix}")),
            "{line} belongs to {family}"
        );
        labels(name_and_labels);
        assert!(
            series.insert(name_and_labels.to_owned(), value).is_none(),
            "{line} twice"
        );
    }
    assert_histograms(&series);
    series
}

fn is_name(name: &str) -> bool {
    name.starts_with("coffre_") && name.bytes().all(|byte| byte == b'_' || byte.is_ascii_lowercase())
}

fn labels(series: &str) -> Vec<(String, String)> {
    let Some((_, labels)) = series.split_once('{') else {
        return Vec::new();
    };
    let labels = labels.strip_suffix('}').unwrap();
    let pair = |label: &str| {
        let (name, value) = label.split_once('=').unwrap();
        let value = value
            .strip_prefix('"')
            .and_then(|value| value.strip_suffix('"'))
            .unwrap();
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.+".contains(&byte);
        assert!(value.bytes().all(plain), "an id, a number or a word: {series}");
        assert!(
            ["kind", "state", "site", "customer", "version", "le"].contains(&name),
            "{series}"
        );
        (name.to_owned(), value.to_owned())
    };
    labels.split(',').map(pair).collect()
}

/// Buckets are cumulative and end with all.
fn assert_histograms(series: &Series) {
    for kind in ["manual", "nightly", "restore", "export", "import"] {
        let name = "coffre_process_duration_seconds";
        let of_kind = |series: &&String| series.starts_with(&format!("{name}_bucket{{")) && series.contains(kind);
        let mut buckets: Vec<_> = series
            .keys()
            .filter(of_kind)
            .map(|key| {
                let bound = labels(key).into_iter().find(|label| label.0 == "le").unwrap().1;
                (bound.parse::<f64>().unwrap(), series[key])
            })
            .collect();
        buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
        assert_eq!(buckets.len(), 9, "{kind}");
        assert!(buckets.is_sorted_by(|a, b| a.1 <= b.1), "{buckets:?}");
        let (bound, all) = buckets[8];
        assert_eq!(
            (bound, all),
            (f64::INFINITY, series[&format!("{name}_count{{kind=\"{kind}\"}}")])
        );
    }
}

#[tokio::test]
async fn figures_follow_what_happens_and_survive_a_restart() {
    let clock = Arc::new(ManualClock::at(TEN));
    let console = Console::open_under(clock.clone()).await;
    let repositories = console.folder.path().join("data/repositories");
    let router = server::metrics::router(console.plane.clone(), repositories.clone());

    let begun = scrape(&router).await;
    assert_eq!(
        begun[&format!("coffre_build_info{{version=\"{}\"}}", env!("CARGO_PKG_VERSION"))],
        1.0
    );
    assert_eq!(begun["coffre_sites"], 2.0);
    assert_eq!(begun["coffre_processes{kind=\"manual\",state=\"queued\"}"], 0.0);
    assert_eq!(
        begun["coffre_processes_ended_total{kind=\"manual\",state=\"completed\"}"],
        0.0
    );
    assert!(!begun.contains_key("coffre_site_last_backup_age_seconds{site=\"dupont\"}"));
    assert!(
        !begun
            .keys()
            .any(|series| series.starts_with("coffre_repository_stored"))
    );

    let operator = console.sign_in(Role::Operator).await;
    let queued = console.call(operator.function("start_backup", "site=dupont")).await;
    assert_eq!(queued.status, StatusCode::OK, "{}", queued.text());
    clock.advance(Duration::from_secs(90));
    let waiting = scrape(&router).await;
    assert_eq!(waiting["coffre_processes{kind=\"manual\",state=\"queued\"}"], 1.0);
    assert_eq!(waiting["coffre_queue_oldest_age_seconds"], 90.0);
    assert_eq!(waiting["coffre_scheduler_look_age_seconds"], 90.0);

    console.work().await;
    clock.advance(HOUR);
    let done = scrape(&router).await;
    assert_eq!(done["coffre_processes{kind=\"manual\",state=\"queued\"}"], 0.0);
    assert_eq!(done["coffre_queue_oldest_age_seconds"], 0.0);
    assert_eq!(
        done["coffre_processes_ended_total{kind=\"manual\",state=\"completed\"}"],
        1.0
    );
    assert_eq!(done["coffre_process_duration_seconds_count{kind=\"manual\"}"], 1.0);
    assert_eq!(done["coffre_backups_completed_total{kind=\"manual\"}"], 1.0);
    let books: u64 = ["dupont-compta", "dupont-paie"]
        .iter()
        .map(|book| std::fs::metadata(console.database(book)).unwrap().len())
        .sum();
    let read = done["coffre_backups_read_bytes_total{kind=\"manual\"}"];
    assert!(
        read > 200_000.0 && read <= 2.0 * books as f64 + 1e6,
        "{read} of {books}"
    );
    assert_eq!(done["coffre_site_last_backup_age_seconds{site=\"dupont\"}"], 3_600.0);
    assert!(!done.contains_key("coffre_site_last_backup_age_seconds{site=\"martin\"}"));
    assert_eq!((begun["coffre_sites_silent"], done["coffre_sites_silent"]), (0.0, 0.0));

    // Another server over the same store, or the same one after a restart, tells the same.
    let another = server::metrics::router(console.plane.clone(), repositories.clone());
    let again = scrape(&another).await;
    let stored = again["coffre_repository_stored_bytes{customer=\"dupont\"}"];
    assert!(stored > 100_000.0, "{stored}");
    let told = |series: &Series| -> Series {
        let of_store = |name: &&String| !name.starts_with("coffre_repository");
        series
            .keys()
            .filter(of_store)
            .map(|name| (name.clone(), series[name]))
            .collect()
    };
    assert_eq!(told(&again), told(&done));

    clock.advance(30 * HOUR);
    let later = scrape(&router).await;
    assert_eq!(later["coffre_sites_silent"], 2.0);
    Scheduler::new(console.plane.clone()).look().await.unwrap();
    let looked = scrape(&router).await;
    assert_eq!(looked["coffre_scheduler_look_age_seconds"], 0.0);
    assert_eq!(looked["coffre_processes{kind=\"nightly\",state=\"queued\"}"], 2.0);
}

#[tokio::test]
async fn figures_are_not_on_the_address_of_the_console() {
    let console = Console::open().await;
    let operator = console.sign_in(Role::Operator).await;
    let signed_in = console.call(operator.get("/metrics")).await;
    assert_eq!(signed_in.status, StatusCode::NOT_FOUND);
    let stranger = console.call(Browser::default().get("/metrics")).await;
    assert!(!stranger.text().contains("coffre_"), "{}", stranger.text());
    assert_ne!(stranger.status, StatusCode::OK);
    // And nothing but them is on theirs.
    let router = server::metrics::router(console.plane.clone(), console.folder.path().to_owned());
    for path in ["/", "/health", "/sign-in", "/api/start_backup"] {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let answer = router.clone().oneshot(request).await.unwrap();
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
    }
}
