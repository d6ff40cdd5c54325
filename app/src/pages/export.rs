//! The BACPAC of one database of a backup: have it made, follow that, read what its log tells, download it. Whoever may not
//! download is told so and why; nothing of the log is sent to them.

use domain::display;
use domain::lang::Lang;
use domain::overview::{ExportPage as Reading, ReadyExport};
use domain::permission::Action;
use domain::process::Process;
use domain::site::Site;
use leptos::form::ActionForm;
use leptos::prelude::*;
use leptos_meta::Title;

use crate::api::{self, StartExport};
use crate::components::{
    Act, ActAndError, Empty, Frame, Head, Instant, Place, ProcessCard, act_error, backup_name, export_log, fetched,
    icon, notice, use_act,
};
use crate::i18n::packages as words;
use crate::live::Live;
use crate::viewer::lang;
use crate::{i18n, paths, rights};

use super::{param, refresh};

/// The page.
#[component]
pub(crate) fn ExportPage() -> impl IntoView {
    let live = Live::here();
    let (site, backup, database) = (param("site"), param("backup"), param("database"));
    let reading = Resource::new(
        move || (backup.get(), database.get(), live.changes(Some(&site.get()))),
        |(backup, database, _)| api::read_export(backup, database),
    );
    let make = use_act();
    fetched(reading, Place::Databases, move |reading| page(reading, make).into_any())
}

fn page(reading: Reading, make: ActAndError<StartExport>) -> impl IntoView {
    let lang = lang();
    let site = reading.site.clone();
    let title = words::title(lang, &reading.database_name);
    let when = backup_name(lang, &reading.backup, &site, reading.now);
    let crumbs = vec![
        (i18n::common::sites(lang).to_owned(), Some(paths::SITES.to_owned())),
        (site.name.clone(), Some(paths::site(&site.id))),
        (
            i18n::backups::title(lang, &reading.database_name),
            Some(paths::database(&site.id, &reading.database)),
        ),
        (words::crumb(lang).to_owned(), None),
    ];
    let lead = view! { <b>{when}"."</b>" "{words::lead(lang)} }.into_any();
    let content = match rights::refusal(Action::Download, &site) {
        Some(refusal) => view! {
            <section class="panel"><div class="panel-body stack-s is-alone">
                <Act id="r-download" label=words::download_backup(lang) class="btn" refusal zone=site.zone.clone()/>
            </div></section>
        }
        .into_any(),
        None => match (&reading.active, &reading.ready) {
            (Some(process), _) => being_made(lang, process, &site, &reading),
            (None, Some(ready)) => made(lang, ready, &reading, make),
            (None, None) => not_made(lang, &reading, make),
        },
    };
    let zone = i18n::common::zone(lang, &site.zone);
    view! {
        <Title text=format!("{title} · {}", site.name)/>
        <Frame site=Some(site) place=Place::Databases>
            <div class="page">
                {refresh(reading.active.is_some())}
                <Head crumbs title=title lead=lead/>
                {content}
                <p class="foot-help">{zone}</p>
            </div>
        </Frame>
    }
}

fn make_form(
    label: &'static str,
    class: &'static str,
    reading: &Reading,
    (action, error): ActAndError<StartExport>,
) -> AnyView {
    let pending = action.pending();
    let (backup, database) = (reading.backup.id.to_string(), reading.database.to_string());
    view! {
        {act_error(error, reading.site.zone.clone())}
        <ActionForm action=action>
            <input type="hidden" name="backup" value=backup/>
            <input type="hidden" name="database" value=database/>
            <button class=class disabled=move || pending.try_get().unwrap_or_default()>{icon("export")}{label}</button>
        </ActionForm>
    }
    .into_any()
}

fn not_made(lang: Lang, reading: &Reading, make: ActAndError<StartExport>) -> AnyView {
    let form = make_form(words::make(lang), "btn btn-main", reading, make);
    let failed = reading.last_ended.as_ref().map(|process| {
        let href = paths::process(&process.id);
        let link = view! { <a href=href>{words::see_process(lang)}</a>"." };
        notice("notice-fail", "x-circle", words::last_failed(lang).to_owned(), link)
    });
    view! {
        {failed}
        <section class="panel">
            <Empty mark="export" title=words::not_made(lang) more=words::not_made_more(lang) alone=true>
                {form}
            </Empty>
        </section>
    }
    .into_any()
}

fn being_made(lang: Lang, process: &Process, site: &Site, reading: &Reading) -> AnyView {
    Live::here().seed(std::slice::from_ref(process));
    view! {
        <section class="panel" aria-labelledby="t-made">
            <div class="panel-head"><h2 id="t-made">{words::is_being_made(lang)}</h2></div>
            <div class="panel-body"><ProcessCard process=process.clone() zone=site.zone.clone() now=reading.now/></div>
            <p class="panel-foot">{i18n::processes::may_leave(lang)}</p>
        </section>
    }
    .into_any()
}

fn made(lang: Lang, ready: &ReadyExport, reading: &Reading, make: ActAndError<StartExport>) -> AnyView {
    let (zone, export) = (&reading.site.zone, &ready.export);
    let made = display::capital(&display::relative(lang, zone, reading.now, export.made_at));
    let until = display::short_date(lang, zone.local(export.keep_until).date);
    let (file, log_file) = (
        paths::bacpac_file(&export.backup, &export.database),
        paths::bacpac_log(&export.backup, &export.database),
    );
    view! {
        <section class="panel" aria-labelledby="t-ready">
            <div class="panel-head"><h2 id="t-ready">{words::is_ready(lang)}</h2></div>
            <div class="panel-body stack">
                <dl class="facts-list">
                    <div><dt>{words::file(lang)}</dt><dd>{ready.file_name.clone()}</dd></div>
                    <div><dt>{words::size(lang)}</dt><dd>{display::size(lang, export.bytes)}</dd></div>
                    <div><dt>{i18n::backups::fingerprint(lang)}</dt><dd><code class="hash-whole">{export.sha256.as_str().to_owned()}</code></dd></div>
                    <div><dt>{words::made_at(lang)}</dt><dd><Instant at=export.made_at zone=zone.clone() text=made/></dd></div>
                    <div><dt>{words::kept_until(lang)}</dt><dd>{until}<small>{words::kept_until_note(lang)}</small></dd></div>
                </dl>
                <div class="row">
                    <a class="btn btn-main" href=file download=ready.file_name.clone() rel="external">
                        {icon("download-simple")}{words::download_file(lang)}
                    </a>
                    <a class="btn" href=log_file download=format!("{}.json", ready.file_name) rel="external">
                        {icon("file-text")}{words::json(lang)}
                    </a>
                    {make_form(words::make_again(lang), "btn btn-quiet", reading, make)}
                </div>
            </div>
        </section>
        <section class="panel" aria-labelledby="t-log">
            <div class="panel-head"><h2 id="t-log">{words::log(lang)}</h2></div>
            <div class="panel-body">{export_log(&ready.log)}</div>
        </section>
    }
    .into_any()
}
