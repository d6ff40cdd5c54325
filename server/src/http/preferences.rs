//! Language and theme, as people choose them: kept in a cookie, read for every page.

use app::viewer::Theme;
use axum::Form;
use axum::extract::State;
use axum::http::{HeaderMap, Uri, header};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use domain::lang::Lang;
use serde::Deserialize;

use super::sign_in::local;
use super::{Web, cookies};

/// The form of the switches: each button sends one of the two.
#[derive(Deserialize)]
pub(super) struct Choice {
    lang: Option<String>,
    theme: Option<String>,
}

pub(super) async fn set(State(web): State<Web>, headers: HeaderMap, Form(choice): Form<Choice>) -> Response {
    let (kept_lang, kept_theme) = chosen(&headers);
    let lang = choice.lang.as_deref().and_then(Lang::from_tag).or(kept_lang);
    let theme = choice.theme.as_deref().and_then(Theme::from_code).unwrap_or(kept_theme);
    let value = format!("{}.{}", lang.map_or("", Lang::tag), theme.code());
    let cookie = AppendHeaders([(header::SET_COOKIE, cookies::preferences(&value, web.secure))]);
    (cookie, Redirect::to(&came_from(&headers))).into_response()
}

/// The page on which the switch was pressed, as the browser tells it (our `Referrer-Policy` lets it, within the console).
fn came_from(headers: &HeaderMap) -> String {
    let referer = headers
        .get(header::REFERER)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.parse().ok());
    let page = referer
        .as_ref()
        .and_then(Uri::path_and_query)
        .map_or("/sites", |page| page.as_str());
    // The address of a sign-in may hold what was wrong with the last try.
    if page.starts_with("/sign-in") {
        "/sign-in".to_owned()
    } else {
        local(page, "/sites").to_owned()
    }
}

/// What pages are shown in: the choice, else what the browser asks for, else French.
pub(super) fn shown_in(headers: &HeaderMap) -> (Lang, Theme) {
    let (lang, theme) = chosen(headers);
    let asked = headers
        .get(header::ACCEPT_LANGUAGE)
        .and_then(|accept| accept.to_str().ok())
        .unwrap_or_default();
    (lang.unwrap_or_else(|| Lang::from_accept_language(asked)), theme)
}

fn chosen(headers: &HeaderMap) -> (Option<Lang>, Theme) {
    let value = cookies::value(headers, cookies::PREFERENCES).unwrap_or_default();
    let (lang, theme) = value.split_once('.').unwrap_or_default();
    (Lang::from_tag(lang), Theme::from_code(theme).unwrap_or_default())
}
