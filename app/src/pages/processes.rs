//! The processes of a site, or of every site the person sees: what is under way first, then what has ended (R6).

use domain::overview::ProcessList;
use domain::process::Process;
use domain::site::Site;
use domain::time::Zone;
use leptos::prelude::*;
use leptos_meta::Title;

use crate::components::{Empty, Frame, Head, Place, ProcessCard, ProcessTable, fetched};
use crate::live::Live;
use crate::viewer::lang;
use crate::{api, i18n};

use super::{crumbs, param, refresh};

/// The processes of one site.
#[component]
pub(crate) fn SiteProcessesPage() -> impl IntoView {
    let live = Live::here();
    let site = param("site");
    let list = Resource::new(
        move || (site.get(), live.changes(Some(&site.get()))),
        |(site, _)| api::list_processes(Some(site)),
    );
    fetched(list, Place::SiteProcesses, |list| {
        let site = list.sites.first().cloned();
        page(list, site, Place::SiteProcesses).into_any()
    })
}

/// The processes of every site.
#[component]
pub(crate) fn AllProcessesPage() -> impl IntoView {
    let live = Live::here();
    let list = Resource::new(move || live.changes(None), |_| api::list_processes(None));
    fetched(list, Place::Processes, |list| {
        page(list, None, Place::Processes).into_any()
    })
}

fn page(list: ProcessList, site: Option<Site>, place: Place) -> impl IntoView {
    let lang = lang();
    let (active, ended): (Vec<Process>, Vec<Process>) =
        list.processes.into_iter().partition(|process| !process.state.is_over());
    let seeds = active.clone();
    let live = Live::here();
    Effect::new(move |_| live.seed(&seeds));
    let (title, crumbs) = match &site {
        Some(site) => (
            i18n::processes::title(lang),
            crumbs(lang, site, i18n::processes::title(lang)),
        ),
        None => (i18n::processes::all_title(lang), Vec::new()),
    };
    let tab = match &site {
        Some(site) => format!("{title} · {}", site.name),
        None => title.to_owned(),
    };
    let with_site = site.is_none();
    let lead = i18n::processes::lead(lang, active.len()).into_any();
    let moving = !active.is_empty();
    let (sites, now) = (list.sites, list.now);
    let zone = site.as_ref().map(|site| i18n::common::zone(lang, &site.zone));
    view! {
        <Title text=tab/>
        <Frame site place>
            <div class="page">
                {refresh(moving)}
                <Head crumbs title=title lead=lead/>
                {under_way(active, &sites, now, with_site)}
                <section class="panel" aria-labelledby="t-ended">
                    <div class="panel-head"><h2 id="t-ended">{i18n::processes::ended(lang)}</h2></div>
                    {if ended.is_empty() {
                        view! { <p class="panel-foot">{i18n::processes::none_ended(lang)}</p> }.into_any()
                    } else {
                        view! { <ProcessTable processes=ended sites now with_site/> }.into_any()
                    }}
                </section>
                <p class="foot-help">{zone}</p>
            </div>
        </Frame>
    }
}

fn under_way(
    active: Vec<Process>,
    sites: &[Site],
    now: domain::time::Timestamp,
    with_site: bool,
) -> impl IntoView + use<> {
    let lang = lang();
    let content = if active.is_empty() {
        view! {
            <Empty mark="list-checks" title=i18n::processes::none_active(lang) more=i18n::processes::none_active_more(lang)/>
        }
        .into_any()
    } else {
        let cards = active
            .into_iter()
            .map(|process| {
                let zone = sites
                    .iter()
                    .find(|site| site.id == process.site)
                    .map_or_else(Zone::utc, |site| site.zone.clone());
                view! { <ProcessCard process zone now with_site/> }
            })
            .collect_view();
        view! { <div class="panel-body stack">{cards}</div> }.into_any()
    };
    view! {
        <section class="panel" aria-labelledby="t-active">
            <div class="panel-head"><h2 id="t-active">{i18n::processes::active(lang)}</h2></div>
            {content}
        </section>
    }
}
