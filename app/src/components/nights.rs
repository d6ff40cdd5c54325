//! The nights of a site: when the next one is, their window and zone, the way to what is kept, and the alert for a site without a backup.

use domain::display;
use domain::lang::Lang;
use domain::overview::{SiteOverview, SiteSummary};
use domain::time::Timestamp;
use leptos::prelude::*;

use super::elements::{Instant, icon, notice};
use crate::{i18n, paths};

/// Next night, window, what is kept and zone, as facts.
pub(crate) fn night_facts(lang: Lang, overview: &SiteOverview) -> AnyView {
    let (summary, now) = (&overview.summary, overview.now);
    let (plan, zone) = (summary.nights, &summary.site.zone);
    let next = match plan.next {
        Some(night) if night.is_due(now) => i18n::nights::next_soon(lang).into_any(),
        Some(night) => {
            let text = display::capital(&display::upcoming(lang, zone, now, night.at));
            view! { <Instant at=night.at zone=zone.clone() text/> }.into_any()
        }
        None => i18n::nights::next_unknown(lang).into_any(),
    };
    // Its moment is not the one of the window: it has failed before.
    let again = plan.next.is_some_and(|night| {
        let planned = plan.schedule.starts(zone, &summary.site.id, night.business_date);
        planned.is_some_and(|planned| planned < night.at)
    });
    let what = if again {
        i18n::nights::next_again(lang)
    } else {
        i18n::nights::next(lang)
    };
    let kept = paths::retention(&summary.site.id);
    view! {
        <dl class="facts-list">
            <div><dt>{what}</dt><dd>{next}</dd></div>
            <div><dt>{i18n::nights::window(lang)}</dt><dd>{i18n::nights::between(lang, plan.schedule)}</dd></div>
            <div><dt>{i18n::retention::title(lang)}</dt><dd><a href=kept>{i18n::retention::see(lang)}</a></dd></div>
            <div><dt>{i18n::nights::zone(lang)}</dt><dd>{zone.name.clone()}<small>{i18n::nights::zone_hint(lang)}</small></dd></div>
        </dl>
    }
    .into_any()
}

/// The panel on the page of a site.
pub(crate) fn nights_panel(lang: Lang, overview: &SiteOverview) -> AnyView {
    let href = paths::nights(&overview.summary.site.id);
    view! {
        <section class="panel" aria-labelledby="t-nights">
            <div class="panel-head">
                <h2 id="t-nights">{i18n::nights::panel(lang)}</h2>
                <a class="note" href=href>{i18n::nights::see(lang)}</a>
            </div>
            <div class="panel-body">{night_facts(lang, overview)}</div>
        </section>
    }
    .into_any()
}

/// The alert on the page of a site without a backup.
pub(crate) fn silence(lang: Lang, summary: &SiteSummary, now: Timestamp) -> Option<AnyView> {
    let silence = summary.nights.silence?;
    let last = silence
        .last
        .map(|last| display::relative(lang, &summary.site.zone, now, last));
    let strong = i18n::nights::silent(lang, last.as_deref());
    Some(notice(
        "notice-fail",
        "warning",
        strong,
        i18n::nights::silent_more(lang),
    ))
}

/// The same in a row of the list of sites.
pub(crate) fn silent_mark(lang: Lang, summary: &SiteSummary) -> Option<AnyView> {
    summary.nights.silence?;
    Some(view! { <small>{icon("warning")}{i18n::nights::silent_in_list(lang)}</small> }.into_any())
}
