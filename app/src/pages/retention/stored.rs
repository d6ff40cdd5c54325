//! Today's backups: every reason why each is kept, when it goes and why; and what the present rule says where that differs.

use domain::display;
use domain::lang::Lang;
use domain::retention::Fate;
use leptos::prelude::*;

use super::outlook::{Names, Outlook, Outlooks};
use crate::components::{Empty, icon};
use crate::i18n;

/// More rows are folded.
const SHOWN: usize = 20;

/// The panel.
pub(super) fn panel(lang: Lang, outlooks: Outlooks) -> AnyView {
    view! {
        <section class="panel" aria-labelledby="t-stored">
            <div class="panel-head"><h2 id="t-stored">{i18n::retention::stored(lang)}</h2></div>
            {move || tables(lang, &outlooks.get())}
        </section>
    }
    .into_any()
}

fn tables(lang: Lang, outlook: &Outlook) -> AnyView {
    let names = Names::of(lang, outlook);
    let mut rows: Vec<_> = outlook
        .stored()
        .rev()
        .map(|(shown, present)| row(lang, &names, shown, present, outlook.differs()))
        .collect();
    if rows.is_empty() {
        return view! {
            <Empty mark="moon" title=i18n::retention::none_stored(lang) more=i18n::retention::none_stored_more(lang)/>
        }
        .into_any();
    }
    let more = rows.split_off(rows.len().min(SHOWN));
    let folded = (!more.is_empty()).then(|| {
        let summary = i18n::retention::more(lang, more.len());
        view! {
            <details class="panel-foot"><summary>{icon("caret-right")}{summary}</summary>{table(lang, more)}</details>
        }
    });
    view! { {table(lang, rows)}{folded} }.into_any()
}

fn table(lang: Lang, rows: Vec<AnyView>) -> AnyView {
    let head = |text: &'static str| view! { <th role="columnheader" scope="col">{text}</th> };
    view! {
        <table role="table" class="table cards">
            <caption class="sr">{i18n::retention::stored_caption(lang)}</caption>
            <thead role="rowgroup"><tr role="row">
                {head(i18n::retention::backup(lang))}{head(i18n::retention::kept_because(lang))}{head(i18n::retention::goes(lang))}
            </tr></thead>
            <tbody role="rowgroup">{rows}</tbody>
        </table>
    }
    .into_any()
}

fn row(lang: Lang, names: &Names<'_>, shown: &Fate, present: &Fate, tried: bool) -> AnyView {
    let size = names.entry(&shown.which).map(|entry| display::size(lang, entry.bytes));
    let mut reasons = names.reasons(&shown.kept);
    if reasons.is_empty() {
        reasons.push(i18n::retention::no_reason(lang).to_owned());
    }
    let reasons = reasons
        .into_iter()
        .map(|reason| view! { <div>{reason}</div> })
        .collect_view();
    let why = shown
        .end
        .as_ref()
        .map(|end| view! { <small>{i18n::retention::expire(lang, &end.reason)}</small> });
    let changed = shown.end != present.end;
    let before = changed.then(|| {
        view! { <small class="was">{i18n::retention::present_rule(lang)}{names.end(present, false)}</small> }
    });
    let end = names.end(shown, tried);
    let end = if changed {
        view! { <mark>{end}</mark> }.into_any()
    } else {
        end.into_any()
    };
    view! {
        <tr role="row">
            <th role="rowheader" scope="row" class="what">{names.name(&shown.which)}<small class="num">{size}</small></th>
            <td role="cell" data-label=i18n::retention::kept_because(lang)>{reasons}</td>
            <td role="cell" data-label=i18n::retention::goes(lang)>{end}{why}{before}</td>
        </tr>
    }
    .into_any()
}
