//! The bin: what can be put back, until when, and by whom it was deleted.

use domain::display;
use domain::overview::BinEntry;
use domain::site::{Database, Site};
use domain::time::Timestamp;
use leptos::form::ActionForm;
use leptos::prelude::*;

use super::super::backup_table::name;
use super::super::elements::{Instant, icon};
use super::{Keeping, hidden};
use crate::i18n;
use crate::viewer::lang;

/// What can be put back, and until when.
#[component]
pub(crate) fn BinTable(
    /// Youngest first.
    entries: Vec<BinEntry>,
    /// The acts.
    keeping: Keeping,
    /// The site.
    site: Site,
    /// The database.
    database: Database,
    /// The id of the reason why nothing can be put back, if so.
    refused: Option<&'static str>,
    /// When the page was read.
    now: Timestamp,
) -> impl IntoView {
    let lang = lang();
    let head = |text: &'static str| view! { <th role="columnheader" scope="col">{text}</th> };
    let rows = entries.into_iter().map(|entry| {
        let zone = &site.zone;
        let name = name(lang, &entry.backup, &site, now);
        let about = i18n::backups::about(lang, &name);
        let (at, until) = (entry.deletion.at, entry.deletion.until);
        let deleted = i18n::keeping::when_by(lang, &display::short_date_time(lang, zone, at), &entry.deletion.by);
        let until_text = display::short_date_time(lang, zone, until);
        let label = view! {
            {i18n::keeping::put_back(lang)}<span class="sr">{i18n::keeping::put_back_more(lang)}{about}</span>
        };
        let fields = hidden(&site, &database, &entry.backup);
        let act = match refused {
            Some(why) => view! {
                <button class="btn btn-quiet" type="button" aria-disabled="true" aria-describedby=why>
                    {icon("lock-simple")}{label}
                </button>
            }
            .into_any(),
            None => view! {
                <ActionForm action=keeping.put_back>
                    {fields}
                    <button class="btn btn-quiet">{icon("arrow-counter-clockwise")}{label}</button>
                </ActionForm>
            }
            .into_any(),
        };
        view! {
            <tr role="row">
                <th role="rowheader" scope="row" class="what"><Instant at=entry.backup.t0 zone=zone.clone() text=name/></th>
                <td role="cell" data-label=i18n::keeping::deleted(lang)>{deleted}</td>
                <td role="cell" data-label=i18n::backups::size(lang) class="num">{display::size(lang, entry.bytes)}</td>
                <td role="cell" data-label=i18n::keeping::can_be_put_back(lang)>
                    <Instant at=until zone=zone.clone() text=until_text/>
                </td>
                <td role="cell" class="is-acts"><div class="acts">{act}</div></td>
            </tr>
        }
        .into_any()
    });
    let rows = rows.collect_view();
    view! {
        <table role="table" class="table cards">
            <caption class="sr">{i18n::keeping::bin_caption(lang)}</caption>
            <thead role="rowgroup"><tr role="row">
                {head(i18n::backups::date(lang))}{head(i18n::keeping::deleted(lang))}{head(i18n::backups::size(lang))}
                {head(i18n::keeping::until(lang))}
                <th role="columnheader" scope="col"><span class="sr">{i18n::common::actions(lang)}</span></th>
            </tr></thead>
            <tbody role="rowgroup">{rows}</tbody>
        </table>
    }
}
