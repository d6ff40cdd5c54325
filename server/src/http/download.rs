//! Downloads: plain links, no script needed. Streams from the repository, or from the shelf, with length, name, strong entity
//! tag and ranges.

use std::io::{self, Read};
use std::ops::Range;
use std::time::Duration;

use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use control::ControlError;
use control::downloads::Download;
use control::exports::ExportDownload;
use domain::backup::Sha256Hex;
use domain::ids::{BackupId, DatabaseId};
use domain::refusal::Refusal;
use tokio::sync::mpsc;

use super::Web;
use super::pages;
use super::session::SignedIn;

/// Bytes handed to the connection at once.
const CHUNK: usize = 256 * 1_024;

/// Chunks read ahead of a slow connection.
const AHEAD: usize = 4;

/// How long a connection may take nothing.
const PATIENCE: Duration = Duration::from_secs(120);

/// Characters of a range that the trail keeps.
const RANGE_KEPT: usize = 64;

/// Takes pieces one after another until it answers `false`.
type Sink<'a> = &'a mut dyn FnMut(&[u8]) -> bool;

/// Reads a range and hands it over, on a thread that may block.
type Sender = Box<dyn FnOnce(Range<u64>, Sink<'_>) -> io::Result<()> + Send>;

/// Something that may be downloaded.
struct Offer {
    file_name: String,
    bytes: u64,
    sha256: Sha256Hex,
    send: Sender,
}

impl From<Download> for Offer {
    fn from(download: Download) -> Self {
        Self {
            file_name: download.file_name.clone(),
            bytes: download.bytes,
            sha256: download.sha256.clone(),
            send: Box::new(move |range, sink| pump(download.reader(range), sink)),
        }
    }
}

impl From<ExportDownload> for Offer {
    fn from(export: ExportDownload) -> Self {
        Self {
            file_name: export.file_name.clone(),
            bytes: export.bytes,
            sha256: export.sha256.clone(),
            send: Box::new(move |range, sink| pump(export.reader(range)?, sink)),
        }
    }
}

/// The engine's own form.
pub(super) async fn download(
    State(web): State<Web>,
    Extension(who): Extension<SignedIn>,
    Path(path): Path<(String, String)>,
    request: Request,
) -> Response {
    let offer = match ids(&path) {
        Ok((backup, database)) => {
            let range = told(&request);
            let allowed = web.plane.download(&who.actor, &backup, &database, &range).await;
            allowed.map(Offer::from)
        }
        Err(no) => Err(no),
    };
    answer_or_refuse(&web, request, offer).await
}

/// A made BACPAC.
pub(super) async fn bacpac(
    State(web): State<Web>,
    Extension(who): Extension<SignedIn>,
    Path(path): Path<(String, String)>,
    request: Request,
) -> Response {
    let offer = match ids(&path) {
        Ok((backup, database)) => {
            let range = told(&request);
            let allowed = web.plane.download_export(&who.actor, &backup, &database, &range).await;
            allowed.map(Offer::from)
        }
        Err(no) => Err(no),
    };
    answer_or_refuse(&web, request, offer).await
}

async fn answer_or_refuse(web: &Web, request: Request, offer: Result<Offer, ControlError>) -> Response {
    match offer {
        Ok(offer) => answer(offer, request.headers(), request.method() == Method::HEAD),
        Err(error) => pages::refused(web, request, error).await,
    }
}

/// The log of a made BACPAC, as JSON.
pub(super) async fn bacpac_log(
    State(web): State<Web>,
    Extension(who): Extension<SignedIn>,
    Path(path): Path<(String, String)>,
    request: Request,
) -> Response {
    let log = match ids(&path) {
        Ok((backup, database)) => web.plane.export_log(&who.actor, &backup, &database).await,
        Err(no) => Err(no),
    };
    match log {
        Ok((name, log)) => {
            let headers = [
                (header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache")),
                (header::CONTENT_DISPOSITION, disposition(&name)),
            ];
            (headers, axum::Json(log)).into_response()
        }
        Err(error) => pages::refused(&web, request, error).await,
    }
}

/// Which database of which backup an address names; a malformed one names what does not exist.
fn ids((backup, database): &(String, String)) -> Result<(BackupId, DatabaseId), ControlError> {
    let parsed = BackupId::parse(backup).and_then(|backup| Ok((backup, DatabaseId::parse(database)?)));
    parsed.map_err(|_| Refusal::NotFound.into())
}

/// What the audit trail says of the request.
fn told(request: &Request) -> String {
    let range = match *request.method() {
        Method::HEAD => "head",
        _ => asked(request.headers()).unwrap_or("whole"),
    };
    range.chars().take(RANGE_KEPT).collect()
}

fn answer(download: Offer, headers: &HeaderMap, only_head: bool) -> Response {
    let tag = format!("\"{}\"", download.sha256.as_str());
    if header(headers, header::IF_NONE_MATCH).is_some_and(|known| known.split(',').any(|one| one.trim() == tag)) {
        return (StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response();
    }
    let whole = 0..download.bytes;
    // Without a matching tag the bytes may be those of another file: the whole is sent.
    let same = header(headers, header::IF_RANGE).is_none_or(|known| known == tag);
    let (status, range) = match asked(headers)
        .filter(|_| same)
        .map(|asked| parse(asked, download.bytes))
    {
        None | Some(Asked::Whole) => (StatusCode::OK, whole),
        Some(Asked::Part(range)) => (StatusCode::PARTIAL_CONTENT, range),
        Some(Asked::Nothing) => {
            let unsatisfied = format!("bytes */{}", download.bytes);
            return (
                StatusCode::RANGE_NOT_SATISFIABLE,
                [(header::CONTENT_RANGE, unsatisfied)],
            )
                .into_response();
        }
    };
    let mut response = Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, "application/octet-stream")
        .header(header::CONTENT_LENGTH, range.end - range.start)
        .header(header::ACCEPT_RANGES, "bytes")
        .header(header::ETAG, tag)
        .header(header::CACHE_CONTROL, "private, no-cache")
        .header(header::CONTENT_DISPOSITION, disposition(&download.file_name));
    if status == StatusCode::PARTIAL_CONTENT {
        let part = format!("bytes {}-{}/{}", range.start, range.end - 1, download.bytes);
        response = response.header(header::CONTENT_RANGE, part);
    }
    let body = if only_head {
        Body::empty()
    } else {
        stream(download.send, range)
    };
    response
        .body(body)
        .unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

/// Reads on a thread of its own and sends as fast as the connection takes it. An error cuts the connection, so that the
/// browser sees a download that failed and not one that is short.
fn stream(send: Sender, range: Range<u64>) -> Body {
    let (sender, receiver) = mpsc::channel::<io::Result<Bytes>>(AHEAD);
    let runtime = tokio::runtime::Handle::current();
    tokio::task::spawn_blocking(move || {
        // The thread is needed elsewhere: a browser that left, or takes nothing for so long, is cut and can resume.
        let deliver = |piece| runtime.block_on(tokio::time::timeout(PATIENCE, sender.send(piece)));
        let sent = send(range, &mut |piece| {
            matches!(deliver(Ok(Bytes::copy_from_slice(piece))), Ok(Ok(())))
        });
        if let Err(error) = sent {
            tracing::error!(%error, "a download was cut");
            let _ = deliver(Err(error));
        }
    });
    let stream = futures::stream::unfold(receiver, |mut receiver| async move {
        receiver.recv().await.map(|chunk| (chunk, receiver))
    });
    Body::from_stream(stream)
}

fn pump(mut reader: impl Read, sink: Sink<'_>) -> io::Result<()> {
    let mut chunk = vec![0; CHUNK];
    loop {
        let read = match reader.read(&mut chunk) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            read => read?,
        };
        if read == 0 || !sink(&chunk[..read]) {
            return Ok(());
        }
    }
}

fn header(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn asked(headers: &HeaderMap) -> Option<&str> {
    header(headers, header::RANGE)
}

/// What a `Range` header asks for, of a file of some length.
#[derive(Debug, PartialEq, Eq)]
enum Asked {
    /// Everything: no range that we know, or several at once, which nobody needs to resume a download.
    Whole,
    /// These bytes.
    Part(Range<u64>),
    /// Bytes beyond the end.
    Nothing,
}

fn parse(range: &str, bytes: u64) -> Asked {
    let Some((first, last)) = range.strip_prefix("bytes=").and_then(|one| one.split_once('-')) else {
        return Asked::Whole;
    };
    let number = |text: &str| text.trim().parse::<u64>().ok();
    let range = match (number(first), number(last)) {
        (Some(first), Some(last)) if first <= last => first..last.saturating_add(1).min(bytes),
        (Some(first), None) if last.trim().is_empty() => first..bytes,
        (None, Some(count)) if first.trim().is_empty() => bytes.saturating_sub(count)..bytes,
        _ => return Asked::Whole,
    };
    if range.start < range.end {
        Asked::Part(range)
    } else {
        Asked::Nothing
    }
}

/// RFC 6266: a name for old programs, and the real one in UTF-8.
fn disposition(name: &str) -> HeaderValue {
    let plain: String = name
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || "._-".contains(c) {
                c
            } else {
                '_'
            }
        })
        .collect();
    let encoded = super::session::encoded(name);
    HeaderValue::from_str(&format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}"))
        .unwrap_or(HeaderValue::from_static("attachment"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_the_standard_says() {
        for (text, asked) in [
            ("bytes=0-9", Asked::Part(0..10)),
            ("bytes=90-", Asked::Part(90..100)),
            ("bytes=90-1000", Asked::Part(90..100)),
            ("bytes=-10", Asked::Part(90..100)),
            ("bytes=-1000", Asked::Part(0..100)),
            ("bytes=100-", Asked::Nothing),
            ("bytes=-0", Asked::Nothing),
            ("bytes=9-0", Asked::Whole),
            ("bytes=0-1,5-6", Asked::Whole),
            ("bytes=-", Asked::Whole),
            ("lines=1-2", Asked::Whole),
        ] {
            assert_eq!(parse(text, 100), asked, "{text}");
        }
    }

    #[test]
    fn a_french_name_survives_in_a_header() {
        let value = disposition("DUPONT_Comptabilité_2026-11-24_0941.sqlite");
        let text = value.to_str().unwrap();
        assert!(
            text.contains("filename=\"DUPONT_Comptabilit__2026-11-24_0941.sqlite\""),
            "{text}"
        );
        assert!(
            text.contains("filename*=UTF-8''DUPONT_Comptabilit%C3%A9_2026"),
            "{text}"
        );
    }
}
