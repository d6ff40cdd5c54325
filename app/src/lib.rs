//! The application: screens, sentences and server functions, drawn by the server and taken over by the browser.
//!
//! It does no I/O and decides no rule: rules are in `domain`, use cases in `control`, which exists on the server alone
//! and is found in Leptos' context. Start at [`App`]; addresses are in [`paths`], sentences in [`i18n`].

#![recursion_limit = "256"]

pub mod api;
mod components;
pub mod i18n;
mod live;
mod pages;
pub mod paths;
mod rights;
#[cfg(feature = "ssr")]
mod shell;
mod upload;
pub mod viewer;

use leptos::prelude::*;
use leptos_meta::{Title, provide_meta_context};
use leptos_router::components::{Redirect, Route, Router, Routes};
use leptos_router::hooks::use_location;
use leptos_router::{SsrMode, path};

#[cfg(feature = "ssr")]
pub use shell::{routes, shell};

use components::{LastSite, Navigated};
use live::Live;
use pages::{
    AllProcessesPage, BackupPage, DatabasePage, DatabasesPage, DeletePage, ExportPage, ImportPage, NightsPage,
    ProcessPage, ReleasePage, RestorePage, RetentionPage, ReviewPage, SignInPage, SitePage, SiteProcessesPage,
    SitesPage,
};

/// The whole console. Every page is complete before it is sent, so that its status is right and script is optional.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    let viewer = viewer::provide();
    let plain_answer = viewer::plain_answer();
    Live::provide(viewer.actor.is_some());
    provide_context(LastSite(RwSignal::new(None)));
    provide_context(Navigated(RwSignal::new(false)));
    view! {
        <Title formatter=|title: String| i18n::common::tab(&title)/>
        <Router>
            <Watch/>
            <Routes fallback=move || pages::no_page(plain_answer.clone())>
                <Route path=path!("/") view=Home ssr=SsrMode::Async/>
                <Route path=path!("/sign-in") view=SignInPage ssr=SsrMode::Async/>
                <Route path=path!("/sites") view=SitesPage ssr=SsrMode::Async/>
                <Route path=path!("/sites/:site") view=SitePage ssr=SsrMode::Async/>
                <Route path=path!("/sites/:site/backup") view=BackupPage ssr=SsrMode::Async/>
                <Route path=path!("/sites/:site/nights") view=NightsPage ssr=SsrMode::Async/>
                <Route path=path!("/sites/:site/retention") view=RetentionPage ssr=SsrMode::Async/>
                <Route path=path!("/sites/:site/processes") view=SiteProcessesPage ssr=SsrMode::Async/>
                <Route path=path!("/sites/:site/databases") view=DatabasesPage ssr=SsrMode::Async/>
                <Route path=path!("/sites/:site/databases/:database") view=DatabasePage ssr=SsrMode::Async/>
                <Route path=path!("/sites/:site/databases/:database/import") view=ImportPage ssr=SsrMode::Async/>
                <Route path=path!("/sites/:site/databases/:database/backups/:backup/bacpac") view=ExportPage ssr=SsrMode::Async/>
                <Route path=path!("/sites/:site/databases/:database/backups/:backup/delete") view=DeletePage ssr=SsrMode::Async/>
                <Route path=path!("/sites/:site/databases/:database/backups/:backup/release") view=ReleasePage ssr=SsrMode::Async/>
                <Route path=path!("/sites/:site/backups/:backup/review") view=ReviewPage ssr=SsrMode::Async/>
                <Route path=path!("/sites/:site/restore") view=RestorePage ssr=SsrMode::Async/>
                <Route path=path!("/processes") view=AllProcessesPage ssr=SsrMode::Async/>
                <Route path=path!("/processes/:process") view=ProcessPage ssr=SsrMode::Async/>
            </Routes>
        </Router>
    }
    .into_any()
}

#[component]
fn Home() -> impl IntoView {
    view! { <Redirect path=paths::SITES/> }
}

/// Notes each navigation inside the browser, so that the next page's heading takes the focus as a new page would.
#[component]
fn Watch() -> impl IntoView {
    let path = use_location().pathname;
    let navigated = expect_context::<Navigated>();
    Effect::new(move |before: Option<String>| {
        let path = path.get();
        if before.is_some_and(|before| before != path) {
            navigated.0.set(true);
        }
        path
    });
}
