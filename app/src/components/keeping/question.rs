//! What is asked before a backup is deleted or no longer kept: a modal dialog where script can open one, the same content as a
//! page where it cannot. It names date and size and tells the consequence first.

use std::time::Duration;

use domain::display;
use domain::limits::BIN_DAYS;
use domain::overview::BackupEntry;
use domain::refusal::Refusal;
use domain::retention::Keep;
use domain::site::{Database, Site};
use domain::time::{CivilDate, Timestamp};
use leptos::form::ActionForm;
use leptos::prelude::*;

use super::super::act::{Act, act_error};
use super::super::asking::Asking;
use super::super::backup_table::name;
use super::super::clicks::{leave, once};
use super::super::elements::icon;
use super::{Keeping, date_of, hidden};
use crate::viewer::lang;
use crate::{i18n, paths};

/// What is asked before something is taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Question {
    /// Delete a manual backup?
    Delete,
    /// Keep a night no longer?
    Release,
}

/// A question about a backup, with what it takes to ask it.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// What.
    pub(crate) question: Question,
    /// About which backup.
    pub(crate) backup: BackupEntry,
    /// Why the policy keeps it, or would.
    pub(crate) kept: Vec<Keep>,
    /// The site.
    pub(crate) site: Site,
    /// The database whose page it is.
    pub(crate) database: Database,
    /// When the page was read.
    pub(crate) now: Timestamp,
}

/// The dialog, closed until something is asked, and closed again by the answer of the server: the page tells it.
#[component]
pub(crate) fn KeepingDialog(
    /// What it asks.
    asking: Asking<Asked>,
    /// The acts.
    keeping: Keeping,
) -> impl IntoView {
    Effect::new(move |before: Option<usize>| {
        let answered = keeping.answered();
        if before.is_some_and(|before| before != answered) {
            asking.close();
        }
        answered
    });
    asking.dialog(move |asked, on_cancel| {
        view! { <KeepingWarning asked keeping refusal=None on_cancel heading=2/> }.into_any()
    })
}

/// The question with its consequence and its form.
#[component]
pub(crate) fn KeepingWarning(
    /// What is asked.
    asked: Asked,
    /// The acts.
    keeping: Keeping,
    /// Why the act is refused, if it is.
    refusal: Option<Refusal>,
    /// What the refusal of the act does where script runs; otherwise it leads back to the backups.
    #[prop(optional)]
    on_cancel: Option<Callback<()>>,
    /// Level of its heading: 1 on its own page.
    heading: u8,
) -> impl IntoView {
    let lang = lang();
    let body = consequence(&asked);
    let Asked {
        question,
        backup,
        site,
        database,
        ..
    } = asked;
    let title = title_of(question, &backup, &site);
    let title = match heading {
        1 => view! { <h1 id="dlg-t" tabindex="-1">{title}</h1> }.into_any(),
        _ => view! { <h2 id="dlg-t">{title}</h2> }.into_any(),
    };
    let (deleting, demoting) = (keeping.delete.pending(), keeping.demote.pending());
    let pending = move || deleting.try_get().unwrap_or_default() || demoting.try_get().unwrap_or_default();
    let once = once(pending);
    let cancel = leave(on_cancel);
    let (yes, no, mark) = match question {
        Question::Delete => (i18n::keeping::delete(lang), i18n::keeping::do_not_delete(lang), "trash"),
        Question::Release => (
            i18n::keeping::keep_no_longer(lang),
            i18n::keeping::keep_it(lang),
            "bookmark-simple",
        ),
    };
    let in_dialog = heading != 1;
    let confirm = match refusal {
        Some(refusal) => view! {
            <div class="stack-s"><Act id="r-confirm" label=yes class="btn" refusal zone=site.zone.clone()/></div>
        }
        .into_any(),
        None => view! {
            <button class="btn btn-danger" autofocus=in_dialog on:click=once aria-disabled=move || pending().then_some("true")>
                {icon(mark)}{yes}
            </button>
        }
        .into_any(),
    };
    // On its own page the answer of the form comes back here; in a dialog the page below shows it.
    let error = (!in_dialog).then(|| act_error(keeping.error, site.zone.clone()));
    let back = paths::database(&site.id, &database.id);
    let hidden = hidden(&site, &database, &backup);
    let inside = view! {
        {hidden}
        <div class="dialog-body">{title}{error}{body}</div>
        <div class="dialog-foot"><a class="btn" href=back on:click=cancel>{no}</a>{confirm}</div>
    }
    .into_any();
    match question {
        Question::Delete => view! { <ActionForm action=keeping.delete>{inside}</ActionForm> }.into_any(),
        Question::Release => view! { <ActionForm action=keeping.demote>{inside}</ActionForm> }.into_any(),
    }
}

/// The heading of a question: it names date and size.
pub(crate) fn title_of(question: Question, backup: &BackupEntry, site: &Site) -> String {
    let lang = lang();
    let (date, size) = (date_of(backup, site), display::size_in_words(lang, backup.bytes));
    match question {
        Question::Delete => i18n::keeping::delete_title(lang, &date, &size),
        Question::Release => i18n::keeping::release_title(lang, &date, &size),
    }
}

fn consequence(asked: &Asked) -> AnyView {
    let lang = lang();
    let Asked {
        question,
        backup,
        kept,
        site,
        database,
        now,
    } = asked;
    let (question, now) = (*question, *now);
    let whole = (site.databases.len() > 1).then(|| i18n::keeping::whole_site(lang, &database.name));
    let (warning, strong) = match question {
        Question::Delete => (i18n::keeping::delete_warning(lang), i18n::keeping::delete_respite(lang)),
        Question::Release => {
            let until = until_its_days_are_over(backup, site, kept).map(|day| display::date(lang, day));
            (
                i18n::keeping::release_warning(lang),
                i18n::keeping::release_end(lang, &site.zone, kept, until.as_deref()),
            )
        }
    };
    let back = (question == Question::Delete).then(|| {
        let until = now.plus(Duration::from_secs(u64::from(BIN_DAYS) * 24 * 60 * 60));
        let until = display::date_time(lang, &site.zone, until);
        view! { <div><dt>{i18n::keeping::until(lang)}</dt><dd>{until}</dd></div> }
    });
    view! {
        <div id="dlg-d" class="stack-s">
            {whole.map(|whole| view! { <p>{whole}</p> })}
            <p class="notice notice-busy">{icon("warning")}<span>{warning}<b>{strong}</b></span></p>
        </div>
        <dl class="facts-list">
            <div><dt>{i18n::keeping::backup(lang)}</dt><dd>{name(lang, backup, site, now)}</dd></div>
            <div><dt>{i18n::backups::size(lang)}</dt><dd>{display::size(lang, backup.bytes)}</dd></div>
            {back}
            <div><dt>{i18n::keeping::slot(lang)}</dt><dd>{i18n::keeping::slot_freed(lang)}</dd></div>
        </dl>
    }
    .into_any()
}

/// The last day on which a night is one of the last ones (R12); none when it is not one of them.
fn until_its_days_are_over(backup: &BackupEntry, site: &Site, kept: &[Keep]) -> Option<CivilDate> {
    let day = backup.business_date.unwrap_or_else(|| site.zone.local(backup.t0).date);
    kept.iter().find_map(|keep| match keep {
        Keep::Daily { of, .. } => Some(day.plus_days(i64::from(*of) + 1)),
        _ => None,
    })
}
