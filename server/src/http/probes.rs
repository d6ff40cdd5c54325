//! For machines: is the server well, is a site open?

use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use control::ControlError;
use domain::ids::SiteId;
use domain::limits::GATE_RETRY_AFTER_SECS;
use domain::site::SiteStatus;

use super::Web;

/// 200 when the control store answers.
pub(super) async fn health(State(web): State<Web>) -> Response {
    match web.plane.store().active(None).await {
        Ok(_) => "ok\n".into_response(),
        Err(error) => {
            tracing::error!(%error, "health: the control store does not answer");
            (StatusCode::SERVICE_UNAVAILABLE, "the control store does not answer\n").into_response()
        }
    }
}

/// For the reverse proxy in front of a site: 200 while it is Ready, 503 while it is Restoring (R23).
pub(super) async fn gate(State(web): State<Web>, Path(site): Path<String>) -> Response {
    let unknown = || (StatusCode::NOT_FOUND, "unknown site\n").into_response();
    let Ok(site) = SiteId::parse(&site) else {
        return unknown();
    };
    match web.plane.gate(&site).await {
        Ok(SiteStatus::Ready) => "Ready\n".into_response(),
        Ok(SiteStatus::Restoring { .. }) => {
            let wait = [(header::RETRY_AFTER, HeaderValue::from(GATE_RETRY_AFTER_SECS))];
            (StatusCode::SERVICE_UNAVAILABLE, wait, "Restoring\n").into_response()
        }
        Err(ControlError::Refused(_)) => unknown(),
        Err(ControlError::Failed { reference }) => {
            (StatusCode::INTERNAL_SERVER_ERROR, format!("reference {reference}\n")).into_response()
        }
    }
}
