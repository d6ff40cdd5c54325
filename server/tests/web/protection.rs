//! Who is let in, what an answer gives away, and what a foreign page can do.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use domain::account::Role;

use crate::console::{Answer, Browser, Console};

#[tokio::test]
async fn nothing_answers_without_a_session_except_sign_in_health_and_the_gate() {
    let console = Console::open().await;
    let nobody = Browser::default();
    for path in [
        "/",
        "/sites",
        "/sites/dupont",
        "/processes",
        "/sites/dupont/restore",
        "/anything",
    ] {
        let page = console.call(nobody.get(path)).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{path}");
        assert!(page.header(header::LOCATION).starts_with("/sign-in"), "{path}");
    }
    for path in ["/events", "/backups/x/databases/y/download"] {
        let answer = console.call(nobody.get_with(path, header::ACCEPT, "*/*")).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
    }
    for (path, _) in leptos::server_fn::axum::server_fn_paths() {
        let name = path.trim_start_matches("/api/");
        let answer = console.call(nobody.function(name, "site=dupont")).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
        assert!(answer.text().contains("not-signed-in"), "{path}: {}", answer.text());
    }
    for path in ["/sign-in", "/health", "/gate/dupont"] {
        assert_eq!(console.call(nobody.get(path)).await.status, StatusCode::OK, "{path}");
    }
}

#[tokio::test]
async fn after_signing_in_one_is_where_one_wanted_to_go_and_nowhere_else() {
    let console = Console::open().await;
    let nobody = Browser::default();
    let wanted = console.call(nobody.get("/sites/dupont?tab=1")).await;
    assert_eq!(wanted.header(header::LOCATION), "/sign-in?next=/sites/dupont%3Ftab%3D1");
    let form = |next: &str| format!("email=operator%40example.org&password=open+sesame&next={next}");
    for (next, target) in [
        ("/sites/dupont", "/sites/dupont"),
        ("//evil.example", "/sites"),
        ("", "/sites"),
    ] {
        let answer = console.call(nobody.post("/sign-in", &form(next))).await;
        assert_eq!(answer.header(header::LOCATION), target);
    }
    let wrong = console
        .call(nobody.post("/sign-in", "email=operator%40example.org&password=x"))
        .await;
    assert_eq!(
        wrong.header(header::LOCATION),
        "/sign-in?error=wrong-credentials&wait=0"
    );
    assert!(wrong.headers.get(header::SET_COOKIE).is_none());
}

#[tokio::test]
async fn the_session_cookie_is_out_of_reach_of_scripts_and_other_sites() {
    let console = Console::open().await;
    let form = "email=operator%40example.org&password=open+sesame";
    let answer = console.call(Browser::default().post("/sign-in", form)).await;
    let cookie = answer.header(header::SET_COOKIE);
    for part in ["__Host-coffre=", "Path=/", "HttpOnly", "SameSite=Lax", "Secure"] {
        assert!(cookie.contains(part), "{part} is missing in {cookie}");
    }
    assert!(!cookie.contains("Domain"));

    let browser = console.sign_in(Role::Operator).await;
    let out = console.call(browser.post("/sign-out", "")).await;
    assert!(out.header(header::SET_COOKIE).contains("Max-Age=0"));
    let after = console.call(browser.get("/sites")).await;
    assert_eq!(
        after.status,
        StatusCode::SEE_OTHER,
        "the session is over on the server too"
    );
}

#[tokio::test]
async fn a_form_on_another_site_does_nothing() {
    let console = Console::open().await;
    let browser = console.sign_in(Role::Operator).await;
    for (origin, fetch_site) in [
        ("https://evil.example", "cross-site"),
        ("null", "cross-site"),
        ("https://x.console.example", "same-site"),
    ] {
        for path in ["/sign-out", "/preferences", "/sign-in", "/api/start_backup"] {
            let request = Request::post(path)
                .header(header::HOST, "console.example")
                .header(header::ORIGIN, origin)
                .header("sec-fetch-site", fetch_site)
                .header(header::COOKIE, &browser.cookie)
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(Body::from("site=dupont"))
                .unwrap();
            assert_eq!(
                console.call(request).await.status,
                StatusCode::FORBIDDEN,
                "{path} from {origin}"
            );
        }
    }
    assert_eq!(
        console.call(browser.get("/sites")).await.status,
        StatusCode::OK,
        "still signed in"
    );
    assert!(console.plane.store().active(None).await.unwrap().is_empty());
}

#[tokio::test]
async fn every_answer_carries_the_protective_headers() {
    let console = Console::open().await;
    let browser = console.sign_in(Role::Operator).await;
    for path in [
        "/sign-in",
        "/sites",
        "/health",
        "/gate/dupont",
        "/nothing-here",
        "/assets/none.svg",
        "/favicon.ico",
    ] {
        let answer = console.call(browser.get(path)).await;
        let policy = answer.header(header::CONTENT_SECURITY_POLICY);
        assert!(
            policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{path}: {policy}"
        );
        assert!(!policy.contains("unsafe-inline"), "{path}: {policy}");
        assert_eq!(answer.header(header::X_CONTENT_TYPE_OPTIONS), "nosniff", "{path}");
        assert_eq!(answer.header(header::REFERRER_POLICY), "same-origin", "{path}");
        assert!(
            answer.header(header::STRICT_TRANSPORT_SECURITY).starts_with("max-age="),
            "{path}"
        );
        assert!(!answer.text().contains(" style="), "{path}: no inline styles");
    }
}

#[tokio::test]
async fn another_customers_object_and_a_missing_one_are_the_same_to_the_byte() {
    let console = Console::open().await;
    let browser = console.sign_in(Role::ClientAdmin).await;
    for (foreign, missing) in [
        ("/sites/martin", "/sites/nobody"),
        ("/sites/martin/processes", "/sites/nobody/processes"),
        (
            "/sites/martin/databases/martin-compta",
            "/sites/nobody/databases/nobody-compta",
        ),
        ("/sites/martin/restore", "/sites/nobody/restore"),
        ("/sites/martin/backup", "/sites/no%20id/backup"),
    ] {
        let (foreign, missing) = (
            console.call(browser.get(foreign)).await,
            console.call(browser.get(missing)).await,
        );
        assert_eq!(
            (foreign.status, missing.status),
            (StatusCode::NOT_FOUND, StatusCode::NOT_FOUND)
        );
        assert_eq!(without_nonce(&foreign), without_nonce(&missing));
    }
    let foreign = console.call(browser.function("start_backup", "site=martin")).await;
    let missing = console.call(browser.function("start_backup", "site=nobody")).await;
    assert_eq!((foreign.status, &foreign.body), (missing.status, &missing.body));
    assert_eq!(foreign.status, StatusCode::NOT_FOUND);
}

/// The nonce is new in every answer, wherever it stands in it.
fn without_nonce(page: &Answer) -> String {
    let policy = page.header(header::CONTENT_SECURITY_POLICY);
    let nonce = policy
        .split("'nonce-")
        .nth(1)
        .and_then(|rest| rest.split('\'').next())
        .expect("pages have a nonce");
    page.text().replace(nonce, "")
}
