//! The warning before a backup (R5, R8): a modal dialog where script can open one, the same content as a page where it
//! cannot. Nothing exists before the confirmation, and a double click confirms once.

use domain::overview::SiteOverview;
use domain::refusal::Refusal;
use leptos::form::ActionForm;
use leptos::prelude::*;

use super::act::{Act, ActAndError, act_error, use_act};
use super::asking::Asking;
use super::clicks::{leave, once};
use super::elements::icon;
use crate::api::StartBackup;
use crate::viewer::lang;
use crate::{i18n, paths};
use domain::display;

/// The dialog, closed until it is asked for.
#[component]
pub(crate) fn BackupDialog(
    /// What its warning tells.
    asking: Asking<SiteOverview>,
) -> impl IntoView {
    asking.dialog(|overview, on_cancel| {
        // Asked again, it has not been answered.
        let start = use_act();
        view! { <BackupWarning overview start refusal=None on_cancel heading=2/> }.into_any()
    })
}

/// The content of the warning, with its form.
#[component]
pub(crate) fn BackupWarning(
    /// What it tells.
    overview: SiteOverview,
    /// The act that it warns of.
    start: ActAndError<StartBackup>,
    /// Why the act is refused, if it is.
    refusal: Option<Refusal>,
    /// What *Do not back up* does where script runs; otherwise it leads back to the site.
    #[prop(optional)]
    on_cancel: Option<Callback<()>>,
    /// Level of its heading: 1 on its own page.
    heading: u8,
) -> impl IntoView {
    let lang = lang();
    let site = overview.summary.site.clone();
    let quota = overview.summary.quota;
    let (start, error) = start;
    let pending = start.pending();
    let once = once(move || pending.get_untracked());
    let cancel = leave(on_cancel);
    let title = i18n::site::dialog_title(lang);
    let title = match heading {
        1 => view! { <h1 id="dlg-t" tabindex="-1">{title}</h1> }.into_any(),
        _ => view! { <h2 id="dlg-t">{title}</h2> }.into_any(),
    };
    let names: Vec<String> = site
        .databases
        .iter()
        .map(|database| i18n::site::database_and_size(lang, &database.name, database.bytes))
        .collect();
    let last = overview
        .summary
        .last
        .as_ref()
        .map(|last| display::capital(&display::relative(lang, &site.zone, overview.now, last.t0)));
    let zone = site.zone.clone();
    // Enter does what the dialog announces; Esc refuses it.
    let in_dialog = heading != 1;
    let confirm = match refusal {
        Some(refusal) => view! {
            <div class="stack-s">
                <Act id="r-confirm" label=i18n::site::dialog_confirm(lang) class="btn" refusal zone=site.zone.clone()/>
            </div>
        }
        .into_any(),
        None => view! {
            <button class="btn btn-main" autofocus=in_dialog on:click=once aria-disabled=move || pending.try_get().unwrap_or_default().then_some("true")>
                {icon("vault")}
                {move || if pending.try_get().unwrap_or_default() { i18n::site::dialog_starting(lang) } else { i18n::site::dialog_confirm(lang) }}
            </button>
        }
        .into_any(),
    };
    view! {
        <ActionForm action=start>
            <input type="hidden" name="site" value=site.id.to_string()/>
            <input type="hidden" name="ticket" value=overview.ticket.to_string()/>
            <div class="dialog-body">
                {title}
                {act_error(error, zone)}
                <div id="dlg-d" class="stack-s">
                    <p>{i18n::site::dialog_content(lang, &site.name)}</p>
                    <p class="notice notice-busy">{icon("warning")}<span>
                        {i18n::site::dialog_warning(lang)}<b>{i18n::site::dialog_warning_strong(lang)}</b>
                    </span></p>
                </div>
                <dl class="facts-list">
                    <div><dt>{i18n::site::dialog_databases(lang)}</dt><dd>{i18n::and(lang, &names)}</dd></div>
                    {last.map(|last| view! { <div><dt>{i18n::site::dialog_last(lang)}</dt><dd>{last}</dd></div> })}
                    {(quota.free() > 0).then(|| view! {
                        <div>
                            <dt>{i18n::site::dialog_slot(lang)}</dt>
                            <dd>{i18n::site::dialog_slot_taken(lang, quota)}<small>{i18n::site::dialog_slot_left(lang, quota)}</small></dd>
                        </div>
                    })}
                </dl>
            </div>
            <div class="dialog-foot">
                <a class="btn" href=paths::site(&site.id) on:click=cancel>{i18n::site::dialog_cancel(lang)}</a>
                {confirm}
            </div>
        </ActionForm>
    }
}
