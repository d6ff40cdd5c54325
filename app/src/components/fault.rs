//! The pages that say no. A foreign object and a missing one give the same page, which repeats nothing of the address.

use leptos::prelude::*;
use leptos_meta::Title;

use super::elements::icon;
use super::frame::{Frame, Place};
use crate::api::ApiError;
use crate::viewer::{lang, viewer};
use crate::{i18n, paths};
use domain::refusal::Refusal;

/// The page of an error, with its HTTP status.
pub(crate) fn fault(error: &ApiError, place: Place) -> impl IntoView + use<> {
    match error {
        ApiError::Refused(Refusal::NotFound) => view! { <NotFound/> }.into_any(),
        ApiError::Refused(refusal) => refused(refusal, place).into_any(),
        ApiError::Failed { reference } => {
            status(500);
            broken(place, false, reference.clone()).into_any()
        }
        ApiError::Unreachable => broken(place, true, String::new()).into_any(),
    }
}

/// The page for everything that does not exist, or not for this person.
#[component]
pub(crate) fn NotFound() -> impl IntoView {
    let lang = lang();
    status(404);
    view! {
        <Title text=i18n::errors::not_found(lang)/>
        <Frame place=Place::Elsewhere>
            <div class="page"><div class="fault">
                <div class="stack-s">
                    <h1 tabindex="-1">{i18n::errors::not_found(lang)}</h1>
                    <p class="lead">{i18n::errors::not_found_lead(lang)}</p>
                </div>
                <p>{i18n::errors::not_found_help(lang)}</p>
                <div class="row"><a class="btn btn-main" href=paths::SITES>{icon("buildings")}{i18n::errors::to_sites(lang)}</a></div>
            </div></div>
        </Frame>
    }
}

fn refused(refusal: &Refusal, place: Place) -> impl IntoView + use<> {
    status(refusal.status());
    let lang = lang();
    let signed_in = *refusal != Refusal::NotSignedIn && viewer().actor.is_some();
    let (title, href, label) = if signed_in {
        (i18n::errors::refused(lang), paths::SITES, i18n::errors::to_sites(lang))
    } else {
        (
            i18n::errors::signed_out(lang),
            paths::SIGN_IN,
            i18n::sign_in::submit(lang),
        )
    };
    let sentence = i18n::refusals::sentence(lang, refusal, &domain::time::Zone::utc());
    view! {
        <Title text=title/>
        <Frame place>
            <div class="page"><div class="fault">
                <div class="stack-s"><h1 tabindex="-1">{title}</h1><p class="lead">{sentence}</p></div>
                <div class="row"><a class="btn btn-main" href=href rel="external">{label}</a></div>
            </div></div>
        </Frame>
    }
}

fn broken(place: Place, unreachable: bool, reference: String) -> impl IntoView {
    let lang = lang();
    let (title, lead) = if unreachable {
        (i18n::errors::unreachable(lang), i18n::errors::unreachable_lead(lang))
    } else {
        (i18n::errors::failed(lang), i18n::errors::failed_lead(lang))
    };
    view! {
        <Title text=title/>
        <Frame place>
            <div class="page"><div class="fault">
                <div class="stack-s"><h1 tabindex="-1">{title}</h1><p class="lead">{lead}</p></div>
                <ul>
                    <li>{icon("shield-check")}<span>
                        <strong>{i18n::errors::failed_kept(lang)}</strong>{i18n::errors::failed_kept_more(lang)}
                    </span></li>
                    <li>{icon("vault")}<span>
                        <strong>{i18n::errors::failed_site(lang)}</strong>{i18n::errors::failed_site_more(lang)}
                    </span></li>
                </ul>
                <div class="row">
                    // An empty address is this page: read again from the server, with or without script.
                    <a class="btn btn-main" href="" rel="external">{icon("arrows-clockwise")}{i18n::errors::retry(lang)}</a>
                    <a class="btn" href=paths::SITES>{i18n::errors::to_sites(lang)}</a>
                </div>
                {(!reference.is_empty()).then(|| view! { <Reference reference/> })}
            </div></div>
        </Frame>
    }
}

/// The reference of a failure, and a button to copy it where script can.
#[component]
pub(crate) fn Reference(
    /// What to quote on the telephone.
    reference: String,
) -> impl IntoView {
    let lang = lang();
    let scripted = RwSignal::new(false);
    let copied = RwSignal::new(false);
    Effect::new(move |_| scripted.set(true));
    let text = reference.clone();
    let copy = StoredValue::new(move || {
        // The promise tells whether it worked; the reference stays readable either way.
        let _written = window().navigator().clipboard().write_text(&text);
        copied.set(true);
    });
    view! {
        <div class="refcode">
            <div><span>{i18n::errors::reference(lang)}</span><code>{reference}</code></div>
            {move || scripted.get().then(|| view! {
                <button class="btn" type="button" on:click=move |_| copy.with_value(|copy| copy())>
                    {icon("copy")}
                    {move || if copied.get() { i18n::common::copied(lang) } else { i18n::common::copy(lang) }}
                </button>
            })}
        </div>
    }
}

/// Sets the status of the page under way.
#[cfg(feature = "ssr")]
fn status(code: u16) {
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>()
        && let Ok(code) = http::StatusCode::from_u16(code)
    {
        response.set_status(code);
    }
}

#[cfg(not(feature = "ssr"))]
fn status(_: u16) {}
