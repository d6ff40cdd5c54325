//! The questions before a manual backup is deleted and before a night is no longer kept, each as a page of its own: what the
//! link leads to where script cannot open the dialog.

use domain::overview::{BackupEntry, DatabaseBackups, DatabaseEntry};
use domain::permission::Action;
use domain::refusal::Refusal;
use leptos::prelude::*;
use leptos_meta::Title;

use crate::api::{self, ApiError};
use crate::components::{Asked, Frame, Keeping, KeepingWarning, Place, Question, fault, fetched, title_of};
use crate::rights;

use super::param;

/// Delete a manual backup?
#[component]
pub(crate) fn DeletePage() -> impl IntoView {
    asked(Question::Delete)
}

/// Keep a night no longer?
#[component]
pub(crate) fn ReleasePage() -> impl IntoView {
    asked(Question::Release)
}

fn asked(question: Question) -> impl IntoView {
    let keeping = Keeping::here();
    let (site, database, backup) = (param("site"), param("database"), param("backup"));
    // Read once: what is shown here is what is asked, and the act itself decides by what is true then.
    let backups = Resource::new(
        move || (site.get(), database.get()),
        |(site, database)| api::read_database(site, database),
    );
    fetched(backups, Place::Databases, move |backups| {
        let wanted = |entry: &BackupEntry| {
            let of_this_kind = match question {
                Question::Delete => entry.promotion.is_none(),
                Question::Release => entry.promotion.is_some(),
            };
            entry.id.as_str() == backup.get_untracked() && of_this_kind
        };
        let found = backups.manual.iter().find(|entry| wanted(&entry.backup)).cloned();
        match found {
            Some(found) => page(question, backups, found, keeping).into_any(),
            None => fault(&ApiError::Refused(Refusal::NotFound), Place::Databases).into_any(),
        }
    })
}

fn page(question: Question, backups: DatabaseBackups, entry: DatabaseEntry, keeping: Keeping) -> impl IntoView {
    let site = backups.summary.site.clone();
    let title = title_of(question, &entry.backup, &site);
    let action = match question {
        Question::Delete => Action::DeleteManual,
        Question::Release => Action::Promote,
    };
    let refusal = rights::refusal(action, &site);
    let asked = Asked {
        question,
        backup: entry.backup,
        kept: entry.kept,
        site: site.clone(),
        database: backups.database,
        now: backups.now,
    };
    view! {
        <Title text=format!("{title} · {}", site.name)/>
        <Frame site=Some(site) place=Place::Databases>
            <div class="page"><div class="dialog">
                <KeepingWarning asked keeping refusal heading=1/>
            </div></div>
        </Frame>
    }
}
