//! What the policy of a site keeps, and until when (R12–R14): everybody who sees the site reads it; an operator tries other
//! terms and sees what they would do before saving them.
//!
//! The preview is `domain::retention::preview` over the site's real backups, run here: in the browser while one types, on the
//! server where script does not run. No rule is decided on this page.

mod ahead;
mod calendar;
mod changes;
mod choice;
mod form;
mod months;
mod outlook;
mod stored;

use domain::overview::RetentionView;
use domain::permission::Action;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::api::{self, ApiError, SetPolicy};
use crate::components::{Act, Frame, Head, Place, fetched, notice, use_act};
use crate::live::Live;
use crate::viewer::lang;
use crate::{i18n, paths, rights};

use super::{crumbs, param};
use choice::Choice;
use outlook::Outlooks;

/// The page.
#[component]
pub(crate) fn RetentionPage() -> impl IntoView {
    let live = Live::here();
    let site = param("site");
    let choice = Choice::asked();
    let (set, error) = use_act::<SetPolicy>();
    let read = Resource::new(
        move || (site.get(), live.changes(Some(&site.get())), set.version().get()),
        |(site, ..)| api::read_retention(site),
    );
    // What was tried is the rule now, or was meant for another site.
    Effect::new(move |before: Option<(usize, String)>| {
        let now = (set.version().get(), site.get());
        let saved = set.value().with_untracked(|answer| matches!(answer, Some(Ok(_))));
        if before.is_some_and(|(answered, of)| (answered != now.0 && saved) || of != now.1) {
            choice.forget();
        }
        now
    });
    fetched(read, Place::Overview, move |view| {
        page(view, choice, set, error).into_any()
    })
}

fn page(
    view: RetentionView,
    choice: Choice,
    set: ServerAction<SetPolicy>,
    error: Signal<Option<ApiError>>,
) -> impl IntoView {
    let lang = lang();
    let (site, terms) = (view.site.clone(), view.policy.terms());
    let title = i18n::retention::title(lang);
    let rule = format!("{}.", domain::display::capital(&i18n::retention::rule(lang, terms)));
    let lead = view! { <strong>{rule}</strong>" "{i18n::retention::manual_never(lang)} }.into_any();
    let refusal = rights::refusal(Action::Administer, &site);
    // Who may not set a policy is shown the one that holds, whatever the address says.
    let outlooks = Outlooks::of(view, refusal.is_none().then_some(choice));
    let asked = use_query_map();
    let saved = move || {
        let said = asked.with(|query| query.get(paths::SAVED).is_some()) && !outlooks.differ();
        said.then(|| {
            let more = i18n::retention::saved_more(lang);
            let told = notice(
                "notice-ok",
                "check-circle",
                i18n::retention::saved(lang).to_owned(),
                more,
            );
            view! { <div role="status">{told}</div> }
        })
    };
    let set = match refusal {
        None => view! {
            <div class="stack">
                {form::form(lang, &site, terms, choice, set, error)}
                {changes::panel(lang, outlooks)}
            </div>
        }
        .into_any(),
        Some(refusal) => view! {
            <section class="panel" aria-labelledby="t-rule">
                <div class="panel-head"><h2 id="t-rule">{i18n::retention::panel(lang)}</h2></div>
                <div class="panel-body stack">
                    {form::facts(lang, terms)}
                    <div class="row"><Act id="r-rule" label=i18n::retention::save(lang) class="btn" refusal zone=site.zone.clone()/></div>
                </div>
            </section>
        }
        .into_any(),
    };
    view! {
        <Title text=format!("{title} · {}", site.name)/>
        <Frame site=Some(site.clone()) place=Place::Overview>
            <div class="page">
                <Head crumbs=crumbs(lang, &site, title) title=title lead=lead/>
                {saved}
                {set}
                {stored::panel(lang, outlooks)}
                {calendar::calendar(lang, outlooks, choice)}
                {ahead::panel(lang, outlooks)}
            </div>
        </Frame>
    }
}
