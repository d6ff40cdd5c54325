//! A receiver of webhooks that does what a careful one does: looks at the signature and at the age of the timestamp.

use std::sync::{Arc, Mutex};

use alerts::signature::{Secret, verify};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use control::ports::clock::Clock;
use control::testing::manual_clock::ManualClock;

pub const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// Older or younger ones are not believed, seconds.
const TOLERANCE: i64 = 300;

/// What it answers from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    Status(u16),
    /// Sends the caller elsewhere.
    Redirect,
    /// 200, and a body without an end.
    Endless,
    Never,
}

/// A call that was believed.
#[derive(Debug, Clone)]
pub struct Call {
    pub id: String,
    pub body: serde_json::Value,
}

#[derive(Clone)]
pub struct HookServer {
    pub port: u16,
    clock: Arc<ManualClock>,
    answer: Arc<Mutex<Answer>>,
    calls: Arc<Mutex<Vec<Call>>>,
    elsewhere: Arc<Mutex<u32>>,
}

impl HookServer {
    pub async fn start(clock: Arc<ManualClock>) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            port: listener.local_addr().unwrap().port(),
            clock,
            answer: Arc::new(Mutex::new(Answer::Status(204))),
            calls: Arc::default(),
            elsewhere: Arc::default(),
        };
        let router = Router::new()
            .route("/hook", post(take))
            .fallback(elsewhere)
            .with_state(server.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        server
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hook", self.port)
    }

    pub fn set(&self, answer: Answer) {
        *self.answer.lock().unwrap() = answer;
    }

    /// Believed calls, answered well or not.
    pub fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }

    /// Calls of any other address.
    pub fn elsewhere(&self) -> u32 {
        *self.elsewhere.lock().unwrap()
    }
}

async fn take(State(server): State<HookServer>, headers: HeaderMap, body: Bytes) -> Response {
    let text = |name: &str| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    };
    let (id, signature) = (text("webhook-id"), text("webhook-signature"));
    let timestamp: i64 = text("webhook-timestamp").parse().unwrap_or_default();
    let old = (timestamp - server.clock.now().seconds()).abs() > TOLERANCE;
    if old || !verify(&[Secret::parse(SECRET).unwrap()], id, timestamp, &body, signature) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    assert_eq!(text("content-type"), "application/json");
    server.calls.lock().unwrap().push(Call {
        id: id.to_owned(),
        body: serde_json::from_slice(&body).unwrap(),
    });
    let answer = *server.answer.lock().unwrap();
    match answer {
        Answer::Status(status) => StatusCode::from_u16(status).unwrap().into_response(),
        Answer::Redirect => (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, "/elsewhere")]).into_response(),
        Answer::Endless => {
            let endless = futures::stream::repeat_with(|| Ok::<_, std::io::Error>(Bytes::from_static(&[b'x'; 4096])));
            Body::from_stream(endless).into_response()
        }
        Answer::Never => std::future::pending().await,
    }
}

async fn elsewhere(State(server): State<HookServer>) -> StatusCode {
    *server.elsewhere.lock().unwrap() += 1;
    StatusCode::OK
}
