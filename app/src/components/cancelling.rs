//! Cancelling a process: a button that asks in a modal dialog where script can open one, and is the form itself, below the
//! sentence that tells what happens, where it cannot. Whoever wants it stopped is named to everybody.

use domain::permission::action_of;
use domain::process::{Cancelling, Process, ProcessState};
use domain::site::{Site, SiteStatus};
use leptos::ev;
use leptos::form::ActionForm;
use leptos::prelude::*;

use super::act::{Act, act_error, use_act};
use super::asking::Asking;
use super::clicks::once;
use super::elements::icon;
use crate::api::{self, ApiError};
use crate::live::Live;
use crate::viewer::lang;
use crate::{i18n, rights};

/// What can be done about a process.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Stands {
    Over,
    Possible,
    Asked(String),
    TooLate,
}

fn stands(process: &Process) -> Stands {
    match &process.cancelling {
        _ if process.state.is_over() => Stands::Over,
        Cancelling::Possible => Stands::Possible,
        Cancelling::Asked { by, .. } => Stands::Asked(by.clone()),
        Cancelling::TooLate => Stands::TooLate,
    }
}

/// The act of cancelling, what it was answered, and its question: a page has them once, whatever of it is drawn anew.
#[derive(Clone, Copy)]
pub(crate) struct Cancels {
    action: ServerAction<api::CancelProcess>,
    error: Signal<Option<ApiError>>,
    asking: Asking<Process>,
}

impl Cancels {
    pub(crate) fn here() -> Self {
        let (action, error) = use_act::<api::CancelProcess>();
        let asking = Asking::nothing();
        // The answer stands on the page below: whatever it is, the question has been asked.
        Effect::new(move |before: Option<usize>| {
            let answered = action.version().get();
            if before.is_some_and(|before| before != answered) {
                asking.close();
            }
            answered
        });
        Self { action, error, asking }
    }
}

/// The question, the wish of whoever was first, or why it is too late.
#[component]
pub(crate) fn CancelProcess(
    /// The newest snapshot.
    process: Memo<Process>,
    /// Its site.
    site: Site,
    /// How it is cancelled here.
    cancels: Cancels,
) -> impl IntoView {
    let lang = lang();
    let stands = Memo::new(move |_| process.with(stands));
    let kind = process.with_untracked(|process| process.kind.clone());
    // A restore has closed its site itself: the status is no reason to let it go on.
    let open = Site {
        status: SiteStatus::Ready,
        ..site.clone()
    };
    let refusal = rights::refusal(action_of(&kind), &open);
    let zone = site.zone.clone();
    let content = move || {
        match stands.get() {
        Stands::Over => None,
        Stands::Asked(by) => Some(
            view! { <p class="notice notice-busy" role="status">{icon("stop-circle")}<span>{i18n::cancelling::asked(lang, &by)}</span></p> }
                .into_any(),
        ),
        Stands::TooLate => Some(view! { <p class="op-note">{i18n::cancelling::too_late(lang, &kind)}</p> }.into_any()),
        Stands::Possible => Some(match refusal.clone() {
            Some(refusal) => view! {
                <div class="stack-s">
                    <Act id="r-cancel" label=i18n::cancelling::cancel(lang) class="btn" refusal zone=zone.clone()/>
                </div>
            }
            .into_any(),
            None => form(process, cancels),
        }),
    }
    };
    view! { {act_error(cancels.error, site.zone)}{content} }
}

/// What becomes of it when it is cancelled now.
fn consequence(process: Memo<Process>) -> Memo<&'static str> {
    let lang = lang();
    Memo::new(move |_| {
        process.with(|process| match process.state {
            ProcessState::Queued => i18n::cancelling::waits(lang),
            _ => i18n::cancelling::consequence(lang, &process.kind),
        })
    })
}

fn form(process: Memo<Process>, cancels: Cancels) -> AnyView {
    let lang = lang();
    let consequence = consequence(process);
    let ask = move |event: ev::MouseEvent| cancels.asking.ask(&event, process.get_untracked());
    view! {
        <ActionForm action=cancels.action>
            <input type="hidden" name="process" value=process.with_untracked(|process| process.id.to_string())/>
            <div class="stack-s">
                <p class="op-note">{move || consequence.get()}</p>
                <div class="row"><button class="btn" on:click=ask>{icon("stop-circle")}{i18n::cancelling::cancel(lang)}</button></div>
            </div>
        </ActionForm>
    }
    .into_any()
}

/// The dialog in which it is asked, until it can no longer be cancelled.
#[component]
pub(crate) fn CancelDialog(
    /// How it is cancelled here.
    cancels: Cancels,
) -> impl IntoView {
    let Cancels { action, asking, .. } = cancels;
    asking.dialog(move |asked, let_go_on| {
        let lang = lang();
        let kind = asked.kind.clone();
        let process = Live::here().process(asked);
        Effect::new(move |_| {
            if process.with(stands) != Stands::Possible {
                asking.close();
            }
        });
        let consequence = consequence(process);
        let pending = action.pending();
        let once = once(move || pending.get_untracked());
        view! {
            <ActionForm action=action>
                <input type="hidden" name="process" value=process.with_untracked(|process| process.id.to_string())/>
                <div class="dialog-body">
                    <h2 id="dlg-t">{i18n::cancelling::title(lang, &kind)}</h2>
                    <p class="notice notice-busy" id="dlg-d">{icon("warning")}<span>{move || consequence.get()}</span></p>
                </div>
                <div class="dialog-foot">
                    <button class="btn" type="button" on:click=move |_| let_go_on.run(())>{i18n::cancelling::let_go_on(lang)}</button>
                    <button class="btn btn-danger" autofocus=true on:click=once aria-disabled=move || pending.try_get().unwrap_or_default().then_some("true")>
                        {icon("stop-circle")}{i18n::cancelling::confirm(lang, &kind)}
                    </button>
                </div>
            </ActionForm>
        }
        .into_any()
    })
}
