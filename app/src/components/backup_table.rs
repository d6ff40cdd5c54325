//! The backups of a database, one section after another: automatic, manual, before a restore (R16).

use domain::display;
use domain::lang::Lang;
use domain::overview::{BackupEntry, DatabaseEntry};
use domain::retention::Keep;
use domain::site::{Database, Site};
use domain::time::Timestamp;
use leptos::form::ActionForm;
use leptos::prelude::*;

use super::asking::Asking;
use super::elements::{Instant, icon};
use super::keeping::{Asked, Keeping, Question, hidden};
use super::reviews::review_mark;
use crate::viewer::lang;
use crate::{i18n, paths};

/// Which of the three sections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Section {
    /// Made by the night.
    Automatic,
    /// Asked for by a person, or kept by one.
    Manual,
    /// Taken before a restore.
    Safety,
}

/// What the person may do with the entries, decided once for the page. A refused act names the id of its reason.
#[derive(Clone, Copy)]
pub(crate) struct Acts {
    /// Restore from? Who may not is told so above the tables.
    pub(crate) restore: bool,
    /// Why not download.
    pub(crate) no_download: Option<&'static str>,
    /// Why not keep a night.
    pub(crate) no_keep: Option<&'static str>,
    /// Why not keep it no longer.
    pub(crate) no_release: Option<&'static str>,
    /// Why not delete a manual backup.
    pub(crate) no_delete: Option<&'static str>,
    /// The acts themselves.
    pub(crate) keeping: Keeping,
    /// The dialog.
    pub(crate) asking: Asking<Asked>,
}

/// One section as a table; cards on narrow panels.
#[component]
pub(crate) fn BackupTable(
    /// Which section.
    section: Section,
    /// Its entries, youngest first.
    entries: Vec<DatabaseEntry>,
    /// The site, for its zone.
    site: Site,
    /// The database.
    database: Database,
    /// What the person may do with them.
    acts: Acts,
    /// When the page was read.
    now: Timestamp,
) -> impl IntoView {
    let lang = lang();
    let (caption, first, second) = match section {
        Section::Automatic => (
            i18n::backups::automatic_caption(lang),
            i18n::backups::day(lang),
            i18n::backups::kept(lang),
        ),
        Section::Manual => (
            i18n::backups::manual_caption(lang),
            i18n::backups::date(lang),
            i18n::backups::origin(lang),
        ),
        Section::Safety => (
            i18n::backups::safety_caption(lang),
            i18n::backups::date(lang),
            i18n::backups::origin(lang),
        ),
    };
    let head = |text: &'static str| view! { <th role="columnheader" scope="col">{text}</th> };
    let rows = entries
        .iter()
        .map(|entry| row(section, entry, &site, &database, acts, now))
        .collect_view();
    view! {
        <table role="table" class="table cards">
            <caption class="sr">{caption}</caption>
            <thead role="rowgroup"><tr role="row">
                {head(first)}{head(second)}{head(i18n::backups::size(lang))}{head(i18n::backups::fingerprint(lang))}
                <th role="columnheader" scope="col"><span class="sr">{i18n::common::actions(lang)}</span></th>
            </tr></thead>
            <tbody role="rowgroup">{rows}</tbody>
        </table>
    }
}

fn row(
    section: Section,
    entry: &DatabaseEntry,
    site: &Site,
    database: &Database,
    acts: Acts,
    now: Timestamp,
) -> AnyView {
    let lang = lang();
    let (backup, zone) = (&entry.backup, &site.zone);
    let name = name(lang, backup, site, now);
    let about = i18n::backups::about(lang, &name);
    let heading = match backup.business_date {
        Some(_) => {
            let text = i18n::backups::state_at(lang, &display::short_date_time(lang, zone, backup.t0));
            let late = backup
                .late
                .then(|| view! { <small class="late">{icon("warning")}{i18n::backups::late(lang)}</small> });
            view! { {name}<small><Instant at=backup.t0 zone=zone.clone() text/></small>{late} }.into_any()
        }
        None => view! { <Instant at=backup.t0 zone=zone.clone() text=name/> }.into_any(),
    };
    let mark = review_mark(lang, backup, site, &about);
    let hash = entry.sha256.as_str();
    let short = hash.get(..12).unwrap_or(hash).to_owned();
    let (label, origin) = match section {
        Section::Automatic => (i18n::backups::kept(lang), kept(lang, &entry.kept, site)),
        Section::Manual | Section::Safety => (i18n::backups::origin(lang), origin(lang, backup, site)),
    };
    let download = match acts.no_download {
        None => view! {
            <a class="btn btn-quiet" href=paths::download(&backup.id, &database.id) download=entry.file_name.clone() rel="external">
                {icon("download-simple")}{i18n::backups::download(lang)}<span class="sr">{about.clone()}</span>
            </a>
        }
        .into_any(),
        Some(why) => view! {
            <button class="btn btn-quiet" type="button" aria-disabled="true" aria-describedby=why>
                {icon("lock-simple")}{i18n::backups::download(lang)}<span class="sr">{about.clone()}</span>
            </button>
        }
        .into_any(),
    };
    let (short_name, full_name) = (i18n::packages::short(lang), i18n::packages::download_backup(lang));
    let bacpac = match acts.no_download {
        None => view! {
            <a class="btn btn-quiet" href=paths::bacpac(&site.id, &database.id, &backup.id) title=full_name>
                {icon("export")}<span aria-hidden="true">{short_name}</span><span class="sr">{full_name}{about.clone()}</span>
            </a>
        }
        .into_any(),
        Some(why) => view! {
            <button class="btn btn-quiet" type="button" aria-disabled="true" aria-describedby=why>
                {icon("lock-simple")}<span aria-hidden="true">{short_name}</span><span class="sr">{full_name}{about.clone()}</span>
            </button>
        }
        .into_any(),
    };
    let counted = entry.rows.map(|rows| {
        let href = format!("{}#lignes", paths::review(&site.id, &backup.id));
        let more = i18n::reviews::more_about(lang);
        view! { <small><a href=href>{i18n::reviews::row_count(lang, rows)}<span class="sr">{about.clone()}{more}</span></a></small> }
    });
    let asked = |question| Asked {
        question,
        backup: backup.clone(),
        kept: entry.kept.clone(),
        site: site.clone(),
        database: database.clone(),
        now,
    };
    let keeping = match (section, backup.promotion.is_some()) {
        (Section::Automatic, _) => keep(backup, site, database, acts, &about),
        (Section::Manual, true) => release(asked(Question::Release), acts, &about),
        (Section::Manual, false) => bin(asked(Question::Delete), acts, &about),
        (Section::Safety, _) => ().into_any(),
    };
    let restore = acts.restore.then(|| {
        view! {
            <a class="btn btn-quiet" href=paths::restore_from(&site.id, &database.id, &backup.id)>
                {icon("clock-counter-clockwise")}{i18n::backups::restore(lang)}<span class="sr">{about}</span>
            </a>
        }
    });
    view! {
        <tr role="row">
            <th role="rowheader" scope="row" class="what">
                {heading}{mark}
            </th>
            <td role="cell" data-label=label>{origin}</td>
            <td role="cell" data-label=i18n::backups::size(lang) class="num">{display::size(lang, entry.bytes)}{counted}</td>
            <td role="cell" data-label=i18n::backups::fingerprint(lang)>
                <details class="hash"><summary><code>{short}"…"</code></summary><code>{hash.to_owned()}</code></details>
            </td>
            <td role="cell" class="is-acts"><div class="acts">{restore}{download}{bacpac}{keeping}</div></td>
        </tr>
    }
    .into_any()
}

/// Keep a night: done at once, because it takes nothing away and is undone as easily.
fn keep(backup: &BackupEntry, site: &Site, database: &Database, acts: Acts, about: &str) -> AnyView {
    let lang = lang();
    let full_name = i18n::keeping::keep_as(lang);
    let fields = hidden(site, database, backup);
    let label = view! {
        <span aria-hidden="true">{i18n::keeping::keep(lang)}</span><span class="sr">{full_name}{about.to_owned()}</span>
    };
    match acts.no_keep {
        None => view! {
            <ActionForm action=acts.keeping.promote>
                {fields}
                <button class="btn btn-quiet" title=full_name>{icon("bookmark-simple")}{label}</button>
            </ActionForm>
        }
        .into_any(),
        Some(why) => view! {
            <button class="btn btn-quiet" type="button" aria-disabled="true" aria-describedby=why>{icon("lock-simple")}{label}</button>
        }
        .into_any(),
    }
}

/// Keep it no longer: the consequence is said first.
fn release(asked: Asked, acts: Acts, about: &str) -> AnyView {
    let lang = lang();
    let label = view! { {i18n::keeping::keep_no_longer(lang)}<span class="sr">{about.to_owned()}</span> };
    match acts.no_release {
        None => {
            let href = paths::release_backup(&asked.site.id, &asked.database.id, &asked.backup.id);
            view! {
                <a class="btn btn-quiet" href=href on:click=move |event| acts.asking.ask(&event, asked.clone())>
                    {icon("bookmark-simple")}{label}
                </a>
            }
            .into_any()
        }
        Some(why) => view! {
            <button class="btn btn-quiet" type="button" aria-disabled="true" aria-describedby=why>{icon("lock-simple")}{label}</button>
        }
        .into_any(),
    }
}

/// The bin of a manual backup (R10).
fn bin(asked: Asked, acts: Acts, about: &str) -> AnyView {
    let lang = lang();
    let full_name = format!("{}{about}", i18n::keeping::delete_manual(lang));
    match acts.no_delete {
        None => {
            let href = paths::delete_backup(&asked.site.id, &asked.database.id, &asked.backup.id);
            view! {
                <a class="btn btn-icon is-bin" href=href aria-label=full_name title=i18n::keeping::delete(lang)
                    on:click=move |event| acts.asking.ask(&event, asked.clone())>{icon("trash")}</a>
            }
            .into_any()
        }
        Some(why) => view! {
            <button class="btn btn-icon is-bin" type="button" aria-label=full_name aria-disabled="true" aria-describedby=why>
                {icon("trash")}
            </button>
        }
        .into_any(),
    }
}

/// What a backup is called: the day that ended for the night's, the instant for the others; with the year when it is
/// not this one.
pub(crate) fn name(lang: Lang, backup: &BackupEntry, site: &Site, now: Timestamp) -> String {
    let day = backup.business_date.unwrap_or_else(|| site.zone.local(backup.t0).date);
    let this_year = day.year == site.zone.local(now).date.year;
    let date = display::weekday_date(lang, day);
    let date = if this_year {
        date
    } else {
        format!("{date}\u{a0}{}", day.year)
    };
    match (lang, backup.business_date) {
        (_, Some(_)) => date,
        (Lang::Fr, None) => format!("{date} à {}", display::time(lang, &site.zone, backup.t0)),
        (Lang::En, None) => format!("{date}, {}", display::time(lang, &site.zone, backup.t0)),
    }
}

/// Why an automatic backup is still there, as the policy of its site has it (R12–R14).
fn kept(lang: Lang, reasons: &[Keep], site: &Site) -> AnyView {
    let role = |class, letter, words: String| {
        view! { <span class="why"><span class=class aria-hidden="true">{letter}</span>"\u{2002}"{words}</span> }
            .into_any()
    };
    let mut told: Vec<_> = reasons
        .iter()
        .filter_map(|keep| match keep {
            Keep::Daily { of, .. } => Some(role(
                "key k-j",
                i18n::backups::days_letter(lang),
                i18n::retention::nights(lang, *of),
            )),
            Keep::Monthly { .. } => Some(role(
                "key k-m",
                i18n::backups::month_end_letter(lang),
                i18n::backups::month_end(lang).to_owned(),
            )),
            Keep::Yearly { .. } => Some(role(
                "key k-a",
                i18n::backups::year_end_letter(lang),
                i18n::backups::year_end(lang).to_owned(),
            )),
            _ => None,
        })
        .collect();
    if told.is_empty() {
        told = match reasons.first() {
            Some(keep) => vec![i18n::retention::keep_alone(lang, keep, &site.zone).into_any()],
            None => vec![i18n::backups::about_to_go(lang).into_any()],
        };
    }
    told.into_any()
}

fn origin(lang: Lang, backup: &BackupEntry, site: &Site) -> AnyView {
    let text = match &backup.promotion {
        Some(promotion) => {
            let date = display::short_date(lang, site.zone.local(promotion.at).date);
            i18n::backups::promoted(lang, &date, &promotion.by)
        }
        None => backup.requested_by.clone(),
    };
    let imported = backup.imported_from.as_ref().map(|file| {
        view! { <small>{i18n::packages::imported_from(lang)}" "{file.clone()}</small> }
    });
    view! { {text}{imported} }.into_any()
}
