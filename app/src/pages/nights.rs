//! When the nights of a site start (R11): everybody who sees the site reads it, an operator sets it. The form works without
//! script.

use domain::lang::Lang;
use domain::limits::NIGHT_WINDOW_RANGE;
use domain::overview::SiteOverview;
use domain::permission::Action;
use domain::range::Setting;
use domain::refusal::{Field, Refusal};
use domain::schedule::Schedule;
use domain::site::Site;
use leptos::form::ActionForm;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::api::{self, ApiError, SetNights};
use crate::components::{Act, ActAndError, Frame, Head, Place, act_error, fetched, icon, night_facts, once, use_act};
use crate::live::Live;
use crate::viewer::lang;
use crate::{i18n, paths, rights};

use super::{crumbs, param};

/// The page.
#[component]
pub(crate) fn NightsPage() -> impl IntoView {
    let live = Live::here();
    let site = param("site");
    let overview = Resource::new(
        move || (site.get(), live.changes(Some(&site.get()))),
        |(site, _)| api::read_site(site),
    );
    let set = use_act();
    fetched(overview, Place::Overview, move |overview| {
        page(overview, set).into_any()
    })
}

fn page(overview: SiteOverview, set: ActAndError<SetNights>) -> impl IntoView {
    let lang = lang();
    let site = overview.summary.site.clone();
    let title = i18n::nights::title(lang);
    let lead = view! { <strong>{i18n::nights::lead(lang)}</strong>" "{i18n::nights::lead_more(lang)} }.into_any();
    let set = match rights::refusal(Action::Administer, &site) {
        Some(refusal) => view! {
            <Act id="r-nights" label=i18n::nights::save(lang) class="btn" refusal zone=site.zone.clone()/>
        }
        .into_any(),
        None => form(lang, &site, overview.summary.nights.schedule, set).into_any(),
    };
    view! {
        <Title text=format!("{title} · {}", site.name)/>
        <Frame site=Some(site.clone()) place=Place::Overview>
            <div class="page">
                <Head crumbs=crumbs(lang, &site, title) title=title lead=lead/>
                <section class="panel" aria-labelledby="t-nights">
                    <div class="panel-head"><h2 id="t-nights">{i18n::nights::panel(lang)}</h2></div>
                    <div class="panel-body stack">{night_facts(lang, &overview)}{set}</div>
                </section>
            </div>
        </Frame>
    }
}

fn form(lang: Lang, site: &Site, schedule: Schedule, (set, error): ActAndError<SetNights>) -> impl IntoView + use<> {
    let pending = set.pending();
    // A form that was refused without script comes back with what was typed.
    let typed = |name: &str, set: String| {
        let asked = use_query_map().with_untracked(|query| query.get(name));
        asked.unwrap_or(set)
    };
    let start = format!(
        "{:02}:{:02}",
        schedule.start_minutes() / 60,
        schedule.start_minutes() % 60
    );
    let (start, window) = (
        typed("start", start),
        typed("window", schedule.window_minutes().to_string()),
    );
    let (least, most) = (NIGHT_WINDOW_RANGE.start(), NIGHT_WINDOW_RANGE.end());
    let wrong = move |field: Field| {
        Memo::new(move |_| error.try_get().flatten().and_then(|error| field_of(&error)) == Some(field))
    };
    let (start_wrong, window_wrong) = (wrong(Field::NightStart), wrong(Field::NightWindow));
    let once = once(move || pending.get_untracked());
    let (id, zone, back) = (site.id.to_string(), site.zone.clone(), paths::site(&site.id));
    view! {
        <ActionForm action=set>
            <input type="hidden" name="site" value=id/>
            <div class="stack">
                {act_error(error, zone)}
                <div class="field">
                    <label for="start">{i18n::nights::start(lang)}</label>
                    <input class="input" id="start" name="start" type="time" required value=start
                        aria-describedby="start-h" aria-invalid=move || start_wrong.get().then_some("true")/>
                    <p class="hint" id="start-h">{i18n::nights::start_hint(lang)}</p>
                </div>
                <div class="field">
                    <label for="window">{i18n::nights::length(lang)}</label>
                    <input class="input" id="window" name="window" type="number" inputmode="numeric" required
                        min=least.to_string() max=most.to_string() step="1" value=window
                        aria-describedby="window-h" aria-invalid=move || window_wrong.get().then_some("true")/>
                    <p class="hint" id="window-h">{i18n::nights::length_hint(lang)}</p>
                </div>
                <div class="row">
                    <button class="btn btn-main" on:click=once aria-disabled=move || pending.try_get().unwrap_or_default().then_some("true")>
                        {icon("check")}{move || if pending.try_get().unwrap_or_default() { i18n::nights::saving(lang) } else { i18n::nights::save(lang) }}
                    </button>
                    <a class="btn" href=back>{i18n::restore::back(lang)}</a>
                </div>
            </div>
        </ActionForm>
    }
}

/// The field that an answer is about.
fn field_of(error: &ApiError) -> Option<Field> {
    match error {
        ApiError::Refused(Refusal::Invalid { field }) => Some(*field),
        ApiError::Refused(Refusal::OutOfRange(limits)) => match limits.setting {
            Setting::NightStart => Some(Field::NightStart),
            Setting::NightWindow => Some(Field::NightWindow),
            _ => None,
        },
        _ => None,
    }
}
