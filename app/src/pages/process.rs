//! One process: how far it is, what it holds, and, when it failed, what happened, what was kept and what to do.

use domain::bacpac::Told;
use domain::display;
use domain::lang::Lang;
use domain::overview::ProcessDetail;
use domain::process::{Process, ProcessKind, ProcessState};
use domain::site::Site;
use domain::time::Timestamp;
use leptos::prelude::*;
use leptos_meta::Title;

use crate::api;
use crate::components::{
    Announcer, CancelDialog, CancelProcess, Cancels, Frame, Head, Instant, Place, Reference, expiry_log, export_log,
    fetched, figures, icon, import_report, process_plate, progress_bar, review_mark, steps, t0_sentence,
};
use crate::live::Live;
use crate::viewer::lang;
use crate::{i18n, paths};

use super::{param, refresh, tab_title};

/// The page.
#[component]
pub(crate) fn ProcessPage() -> impl IntoView {
    let live = Live::here();
    let id = param("process");
    let detail = Resource::new(
        move || (id.get(), live.turns(&id.get())),
        |(id, _)| api::read_process(id),
    );
    let cancels = Cancels::here();
    let shown = fetched(detail, Place::SiteProcesses, move |detail| {
        page(detail, cancels).into_any()
    });
    view! {
        {shown}
        <CancelDialog cancels/>
    }
}

fn page(detail: ProcessDetail, cancels: Cancels) -> impl IntoView {
    let lang = lang();
    let live = Live::here();
    let site = detail.site.clone();
    let name = i18n::processes::name(lang, &detail.process.kind);
    let seed = detail.process.clone();
    Effect::new(move |_| live.seed(std::slice::from_ref(&seed)));
    let moving = !detail.process.state.is_over();
    let process = live.process(detail.process.clone());
    let state = Memo::new(move |_| process.with(|process| process.state.name()));
    let plate = (move || process_plate(lang, state.get())).into_any();
    let crumbs = vec![
        (i18n::common::sites(lang).to_owned(), Some(paths::SITES.to_owned())),
        (site.name.clone(), Some(paths::site(&site.id))),
        (
            i18n::processes::title(lang).to_owned(),
            Some(paths::site_processes(&site.id)),
        ),
        (name.clone(), None),
    ];
    let title = tab_title(lang, process, site.name.clone());
    let file_link = match &detail.process.kind {
        ProcessKind::Export { backup, database, .. } => {
            let href = paths::bacpac(&site.id, database, backup);
            Some(view! { <a class="btn" href=href>{icon("export")}{i18n::packages::download_backup(lang)}</a> })
        }
        _ => None,
    };
    let leave = move || {
        let moving = process.with(|process| !process.state.is_over());
        moving.then(|| view! { <p class="panel-foot">{i18n::processes::may_leave(lang)}</p> })
    };
    view! {
        <Title text=title/>
        <Frame site=Some(site.clone()) place=Place::SiteProcesses>
            <div class="page">
                {refresh(moving)}
                <Head crumbs title=name beside=plate/>
                {failure(lang, process)}
                <section class="panel" aria-labelledby="t-progress">
                    <h2 class="sr" id="t-progress">{i18n::processes::progress(lang)}</h2>
                    <div class="panel-head">
                        <p class="big" aria-hidden="true">
                            {move || display::percent(lang, process.with(|process| process.state.percent()))}
                        </p>
                    </div>
                    <div class="panel-body process">
                        {progress_bar(process)}
                        {figures(process, None)}
                        {steps(process)}
                        {t0_sentence(process, site.zone.clone())}
                        {cancelled(lang, process)}
                        <Announcer process/>
                    </div>
                    {leave}
                </section>
                <CancelProcess process site=site.clone() cancels/>
                {told(lang, &detail)}
                {facts(lang, detail, process)}
                <div class="row">
                    <a class="btn" href=paths::site(&site.id)>{icon("arrow-left")}{i18n::processes::back_to_site(lang)}</a>
                    {backups_link(lang, process, &site)}
                    {file_link}
                </div>
            </div>
        </Frame>
    }
}

fn failure(lang: Lang, process: Memo<Process>) -> impl IntoView {
    let failed = Memo::new(move |_| {
        process.with(|process| match &process.state {
            ProcessState::Failed { failure, .. } => Some((process.kind.clone(), failure.clone())),
            _ => None,
        })
    });
    move || {
        failed.get().map(|(kind, failure)| {
            view! {
                <div class="notice notice-fail" role="alert">
                    {icon("x-circle")}
                    <dl class="facts-list">
                        <div><dt>{i18n::processes::happened(lang)}</dt><dd><b>{i18n::failures::happened(lang, &failure)}</b></dd></div>
                        <div><dt>{i18n::processes::kept(lang)}</dt><dd>{i18n::failures::kept(lang, &kind)}</dd></div>
                        <div><dt>{i18n::processes::to_do(lang)}</dt><dd>{i18n::failures::to_do_of(lang, &kind, failure.cause)}</dd></div>
                    </dl>
                </div>
                <Reference reference=failure.reference/>
            }
        })
    }
}

/// What a BACPAC held, or why it was refused; what an expiry removed.
fn told(lang: Lang, detail: &ProcessDetail) -> Option<AnyView> {
    let (title, content) = match detail.told.as_ref()? {
        Told::Exported(log) => (i18n::packages::log(lang), export_log(log)),
        Told::Imported(report) => (
            i18n::packages::told_import(lang),
            import_report(report, &detail.site.zone),
        ),
        Told::Expired(log) => (
            i18n::expiry::title(lang),
            expiry_log(log, &detail.site.zone, detail.now),
        ),
        Told::Refused(text) => (
            i18n::packages::refused(lang),
            view! { <pre class="log" tabindex="0">{text.clone()}</pre><p class="softer">{i18n::packages::refused_note(lang)}</p> }
                .into_any(),
        ),
    };
    Some(
        view! {
            <section class="panel" aria-labelledby="t-told">
                <div class="panel-head"><h2 id="t-told">{title}</h2></div>
                <div class="panel-body">{content}</div>
            </section>
        }
        .into_any(),
    )
}

fn cancelled(lang: Lang, process: Memo<Process>) -> impl IntoView {
    move || {
        process.with(|process| match &process.state {
            ProcessState::Cancelled { by, .. } => {
                Some(view! { <p class="op-note">{i18n::processes::cancelled_by(lang, by)}</p> })
            }
            _ => None,
        })
    }
}

fn backups_link(lang: Lang, process: Memo<Process>, site: &Site) -> impl IntoView + use<> {
    let href = site.databases.first().map(|database| match site.databases.len() {
        1 => paths::database(&site.id, &database.id),
        _ => paths::databases(&site.id),
    });
    move || {
        let made =
            process.with(|process| matches!(process.state, ProcessState::Completed { .. }) && process.backup.is_some());
        href.clone().filter(|_| made).map(|href| {
            view! { <a class="btn" href=href>{icon("database")}{i18n::processes::see_backups(lang)}</a> }
        })
    }
}

fn fact(label: &'static str, value: impl IntoView + 'static) -> AnyView {
    view! { <div><dt>{label}</dt><dd>{value.into_any()}</dd></div> }.into_any()
}

fn facts(lang: Lang, detail: ProcessDetail, process: Memo<Process>) -> impl IntoView {
    let (site, now) = (detail.site.clone(), detail.now);
    let (made, reason) = (detail.backup, detail.reason);
    let list = move || {
        let process = process.get();
        let mut facts = Vec::new();
        content(lang, &process, &site, &mut facts);
        facts.push(fact(
            i18n::processes::by(lang),
            match process.requested_by.as_str() {
                "" => i18n::processes::by_itself(lang, &process.kind).to_owned(),
                name => name.to_owned(),
            },
        ));
        if let Some(reason) = &reason {
            facts.push(fact(i18n::processes::reason(lang), reason.clone()));
        }
        facts.push(fact(
            i18n::processes::asked_at(lang),
            when(lang, &site, now, process.requested_at),
        ));
        if let Some(ended) = process.state.ended_at() {
            facts.push(fact(i18n::processes::ended_at(lang), when(lang, &site, now, ended)));
            if let Some(length) = process.elapsed() {
                facts.push(fact(
                    i18n::processes::took(lang),
                    i18n::processes::took_length(lang, length),
                ));
            }
        }
        if process.attempt > 1 {
            let note = view! { {process.attempt}<small>{i18n::processes::attempt_note(lang)}</small> };
            facts.push(fact(i18n::processes::attempt(lang), note));
        }
        if let Some(backup) = &made {
            let label = match process.kind.is_restore() {
                true => i18n::processes::safety_made(lang),
                false => i18n::processes::backup_made(lang),
            };
            let mark = review_mark(lang, backup, &site, "");
            facts.push(fact(label, view! { {display::size(lang, backup.bytes)}{mark} }));
            let of_one = matches!(process.kind, ProcessKind::Import { .. });
            if site.databases.len() > 1 && !of_one {
                facts.push(fact(
                    i18n::processes::skew(lang),
                    i18n::processes::skew_ms(lang, backup.skew_ms),
                ));
            }
        }
        facts.push(fact(
            i18n::processes::reference(lang),
            view! { <code>{process.id.to_string()}</code> },
        ));
        facts
    };
    view! {
        <section class="panel" aria-labelledby="t-facts">
            <div class="panel-head"><h2 id="t-facts">{i18n::processes::facts(lang)}</h2></div>
            <div class="panel-body"><dl class="facts-list">{list}</dl></div>
        </section>
    }
}

/// Which instant the work is about: the one kept, or the one gone back to.
fn content(lang: Lang, process: &Process, site: &Site, facts: &mut Vec<AnyView>) {
    let zone = &site.zone;
    match (&process.kind, process.t0) {
        (ProcessKind::Restore { t0, .. } | ProcessKind::Export { t0, .. }, _) => {
            let done = matches!(process.state, ProcessState::Completed { .. });
            let label = match (process.kind.is_restore(), done) {
                (true, true) => i18n::processes::restored_to(lang),
                (true, false) => i18n::processes::to_restore(lang),
                (false, _) => i18n::processes::content_at(lang),
            };
            let text = display::date_time(lang, zone, *t0);
            facts.push(fact(label, view! { <Instant at=*t0 zone=zone.clone() text/> }));
        }
        (_, Some(t0)) => {
            let day = display::short_date(lang, zone.local(t0).date);
            let time = display::time_to_the_second(lang, zone, t0);
            let text = match lang {
                Lang::Fr => format!("{day} à {time}"),
                Lang::En => format!("{day}, {time}"),
            };
            facts.push(fact(
                i18n::processes::content_at(lang),
                view! {
                    <Instant at=t0 zone=zone.clone() text/><small>{i18n::processes::content_at_note(lang)}</small>
                },
            ));
        }
        (_, None) => {}
    }
}

fn when(lang: Lang, site: &Site, now: Timestamp, at: Timestamp) -> AnyView {
    let text = display::capital(&display::relative(lang, &site.zone, now, at));
    view! { <Instant at=at zone=site.zone.clone() text/> }.into_any()
}
