//! Processes that have ended, as a table.

use domain::display;
use domain::process::Process;
use domain::site::Site;
use domain::time::{Timestamp, Zone};
use leptos::prelude::*;

use super::elements::{Instant, process_plate};
use crate::viewer::lang;
use crate::{i18n, paths};

/// The table; cards on narrow panels.
#[component]
pub(crate) fn ProcessTable(
    /// The processes, youngest first.
    processes: Vec<Process>,
    /// Their sites, for the zones.
    sites: Vec<Site>,
    /// When the page was read.
    now: Timestamp,
    /// Name the site of each?
    with_site: bool,
) -> impl IntoView {
    let lang = lang();
    let rows = processes
        .into_iter()
        .map(|process| {
            let zone = sites
                .iter()
                .find(|site| site.id == process.site)
                .map_or_else(Zone::utc, |site| site.zone.clone());
            row(&process, zone, now, with_site)
        })
        .collect_view();
    let head = |text: &'static str| view! { <th role="columnheader" scope="col">{text}</th> };
    view! {
        <table role="table" class="table cards">
            <caption class="sr">{i18n::processes::ended(lang)}</caption>
            <thead role="rowgroup"><tr role="row">
                {head(i18n::processes::process(lang))}
                {with_site.then(|| head(i18n::processes::site(lang)))}
                {head(i18n::common::state(lang))}
                {head(i18n::processes::ended_at(lang))}
                {head(i18n::processes::took(lang))}
                {head(i18n::processes::by(lang))}
            </tr></thead>
            <tbody role="rowgroup">{rows}</tbody>
        </table>
    }
}

fn row(process: &Process, zone: Zone, now: Timestamp, with_site: bool) -> AnyView {
    let lang = lang();
    let ended = process.state.ended_at().unwrap_or(process.updated_at);
    let took = process
        .elapsed()
        .map(|length| i18n::processes::took_length(lang, length));
    let nil = took.is_none().then_some("is-nil");
    let by = match process.requested_by.as_str() {
        "" => i18n::processes::by_itself(lang, &process.kind).to_owned(),
        name => name.to_owned(),
    };
    let (name, detail) = i18n::processes::in_a_column(lang, &process.kind, zone.local(now).date.year);
    let text = display::capital(&display::relative(lang, &zone, now, ended));
    view! {
        <tr role="row">
            <th role="rowheader" scope="row" class="what">
                <a href=paths::process(&process.id)>{name}</a>{detail.map(|detail| view! { <small>{detail}</small> })}
            </th>
            {with_site.then(|| view! {
                <td role="cell" data-label=i18n::processes::site(lang)>
                    <a href=paths::site(&process.site)>{process.site_name.clone()}</a>
                </td>
            })}
            <td role="cell" data-label=i18n::common::state(lang)>{process_plate(lang, process.state.name())}</td>
            <td role="cell" data-label=i18n::processes::ended_at(lang)><Instant at=ended zone text/></td>
            <td role="cell" data-label=i18n::processes::took(lang) class=nil>{took}</td>
            <td role="cell" data-label=i18n::processes::by(lang)>{by}</td>
        </tr>
    }
    .into_any()
}
