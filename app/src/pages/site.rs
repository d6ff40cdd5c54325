//! The page of a site: the answer first, what runs, its databases, and the operations with what they need or why they
//! are refused (R4, R23).

use domain::display;
use domain::lang::Lang;
use domain::overview::SiteOverview;
use domain::permission::Action;
use domain::process::ProcessState;
use domain::site::{Database, Site};
use leptos::prelude::*;
use leptos_meta::Title;

use crate::components::{
    Act, Asking, BackupDialog, Boxes, Frame, Head, Place, ProcessCard, fetched, icon, nights_panel, notice,
    process_plate, silence, site_plate, unusual_alert,
};
use crate::live::Live;
use crate::viewer::lang;
use crate::{api, i18n, paths, rights};

use super::{param, refresh, tab_title};

/// The page.
#[component]
pub(crate) fn SitePage() -> impl IntoView {
    let live = Live::here();
    let site = param("site");
    let overview = Resource::new(
        move || (site.get(), live.changes(Some(&site.get()))),
        |(site, _)| api::read_site(site),
    );
    let asking = Asking::nothing();
    let shown = fetched(overview, Place::Overview, move |overview| {
        page(overview, asking).into_any()
    });
    view! {
        {shown}
        <BackupDialog asking/>
    }
}

fn page(overview: SiteOverview, asking: Asking<SiteOverview>) -> impl IntoView {
    let lang = lang();
    let live = Live::here();
    let site = overview.summary.site.clone();
    let active = overview.summary.active.clone();
    let moving = !active.is_empty();
    let seeds = active.clone();
    Effect::new(move |_| live.seed(&seeds));
    let now_site = live.site(site.clone());
    let plate = (move || now_site.with(|site| site_plate(lang, &site.status))).into_any();
    let crumbs = vec![
        (i18n::common::sites(lang).to_owned(), Some(paths::SITES.to_owned())),
        (site.name.clone(), None),
    ];
    let lead = lead(lang, &overview, now_site);
    view! {
        {site_title(lang, &overview)}
        <Frame site=Some(site.clone()) place=Place::Overview>
            <div class="page">
                {refresh(moving)}
                <Head crumbs title=site.name.clone() beside=plate lead=lead/>
                {silence(lang, &overview.summary, overview.now)}
                {unusual_alert(lang, &overview)}
                {last_failure(lang, &overview)}
                <div class="cols">
                    <div class="stack">
                        {running(lang, &overview)}
                        <section class="panel" aria-labelledby="t-db">
                            <div class="panel-head"><h2 id="t-db">{i18n::site::databases(lang)}</h2></div>
                            {databases_table(lang, &overview)}
                        </section>
                        {last_ended(lang, &overview)}
                    </div>
                    <div class="stack aside">
                        {operations(lang, overview.clone(), now_site, asking)}
                        {slots(lang, &overview)}
                        {nights_panel(lang, &overview)}
                    </div>
                </div>
            </div>
        </Frame>
    }
}

/// The tab shows the process under way first: it is what one looks for among tabs.
fn site_title(lang: Lang, overview: &SiteOverview) -> AnyView {
    let name = overview.summary.site.name.clone();
    match overview.summary.active.first().cloned() {
        Some(process) => view! { <Title text=tab_title(lang, Live::here().process(process), name)/> }.into_any(),
        None => view! { <Title text=name/> }.into_any(),
    }
}

fn lead(lang: Lang, overview: &SiteOverview, site: Memo<Site>) -> AnyView {
    let open = Memo::new(move |_| site.with(|site| site.status.is_ready()));
    let (strong, rest) = match &overview.summary.last {
        Some(last) => {
            let when = display::relative(lang, &overview.summary.site.zone, overview.now, last.t0);
            (
                i18n::site::last_backup(lang, &when),
                i18n::site::restorable(lang, overview.restorable),
            )
        }
        None => (
            i18n::site::no_backup(lang).to_owned(),
            i18n::site::no_backup_more(lang).to_owned(),
        ),
    };
    (move || {
        let (strong, rest) = if open.get() {
            (strong.clone(), rest.clone())
        } else {
            (
                i18n::site::closed(lang).to_owned(),
                i18n::site::closed_more(lang).to_owned(),
            )
        };
        view! { <strong>{strong}</strong>" "{rest} }
    })
    .into_any()
}

/// A failure is told at once, until something else has ended.
fn last_failure(lang: Lang, overview: &SiteOverview) -> Option<AnyView> {
    let process = overview.last_ended.as_ref()?;
    let ProcessState::Failed { failure, .. } = &process.state else {
        return None;
    };
    let strong = format!(
        "{} : {}",
        i18n::processes::name(lang, &process.kind),
        i18n::common::process_state(lang, process.state.name())
    )
    .replace(" : ", lang.pick("\u{a0}: ", ": "));
    let rest = view! {
        {i18n::failures::happened(lang, failure)}" "{i18n::failures::kept(lang, &process.kind)}" "
        <a href=paths::process(&process.id)>{i18n::site::details(lang)}</a>
    };
    Some(notice("notice-fail", "x-circle", strong, rest))
}

fn running(lang: Lang, overview: &SiteOverview) -> Option<AnyView> {
    let summary = &overview.summary;
    if summary.active.is_empty() {
        return None;
    }
    let (zone, now) = (summary.site.zone.clone(), overview.now);
    let cards = summary
        .active
        .iter()
        .map(|process| view! { <ProcessCard process=process.clone() zone=zone.clone() now/> })
        .collect_view();
    Some(
        view! {
            <section class="panel first" aria-labelledby="t-proc">
                <div class="panel-head">
                    <h2 id="t-proc">{i18n::site::running(lang)}</h2>
                    <a class="note" href=paths::site_processes(&summary.site.id)>{i18n::site::all_processes(lang)}</a>
                </div>
                <div class="panel-body stack">{cards}</div>
            </section>
        }
        .into_any(),
    )
}

/// The databases with their products and the *Restaurer* link to their backups (R1, R15).
pub(super) fn databases_table(lang: Lang, overview: &SiteOverview) -> AnyView {
    let site = &overview.summary.site;
    let saved = overview.summary.last.as_ref().map_or_else(
        || i18n::site::not_yet(lang).to_owned(),
        |last| display::capital(&display::relative(lang, &site.zone, overview.now, last.t0)),
    );
    let head = |text: &'static str| view! { <th role="columnheader" scope="col">{text}</th> };
    let rows = site
        .databases
        .iter()
        .map(|database| database_row(lang, site, database, saved.clone()))
        .collect_view();
    view! {
        <table role="table" class="table cards">
            <caption class="sr">{i18n::site::databases_of(lang)}</caption>
            <thead role="rowgroup"><tr role="row">
                {head(i18n::site::database(lang))}{head(i18n::common::size(lang))}{head(i18n::site::engine(lang))}{head(i18n::site::saved(lang))}
                <th role="columnheader" scope="col"><span class="sr">{i18n::common::actions(lang)}</span></th>
            </tr></thead>
            <tbody role="rowgroup">{rows}</tbody>
        </table>
    }
    .into_any()
}

fn database_row(lang: Lang, site: &Site, database: &Database, saved: String) -> AnyView {
    let href = paths::database(&site.id, &database.id);
    let size = database.bytes.map_or_else(
        || i18n::common::unknown(lang).to_owned(),
        |bytes| display::size(lang, bytes),
    );
    view! {
        <tr role="row">
            <th role="rowheader" scope="row" class="what">
                <a href=href.clone()>{database.name.clone()}</a><small>{database.product.clone()}</small>
            </th>
            <td role="cell" data-label=i18n::common::size(lang) class="num">{size}</td>
            <td role="cell" data-label=i18n::site::engine(lang)>{database.engine.name()}</td>
            <td role="cell" data-label=i18n::site::saved(lang)>{saved}</td>
            <td role="cell" class="is-acts"><div class="acts">
                <a class="btn btn-quiet" href=href>
                    {icon("clock-counter-clockwise")}{i18n::site::restore_icon(lang)}
                    <span class="sr">{i18n::site::see_backups_of(lang, &database.name)}</span>
                </a>
            </div></td>
        </tr>
    }
    .into_any()
}

fn last_ended(lang: Lang, overview: &SiteOverview) -> Option<AnyView> {
    let process = overview.last_ended.as_ref()?;
    let zone = &overview.summary.site.zone;
    let ended = display::capital(&display::relative(lang, zone, overview.now, process.state.ended_at()?));
    Some(
        view! {
            <section class="panel" aria-labelledby="t-last">
                <div class="panel-head">
                    <h2 id="t-last">{i18n::site::last_ended(lang)}</h2>
                    <a class="note" href=paths::site_processes(&overview.summary.site.id)>{i18n::site::all_processes(lang)}</a>
                </div>
                <div class="panel-body"><p class="process-top">
                    <a href=paths::process(&process.id)>{i18n::processes::name(lang, &process.kind)}</a>" "
                    {process_plate(lang, process.state.name())}" "
                    <span class="soft">{ended}</span>
                </p></div>
            </section>
        }
        .into_any(),
    )
}

fn operations(lang: Lang, overview: SiteOverview, site: Memo<Site>, asking: Asking<SiteOverview>) -> AnyView {
    let id = overview.summary.site.id.clone();
    let zone = overview.summary.site.zone.clone();
    let back_up = {
        let overview = overview.clone();
        let (id, zone) = (id.clone(), zone.clone());
        move || match rights::backup_refusal(&overview, &site.get()) {
            Some(refusal) => view! {
                <Act id="r-backup" label=i18n::site::back_up(lang) refusal zone=zone.clone()/>
            }
            .into_any(),
            None => {
                let asked = overview.clone();
                view! {
                    <a class="btn btn-main btn-wide" href=paths::backup(&id) on:click=move |event| asking.ask(&event, asked.clone())>
                        {icon("vault")}{i18n::site::back_up(lang)}
                    </a>
                    {backup_note(lang, &overview)}
                }
                .into_any()
            }
        }
    };
    let restore = move || {
        match rights::refusal(Action::Restore, &site.get()) {
        Some(refusal) => view! {
            <Act id="r-restore" label=i18n::site::restore(lang) refusal zone=zone.clone()/>
        }
        .into_any(),
        None => view! {
            <a class="btn btn-wide" href=paths::restore(&id)>{icon("clock-counter-clockwise")}{i18n::site::restore(lang)}</a>
            <p class="op-note">{i18n::site::restore_note(lang)}</p>
        }
        .into_any(),
    }
    };
    // R10: manual backups are deleted by way of this entry, even by those who do not restore.
    let deletes =
        overview.summary.quota.kept > 0 && rights::refusal(Action::DeleteManual, &overview.summary.site).is_none();
    let manage = overview
        .summary
        .site
        .databases
        .first()
        .filter(|_| deletes)
        .map(|database| {
            let href = paths::manual_backups(&overview.summary.site.id, &database.id);
            view! { <p class="op-note"><a href=href>{i18n::keeping::manage(lang)}</a></p> }
        });
    view! {
        <section class="panel second" aria-labelledby="t-ops">
            <div class="panel-head"><h2 id="t-ops">{i18n::site::operations(lang)}</h2></div>
            <div class="panel-body"><ul class="ops"><li>{back_up}</li><li>{restore}{manage}</li></ul></div>
        </section>
    }
    .into_any()
}

fn backup_note(lang: Lang, overview: &SiteOverview) -> impl IntoView + use<> {
    let busy = (!overview.summary.active.is_empty()).then(|| format!("{} ", i18n::site::busy_note(lang)));
    view! { <p class="op-note">{busy}{i18n::site::slots_left(lang, overview.summary.quota)}</p> }
}

fn slots(lang: Lang, overview: &SiteOverview) -> impl IntoView + use<> {
    let summary = &overview.summary;
    let quota = summary.quota;
    let first = summary.site.databases.first().map(|database| {
        let href = paths::manual_backups(&summary.site.id, &database.id);
        view! { <a href=href>{i18n::site::see_manual(lang)}</a> }
    });
    view! {
        <section class="panel" aria-labelledby="t-quota">
            <div class="panel-head">
                <h2 id="t-quota">{i18n::site::manual(lang)}</h2>
                <span class="note">{i18n::common::of(lang, quota.kept + quota.reserved, quota.quota)}</span>
            </div>
            <div class="panel-body stack-s">
                <Boxes slots=overview.slots.clone() active=summary.active.clone() zone=summary.site.zone.clone()/>
                <p class="op-note">{i18n::site::quota(lang, quota)}" "{first}</p>
            </div>
        </section>
    }
}
