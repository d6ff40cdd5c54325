//! The log of an expiry as a table: what left, why, and what became of the space.

use domain::display;
use domain::expiry::{ExpiryLog, Why};
use domain::time::{Timestamp, Zone};
use leptos::prelude::*;

use crate::i18n::{expiry as words, retention};
use crate::viewer::lang;

/// The log.
pub(crate) fn expiry_log(log: &ExpiryLog, zone: &Zone, now: Timestamp) -> AnyView {
    let lang = lang();
    let rows = log.gone.iter().map(|gone| {
        let why = match &gone.why {
            Why::Policy(reason) => retention::expire(lang, reason),
            Why::Bin(deletion) => words::deleted(lang, zone, now, deletion),
        };
        view! {
            <tr role="row">
                <th role="rowheader" scope="row" class="what">{words::name(lang, gone, zone)}</th>
                <td role="cell" data-label=words::size(lang) class="num">{display::size(lang, gone.bytes)}</td>
                <td role="cell" data-label=words::why(lang)>{why}</td>
            </tr>
        }
        .into_any()
    });
    let head = |text: &'static str, class| view! { <th role="columnheader" scope="col" class=class>{text}</th> };
    let table = match log.gone.is_empty() {
        true => view! { <p>{words::nothing(lang)}</p> }.into_any(),
        false => view! {
            <table role="table" class="table cards">
                <caption class="sr">{words::title(lang)}</caption>
                <thead role="rowgroup"><tr role="row">
                    {head(words::backup(lang), "")}{head(words::size(lang), "num")}{head(words::why(lang), "")}
                </tr></thead>
                <tbody role="rowgroup">{rows.collect_view()}</tbody>
            </table>
        }
        .into_any(),
    };
    let space = match &log.space {
        Some(space) => words::space(lang, space),
        None => words::no_space(lang).to_owned(),
    };
    view! { <div class="stack">{table}<p class="softer">{space}</p></div> }.into_any()
}
