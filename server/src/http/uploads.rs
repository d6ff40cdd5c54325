//! Uploads that can be resumed, with the headers of the tus protocol 1.0: POST begins one, HEAD tells where it stands, PATCH
//! goes on from there. Giving one up is a server function, because a form does it.

use std::time::Duration;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use control::ControlError;
use control::imports::Arriving;
use domain::ids::{DatabaseId, SiteId, UploadId};
use domain::refusal::{Field, Refusal};
use futures::StreamExt;
use serde::Deserialize;

use super::session::SignedIn;
use super::{Web, pages};

/// Where an upload stands, or from where it goes on, bytes.
const OFFSET: &str = "upload-offset";
/// Length of the whole file, bytes.
const LENGTH: &str = "upload-length";
/// What a piece is.
const PIECE_TYPE: &str = "application/offset+octet-stream";
/// A sender that is silent for so long is gone.
const SILENCE: Duration = Duration::from_secs(60);
/// Bytes gathered before the disk is troubled.
const GATHERED: usize = 1 << 20;

/// What a new upload is for.
#[derive(Deserialize)]
pub(super) struct Purpose {
    site: String,
    database: String,
    name: String,
}

/// Begins an upload.
pub(super) async fn open(
    State(web): State<Web>,
    Extension(who): Extension<SignedIn>,
    Query(purpose): Query<Purpose>,
    request: Request,
) -> Response {
    let Some(bytes) = number(request.headers(), LENGTH) else {
        return pages::refused(&web, request, Refusal::Invalid { field: Field::File }.into()).await;
    };
    let ids = SiteId::parse(&purpose.site).and_then(|site| Ok((site, DatabaseId::parse(&purpose.database)?)));
    let Ok((site, database)) = ids else {
        return pages::refused(&web, request, Refusal::NotFound.into()).await;
    };
    let opened = web
        .plane
        .open_upload(&who.actor, &site, &database, &purpose.name, bytes)
        .await;
    match opened {
        Ok(upload) => {
            let place = format!("{}/{}", app::paths::UPLOADS, upload.id);
            (StatusCode::CREATED, [(header::LOCATION, place)], axum::Json(upload)).into_response()
        }
        Err(error) => pages::refused(&web, request, error).await,
    }
}

/// Tells where an upload stands.
pub(super) async fn state(
    State(web): State<Web>,
    Extension(who): Extension<SignedIn>,
    Path(upload): Path<String>,
    request: Request,
) -> Response {
    let state = match UploadId::parse(&upload) {
        Ok(id) => web.plane.upload_state(&who.actor, &id).await,
        Err(_) => Err(Refusal::NotFound.into()),
    };
    match state {
        Ok(entry) => {
            let headers = [
                (OFFSET, entry.received.to_string()),
                (LENGTH, entry.upload.bytes.to_string()),
                ("cache-control", "no-store".to_owned()),
            ];
            (headers, StatusCode::OK).into_response()
        }
        Err(error) => pages::refused(&web, request, error).await,
    }
}

/// Takes a piece. What arrived before a cut is kept.
pub(super) async fn go_on(
    State(web): State<Web>,
    Extension(who): Extension<SignedIn>,
    Path(upload): Path<String>,
    request: Request,
) -> Response {
    let is_piece = request
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|found| found == PIECE_TYPE);
    if !is_piece {
        return StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response();
    }
    let (parts, body) = request.into_parts();
    let answer = match (UploadId::parse(&upload), number(&parts.headers, OFFSET)) {
        (Ok(id), Some(offset)) => receive(&web, &who, &id, offset, body).await,
        (Err(_), _) => Err(Refusal::NotFound.into()),
        (_, None) => Err(Refusal::Invalid { field: Field::File }.into()),
    };
    match answer {
        Ok(answer) => answer,
        Err(error) => pages::refused(&web, Request::from_parts(parts, Body::empty()), error).await,
    }
}

async fn receive(web: &Web, who: &SignedIn, id: &UploadId, offset: u64, body: Body) -> Result<Response, ControlError> {
    let Some(mut arriving) = web.plane.continue_upload(&who.actor, id, offset).await? else {
        let stands = web.plane.upload_state(&who.actor, id).await?.received;
        return Ok((StatusCode::CONFLICT, [(OFFSET, stands.to_string())]).into_response());
    };
    let mut body = body.into_data_stream();
    let mut gathered = Vec::new();
    // A cut ends the stream with an error, or with nothing at all: what came before it is kept all the same, and whoever comes
    // back must not find the place taken.
    while let Ok(Some(Ok(piece))) = tokio::time::timeout(SILENCE, body.next()).await {
        gathered.extend_from_slice(&piece);
        if gathered.len() >= GATHERED {
            arriving = write(arriving, std::mem::take(&mut gathered)).await?;
        }
    }
    arriving = write(arriving, gathered).await?;
    let stands = blocking(move || arriving.settle()).await?;
    Ok((StatusCode::NO_CONTENT, [(OFFSET, stands.to_string())]).into_response())
}

async fn write(mut arriving: Arriving, bytes: Vec<u8>) -> Result<Arriving, ControlError> {
    blocking(move || arriving.write(&bytes).map(|()| arriving)).await
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T, ControlError> {
    let done = tokio::task::spawn_blocking(work).await.map_err(ControlError::failed)?;
    done.map_err(|error| match error.kind() {
        std::io::ErrorKind::InvalidInput => Refusal::Invalid { field: Field::File }.into(),
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => Refusal::NoRoom { free: 0 }.into(),
        _ => ControlError::failed(error),
    })
}

fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.parse().ok()
}
