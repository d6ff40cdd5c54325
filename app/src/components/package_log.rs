//! What a BACPAC's log tells, in words: what was changed, weakened or left out, and which tables there are. Long lists are cut;
//! the JSON beside them has everything.

use domain::display;
use domain::export_log::{
    ColumnLog, ExportLog, ImportReport, ImportedColumn, NotCarried, RenamedObject, ValueChange, Weakened,
};
use domain::lang::Lang;
use domain::time::Zone;
use leptos::prelude::*;

use super::elements::icon;
use crate::i18n::{self, packages as words};
use crate::viewer::lang;

/// Entries of one list that a page shows.
const SHOWN: usize = 50;

/// Characters of a text that a list shows.
const TEXT_SHOWN: usize = 90;

/// The log of an export.
pub(crate) fn export_log(log: &ExportLog) -> AnyView {
    let lang = lang();
    let changed = log.values_changed();
    let columns = log.tables.iter().flat_map(|table| {
        let name = |column: &ColumnLog| format!("{}.{}", table.source_name, column.source_name);
        table
            .columns
            .iter()
            .map(move |column| (name(column), column.changes.as_slice()))
    });
    let tables = log
        .tables
        .iter()
        .map(|table| (table.source_name.clone(), table.rows, table.columns.len()));
    let whole = changed == 0 && log.weakened.is_empty() && log.not_carried.is_empty();
    let further = whole.then(|| format!(" {}", words::everything_carried(lang)));
    view! {
        <div class="stack">
            {verdict(changed, format!("{}{}", words::checked(lang), further.unwrap_or_default()))}
            {changes(lang, columns)}
            {weakened(lang, &log.weakened)}
            {not_carried(lang, &log.not_carried)}
            {renamed(lang, &log.renamed)}
            {table_list(lang, words::export_content(lang, log), tables)}
        </div>
    }
    .into_any()
}

/// The report of an import.
pub(crate) fn import_report(report: &ImportReport, zone: &Zone) -> AnyView {
    let lang = lang();
    let columns = report.tables.iter().flat_map(|table| {
        let name = |column: &ImportedColumn| format!("{}.{}", table.source_name, column.source_name);
        table
            .columns
            .iter()
            .map(move |column| (name(column), column.changes.as_slice()))
    });
    let tables = report
        .tables
        .iter()
        .map(|table| (table.source_name.clone(), table.rows, table.columns.len()));
    let source = &report.source;
    let told = |text: Option<String>| text.unwrap_or_else(|| words::not_told(lang).to_owned());
    let product = source.product.as_ref().map(|product| match &source.product_version {
        Some(version) => format!("{product} {version}"),
        None => product.clone(),
    });
    let at = source.exported_at.map(|at| display::date_time(lang, zone, at));
    let note = report.restored.then(|| words::restored_as_it_was(lang).to_owned());
    let warnings = report.warnings.iter().map(|warning| words::warning(lang, warning));
    view! {
        <div class="stack">
            {verdict(report.values_changed(), note.unwrap_or_default())}
            <dl class="facts-list">
                <div><dt>{words::written_by(lang)}</dt><dd>{told(product)}</dd></div>
                <div><dt>{words::exported_from(lang)}</dt><dd>{told(source.server_version.clone())}</dd></div>
                <div><dt>{words::exported_at(lang)}</dt><dd>{told(at)}</dd></div>
            </dl>
            {list(lang, words::warnings(lang), "", warnings.map(|text| view! { {text} }.into_any()).collect())}
            {changes(lang, columns)}
            {weakened(lang, &report.weakened)}
            {not_carried(lang, &report.not_carried)}
            {renamed(lang, &report.renamed)}
            {table_list(lang, words::import_content(lang, report), tables)}
        </div>
    }
    .into_any()
}

fn verdict(changed: u64, rest: String) -> AnyView {
    let (family, mark) = match changed {
        0 => ("notice notice-ok", "seal-check"),
        _ => ("notice notice-brass", "seal-warning"),
    };
    view! { <p class=family>{icon(mark)}<span><b>{words::verdict(lang(), changed)}</b>" "{rest}</span></p> }.into_any()
}

fn changes<'a>(lang: Lang, columns: impl Iterator<Item = (String, &'a [ValueChange])>) -> Option<AnyView> {
    let entries = columns
        .flat_map(|(name, changes)| changes.iter().map(move |change| (name.clone(), change)))
        .map(|(name, change)| {
            let first = (!change.first_rows.is_empty())
                .then(|| format!("{}{}", words::first_rows(lang), change.first_rows.join(", ")));
            view! {
                <b class="mono">{name}</b>" "{words::change(lang, change.kind, change.count)}
                {first.map(|first| view! { <small>{first}</small> })}
            }
            .into_any()
        });
    list(lang, words::changed(lang), "", entries.collect())
}

fn weakened(lang: Lang, rules: &[Weakened]) -> Option<AnyView> {
    let entries = rules.iter().map(|rule| {
        // Many have no name; then their own words tell which one it is.
        let which = if rule.name.is_empty() { cut(&rule.text) } else { rule.name.clone() };
        view! {
            <b class="mono">{rule.table.clone()}</b>" "{words::object(lang, rule.kind)}" "<span class="mono">{which}</span>
            <small>{display::capital(&words::weakening(lang, rule.what))}</small>
        }
        .into_any()
    });
    list(
        lang,
        words::weakened(lang),
        words::weakened_note(lang),
        entries.collect(),
    )
}

fn not_carried(lang: Lang, objects: &[NotCarried]) -> Option<AnyView> {
    let entries = objects.iter().map(|object| {
        view! {
            {display::capital(words::object(lang, object.kind))}" "<b class="mono">{object.name.clone()}</b>
            <small>{display::capital(words::left_out(lang, object.reason))}</small>
        }
        .into_any()
    });
    list(
        lang,
        words::not_carried(lang),
        words::not_carried_note(lang),
        entries.collect(),
    )
}

fn renamed(lang: Lang, names: &[RenamedObject]) -> Option<AnyView> {
    let entries = names.iter().map(|name| {
        view! {
            {display::capital(words::object(lang, name.kind))}" "
            <b class="mono">{name.before.clone()}</b>" → "<b class="mono">{name.after.clone()}</b>
            <small>{name.within.clone()}</small>
        }
        .into_any()
    });
    list(lang, words::renamed(lang), "", entries.collect())
}

fn cut(text: &str) -> String {
    let one_line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match one_line.char_indices().nth(TEXT_SHOWN) {
        Some((at, _)) => format!("{}…", &one_line[..at]),
        None => one_line,
    }
}

fn list(lang: Lang, title: &'static str, note: &'static str, mut entries: Vec<AnyView>) -> Option<AnyView> {
    if entries.is_empty() {
        return None;
    }
    let count = display::number(lang, entries.len() as u64);
    let more = (entries.len() > SHOWN).then(|| view! { <p class="softer">{words::and_more(lang)}</p> });
    entries.truncate(SHOWN);
    let items = entries
        .into_iter()
        .map(|entry| view! { <li>{entry}</li> }.into_any())
        .collect_view();
    let note = (!note.is_empty()).then(|| view! { <p class="softer">{note}</p> });
    Some(
        view! {
            <section class="told">
                <h3>{title}" "<span class="softer">{count}</span></h3>
                {note}
                <ul>{items}</ul>
                {more}
            </section>
        }
        .into_any(),
    )
}

fn table_list(lang: Lang, content: String, tables: impl Iterator<Item = (String, u64, usize)>) -> AnyView {
    let rows = tables
        .map(|(name, rows, columns)| {
            view! {
                <tr role="row">
                    <th role="rowheader" scope="row" class="what"><span class="mono">{name}</span></th>
                    <td role="cell" data-label=words::rows(lang) class="num">{display::number(lang, rows)}</td>
                    <td role="cell" data-label=words::columns(lang) class="num">{display::number(lang, columns as u64)}</td>
                </tr>
            }
            .into_any()
        })
        .collect_view();
    let head = |text: &'static str, class| view! { <th role="columnheader" scope="col" class=class>{text}</th> };
    view! {
        <details class="told">
            <summary>{super::elements::drawn("icon icon-s icon-turn", "caret-right")}{content}</summary>
            <table role="table" class="table cards">
                <caption class="sr">{i18n::packages::tables(lang)}</caption>
                <thead role="rowgroup"><tr role="row">
                    {head(words::table(lang), "")}{head(words::rows(lang), "num")}{head(words::columns(lang), "num")}
                </tr></thead>
                <tbody role="rowgroup">{rows}</tbody>
            </table>
        </details>
    }
    .into_any()
}
