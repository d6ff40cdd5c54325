//! Figures for Prometheus, on an address of their own: `GET /metrics`, in its text format.
//!
//! Nothing is counted here. Every figure is worked out when it is asked for, from what the control store keeps, so that it
//! survives restarts and is the same on every server of one store. Asking costs one reading of all sites (some 10 µs each).
//! What the repositories take on disk is the exception: it is measured at most every five minutes.
//!
//! There is no sign-in: whoever reaches the address reads the figures. They name sites and customers by id, and nobody by name.

mod disk;
mod figures;

use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use control::ControlPlane;
use prometheus_client::encoding::prometheus_text;
use prometheus_client::registry::Registry;

use self::disk::Disk;
use self::figures::Figures;

struct Watched {
    plane: Arc<ControlPlane>,
    disk: Disk,
}

/// The figures of a control plane whose repositories lie in this folder. Anything but `GET /metrics` is not found.
pub fn router(plane: Arc<ControlPlane>, repositories: PathBuf) -> Router {
    let disk = Disk::new(repositories);
    Router::new()
        .route("/metrics", get(metrics))
        .with_state(Arc::new(Watched { plane, disk }))
}

async fn metrics(State(watched): State<Arc<Watched>>) -> Response {
    let figures = match Figures::gather(&watched.plane, &watched.disk).await {
        Ok(figures) => figures,
        Err(error) => {
            tracing::error!(%error, "metrics: the control store does not answer");
            return (StatusCode::SERVICE_UNAVAILABLE, "the control store does not answer\n").into_response();
        }
    };
    let mut registry = Registry::default();
    registry.register_collector(Box::new(figures));
    let mut text = String::new();
    match prometheus_text::encode(&mut text, &registry) {
        Ok(()) => ([(header::CONTENT_TYPE, prometheus_text::CONTENT_TYPE)], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
