//! Lets nobody through without a session, and tells the handlers behind who it is.

use app::api::ApiError;
use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use domain::account::Actor;
use domain::refusal::Refusal;

use super::{Web, cookies};

/// Pages one may read without a session.
const OPEN_PAGES: [&str; 1] = ["/sign-in"];

/// Who is signed in, as handlers find it in the request's extensions.
#[derive(Clone)]
pub(super) struct SignedIn {
    pub(super) actor: Actor,
    pub(super) token: String,
}

pub(super) async fn require(State(web): State<Web>, mut request: Request, next: Next) -> Response {
    let token = cookies::value(request.headers(), cookies::session_name(web.secure)).map(str::to_owned);
    let session = match &token {
        Some(token) => match web.plane.session(token).await {
            Ok(session) => session,
            Err(error) => return refused(&error.into(), request.headers()),
        },
        None => None,
    };
    let Some(session) = session else {
        if OPEN_PAGES.contains(&request.uri().path()) {
            return next.run(request).await;
        }
        return sign_in_first(request.method(), request.uri(), request.headers());
    };
    let token = session.renewed.clone().or(token).unwrap_or_default();
    request.extensions_mut().insert(SignedIn {
        actor: session.actor,
        token,
    });
    let mut response = next.run(request).await;
    if let Some(renewed) = session.renewed {
        response
            .headers_mut()
            .append(header::SET_COOKIE, cookies::session(&renewed, web.secure));
    }
    response
}

/// A page leads to sign-in and back; anything else is told 401.
fn sign_in_first(method: &Method, uri: &Uri, headers: &HeaderMap) -> Response {
    if !wants_page(headers) {
        return refused(&ApiError::Refused(Refusal::NotSignedIn), headers);
    }
    // A form leads back to the page it was on: its own address answers no link.
    let referer = headers
        .get(header::REFERER)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.parse::<Uri>().ok());
    let page = if method == Method::GET {
        Some(uri)
    } else {
        referer.as_ref()
    };
    let wanted = page.and_then(Uri::path_and_query).map_or("/", |path| path.as_str());
    let target = if wanted == "/" {
        "/sign-in".to_owned()
    } else {
        format!("/sign-in?next={}", encoded(wanted))
    };
    Redirect::to(&target).into_response()
}

/// The answer to a caller that is no page: status and typed body.
pub(super) fn refused(error: &ApiError, headers: &HeaderMap) -> Response {
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if wants_page(headers) {
        return (status, error.to_string()).into_response();
    }
    (status, Json(error)).into_response()
}

/// Did a person follow a link, rather than a program call?
pub(super) fn wants_page(headers: &HeaderMap) -> bool {
    headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"))
}

/// Percent-encodes a path and query for use as the value of a query parameter.
pub(super) fn encoded(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut out, byte| {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' => out.push(char::from(byte)),
            _ => out += &format!("%{byte:02X}"),
        }
        out
    })
}
