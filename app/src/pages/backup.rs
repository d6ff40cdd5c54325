//! The warning before a backup as a page of its own: what the link leads to where script cannot open the dialog.

use domain::overview::SiteOverview;
use leptos::prelude::*;
use leptos_meta::Title;

use crate::api::StartBackup;
use crate::components::{ActAndError, BackupWarning, Frame, Place, fetched, use_act};
use crate::live::Live;
use crate::viewer::lang;
use crate::{api, i18n, rights};

use super::param;

/// The page.
#[component]
pub(crate) fn BackupPage() -> impl IntoView {
    let live = Live::here();
    let site = param("site");
    let overview = Resource::new(
        move || (site.get(), live.changes(Some(&site.get()))),
        |(site, _)| api::read_site(site),
    );
    let start = use_act();
    fetched(overview, Place::Overview, move |overview| {
        page(overview, start).into_any()
    })
}

fn page(overview: SiteOverview, start: ActAndError<StartBackup>) -> impl IntoView {
    let title = i18n::site::dialog_title(lang());
    let site = overview.summary.site.clone();
    let refusal = rights::backup_refusal(&overview, &site);
    view! {
        <Title text=format!("{title} · {}", site.name)/>
        <Frame site=Some(site) place=Place::Overview>
            <div class="page"><div class="dialog"><BackupWarning overview start refusal heading=1/></div></div>
        </Frame>
    }
}
