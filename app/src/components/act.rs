//! Acts: a button that explains its refusal, and a form whose answer is shown whether or not script is there.

use domain::refusal::Refusal;
use domain::time::Zone;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos::server_fn::error::FromServerFnError;

use super::elements::icon;
use crate::api::ApiError;
use crate::viewer::lang;
use crate::{i18n, paths};

/// A refused button and the reason under it. It stays reachable with the keyboard, and does nothing.
#[component]
pub(crate) fn Act(
    /// Unique on the page: ties the button to its reason.
    id: &'static str,
    /// What the button would do.
    label: &'static str,
    /// Further classes of the button.
    #[prop(default = "btn btn-wide")]
    class: &'static str,
    /// Why not.
    refusal: Refusal,
    /// Dates in the reason are told in this zone.
    zone: Zone,
) -> impl IntoView {
    view! {
        <button class=class type="button" aria-disabled="true" aria-describedby=id>{icon("lock-simple")}{label}</button>
        <Reason id refusal zone/>
    }
}

/// The reason of a refusal: the rule, the numbers, the way out.
#[component]
pub(crate) fn Reason(
    /// What buttons point to.
    id: &'static str,
    /// Why not.
    refusal: Refusal,
    /// Dates are told in this zone.
    zone: Zone,
    /// What the reason is about, where no button stands above it.
    #[prop(optional_no_strip)]
    subject: Option<&'static str>,
) -> impl IntoView {
    view! {
        <p class="reason" id=id>{icon("info")}<span>{subject.map(|subject| view! { <b>{subject}</b> })}{i18n::refusals::sentence(lang(), &refusal, &zone)}</span></p>
    }
}

/// An action, and what it answered when it did not succeed. A page that is read again has it outside of what is drawn anew.
pub(crate) type ActAndError<S> = (ServerAction<S>, Signal<Option<ApiError>>);

/// An action and what it answered when it did not succeed. An answer often leads to another page, and what shows it may be asked
/// once more while this page is being put away: read it and `pending` with `try_get`, which then says nothing. Without script the answer comes back in the address, where
/// the server alone reads it: so it is handed to the browser with the page.
pub(crate) fn use_act<S>() -> ActAndError<S>
where
    S: ServerFn<Error = ApiError> + Clone + Send + Sync + 'static,
    S::Output: Clone + Send + Sync + 'static,
    S::Error: FromServerFnError,
{
    let action = ServerAction::<S>::new();
    let value = action.value();
    let answered_before = SharedValue::new(|| {
        value.with_untracked(|value| value.as_ref().and_then(|result| result.as_ref().err().cloned()))
    })
    .into_inner();
    let error = Signal::derive(move || {
        value
            .try_with(|value| match value {
                Some(result) => result.as_ref().err().cloned(),
                None => answered_before.clone(),
            })
            .flatten()
    });
    (action, error)
}

/// The sentence for an act that did not succeed, read aloud at once.
pub(crate) fn act_error(error: Signal<Option<ApiError>>, zone: Zone) -> impl IntoView {
    let lang = lang();
    move || {
        error.try_get().flatten().map(|error| {
            let (strong, rest) = match &error {
                ApiError::Refused(refusal) => (
                    i18n::errors::not_done(lang),
                    i18n::refusals::sentence(lang, refusal, &zone),
                ),
                ApiError::Failed { reference } => (
                    i18n::errors::not_done(lang),
                    format!("{}{reference}", i18n::errors::failed_act(lang)),
                ),
                ApiError::Unreachable => (
                    i18n::errors::unreachable(lang),
                    i18n::errors::unreachable_act(lang).to_owned(),
                ),
            };
            // In a tab of its own: what was typed here stays, and can be sent again.
            let sign_in = matches!(error, ApiError::Refused(Refusal::NotSignedIn)).then(|| {
                view! { " "<a href=paths::SIGN_IN target="_blank" rel="external">{i18n::errors::sign_in_beside(lang)}</a>"." }
            });
            view! {
                <p class="notice notice-fail" role="alert">{icon("x-circle")}<span><b>{strong}</b>" "{rest}{sign_in}</span></p>
            }
        })
    }
}
