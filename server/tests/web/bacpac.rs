//! BACPAC files over HTTP: made, downloaded, uploaded in pieces, restored from; and whoever may not is refused and written down.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use domain::account::Role;
use domain::bacpac::{Told, Upload};
use domain::process::{Process, ProcessState, StateName};
use sha2::{Digest, Sha256};

use crate::console::{Answer, Browser, Console};

const DATABASE: &str = "dupont-compta";

fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Orders the file, works, and gives its address.
async fn made(console: &Console, browser: &Browser) -> String {
    let backup = console.back_up(browser).await.backup.unwrap();
    let form = format!("backup={backup}&database={DATABASE}");
    let answer = console.call(browser.function("start_export", &form)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    console.work().await;
    let queued: Process = serde_json::from_slice(&answer.body).unwrap();
    let done = console.plane.store().process(&queued.id).await.unwrap().unwrap();
    assert_eq!(done.state.name(), StateName::Completed, "{:?}", done.state);
    format!("/backups/{backup}/databases/{DATABASE}/bacpac")
}

fn piece(browser: &Browser, upload: &Upload, offset: u64, bytes: &[u8]) -> Request<Body> {
    Request::patch(format!("/uploads/{}", upload.id))
        .header(header::HOST, "console.example")
        .header(header::COOKIE, &browser.cookie)
        .header("sec-fetch-site", "same-origin")
        .header(header::CONTENT_TYPE, "application/offset+octet-stream")
        .header("upload-offset", offset)
        .body(Body::from(bytes.to_vec()))
        .unwrap()
}

async fn open(console: &Console, browser: &Browser, name: &str, bytes: usize) -> Answer {
    let request = Request::post(format!("/uploads?site=dupont&database={DATABASE}&name={name}"))
        .header(header::HOST, "console.example")
        .header(header::COOKIE, &browser.cookie)
        .header("sec-fetch-site", "same-origin")
        .header("upload-length", bytes)
        .body(Body::empty())
        .unwrap();
    console.call(request).await
}

async fn uploaded(console: &Console, browser: &Browser, content: &[u8]) -> Upload {
    let answer = open(console, browser, "livres%20de%20No%C3%ABl.bacpac", content.len()).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    let upload: Upload = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(upload.file_name, "livres de Noël.bacpac");
    let half = content.len() / 2;
    for (offset, bytes) in [(0, &content[..half]), (half, &content[half..])] {
        let answer = console.call(piece(browser, &upload, offset as u64, bytes)).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.text());
        assert_eq!(answer.headers["upload-offset"], (offset + bytes.len()).to_string());
    }
    upload
}

async fn imported(console: &Console, browser: &Browser, upload: &Upload) -> Process {
    let form = format!("upload={}", upload.id);
    let answer = console.call(browser.function("start_import", &form)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    console.work().await;
    let queued: Process = serde_json::from_slice(&answer.body).unwrap();
    console.plane.store().process(&queued.id).await.unwrap().unwrap()
}

fn rows(console: &Console) -> Vec<(i64, String)> {
    let live = rusqlite::Connection::open(console.database(DATABASE)).unwrap();
    let mut query = live.prepare("SELECT number, text FROM entry ORDER BY number").unwrap();
    let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.map(Result::unwrap).collect()
}

#[tokio::test]
async fn a_made_file_arrives_whole_or_in_parts_and_its_log_beside_it() {
    let console = Console::open().await;
    let browser = console.sign_in(Role::ClientAdmin).await;
    let path = made(&console, &browser).await;
    let whole = console.call(browser.get(&path)).await;
    assert_eq!(whole.status, StatusCode::OK);
    assert_eq!(whole.header(header::ETAG), format!("\"{}\"", hash(&whole.body)));
    assert!(whole.header(header::CONTENT_DISPOSITION).contains(".bacpac"));
    let range = |from: usize| format!("bytes={from}-");
    let rest = console
        .call(browser.get_with(&path, header::RANGE, &range(1_000)))
        .await;
    assert_eq!(
        (rest.status, &rest.body[..]),
        (StatusCode::PARTIAL_CONTENT, &whole.body[1_000..])
    );

    let log = console.call(browser.get(&format!("{path}/log.json"))).await;
    let log: domain::export_log::ExportLog = serde_json::from_slice(&log.body).unwrap();
    assert!(log.is_lossless() && log.file.findings.is_empty());
    assert_eq!(log.file.sha256, hash(&whole.body));
    assert_eq!(log.tables.iter().map(|table| table.rows).sum::<u64>(), 2_001);
}

#[tokio::test]
async fn what_leaves_as_a_bacpac_comes_back_cell_for_cell() {
    let console = Console::open().await;
    let browser = console.sign_in(Role::Operator).await;
    let path = made(&console, &browser).await;
    let file = console.call(browser.get(&path)).await.body;
    let before = rows(&console);
    let live = rusqlite::Connection::open(console.database(DATABASE)).unwrap();
    live.execute_batch("DELETE FROM entry WHERE number > 7; UPDATE entry SET text = 'changed'")
        .unwrap();
    drop(live);

    let upload = uploaded(&console, &browser, &file).await;
    let done = imported(&console, &browser, &upload).await;
    assert_eq!(done.state.name(), StateName::Completed, "{:?}", done.state);
    assert_ne!(rows(&console), before, "the live database has no part in an import");
    let order = format!(
        "site=dupont&scope={DATABASE}&backup={}&reason=The+file+that+the+client+sent&confirmation=DUPONT",
        done.backup.unwrap()
    );
    let answer = console.call(browser.function("start_restore", &order)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    console.work().await;
    assert_eq!(rows(&console), before);
}

#[tokio::test]
async fn pieces_out_of_step_and_too_many_bytes_change_nothing() {
    let console = Console::open().await;
    let browser = console.sign_in(Role::Operator).await;
    let answer = open(&console, &browser, "a.bacpac", 10).await;
    let upload: Upload = serde_json::from_slice(&answer.body).unwrap();
    let ahead = console.call(piece(&browser, &upload, 3, b"x")).await;
    assert_eq!(
        (ahead.status, &ahead.headers["upload-offset"]),
        (StatusCode::CONFLICT, &"0".parse().unwrap())
    );
    let long = console.call(piece(&browser, &upload, 0, &[0; 11])).await;
    assert_eq!(long.status, StatusCode::UNPROCESSABLE_ENTITY);
    let early = console
        .call(browser.function("start_import", &format!("upload={}", upload.id)))
        .await;
    assert_eq!(early.status, StatusCode::UNPROCESSABLE_ENTITY);
    let mut wrong_type = piece(&browser, &upload, 0, b"x");
    wrong_type.headers_mut().remove(header::CONTENT_TYPE);
    assert_eq!(
        console.call(wrong_type).await.status,
        StatusCode::UNSUPPORTED_MEDIA_TYPE
    );
    let large = open(&console, &browser, "a.bacpac", 9 << 20).await;
    assert_eq!(
        large.status,
        StatusCode::PAYLOAD_TOO_LARGE,
        "the configuration allows 8 MiB"
    );
}

#[tokio::test]
async fn a_damaged_file_is_refused_with_the_place_and_its_slot_is_free() {
    let console = Console::open().await;
    let browser = console.sign_in(Role::Operator).await;
    let path = made(&console, &browser).await;
    let mut file = console.call(browser.get(&path)).await.body;
    let middle = file.len() / 2;
    file[middle] ^= 1;
    let upload = uploaded(&console, &browser, &file).await;
    let failed = imported(&console, &browser, &upload).await;
    assert!(
        matches!(failed.state, ProcessState::Failed { .. }),
        "{:?}",
        failed.state
    );
    let told = console.plane.store().told(&failed.id).await.unwrap();
    assert!(
        matches!(&told, Some(Told::Refused(text)) if text.contains("dbo.")),
        "{told:?}"
    );
    let (quota, _) = console.plane.store().quota(&failed.site).await.unwrap();
    assert_eq!((quota.kept, quota.reserved), (1, 0), "only the backup itself");
}

#[tokio::test]
async fn who_may_not_gets_the_reason_at_each_door_and_a_line_in_the_trail() {
    let console = Console::open().await;
    let path = made(&console, &console.sign_in(Role::ClientAdmin).await).await;
    let partner = console.sign_in(Role::Partner).await;
    for asked in [path.clone(), format!("{path}/log.json")] {
        let answer = console
            .call(partner.get_with(&asked, header::ACCEPT, "application/json"))
            .await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        assert!(answer.text().contains("not-for-partners"), "{}", answer.text());
    }
    let form = format!("backup={}&database={DATABASE}", path.split('/').nth(2).unwrap());
    assert_eq!(
        console.call(partner.function("start_export", &form)).await.status,
        StatusCode::FORBIDDEN
    );
    assert_eq!(
        open(&console, &partner, "a.bacpac", 1).await.status,
        StatusCode::FORBIDDEN
    );
    let trail = console.plane.store().audit_trail(4).await.unwrap();
    let codes: Vec<_> = trail
        .iter()
        .map(|line| (line.action.as_str(), line.outcome.as_str()))
        .collect();
    assert_eq!(codes[0], ("Import", "operator-only"));
    assert!(
        codes[1..].iter().all(|code| *code == ("Download", "not-for-partners")),
        "{codes:?}"
    );
}
