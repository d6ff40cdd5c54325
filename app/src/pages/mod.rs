//! The pages: each reads what it shows with one call and lays the pieces out. No rule is decided here.

mod backup;
mod database;
mod databases;
mod export;
mod import;
mod keeping;
mod nights;
mod no_page;
mod process;
mod processes;
mod restore;
mod retention;
mod review;
mod sign_in;
mod site;
mod sites;

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

pub(crate) use backup::BackupPage;
pub(crate) use database::DatabasePage;
pub(crate) use databases::DatabasesPage;
pub(crate) use export::ExportPage;
pub(crate) use import::ImportPage;
pub(crate) use keeping::{DeletePage, ReleasePage};
pub(crate) use nights::NightsPage;
pub(crate) use no_page::no_page;
pub(crate) use process::ProcessPage;
pub(crate) use processes::{AllProcessesPage, SiteProcessesPage};
pub(crate) use restore::RestorePage;
pub(crate) use retention::RetentionPage;
pub(crate) use review::ReviewPage;
pub(crate) use sign_in::SignInPage;
pub(crate) use site::SitePage;
pub(crate) use sites::SitesPage;

use crate::components::Crumb;
use crate::{i18n, paths};
use domain::lang::Lang;
use domain::process::Process;
use domain::site::Site;

/// A part of the address.
fn param(name: &'static str) -> Memo<String> {
    let params = use_params_map();
    Memo::new(move |_| params.with(|params| params.get(name).unwrap_or_default()))
}

/// The way to a page of a site: `Sites / Dupont & Fils / …`.
fn crumbs(lang: Lang, site: &Site, here: &str) -> Vec<Crumb> {
    vec![
        (i18n::common::sites(lang).to_owned(), Some(paths::SITES.to_owned())),
        (site.name.clone(), Some(paths::site(&site.id))),
        (here.to_owned(), None),
    ]
}

/// The title of a tab that shows a process: `42 % · Sauvegarde · Dupont & Fils`.
fn tab_title(lang: Lang, process: Memo<Process>, site: String) -> impl Fn() -> String + Send + 'static {
    // The document's title is drawn once more after the page has gone: the process may have gone with it.
    move || match process.try_with(|process| i18n::processes::tab(lang, process)) {
        Some(tab) => format!("{tab} · {site}"),
        None => site.clone(),
    }
}

/// Without script, the page is read again every few seconds while something moves.
fn refresh(moving: bool) -> impl IntoView {
    // As text, because a browser with script reads the inside of `noscript` as text.
    moving.then(|| view! { <noscript inner_html="<meta http-equiv=\"refresh\" content=\"5\">"></noscript> })
}
