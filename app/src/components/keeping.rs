//! Which backups are kept: the acts of a page with their answers, and what is said afterwards. The question before an act
//! that takes something away is in [`question`], what can be put back in [`bin`].

mod bin;
mod question;

use domain::display;
use domain::overview::{BackupEntry, BinEntry};
use domain::site::{Database, Site};
use leptos::form::ActionForm;
use leptos::prelude::*;

pub(crate) use bin::BinTable;
pub(crate) use question::{Asked, KeepingDialog, KeepingWarning, Question, title_of};

use super::act::use_act;
use super::elements::icon;
use crate::api::{ApiError, DeleteBackup, DemoteBackup, PromoteBackup, PutBackBackup};
use crate::i18n;
use crate::viewer::lang;

/// The four acts of a page.
#[derive(Clone, Copy)]
pub(crate) struct Keeping {
    /// Keep a night.
    pub(crate) promote: ServerAction<PromoteBackup>,
    /// Keep it no longer.
    pub(crate) demote: ServerAction<DemoteBackup>,
    /// Delete a manual backup.
    pub(crate) delete: ServerAction<DeleteBackup>,
    /// Put it back.
    pub(crate) put_back: ServerAction<PutBackBackup>,
    /// What the last of them answered when it did not succeed.
    pub(crate) error: Signal<Option<ApiError>>,
}

impl Keeping {
    /// The acts, none of them done.
    pub(crate) fn here() -> Self {
        let (promote, no_promote) = use_act::<PromoteBackup>();
        let (demote, no_demote) = use_act::<DemoteBackup>();
        let (delete, no_delete) = use_act::<DeleteBackup>();
        let (put_back, no_put_back) = use_act::<PutBackBackup>();
        let errors = [no_promote, no_demote, no_delete, no_put_back];
        let counts = move || {
            [
                promote.version().get(),
                demote.version().get(),
                delete.version().get(),
                put_back.version().get(),
            ]
        };
        // An error stands until another of the acts has been answered.
        let last = Memo::new(move |before: Option<&([usize; 4], Option<usize>)>| {
            let now = counts();
            let (then, which) = before.copied().unwrap_or_default();
            ((0..now.len()).find(|act| now[*act] != then[*act]).or(which)).map_or((now, None), |act| (now, Some(act)))
        });
        let error = Signal::derive(move || match last.get().1 {
            Some(act) => errors[act].get(),
            // What a form without script answered came with the page.
            None => errors.iter().find_map(|error| error.try_get().flatten()),
        });
        Self {
            promote,
            demote,
            delete,
            put_back,
            error,
        }
    }

    /// Changes each time one of the acts has been answered: the page reads itself again even when no event reaches it.
    pub(crate) fn answered(self) -> usize {
        self.promote.version().get()
            + self.demote.version().get()
            + self.delete.version().get()
            + self.put_back.version().get()
    }
}

/// How a sentence names a backup: `12 novembre à 17 h 05`; a night by the day that ended.
pub(crate) fn date_of(backup: &BackupEntry, site: &Site) -> String {
    let lang = lang();
    match backup.business_date {
        Some(day) => display::day_and_month(lang, day),
        None => {
            let date = display::day_and_month(lang, site.zone.local(backup.t0).date);
            let time = display::time(lang, &site.zone, backup.t0);
            format!("{date}{}{time}", lang.pick(" à ", ", "))
        }
    }
}

/// What every form of these acts carries.
pub(crate) fn hidden(site: &Site, database: &Database, backup: &BackupEntry) -> AnyView {
    view! {
        <input type="hidden" name="site" value=site.id.to_string()/>
        <input type="hidden" name="database" value=database.id.to_string()/>
        <input type="hidden" name="backup" value=backup.id.to_string()/>
    }
    .into_any()
}

/// Said after an act that can be undone, with the way to undo it.
pub(crate) fn done(
    keeping: Keeping,
    site: &Site,
    database: &Database,
    deleted: Option<&BinEntry>,
    kept: Option<&BackupEntry>,
) -> Option<AnyView> {
    let lang = lang();
    let ([strong, more], undo) = match (deleted, kept) {
        (Some(entry), _) => {
            let until = display::date_time(lang, &site.zone, entry.deletion.until);
            let fields = hidden(site, database, &entry.backup);
            let form = view! {
                <ActionForm action=keeping.put_back>
                    {fields}
                    <button class="btn">{icon("arrow-counter-clockwise")}{i18n::keeping::undo(lang)}</button>
                </ActionForm>
            };
            let words = i18n::keeping::was_deleted(lang, &date_of(&entry.backup, site), &until);
            (words, form.into_any())
        }
        (None, Some(entry)) => {
            let fields = hidden(site, database, entry);
            let form = view! {
                <ActionForm action=keeping.demote>
                    {fields}
                    <button class="btn">{icon("arrow-counter-clockwise")}{i18n::keeping::undo(lang)}</button>
                </ActionForm>
            };
            (i18n::keeping::was_kept(lang, &date_of(entry, site)), form.into_any())
        }
        (None, None) => return None,
    };
    Some(
        view! {
            <div class="notice notice-ok" role="status">
                {icon("check-circle")}
                <div><p><b>{strong}</b>" "{more}</p><div class="row">{undo}</div></div>
            </div>
        }
        .into_any(),
    )
}
