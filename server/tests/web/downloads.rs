//! Downloads: whole, in parts, resumed, refused.

use axum::http::{Request, StatusCode, header};
use domain::account::Role;
use sha2::{Digest, Sha256};

use crate::console::{Browser, Console};

async fn link(console: &Console, browser: &Browser, database: &str) -> (String, String, u64) {
    let process = console.back_up(browser).await;
    let backup = console
        .plane
        .store()
        .backup(&process.backup.unwrap())
        .await
        .unwrap()
        .unwrap();
    let artifact = backup
        .artifacts
        .iter()
        .find(|artifact| artifact.database.as_str() == database)
        .unwrap();
    let path = format!("/backups/{}/databases/{database}/download", backup.id);
    (
        path,
        artifact.download_sha256.as_str().to_owned(),
        artifact.download_bytes,
    )
}

fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn the_file_arrives_whole_with_its_name_and_hash_and_opens_in_sqlite() {
    let console = Console::open().await;
    let browser = console.sign_in(Role::ClientAdmin).await;
    let (path, sha256, bytes) = link(&console, &browser, "dupont-compta").await;
    let answer = console.call(browser.get(&path)).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header(header::CONTENT_LENGTH), bytes.to_string());
    assert_eq!(answer.header(header::ETAG), format!("\"{sha256}\""));
    assert_eq!(answer.header(header::ACCEPT_RANGES), "bytes");
    assert!(
        answer
            .header(header::CONTENT_DISPOSITION)
            .contains("filename*=UTF-8''DUPONT_Comptabilit%C3%A9_")
    );
    assert_eq!(hash(&answer.body), sha256);

    let file = console.folder.path().join("downloaded.sqlite");
    std::fs::write(&file, &answer.body).unwrap();
    let downloaded = rusqlite::Connection::open(&file).unwrap();
    let check: String = downloaded
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    let first: String = downloaded
        .query_row("SELECT text FROM entry WHERE number = 1", [], |row| row.get(0))
        .unwrap();
    assert_eq!((check.as_str(), first.as_str()), ("ok", "opening of dupont-compta"));
}

#[tokio::test]
async fn a_cut_download_is_resumed_where_it_was_cut() {
    let console = Console::open().await;
    let browser = console.sign_in(Role::Operator).await;
    let (path, sha256, bytes) = link(&console, &browser, "dupont-paie").await;
    let cut = bytes / 3;
    let part = |range: String, condition: &str| {
        Request::get(&path)
            .header(header::COOKIE, &browser.cookie)
            .header(header::RANGE, range)
            .header(header::IF_RANGE, condition)
            .body(axum::body::Body::empty())
            .unwrap()
    };
    let tag = format!("\"{sha256}\"");
    let first = console.call(part(format!("bytes=0-{}", cut - 1), &tag)).await;
    let rest = console.call(part(format!("bytes={cut}-"), &tag)).await;
    assert_eq!(
        (first.status, rest.status),
        (StatusCode::PARTIAL_CONTENT, StatusCode::PARTIAL_CONTENT)
    );
    assert_eq!(
        rest.header(header::CONTENT_RANGE),
        format!("bytes {cut}-{}/{bytes}", bytes - 1)
    );
    assert_eq!(hash(&[first.body, rest.body].concat()), sha256);

    let changed = console.call(part(format!("bytes={cut}-"), "\"another\"")).await;
    assert_eq!(
        (changed.status, changed.body.len() as u64),
        (StatusCode::OK, bytes),
        "another file is sent whole"
    );
    let beyond = console.call(part(format!("bytes={bytes}-"), &tag)).await;
    assert_eq!(beyond.status, StatusCode::RANGE_NOT_SATISFIABLE);
    let same = console.call(browser.get_with(&path, header::IF_NONE_MATCH, &tag)).await;
    assert_eq!((same.status, same.body.len()), (StatusCode::NOT_MODIFIED, 0));
}

#[tokio::test]
async fn who_may_not_download_is_refused_and_a_whole_download_is_audited_once() {
    let console = Console::open().await;
    let admin = console.sign_in(Role::ClientAdmin).await;
    let (path, _, _) = link(&console, &admin, "dupont-compta").await;
    for (role, status) in [
        (Role::Partner, StatusCode::FORBIDDEN),
        (Role::ClientViewer, StatusCode::FORBIDDEN),
    ] {
        let browser = console.sign_in(role).await;
        let page = console.call(browser.get(&path)).await;
        assert_eq!(page.status, status, "{role:?}");
        assert!(
            page.text().contains("<h1"),
            "a person gets a page of the console that says why"
        );
        let program = console
            .call(browser.get_with(&path, header::ACCEPT, "application/json"))
            .await;
        assert_eq!((program.status, program.text().contains("\"Refused\"")), (status, true));
    }
    let missing = path.replace("dupont-compta", "martin-compta");
    assert_eq!(console.call(admin.get(&missing)).await.status, StatusCode::NOT_FOUND);
    assert_eq!(
        console
            .call(admin.get("/backups/none/databases/dupont-compta/download"))
            .await
            .status,
        StatusCode::NOT_FOUND
    );

    console.call(admin.get(&path)).await;
    console.call(admin.get_with(&path, header::RANGE, "bytes=100-")).await;
    let trail = console.plane.store().audit_trail(100).await.unwrap();
    let told: Vec<_> = trail
        .iter()
        .filter(|e| e.action.ends_with("ownload"))
        .map(|e| e.outcome.as_str())
        .collect();
    assert_eq!(
        told,
        [
            "done",
            "done",
            "read-only",
            "read-only",
            "not-for-partners",
            "not-for-partners"
        ]
    );
}
