//! Uploading a BACPAC that becomes a backup of a database: choose, send with progress, resume after a cut; the check and the
//! import are a process of their own, to which the page leads.

use domain::display;
use domain::ids::UploadId;
use domain::lang::Lang;
use domain::overview::{ImportPage as Reading, UploadEntry};
use domain::permission::Action;
use leptos::form::ActionForm;
use leptos::html;
use leptos::prelude::*;
use leptos_meta::Title;

use crate::api::{self, DropUpload, StartImport};
use crate::components::{Act, Frame, Head, Place, act_error, fetched, icon, keep_focus, mini, once, use_act};
use crate::i18n::packages as words;
use crate::upload::{Sending, Told};
use crate::viewer::lang;
use crate::{i18n, paths, rights};

use super::param;

/// The page.
#[component]
pub(crate) fn ImportPage() -> impl IntoView {
    let (site, database) = (param("site"), param("database"));
    let reading = Resource::new(
        move || (site.get(), database.get()),
        |(site, database)| api::read_import(site, database),
    );
    fetched(reading, Place::Databases, |reading| page(reading).into_any())
}

fn page(reading: Reading) -> impl IntoView {
    let lang = lang();
    let site = reading.summary.site.clone();
    let title = words::import_title(lang, &reading.database.name);
    let crumbs = vec![
        (i18n::common::sites(lang).to_owned(), Some(paths::SITES.to_owned())),
        (site.name.clone(), Some(paths::site(&site.id))),
        (
            i18n::backups::title(lang, &reading.database.name),
            Some(paths::database(&site.id, &reading.database.id)),
        ),
        (words::import_crumb(lang).to_owned(), None),
    ];
    let lead = words::import_lead(lang).into_any();
    let content = match rights::refusal(Action::Import, &site) {
        Some(refusal) => view! {
            <section class="panel"><div class="panel-body stack-s is-alone">
                <Act id="r-import" label=words::import(lang) class="btn" refusal zone=site.zone.clone()/>
            </div></section>
        }
        .into_any(),
        None => {
            let sending = Sending::new(&site.id, &reading.database.id, &reading.uploads);
            view! { {send_panel(lang, &reading, sending)}{waiting(lang, reading, sending)} }.into_any()
        }
    };
    view! {
        <Title text=format!("{title} · {}", site.name)/>
        <Frame site=Some(site) place=Place::Databases>
            <div class="page">
                <Head crumbs title=title lead=lead/>
                {content}
            </div>
        </Frame>
    }
}

fn send_panel(lang: Lang, reading: &Reading, sending: Sending) -> AnyView {
    let input = NodeRef::<html::Input>::new();
    let zone = reading.summary.site.zone.clone();
    let (start, error) = use_act::<StartImport>();
    // Whole: the import is ordered at once, and its answer leads to the process.
    Effect::new(move |_| {
        if let Told::Whole(upload) = sending.told() {
            start.dispatch(StartImport { upload });
        }
    });
    let pending = start.pending();
    let busy = move || sending.is_busy() || pending.try_get().unwrap_or_default();
    let on_send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        sending.start(input);
    };
    let quota = view! { {words::takes_a_slot(lang)}" "{mini(reading.summary.quota)} };
    view! {
        <section class="panel" aria-labelledby="t-send">
            <h2 class="sr" id="t-send">{words::import(lang)}</h2>
            <div class="panel-body stack is-alone">
                <noscript><p class="notice notice-brass">{words::needs_script(lang)}</p></noscript>
                {act_error(error, zone.clone())}
                <form class="stack" on:submit=on_send>
                    <div class="field">
                        <label for="file">{words::choose_file(lang)}</label>
                        <input class="input" type="file" id="file" accept=".bacpac" node_ref=input aria-describedby="file-h" disabled=busy/>
                        <p class="hint" id="file-h">{words::at_most(lang, reading.most_bytes)}</p>
                    </div>
                    <div class="row">
                        <button class="btn btn-main" disabled=busy>{icon("arrow-up")}{words::send(lang)}</button>
                        {move || sending.is_busy().then(|| view! {
                            <button class="btn" type="button" on:click=move |_| sending.stop()>
                                {icon("stop-circle")}{words::stop(lang)}
                            </button>
                        })}
                    </div>
                </form>
                {sent(lang, sending, zone)}
            </div>
            <p class="panel-foot">{quota}</p>
        </section>
    }
    .into_any()
}

fn sent(lang: Lang, sending: Sending, zone: domain::time::Zone) -> impl IntoView {
    move || {
        let (done, total) = sending.progress();
        let bar = (total > 0).then(|| {
            let percent = u8::try_from(u128::from(done) * 100 / u128::from(total)).unwrap_or(100);
            view! {
                <div class="process">
                    <progress class="progress-l" max="100" value=percent.to_string() aria-label=words::sending(lang)>
                        {display::percent(lang, percent)}
                    </progress>
                    <p class="process-line"><span>{i18n::processes::bytes(lang, done, Some(total))}</span>
                        <span>{display::percent(lang, percent)}</span></p>
                </div>
            }
            .into_any()
        });
        let said = match sending.told() {
            Told::Nothing | Told::Whole(_) => None,
            Told::NoFile => Some(("notice notice-fail", "x-circle", words::no_file(lang).to_owned())),
            Told::Lost => Some(("notice notice-brass", "wifi-slash", words::lost(lang).to_owned())),
            Told::Stopped => Some(("notice", "info", words::stopped(lang).to_owned())),
            Told::Refused(refusal) => Some((
                "notice notice-fail",
                "x-circle",
                i18n::refusals::sentence(lang, &refusal, &zone),
            )),
            Told::Failed(reference) => Some((
                "notice notice-fail",
                "x-circle",
                format!("{}{reference}", i18n::errors::failed_act(lang)),
            )),
        };
        let said =
            said.map(|(family, mark, text)| view! { <p class=family role="alert">{icon(mark)}<span>{text}</span></p> });
        view! { {bar}{said} }
    }
}

/// Files that are there, whole or in part, from an earlier visit. The page is not read again when one is removed: another one may be
/// on its way.
fn waiting(lang: Lang, reading: Reading, sending: Sending) -> impl IntoView {
    let (drop, drop_error) = use_act::<DropUpload>();
    let (start, start_error) = use_act::<StartImport>();
    let removed = Memo::new(move |before: Option<&Vec<UploadId>>| {
        let mut removed = before.cloned().unwrap_or_default();
        if let Some(Ok(upload)) = drop.value().get() {
            // The button of the next one comes to stand where this one's was.
            if cfg!(feature = "hydrate") {
                keep_focus();
            }
            removed.push(upload.id);
        }
        removed
    });
    Effect::new(move |_| removed.with(|removed| sending.forget(removed)));
    let zone = reading.summary.site.zone.clone();
    move || {
        let rows: Vec<_> = removed.with(|removed| {
            let left = reading
                .uploads
                .iter()
                .filter(|entry| !removed.contains(&entry.upload.id));
            left.map(|entry| waiting_row(lang, entry, &reading, drop, start))
                .collect()
        });
        (!rows.is_empty()).then(|| {
            view! {
                <section class="panel" aria-labelledby="t-wait">
                    <div class="panel-head"><div>
                        <h2 id="t-wait">{words::unfinished(lang)}</h2><p>{words::unfinished_note(lang)}</p>
                        {act_error(drop_error, zone.clone())}{act_error(start_error, zone.clone())}
                    </div></div>
                    <ul class="rows">{rows}</ul>
                </section>
            }
        })
    }
}

fn waiting_row(
    lang: Lang,
    entry: &UploadEntry,
    reading: &Reading,
    drop: ServerAction<DropUpload>,
    start: ServerAction<StartImport>,
) -> AnyView {
    let zone = &reading.summary.site.zone;
    let (dropping, starting) = (drop.pending(), start.pending());
    let once = once(move || dropping.get_untracked() || starting.get_untracked());
    let id = entry.upload.id.to_string();
    let whole = entry.received == entry.upload.bytes;
    let when = display::relative(lang, zone, reading.now, entry.upload.touched_at);
    let size = i18n::processes::bytes(lang, entry.received, Some(entry.upload.bytes));
    let (to_check, about) = (id.clone(), i18n::backups::about(lang, &entry.upload.file_name));
    let check = whole.then(|| {
        view! {
            <ActionForm action=start>
                <input type="hidden" name="upload" value=to_check/>
                <button class="btn btn-quiet" on:click=once>{icon("list-checks")}{words::check_now(lang)}</button>
            </ActionForm>
        }
    });
    let (name, by) = (entry.upload.file_name.clone(), entry.upload.by.clone());
    view! {
        <li>
            <div><b>{name}</b><small>{size}", "{by}", "{when}</small></div>
            <div class="row">
            {check}
            <ActionForm action=drop>
                <input type="hidden" name="upload" value=id/>
                <button class="btn btn-quiet" on:click=once>{icon("trash")}{words::remove(lang)}
                    <span class="sr">{about}</span></button>
            </ActionForm>
            </div>
        </li>
    }
    .into_any()
}
