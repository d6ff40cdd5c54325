//! Backing up and restoring through the web, with and without script.

use axum::http::{StatusCode, header};
use domain::account::Role;
use domain::live::LiveEvent;
use domain::process::{ProcessState, StateName};
use futures::StreamExt;

use crate::console::{Browser, Console};

fn entries(console: &Console, name: &str) -> i64 {
    let connection = rusqlite::Connection::open(console.database(name)).unwrap();
    connection
        .query_row("SELECT count(*) FROM entry", [], |row| row.get(0))
        .unwrap()
}

pub fn enter(console: &Console, name: &str) {
    let connection = rusqlite::Connection::open(console.database(name)).unwrap();
    connection
        .execute("INSERT INTO entry (text) VALUES ('later')", [])
        .unwrap();
}

/// Every row of a book.
pub fn content(console: &Console, name: &str) -> String {
    let connection = rusqlite::Connection::open(console.database(name)).unwrap();
    let rows = "SELECT group_concat(number || text, '|') FROM (SELECT number, text FROM entry ORDER BY number)";
    connection.query_row(rows, [], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn one_database_is_restored_to_t0_and_the_gate_is_closed_meanwhile() {
    let console = Console::open().await;
    let operator = console.sign_in(Role::Operator).await;
    let before = entries(&console, "dupont-paie");
    let backup = console.back_up(&operator).await.backup.unwrap();
    enter(&console, "dupont-paie");
    enter(&console, "dupont-compta");
    let other = content(&console, "dupont-compta");

    let form = format!("site=dupont&scope=dupont-paie&backup={backup}&confirmation=dupont&reason=Asked+by+telephone");
    let answer = console.call(operator.function("start_restore", &form)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let closed = console.call(Browser::default().get("/gate/dupont")).await;
    assert_eq!(
        (closed.status, closed.header(header::RETRY_AFTER)),
        (StatusCode::SERVICE_UNAVAILABLE, "15")
    );
    console.work().await;
    let open = console.call(Browser::default().get("/gate/dupont")).await;
    assert_eq!(open.status, StatusCode::OK);
    assert_eq!(entries(&console, "dupont-paie"), before);
    assert_eq!(
        content(&console, "dupont-compta"),
        other,
        "the other database is not touched"
    );
    assert_eq!(
        console.call(Browser::default().get("/gate/nobody")).await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn without_script_the_confirmation_page_starts_exactly_one_backup_and_leads_to_it() {
    let console = Console::open().await;
    let admin = console.sign_in(Role::ClientAdmin).await;
    let page = console.call(admin.get("/sites/dupont/backup")).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(
        console.plane.store().active(None).await.unwrap().is_empty(),
        "reading the warning starts nothing"
    );
    let answer = console.call(admin.post("/api/start_backup", "site=dupont")).await;
    assert!(answer.status.is_redirection(), "{} {}", answer.status, answer.text());
    let active = console.plane.store().active(None).await.unwrap();
    assert_eq!(active.len(), 1);
    assert_eq!(answer.header(header::LOCATION), format!("/processes/{}", active[0].id));
    let process = console.call(admin.get(answer.header(header::LOCATION))).await;
    assert!(
        process.text().contains("http-equiv=\"refresh\""),
        "the page follows it by itself"
    );
}

#[tokio::test]
async fn a_refusal_reaches_a_script_as_a_typed_answer_with_its_status() {
    let console = Console::open().await;
    let viewer = console.sign_in(Role::ClientViewer).await;
    let no = console.call(viewer.function("start_backup", "site=dupont")).await;
    assert_eq!(no.status, StatusCode::FORBIDDEN);
    assert!(no.text().contains("read-only"), "{}", no.text());
    let malformed = console.call(viewer.function("start_backup", "site=..%2F..")).await;
    assert!(
        malformed.status.is_client_error(),
        "{} {}",
        malformed.status,
        malformed.text()
    );
}

#[tokio::test]
async fn an_open_page_is_told_the_present_state_and_then_each_change_of_its_own_sites() {
    let console = Console::open().await;
    let admin = console.sign_in(Role::ClientAdmin).await;
    let done = console.back_up(&admin).await;
    let response = console
        .send(admin.get_with("/events", header::ACCEPT, "text/event-stream"))
        .await;
    assert_eq!(response.status(), StatusCode::OK);
    let mut stream = response.into_body().into_data_stream();
    let mut text = String::new();
    let mut events = Vec::new();
    let next = async |text: &mut String, events: &mut Vec<LiveEvent>, stream: &mut axum::body::BodyDataStream| {
        let chunk = stream.next().await.expect("the stream is open").unwrap();
        text.push_str(std::str::from_utf8(&chunk).unwrap());
        events.clear();
        events.extend(
            text.lines()
                .filter_map(|line| line.strip_prefix("data: "))
                .map(|data| serde_json::from_str(data).unwrap()),
        );
    };
    while events.len() < 2 {
        next(&mut text, &mut events, &mut stream).await;
    }
    assert!(matches!(&events[0], LiveEvent::Site { site, .. } if site.as_str() == "dupont"));
    assert!(matches!(&events[1], LiveEvent::Process(process) if process.id == done.id));

    // Another customer's work is not told; one's own is, up to its end.
    let martin = domain::ids::SiteId::parse("martin").unwrap();
    let operator = console.sign_in(Role::Operator).await;
    assert_eq!(
        console
            .call(operator.function("start_backup", "site=martin"))
            .await
            .status,
        StatusCode::OK
    );
    console.back_up(&admin).await;
    let ended = |event: &LiveEvent| matches!(event, LiveEvent::Process(p) if p.id != done.id && p.state.name() == StateName::Completed);
    while !events.iter().any(ended) {
        next(&mut text, &mut events, &mut stream).await;
    }
    for event in &events {
        if let LiveEvent::Process(process) = event {
            assert_ne!(process.site, martin);
            assert_eq!(
                process.state.percent() == 100,
                matches!(process.state, ProcessState::Completed { .. })
            );
        }
    }
}

#[tokio::test]
async fn pages_speak_the_language_of_the_browser_until_one_chooses() {
    let console = Console::open().await;
    let nobody = Browser::default();
    let page = async |accept: &str, cookie: &str| {
        let mut request = nobody.get("/sign-in");
        request
            .headers_mut()
            .insert(header::ACCEPT_LANGUAGE, accept.parse().unwrap());
        request.headers_mut().insert(header::COOKIE, cookie.parse().unwrap());
        console.call(request).await.text()
    };
    assert!(page("de", "x=y").await.contains("<html lang=\"fr\""));
    assert!(page("en-GB,en;q=0.9", "x=y").await.contains("<html lang=\"en\""));
    for (referer, back) in [
        ("https://console.example/sign-in?error=x", "/sign-in"),
        ("https://console.example/sites/dupont?q=1", "/sites/dupont?q=1"),
        ("https://evil.example//evil", "/sites"),
        ("", "/sites"),
    ] {
        let mut request = nobody.post("/preferences", "theme=dark");
        request.headers_mut().insert(header::REFERER, referer.parse().unwrap());
        let answer = console.call(request).await;
        assert_eq!(
            (answer.status, answer.header(header::LOCATION)),
            (StatusCode::SEE_OTHER, back),
            "{referer}"
        );
    }
    let chosen = console.call(nobody.post("/preferences", "lang=en")).await;
    let cookie = chosen.header(header::SET_COOKIE).split(';').next().unwrap().to_owned();
    assert!(page("fr", &cookie).await.contains("<html lang=\"en\""));
}

#[tokio::test]
async fn a_refused_restore_without_script_comes_back_with_what_was_chosen() {
    let console = Console::open().await;
    let operator = console.sign_in(Role::Operator).await;
    let older = console.back_up(&operator).await.backup.unwrap();
    console.back_up(&operator).await;
    let form = format!("site=dupont&scope=dupont-paie&backup={older}&confirmation=WRONG&reason=line+one%0D%0Aline+two");
    let refused = console.call(operator.post("/api/start_restore", &form)).await;
    assert!(refused.status.is_redirection(), "{}", refused.status);
    let back = refused.header(header::LOCATION);
    assert!(
        back.starts_with(&format!("/sites/dupont/restore?scope=dupont-paie&backup={older}&")),
        "{back}"
    );
    let page = console.call(operator.get(back)).await.text();
    assert!(page.contains("confirmation-e"), "the field says what is wrong");
    let checked = |value: &str| {
        let input = page
            .split("<input")
            .find(|input| input.contains(&format!("value=\"{value}\"")))
            .unwrap();
        input.split('>').next().unwrap().contains("checked")
    };
    assert!(
        checked("dupont-paie") && checked(older.as_str()) && !checked("*"),
        "the choice is kept"
    );
    let script = console.call(operator.function("start_restore", &form)).await;
    assert_eq!(
        (script.status, script.header(header::LOCATION)),
        (StatusCode::UNPROCESSABLE_ENTITY, "")
    );
}
