//! The last part of the restore page: the written reason, the typed code, and the button that names what it will do.

use domain::lang::Lang;
use domain::overview::BackupEntry;
use domain::refusal::{Field, Refusal};
use domain::site::Site;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::{Choice, chosen_database};
use crate::api::ApiError;
use crate::components::{Act, icon, once};
use crate::i18n;

pub(super) fn reason_field(lang: Lang, error: Signal<Option<ApiError>>) -> impl IntoView {
    let wrong = Memo::new(move |_| error.try_get().flatten().and_then(|error| field_of(&error)) == Some(Field::Reason));
    // A form that was refused without script comes back with what was written.
    let written = use_query_map().with_untracked(|query| query.get("reason").unwrap_or_default());
    view! {
        <div class="field">
            <label for="reason">{i18n::restore::reason(lang)}</label>
            <textarea class="input" id="reason" name="reason" rows="3" maxlength=domain::limits::REASON_MAX_CHARS.to_string() required
                aria-describedby=move || if wrong.get() { "reason-h reason-e" } else { "reason-h" } aria-invalid=move || wrong.get().then_some("true")>{written}</textarea>
            <p class="hint" id="reason-h">{i18n::restore::reason_hint(lang)}</p>
            {move || wrong.get().then(|| field_error("reason-e", i18n::restore::reason_missing(lang).to_owned()))}
        </div>
    }
}

pub(super) fn code_field(lang: Lang, site: &Site, error: Signal<Option<ApiError>>) -> impl IntoView + use<> {
    let wrong =
        Memo::new(move |_| error.try_get().flatten().and_then(|error| field_of(&error)) == Some(Field::Confirmation));
    let code = site.code.clone();
    view! {
        <div class="field">
            <label for="confirmation">{i18n::restore::code_before(lang)}<code>{site.code.clone()}</code>{i18n::restore::code_after(lang)}</label>
            <input class="input" id="confirmation" name="confirmation" autocomplete="off" autocapitalize="characters" spellcheck="false" required
                aria-describedby=move || wrong.get().then_some("confirmation-e") aria-invalid=move || wrong.get().then_some("true")/>
            {move || wrong.get().then(|| field_error("confirmation-e", i18n::restore::code_differs(lang, &code)))}
        </div>
    }
}

fn field_error(id: &'static str, text: String) -> AnyView {
    view! { <p class="error" id=id role="alert">{icon("x-circle")}{text}</p> }.into_any()
}

/// The field that an answer is about, when it is shown beside that field.
pub(super) fn field_of(error: &ApiError) -> Option<Field> {
    match error {
        ApiError::Refused(Refusal::Invalid {
            field: field @ (Field::Reason | Field::Confirmation),
        }) => Some(*field),
        _ => None,
    }
}

/// The last button: it names scope, site and date.
pub(super) fn confirm(
    lang: Lang,
    site: &Site,
    choice: Choice,
    backup: Memo<Option<BackupEntry>>,
    refusal: Memo<Option<Refusal>>,
    pending: Memo<bool>,
) -> impl IntoView + use<> {
    let site = site.clone();
    let once = once(move || pending.get_untracked());
    let label = {
        let site = site.clone();
        move || {
            if pending.try_get().unwrap_or_default() {
                return i18n::restore::starting(lang).to_owned();
            }
            let database = chosen_database(&site, &choice.scope.get());
            backup.with(|backup| {
                backup.as_ref().map_or_else(
                    || i18n::restore::crumb(lang).to_owned(),
                    |backup| i18n::restore::act(lang, database.as_deref(), &site.code, backup.t0, &site.zone),
                )
            })
        }
    };
    move || {
        match refusal.get() {
        Some(refusal) => view! {
            <div class="stack-s"><Act id="r-confirm" label=i18n::site::restore(lang) class="btn" refusal zone=site.zone.clone()/></div>
        }
        .into_any(),
        None => view! {
            <button class="btn btn-danger" on:click=once aria-disabled=move || pending.try_get().unwrap_or_default().then_some("true")>
                {icon("clock-counter-clockwise")}<span>{label.clone()}</span>
            </button>
        }
        .into_any(),
    }
    }
}
