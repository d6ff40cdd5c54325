//! The backups of one database (R15, R16): automatic first, manual second, then what can be put back (R10) and those before
//! a restore, both folded.

use domain::lang::Lang;
use domain::overview::{DatabaseBackups, DatabaseEntry};
use domain::permission::Action;
use domain::refusal::Refusal;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::components::{
    Acts, Asked, Asking, BackupTable, BinTable, Empty, Frame, Head, Keeping, KeepingDialog, Place, Reason, Section,
    act_error, done, drawn, fetched, icon, mini,
};
use crate::live::Live;
use crate::viewer::lang;
use crate::{api, i18n, paths, rights};

use super::param;

/// The page.
#[component]
pub(crate) fn DatabasePage() -> impl IntoView {
    let live = Live::here();
    let (site, database) = (param("site"), param("database"));
    let (keeping, asking) = (Keeping::here(), Asking::nothing());
    let backups = Resource::new(
        move || {
            let changes = (live.changes(Some(&site.get())), keeping.answered());
            (site.get(), database.get(), changes)
        },
        |(site, database, _)| api::read_database(site, database),
    );
    let shown = fetched(backups, Place::Databases, move |backups| {
        page(backups, keeping, asking).into_any()
    });
    view! {
        {shown}
        <KeepingDialog asking keeping/>
    }
}

fn page(backups: DatabaseBackups, keeping: Keeping, asking: Asking<Asked>) -> impl IntoView {
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
    let (acts, no_put_back, reasons) = acts(&backups, keeping, asking);
    let told = |(id, refusal): (&'static str, Refusal)| {
        let subject = match id {
            "r-keep" => Some(i18n::keeping::to_keep(lang)),
            "r-delete" => Some(i18n::keeping::to_delete(lang)),
            _ => None,
        };
        view! { <Reason id refusal zone=site.zone.clone() subject/> }
    };
    let any = !reasons.is_empty();
    let reasons = reasons.into_iter().map(told).collect_view();
    let reasons = any.then(|| view! { <div class="stack-s">{reasons}</div> });
    let zone = i18n::common::zone(lang, &site.zone);
    view! {
        <Title text=format!("{title} · {}", site.name)/>
        <Frame site=Some(site.clone()) place=Place::Databases>
            <div class="page">
                <Head crumbs title=title lead=lead/>
                {act_error(keeping.error, site.zone.clone())}
                {said(&backups, keeping)}
                {no_restore}
                {reasons}
                {automatic(lang, &backups, acts)}
                {manual(lang, &backups, acts)}
                {bin(lang, &backups, keeping, no_put_back)}
                {safety(lang, &backups, acts)}
                <p class="foot-help">{zone}</p>
            </div>
        </Frame>
    }
}

/// What the person may do here, why they may not put anything back, and every reason once, with the id that refused buttons
/// point to.
fn acts(
    backups: &DatabaseBackups,
    keeping: Keeping,
    asking: Asking<Asked>,
) -> (Acts, Option<&'static str>, Vec<(&'static str, Refusal)>) {
    let summary = &backups.summary;
    let right = |action| rights::refusal(action, &summary.site);
    let kept = backups.manual.iter().map(|entry| &entry.backup);
    let full = rights::quota_reached(summary, kept.clone());
    let any_kept = kept.clone().any(|entry| entry.promotion.is_some());
    let any_manual = kept.clone().any(|entry| entry.promotion.is_none());
    let (any_night, any_deleted) = (!backups.automatic.is_empty(), !backups.bin.is_empty());
    let mut reasons: Vec<(&'static str, Refusal)> = Vec::new();
    let mut told = |id: &'static str, shown: bool, refusal: Option<Refusal>| {
        let refusal = refusal?;
        if let Some((id, _)) = reasons.iter().find(|(_, told)| *told == refusal) {
            return Some(*id);
        }
        if shown {
            reasons.push((id, refusal));
        }
        Some(id)
    };
    let no_download = told("r-download", true, right(Action::Download));
    let no_release = told("r-keep", any_kept || any_night, right(Action::Promote));
    let no_delete = told("r-delete", any_manual || any_deleted, right(Action::DeleteManual));
    let acts = Acts {
        restore: right(Action::Restore).is_none(),
        no_download,
        no_keep: no_release.or_else(|| told("r-full", any_night, full.clone())),
        no_release,
        no_delete,
        keeping,
        asking,
    };
    let no_put_back = no_delete.or_else(|| told("r-full", any_deleted, full));
    (acts, no_put_back, reasons)
}

/// Said after a backup was deleted or kept, as long as it still is.
fn said(backups: &DatabaseBackups, keeping: Keeping) -> impl Fn() -> Option<AnyView> + use<> {
    let query = use_query_map();
    let (site, database) = (backups.summary.site.clone(), backups.database.clone());
    let bin = backups.bin.clone();
    let kept: Vec<_> = backups.manual.iter().map(|entry| entry.backup.clone()).collect();
    move || {
        let named = |name| query.with(|query| query.get(name)).unwrap_or_default();
        let (deleted_id, kept_id) = (named(paths::DELETED), named(paths::KEPT));
        let deleted = bin.iter().find(|entry| entry.backup.id.as_str() == deleted_id);
        let kept = kept
            .iter()
            .find(|entry| entry.id.as_str() == kept_id && entry.promotion.is_some());
        done(keeping, &site, &database, deleted, kept)
    }
}

fn table(backups: &DatabaseBackups, section: Section, entries: &[DatabaseEntry], acts: Acts) -> impl IntoView + use<> {
    let site = backups.summary.site.clone();
    let (entries, database, now) = (entries.to_vec(), backups.database.clone(), backups.now);
    view! { <BackupTable section entries site database acts now/> }
}

fn automatic(lang: Lang, backups: &DatabaseBackups, acts: Acts) -> impl IntoView + use<> {
    let content = if backups.automatic.is_empty() {
        view! { <Empty mark="moon" title=i18n::backups::no_automatic(lang) more=i18n::backups::no_automatic_more(lang)/> }.into_any()
    } else {
        table(backups, Section::Automatic, &backups.automatic, acts).into_any()
    };
    let rule = paths::retention(&backups.summary.site.id);
    view! {
        <section class="panel" aria-labelledby="t-auto" id="automatiques">
            <div class="panel-head">
                <div>
                    <h2 id="t-auto">{i18n::backups::automatic(lang)}</h2>
                    <p>{i18n::backups::automatic_rule(lang)}<a href=rule>{i18n::retention::see_short(lang)}</a></p>
                </div>
                <span class="note">{i18n::backups::count(lang, backups.automatic.len())}</span>
            </div>
            {content}
        </section>
    }
}

fn manual(lang: Lang, backups: &DatabaseBackups, acts: Acts) -> impl IntoView + use<> {
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
        table(backups, Section::Manual, &backups.manual, acts).into_any()
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

/// Folded, and only when there is something to put back.
fn bin(lang: Lang, backups: &DatabaseBackups, keeping: Keeping, refused: Option<&'static str>) -> Option<AnyView> {
    if backups.bin.is_empty() {
        return None;
    }
    let (site, database, now) = (backups.summary.site.clone(), backups.database.clone(), backups.now);
    let count = i18n::backups::count(lang, backups.bin.len());
    let entries = backups.bin.clone();
    let table = view! { <BinTable entries keeping site database refused now/> };
    Some(
        view! {
            <section class="panel" aria-labelledby="t-bin" id="corbeille">
                <div class="panel-head">
                    <div><h2 id="t-bin">{i18n::keeping::bin(lang)}</h2><p>{i18n::keeping::bin_rule(lang)}</p></div>
                </div>
                <details class="fold"><summary class="panel-foot">{drawn("icon icon-s icon-turn", "caret-right")}{count}</summary>{table}</details>
            </section>
        }
        .into_any(),
    )
}

/// Folded, and only when there is one.
fn safety(lang: Lang, backups: &DatabaseBackups, acts: Acts) -> Option<AnyView> {
    if backups.safety.is_empty() {
        return None;
    }
    let table = table(backups, Section::Safety, &backups.safety, acts);
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
