//! Signing in and out: plain forms, answered by redirects, so that they work without script.

use std::net::SocketAddr;

use axum::Form;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, header};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use control::ControlError;
use domain::refusal::Refusal;
use serde::Deserialize;

use super::{Web, cookies};

/// The form of the sign-in page.
#[derive(Deserialize)]
pub(super) struct SignInForm {
    email: String,
    password: String,
    #[serde(default)]
    next: String,
}

pub(super) async fn sign_in(
    State(web): State<Web>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    Form(form): Form<SignInForm>,
) -> Response {
    match web
        .plane
        .sign_in(&form.email, &form.password, &network_address(peer, &headers))
        .await
    {
        Ok(session) => {
            let cookie = AppendHeaders([(header::SET_COOKIE, cookies::session(&session.token, web.secure))]);
            (cookie, Redirect::to(local(&form.next, "/sites"))).into_response()
        }
        Err(error) => {
            let (code, wait) = match &error {
                ControlError::Refused(no @ Refusal::TooManyTries { wait_secs }) => (no.code(), *wait_secs),
                ControlError::Refused(no) => (no.code(), 0),
                ControlError::Failed { .. } => ("failed", 0),
            };
            let reference = match &error {
                ControlError::Failed { reference } => format!("&reference={reference}"),
                ControlError::Refused(_) => String::new(),
            };
            let next = local(&form.next, "");
            let next = if next.is_empty() {
                String::new()
            } else {
                format!("&next={}", super::session::encoded(next))
            };
            Redirect::to(&format!("/sign-in?error={code}&wait={wait}{reference}{next}")).into_response()
        }
    }
}

pub(super) async fn sign_out(State(web): State<Web>, headers: HeaderMap) -> Response {
    if let Some(token) = cookies::value(&headers, cookies::session_name(web.secure))
        && let Err(error) = web.plane.sign_out(token).await
    {
        return super::session::refused(&error.into(), &headers);
    }
    let cookie = AppendHeaders([(header::SET_COOKIE, cookies::no_session(web.secure))]);
    (cookie, Redirect::to("/sign-in")).into_response()
}

/// Where a request comes from: through a proxy on this machine, the last address that it wrote down; nobody else is believed.
fn network_address(peer: SocketAddr, headers: &HeaderMap) -> String {
    let told = headers.get("x-forwarded-for").and_then(|value| value.to_str().ok());
    let last = told
        .and_then(|told| told.rsplit(',').next())
        .and_then(|last| last.trim().parse::<std::net::IpAddr>().ok());
    last.filter(|_| peer.ip().is_loopback())
        .unwrap_or(peer.ip())
        .to_string()
}

/// An address within this console, or the other one: a form must not send people elsewhere.
pub(super) fn local<'a>(next: &'a str, otherwise: &'a str) -> &'a str {
    let inside = next.starts_with('/') && !next.starts_with("//") && !next.contains(['\\', '\r', '\n', '\t']);
    if inside && next.is_ascii() && !next.starts_with("/sign-") {
        next
    } else {
        otherwise
    }
}

#[cfg(test)]
mod tests {
    use super::local;

    #[test]
    fn a_form_never_sends_people_to_another_house() {
        for elsewhere in [
            "//evil.example",
            "https://evil.example",
            "/\\evil",
            "evil",
            "",
            "/a\nb",
            "/sign-in?next=/x",
        ] {
            assert_eq!(local(elsewhere, "/sites"), "/sites", "{elsewhere:?}");
        }
        assert_eq!(local("/sites/dupont?x=1", "/sites"), "/sites/dupont?x=1");
    }
}
