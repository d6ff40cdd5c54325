//! For machines: is the server well, is a site open?

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use control::ControlError;
use domain::ids::SiteId;
use domain::limits::{GATE_RETRY_AFTER_SECS, SCHEDULER_SILENCE};
use domain::site::SiteStatus;
use domain::time::Zone;

use super::Web;

/// 200 when the control store answers and the nights are looked after; otherwise 503 with the reason.
pub(super) async fn health(State(web): State<Web>) -> Response {
    if let Err(error) = web.plane.store().active(None).await {
        tracing::error!(%error, "health: the control store does not answer");
        return unwell("the control store does not answer", None);
    }
    let looked_at = web.plane.nights_looked_at();
    if web.plane.now().since(looked_at) > SCHEDULER_SILENCE {
        let looked_at = Zone::utc().rfc3339(looked_at);
        tracing::error!(looked_at, "health: the scheduler does not look at the nights");
        return unwell("the scheduler does not look at the nights", Some(looked_at));
    }
    "ok\n".into_response()
}

fn unwell(reason: &str, looked_at: Option<String>) -> Response {
    let body = serde_json::json!({ "status": "unavailable", "reason": reason, "nights_looked_at": looked_at });
    (StatusCode::SERVICE_UNAVAILABLE, Json(body)).into_response()
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
