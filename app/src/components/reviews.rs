//! What is thought of a backup: the mark in a list, the alert on the page of a site, the facts as a table.

use domain::anomaly::{Review, Unusual, What};
use domain::display;
use domain::lang::Lang;
use domain::overview::{BackupEntry, SiteOverview, SiteSummary};
use domain::site::Site;
use leptos::prelude::*;

use super::elements::{icon, notice, review_plate};
use super::keeping::date_of;
use crate::viewer::lang;
use crate::{i18n, paths};

/// In a row: unusual, and the way to the decision; nothing for a usual one.
pub(crate) fn review_mark(lang: Lang, backup: &BackupEntry, site: &Site, about: &str) -> Option<AnyView> {
    let review = backup.judgement.review;
    let words = i18n::reviews::in_choice(lang, review)?;
    let link = match review {
        Review::Undecided => i18n::reviews::review(lang),
        _ => i18n::reviews::see(lang),
    };
    let href = paths::review(&site.id, &backup.id);
    Some(
        view! {
            <small class="mark">
                {review_plate(review, words)}" "<a href=href>{link}<span class="sr">{about.to_owned()}</span></a>
            </small>
        }
        .into_any(),
    )
}

/// The alert on the page of a site while a decision is wanted: the oldest one, because its decision may be that of others.
pub(crate) fn unusual_alert(lang: Lang, overview: &SiteOverview) -> Option<AnyView> {
    let site = &overview.summary.site;
    let (oldest, others) = overview.undecided.split_first()?;
    let facts = &oldest.judgement.unusual;
    let told = i18n::reviews::fact(
        lang,
        headline(facts)?,
        &name_of(site, headline(facts)?),
        site.databases.len() > 1,
    );
    let strong = i18n::reviews::alert(lang, &date_of(oldest, site), &told, facts.len() - 1);
    let also = (!others.is_empty()).then(|| format!("{} ", i18n::reviews::also_waiting(lang, others.len())));
    let rest = view! {
        {i18n::reviews::frozen(lang)}" "{also}
        <a href=paths::review(&site.id, &oldest.id)>{i18n::reviews::review(lang)}</a>
    };
    Some(notice("notice-busy", "warning", strong, rest))
}

/// The fact that tells most: the largest share; among equal ones the first.
fn headline(facts: &[Unusual]) -> Option<&Unusual> {
    let share = |fact: &Unusual| u128::from(fact.now.abs_diff(fact.before)) * 10_000 / u128::from(fact.before.max(1));
    facts.iter().rev().max_by_key(|fact| share(fact))
}

/// The name of the database that a fact is about; its id when the site no longer has it.
fn name_of(site: &Site, fact: &Unusual) -> String {
    let id = fact.what.database();
    site.database(id)
        .map_or_else(|| id.to_string(), |database| database.name.clone())
}

/// Every fact, as a table.
#[component]
pub(crate) fn FactsTable(
    /// The facts.
    facts: Vec<Unusual>,
    /// The site, for names.
    site: Site,
) -> impl IntoView {
    let lang = lang();
    let several = site.databases.len() > 1;
    let head = |text: &'static str| view! { <th role="columnheader" scope="col">{text}</th> };
    let row = |fact: &Unusual| {
        let value = |value: u64| match fact.what {
            What::Bytes { .. } | What::DatabaseGone { .. } => display::size(lang, value),
            What::Rows { .. } | What::TableGone { .. } => i18n::reviews::row_count(lang, value),
        };
        let now = match fact.what {
            What::TableGone { .. } => i18n::reviews::gone(lang).to_owned(),
            What::DatabaseGone { .. } => i18n::reviews::absent(lang).to_owned(),
            _ => value(fact.now),
        };
        let subject = i18n::reviews::subject(lang, &fact.what, &name_of(&site, fact), several);
        view! {
            <tr role="row">
                <th role="rowheader" scope="row" class="what">{subject}</th>
                <td role="cell" data-label=i18n::reviews::before(lang) class="num">{value(fact.before)}</td>
                <td role="cell" data-label=i18n::reviews::now(lang) class="num">{now}</td>
                <td role="cell" data-label=i18n::reviews::change(lang) class="num">{i18n::reviews::share(lang, fact.before, fact.now)}</td>
            </tr>
        }
        .into_any()
    };
    let rows = facts.iter().map(row).collect_view();
    view! {
        <table role="table" class="table cards">
            <caption class="sr">{i18n::reviews::facts_caption(lang)}</caption>
            <thead role="rowgroup"><tr role="row">
                {head(i18n::reviews::what(lang))}{head(i18n::reviews::before(lang))}{head(i18n::reviews::now(lang))}{head(i18n::reviews::change(lang))}
            </tr></thead>
            <tbody role="rowgroup">{rows}</tbody>
        </table>
    }
}

/// In the list of sites: a decision is wanted.
pub(crate) fn unusual_in_list(lang: Lang, summary: &SiteSummary) -> Option<AnyView> {
    (summary.undecided > 0)
        .then(|| view! { <small>{icon("warning")}{i18n::reviews::unusual_in_list(lang)}</small> }.into_any())
}
