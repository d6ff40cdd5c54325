//! Cancelling a process: a button that asks in a modal dialog where script can open one, and is the form itself, below the
//! sentence that tells what happens, where it cannot. Whoever wants it stopped is named to everybody.

use domain::permission::action_of;
use domain::process::{Cancelling, Process, ProcessKind, ProcessState};
use domain::site::{Site, SiteStatus};
use leptos::ev;
use leptos::form::ActionForm;
use leptos::html;
use leptos::prelude::*;

use super::act::{Act, act_error, use_act};
use super::clicks::{on_backdrop, once};
use super::elements::icon;
use crate::api;
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

/// The question, the wish of whoever was first, or why it is too late.
#[component]
pub(crate) fn CancelProcess(
    /// The newest snapshot.
    process: Memo<Process>,
    /// Its site.
    site: Site,
) -> impl IntoView {
    let lang = lang();
    let (action, error) = use_act::<api::CancelProcess>();
    let stands = Memo::new(move |_| process.with(stands));
    let waits = Memo::new(move |_| process.with(|process| process.state == ProcessState::Queued));
    let (id, kind) = process.with_untracked(|process| (process.id.to_string(), process.kind.clone()));
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
            None => question(action, id.clone(), kind.clone(), waits),
        }),
    }
    };
    view! { {act_error(error, site.zone)}{content} }
}

fn question(action: ServerAction<api::CancelProcess>, id: String, kind: ProcessKind, waits: Memo<bool>) -> AnyView {
    let lang = lang();
    let node = NodeRef::<html::Dialog>::new();
    let close = move || {
        if let Some(dialog) = node.get_untracked() {
            dialog.close();
        }
    };
    // The answer stands on the page below: whatever it is, the question has been asked.
    Effect::new(move |before: Option<usize>| {
        let answered = action.version().get();
        if before.is_some_and(|before| before != answered) {
            close();
        }
        answered
    });
    let ask = move |event: ev::MouseEvent| {
        if let Some(dialog) = node.get_untracked() {
            event.prevent_default();
            // Refused only when it is open already, which is what is wanted.
            let _open = dialog.show_modal();
        }
    };
    let form_id = id.clone();
    let pending = action.pending();
    let once = once(move || pending.get_untracked());
    let (title, confirm) = (
        i18n::cancelling::title(lang, &kind),
        i18n::cancelling::confirm(lang, &kind),
    );
    let what = Memo::new(move |_| match waits.get() {
        true => i18n::cancelling::waits(lang),
        false => i18n::cancelling::consequence(lang, &kind),
    });
    view! {
        <ActionForm action=action>
            <input type="hidden" name="process" value=form_id/>
            <div class="stack-s">
                <p class="op-note">{move || what.get()}</p>
                <div class="row"><button class="btn" on:click=ask>{icon("stop-circle")}{i18n::cancelling::cancel(lang)}</button></div>
            </div>
        </ActionForm>
        <dialog class="dialog" node_ref=node aria-labelledby="cancel-t" aria-describedby="cancel-d" on:click=on_backdrop(close)>
            <ActionForm action=action>
                <input type="hidden" name="process" value=id/>
                <div class="dialog-body">
                    <h2 id="cancel-t">{title}</h2>
                    <p class="notice notice-busy" id="cancel-d">{icon("warning")}<span>{move || what.get()}</span></p>
                </div>
                <div class="dialog-foot">
                    <button class="btn" type="button" on:click=move |_| close()>{i18n::cancelling::let_go_on(lang)}</button>
                    <button class="btn btn-danger" autofocus=true on:click=once aria-disabled=move || pending.try_get().unwrap_or_default().then_some("true")>
                        {icon("stop-circle")}{confirm}
                    </button>
                </div>
            </ActionForm>
        </dialog>
    }
    .into_any()
}
