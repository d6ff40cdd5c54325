//! The databases of a site, each with the way to its backups.

use domain::overview::SiteOverview;
use leptos::prelude::*;
use leptos_meta::Title;

use crate::components::{Frame, Head, Place, fetched};
use crate::live::Live;
use crate::viewer::lang;
use crate::{api, i18n};

use super::site::databases_table;
use super::{crumbs, param};

/// The page.
#[component]
pub(crate) fn DatabasesPage() -> impl IntoView {
    let live = Live::here();
    let site = param("site");
    let overview = Resource::new(
        move || (site.get(), live.changes(Some(&site.get()))),
        |(site, _)| api::read_site(site),
    );
    fetched(overview, Place::Databases, |overview| page(overview).into_any())
}

fn page(overview: SiteOverview) -> impl IntoView {
    let lang = lang();
    let title = i18n::site::databases(lang);
    let site = overview.summary.site.clone();
    let lead = i18n::common::zone(lang, &site.zone).into_any();
    view! {
        <Title text=format!("{title} · {}", site.name)/>
        <Frame site=Some(site.clone()) place=Place::Databases>
            <div class="page">
                <Head crumbs=crumbs(lang, &site, title) title=title lead=lead/>
                <section class="panel" aria-labelledby="t-db">
                    <h2 class="sr" id="t-db">{title}</h2>
                    {databases_table(lang, &overview)}
                </section>
            </div>
        </Frame>
    }
}
