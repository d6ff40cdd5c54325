//! The two cookies: the session, and the choices of language and theme.
//!
//! The session's is `__Host-` (Secure, no Domain, path /), HttpOnly and Lax. Over plain http on a loopback address, which the
//! demonstration uses and the configuration refuses elsewhere, browsers would not keep such a cookie: there it has
//! another name and no Secure.

use axum::http::{HeaderMap, HeaderValue, header};
use domain::limits::SESSION_ABSOLUTE;

const SECURE_NAME: &str = "__Host-coffre";
const PLAIN_NAME: &str = "coffre-loopback";

/// Name of the cookie of choices.
pub(super) const PREFERENCES: &str = "coffre-preferences";

const YEAR_SECS: u64 = 365 * 24 * 3_600;

pub(super) fn session_name(secure: bool) -> &'static str {
    if secure { SECURE_NAME } else { PLAIN_NAME }
}

/// The value of a cookie of the request.
pub(super) fn value<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(';')).find_map(|pair| {
        let (key, value) = pair.trim().split_once('=')?;
        (key == name).then_some(value)
    })
}

/// Sets the session's cookie.
pub(super) fn session(token: &str, secure: bool) -> HeaderValue {
    line(session_name(secure), token, SESSION_ABSOLUTE.as_secs(), secure)
}

/// Takes the session's cookie away.
pub(super) fn no_session(secure: bool) -> HeaderValue {
    line(session_name(secure), "", 0, secure)
}

/// Sets the cookie of choices.
pub(super) fn preferences(value: &str, secure: bool) -> HeaderValue {
    line(PREFERENCES, value, YEAR_SECS, secure)
}

fn line(name: &str, value: &str, age_secs: u64, secure: bool) -> HeaderValue {
    let secure = if secure { "; Secure" } else { "" };
    let text = format!("{name}={value}; Path=/; Max-Age={age_secs}; HttpOnly; SameSite=Lax{secure}");
    HeaderValue::from_str(&text).expect("tokens and choices are plain ASCII")
}
