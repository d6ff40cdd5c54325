//! The web: pages, server functions, live events, downloads, the gate. Everything but sign-in, health, the gate and the
//! files of the console itself asks for a session.

mod assets;
mod cookies;
mod download;
mod events;
mod headers;
mod pages;
mod preferences;
mod probes;
mod session;
mod sign_in;
mod uploads;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use app::viewer::DemoAccount;
use axum::Router;
use axum::routing::{get, post};
use control::ControlPlane;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tower_http::csrf::CsrfLayer;

pub use assets::Site;

/// How long answers under way may take once the server stops.
const GRACE: Duration = Duration::from_secs(3);

/// What handlers share.
#[derive(Clone)]
pub(crate) struct Web {
    plane: Arc<ControlPlane>,
    /// The files of the console.
    site: Arc<Site>,
    /// Is the cookie Secure? Only a demonstration on a loopback address does without.
    secure: bool,
    /// Accounts shown on the sign-in page: in the demonstration only.
    demo_accounts: Arc<Vec<DemoAccount>>,
    /// Ends long-lived answers when the server stops.
    stop: watch::Receiver<bool>,
}

/// How the web is served.
#[derive(Clone)]
pub struct WebOptions {
    /// The files of the console.
    pub site: Site,
    /// Is the cookie Secure?
    pub secure: bool,
    /// Accounts shown on the sign-in page.
    pub demo_accounts: Vec<DemoAccount>,
}

/// The whole web of a control plane. Public for tests that call it without a socket.
pub fn router(plane: Arc<ControlPlane>, options: WebOptions, stop: watch::Receiver<bool>) -> Router {
    let web = Web {
        plane,
        site: Arc::new(options.site),
        secure: options.secure,
        demo_accounts: Arc::new(options.demo_accounts),
        stop,
    };
    let open = Router::new()
        .route("/health", get(probes::health))
        .route("/gate/{site}", get(probes::gate))
        .route("/sign-in", post(sign_in::sign_in))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/preferences", post(preferences::set))
        .route("/favicon.ico", get(assets::favicon))
        .with_state(web.clone())
        .merge(assets::routes(&web));
    let closed = Router::new()
        .route("/events", get(events::events))
        .route(
            "/backups/{backup}/databases/{database}/download",
            get(download::download),
        )
        .route("/backups/{backup}/databases/{database}/bacpac", get(download::bacpac))
        .route(
            "/backups/{backup}/databases/{database}/bacpac/log.json",
            get(download::bacpac_log),
        )
        .route(app::paths::UPLOADS, post(uploads::open))
        .route(
            &format!("{}/{{upload}}", app::paths::UPLOADS),
            axum::routing::head(uploads::state).patch(uploads::go_on),
        )
        .with_state(web.clone())
        .merge(pages::routes(&web))
        .layer(axum::middleware::from_fn_with_state(web.clone(), session::require));
    open.merge(closed)
        .layer(axum::middleware::from_fn_with_state(web.clone(), headers::secure))
        .layer(CsrfLayer::new())
}

/// Serves until `stop` says so; answers under way then have [`GRACE`] to finish. A download that is cut can be resumed.
///
/// # Errors
/// The socket failed.
pub async fn serve(listener: TcpListener, router: Router, stop: watch::Receiver<bool>) -> std::io::Result<()> {
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let graceful = axum::serve(listener, service).with_graceful_shutdown(stopped(stop.clone()));
    tokio::select! {
        served = graceful => served,
        () = async { stopped(stop).await; tokio::time::sleep(GRACE).await } => Ok(()),
    }
}

async fn stopped(mut stop: watch::Receiver<bool>) {
    // An error means that the sender is gone: stop too.
    let _ = stop.wait_for(|stop| *stop).await;
}
