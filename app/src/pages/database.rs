//! The backups of one database (R15, R16): automatic first, manual second, those before a restore third.

use domain::lang::Lang;
use domain::overview::{DatabaseBackups, DatabaseEntry};
use domain::permission::Action;
use leptos::prelude::*;
use leptos_meta::Title;

use crate::components::{BackupTable, Empty, Frame, Head, Place, Reason, Section, drawn, fetched, icon, mini};
use crate::live::Live;
use crate::viewer::lang;
use crate::{api, i18n, paths, rights};

use super::param;

/// The page.
#[component]
pub(crate) fn DatabasePage() -> impl IntoView {
    let live = Live::here();
    let (site, database) = (param("site"), param("database"));
    let backups = Resource::new(
        move || (site.get(), database.get(), live.changes(Some(&site.get()))),
        |(site, database, _)| api::read_database(site, database),
    );
    fetched(backups, Place::Databases, |backups| page(backups).into_any())
}

fn page(backups: DatabaseBackups) -> impl IntoView {
    let lang = lang();
    let site = backups.summary.site.clone();
    let title = i18n::backups::title(lang, &backups.database.name);
    let crumbs = vec![
        (i18n::common::sites(lang).to_owned(), Some(paths::SITES.to_owned())),
        (site.name.clone(), Some(paths::site(&site.id))),
        (
            i18n::common::databases(lang).to_owned(),
            Some(paths::databases(&site.id)),
        ),
        (backups.database.name.clone(), None),
    ];
    let product = match backups.database.bytes {
        Some(bytes) => format!("{}, {}", backups.database.product, domain::display::size(lang, bytes)),
        None => backups.database.product.clone(),
    };
    let lead = i18n::backups::lead(lang, &product).into_any();
    let no_restore = rights::refusal(Action::Restore, &site).map(|refusal| {
        view! {
            <p class="notice" id="r-restore">{icon("lock-simple")}<span>
                <b>{i18n::backups::to_restore(lang)}</b>{i18n::refusals::sentence(lang, &refusal, &site.zone)}
            </span></p>
        }
    });
    let no_download = rights::refusal(Action::Download, &site)
        .map(|refusal| view! { <Reason id="r-download" refusal zone=site.zone.clone()/> });
    let zone = i18n::common::zone(lang, &site.zone);
    view! {
        <Title text=format!("{title} · {}", site.name)/>
        <Frame site=Some(site.clone()) place=Place::Databases>
            <div class="page">
                <Head crumbs title=title lead=lead/>
                {no_restore}
                {no_download}
                {automatic(lang, &backups)}
                {manual(lang, &backups)}
                {safety(lang, &backups)}
                <p class="foot-help">{zone}</p>
            </div>
        </Frame>
    }
}

fn table(backups: &DatabaseBackups, section: Section, entries: &[DatabaseEntry]) -> impl IntoView + use<> {
    let site = backups.summary.site.clone();
    let may_download = rights::refusal(Action::Download, &site).is_none();
    let may_restore = rights::refusal(Action::Restore, &site).is_none();
    let (entries, database, now) = (entries.to_vec(), backups.database.clone(), backups.now);
    view! { <BackupTable section entries site database may_download may_restore now/> }
}

fn automatic(lang: Lang, backups: &DatabaseBackups) -> impl IntoView + use<> {
    let content = if backups.automatic.is_empty() {
        view! { <Empty mark="moon" title=i18n::backups::no_automatic(lang) more=i18n::backups::no_automatic_more(lang)/> }.into_any()
    } else {
        table(backups, Section::Automatic, &backups.automatic).into_any()
    };
    view! {
        <section class="panel" aria-labelledby="t-auto" id="automatiques">
            <div class="panel-head">
                <div><h2 id="t-auto">{i18n::backups::automatic(lang)}</h2><p>{i18n::backups::automatic_rule(lang)}</p></div>
                <span class="note">{i18n::backups::count(lang, backups.automatic.len())}</span>
            </div>
            {content}
        </section>
    }
}

fn manual(lang: Lang, backups: &DatabaseBackups) -> impl IntoView + use<> {
    let site = &backups.summary.site;
    // For the host alone: to others it would only be one more thing they cannot do.
    let import = rights::refusal(Action::Administer, site).is_none().then(|| {
        let href = paths::import(&site.id, &backups.database.id);
        view! { <p class="panel-foot"><a href=href>{i18n::packages::import(lang)}</a></p> }
    });
    let content = if backups.manual.is_empty() {
        let act = rights::refusal(Action::BackUp, site).is_none().then(|| {
            view! { <a class="btn btn-main" href=paths::backup(&site.id)>{icon("vault")}{i18n::site::back_up(lang)}</a> }
        });
        view! {
            <Empty mark="vault" title=i18n::backups::no_manual(lang) more=i18n::backups::no_manual_more(lang)>{act}</Empty>
        }
        .into_any()
    } else {
        table(backups, Section::Manual, &backups.manual).into_any()
    };
    view! {
        <section class="panel" aria-labelledby="t-man" id="manuelles">
            <div class="panel-head">
                <div><h2 id="t-man">{i18n::backups::manual(lang)}</h2><p>{i18n::backups::manual_rule(lang, site.quota)}</p></div>
                <span class="note">{mini(backups.summary.quota)}</span>
            </div>
            {content}
            {import}
        </section>
    }
}

/// Folded, and only when there is one.
fn safety(lang: Lang, backups: &DatabaseBackups) -> Option<AnyView> {
    if backups.safety.is_empty() {
        return None;
    }
    let table = table(backups, Section::Safety, &backups.safety);
    let count = i18n::backups::count(lang, backups.safety.len());
    Some(
        view! {
            <section class="panel" aria-labelledby="t-safe" id="avant-restauration">
                <div class="panel-head">
                    <div><h2 id="t-safe">{i18n::backups::safety(lang)}</h2><p>{i18n::backups::safety_rule(lang)}</p></div>
                </div>
                <details class="fold"><summary class="panel-foot">{drawn("icon icon-s icon-turn", "caret-right")}{count}</summary>{table}</details>
            </section>
        }
        .into_any(),
    )
}
