//! The restore page (R20–R25): scope, date, what is lost, the way back, confirmation. Nothing is written before the
//! last button, which names what it will do. Without script, *Recalculate* draws the page again with the choices.

mod choices;
mod confirm;

use domain::backup::BackupKind;
use domain::display;
use domain::lang::Lang;
use domain::overview::{BackupEntry, RestoreChoices};
use domain::permission::Action;
use domain::restore::Scope;
use domain::site::Site;
use leptos::form::ActionForm;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::api::{self, StartRestore};
use crate::components::{Empty, Frame, Head, Place, act_error, fetched, notice, use_act};
use crate::live::Live;
use crate::viewer::lang;
use crate::{i18n, paths, rights};

use choices::{date_part, scope_part};
use confirm::{code_field, confirm, field_of, reason_field};

use super::{crumbs, param};

/// What is chosen: the same values as the form fields.
#[derive(Debug, Clone, Copy)]
struct Choice {
    scope: RwSignal<String>,
    backup: RwSignal<String>,
}

/// The page.
#[component]
pub(crate) fn RestorePage() -> impl IntoView {
    let site = param("site");
    let choices = Resource::new(move || site.get(), api::read_restore);
    let query = use_query_map();
    let from_query = move |name: &str| query.with_untracked(|query| query.get(name).unwrap_or_default());
    let choice = Choice {
        scope: RwSignal::new(from_query("scope")),
        backup: RwSignal::new(from_query("backup")),
    };
    fetched(choices, Place::Overview, move |choices| {
        page(choices, choice).into_any()
    })
}

fn page(choices: RestoreChoices, choice: Choice) -> impl IntoView {
    let lang = lang();
    let site = choices.summary.site.clone();
    let title = i18n::restore::title(lang, &site.name);
    let lead = i18n::restore::lead(lang).into_any();
    settle(&choices, choice);
    let content = if choices.backups.is_empty() {
        let href = paths::site(&site.id);
        view! {
            <section class="panel">
                <Empty mark="vault" title=i18n::restore::no_backup(lang) more=i18n::restore::no_backup_more(lang) alone=true>
                    <a class="btn" href=href>{i18n::restore::back(lang)}</a>
                </Empty>
            </section>
        }
        .into_any()
    } else {
        form(lang, choices, choice).into_any()
    };
    let crumbs = crumbs(lang, &site, i18n::restore::crumb(lang));
    view! {
        <Title text=title.clone()/>
        <Frame site=Some(site) place=Place::Overview>
            <div class="page">
                <Head crumbs title=title lead=lead/>
                {content}
            </div>
        </Frame>
    }
}

/// Something sensible is always chosen: the scope that was asked for or the whole site, the youngest backup that was not
/// itself taken before a restore.
fn settle(choices: &RestoreChoices, choice: Choice) {
    let site = &choices.summary.site;
    let known = match paths::scope(&choice.scope.get_untracked()) {
        Some(Scope::Site) => true,
        Some(Scope::Database(id)) => site.database(&id).is_some(),
        None => false,
    };
    if !known {
        choice.scope.set(paths::WHOLE_SITE.to_owned());
    }
    let wanted = choice.backup.get_untracked();
    if !choices.backups.iter().any(|backup| backup.id.as_str() == wanted)
        && let Some(youngest) = choices
            .backups
            .iter()
            .find(|backup| backup.kind != BackupKind::Safety)
            .or(choices.backups.first())
    {
        choice.backup.set(youngest.id.to_string());
    }
}

fn form(lang: Lang, choices: RestoreChoices, choice: Choice) -> impl IntoView {
    let (start, error) = use_act::<StartRestore>();
    let pending = start.pending();
    let site = choices.summary.site.clone();
    let live_site = Live::here().site(site.clone());
    let backups = StoredValue::new(choices.backups.clone());
    let backup = Memo::new(move |_| {
        let id = choice.backup.get();
        backups.with_value(|backups| backups.iter().find(|backup| backup.id.as_str() == id).cloned())
    });
    let refusal = Memo::new(move |_| live_site.with(|site| rights::refusal(Action::Restore, site)));
    let general = Signal::derive(move || error.try_get().flatten().filter(|error| field_of(error).is_none()));
    let days = {
        let (zone, now) = (site.zone.clone(), choices.now);
        Memo::new(move |_| {
            backup.with(|backup| {
                backup.as_ref().map_or(0, |backup| {
                    zone.local(now).date.days() - zone.local(backup.t0).date.days()
                })
            })
        })
    };
    let aside = summary(lang, &site, choice, backup, days);
    // Said before somebody fills the form in, and once more where the button would be.
    let refused = {
        let zone = site.zone.clone();
        move || {
            refusal.get().map(|refusal| {
                let why = i18n::refusals::sentence(lang, &refusal, &zone);
                notice("", "lock-simple", i18n::backups::to_restore(lang).to_owned(), why)
            })
        }
    };
    view! {
        {refused}
        <ActionForm action=start>
            <input type="hidden" name="site" value=site.id.to_string()/>
            <div class="cols">
                <div class="stack restore">
                    {scope_part(lang, &site, choice, backup)}
                    {date_part(lang, &choices, choice)}
                    {lost_part(lang, &site, backup, days)}
                    <Part number=4 title=i18n::restore::way_back(lang) id="p4">
                        {notice("notice-brass", "shield-check", i18n::restore::way_back_strong(lang).to_owned(), i18n::restore::way_back_more(lang, site.quota))}
                    </Part>
                    <Part number=5 title=i18n::restore::confirm(lang) id="p5">
                        {act_error(general, site.zone.clone())}
                        {reason_field(lang, error)}
                        {code_field(lang, &site, error)}
                        <div class="row">{confirm(lang, &site, choice, backup, refusal, pending)}
                            <a class="btn" href=paths::site(&site.id)>{i18n::restore::back(lang)}</a>
                        </div>
                    </Part>
                </div>
                {aside}
            </div>
        </ActionForm>
    }
}

/// A numbered part of the page.
#[component]
fn Part(number: u8, title: &'static str, id: &'static str, children: Children) -> impl IntoView {
    view! {
        <section class="part" aria-labelledby=id>
            <span class="part-no" aria-hidden="true">{number}</span>
            <div class="part-body"><h2 id=id>{title}</h2>{children()}</div>
        </section>
    }
}

fn lost_part(lang: Lang, site: &Site, backup: Memo<Option<BackupEntry>>, days: Memo<i64>) -> impl IntoView + use<> {
    let zone = site.zone.clone();
    let sentence = move || {
        let t0 = backup.with(|backup| backup.as_ref().map(|backup| backup.t0))?;
        Some(i18n::restore::lost_since(
            lang,
            &display::date_time(lang, &zone, t0),
            days.get(),
        ))
    };
    view! {
        <Part number=3 title=i18n::restore::lost(lang) id="p3"><p aria-live="polite">{sentence}</p></Part>
    }
}

/// The name of the chosen database; none when the whole site is chosen.
fn chosen_database(site: &Site, scope: &str) -> Option<String> {
    match paths::scope(scope) {
        Some(Scope::Database(id)) => site.database(&id).map(|database| database.name.clone()),
        Some(Scope::Site) | None => None,
    }
}

fn summary(
    lang: Lang,
    site: &Site,
    choice: Choice,
    backup: Memo<Option<BackupEntry>>,
    days: Memo<i64>,
) -> impl IntoView + use<> {
    let scope = {
        let site = site.clone();
        move || match chosen_database(&site, &choice.scope.get()) {
            Some(name) => {
                let alone = site.databases.len() < 2;
                view! {
                    {i18n::restore::one_database(lang, &name)}
                    {(!alone).then(|| view! { <small>{i18n::restore::others_untouched(lang)}</small> })}
                }
                .into_any()
            }
            None => view! {
                {i18n::restore::whole_site(lang)}<small>{i18n::restore::every_database(lang)}</small>
            }
            .into_any(),
        }
    };
    let zone = site.zone.clone();
    let state = move || {
        backup.with(|backup| {
            backup
                .as_ref()
                .map(|backup| display::short_date_time(lang, &zone, backup.t0))
        })
    };
    view! {
        <aside class="aside aside-after" aria-labelledby="t-sum">
            <div class="panel summary">
                <div class="panel-head"><h2 id="t-sum">{i18n::restore::summary(lang)}</h2></div>
                <div class="panel-body stack-s"><dl class="facts-list">
                    <div><dt>{i18n::restore::scope(lang)}</dt><dd>{scope}</dd></div>
                    <div><dt>{i18n::restore::state_found(lang)}</dt><dd>{state}</dd></div>
                    <div><dt>{i18n::restore::entries_lost(lang)}</dt><dd>{move || i18n::restore::lost_days(lang, days.get())}</dd></div>
                    <div><dt>{i18n::restore::site_closed(lang)}</dt><dd>{i18n::restore::site_closed_value(lang)}</dd></div>
                    <div><dt>{i18n::restore::return_possible(lang)}</dt><dd>{i18n::restore::return_for(lang)}</dd></div>
                </dl></div>
            </div>
        </aside>
    }
}
