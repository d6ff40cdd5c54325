//! The four terms: as facts for those who read them, as fields for the operator. Two forms: the fields, which without script
//! ask for the preview, and the one that saves what is previewed.

use domain::lang::Lang;
use domain::retention::Terms;
use domain::site::Site;
use leptos::form::ActionForm;
use leptos::prelude::*;

use super::choice::{Choice, limits, list, problem};
use crate::api::{ApiError, SetPolicy};
use crate::components::{act_error, icon, once};
use crate::{i18n, paths};

/// The names of the terms, in the order of their fields.
pub(super) const fn labels(lang: Lang) -> [&'static str; 4] {
    [
        i18n::retention::days(lang),
        i18n::retention::months(lang),
        i18n::retention::years(lang),
        i18n::retention::safety(lang),
    ]
}

const fn hints(lang: Lang) -> [&'static str; 4] {
    [
        i18n::retention::days_hint(lang),
        i18n::retention::months_hint(lang),
        i18n::retention::years_hint(lang),
        i18n::retention::safety_hint(lang),
    ]
}

/// The terms as facts.
pub(super) fn facts(lang: Lang, terms: Terms) -> AnyView {
    let facts = labels(lang)
        .into_iter()
        .zip(list(terms))
        .map(|(label, number)| view! { <div><dt>{label}</dt><dd class="num">{number}</dd></div> })
        .collect_view();
    view! { <dl class="facts">{facts}</dl> }.into_any()
}

/// The panel of the operator.
pub(super) fn form(
    lang: Lang,
    site: &Site,
    present: Terms,
    choice: Choice,
    set: ServerAction<SetPolicy>,
    error: Signal<Option<ApiError>>,
) -> AnyView {
    let page = paths::retention(&site.id);
    let fields = (0..4).map(|place| field(lang, place, present, choice)).collect_view();
    // As text, because a browser with script reads the inside of `noscript` as text.
    let preview = format!("<button class=\"btn\">{}</button>", i18n::retention::preview(lang));
    let on = move || choice.on.get().map(|date| date.to_string());
    view! {
        <section class="panel" aria-labelledby="t-rule">
            <div class="panel-head"><h2 id="t-rule">{i18n::retention::panel(lang)}</h2></div>
            <div class="panel-body stack">
                {act_error(error, site.zone.clone())}
                <form method="get" action=page novalidate class="stack">
                    <div class="terms">{fields}</div>
                    <input type="hidden" name=paths::ON value=on/>
                    <noscript inner_html=preview></noscript>
                </form>
                {save(lang, site, present, choice, set)}
            </div>
        </section>
    }
    .into_any()
}

fn field(lang: Lang, place: usize, present: Terms, choice: Choice) -> AnyView {
    let name = paths::TERMS[place];
    let (hint, error) = (format!("{name}-h"), format!("{name}-e"));
    let described = format!("{hint} {error}");
    let (least, most) = limits()[place];
    let wrong = Memo::new(move |_| problem(place, &choice.text(place, present)));
    let told = move || {
        wrong.get().map(|limits| {
            let text = limits
                .and_then(|limits| i18n::retention::out_of_range(lang, &limits))
                .unwrap_or_else(|| i18n::retention::not_a_number(lang).to_owned());
            view! { {icon("warning")}<span>{text}</span> }
        })
    };
    view! {
        <div class="field">
            <label for=name>{labels(lang)[place]}</label>
            <input class="input" id=name name=name type="number" inputmode="numeric" required
                min=least.to_string() max=most.to_string() step="1"
                value=untrack(|| choice.text(place, present))
                prop:value=move || choice.filling(place, present)
                on:input:target=move |event| choice.type_in(place, event.target().value())
                aria-describedby=described aria-invalid=move || wrong.with(Option::is_some).then_some("true")/>
            <p class="error" id=error aria-live="polite">{told}</p>
            <p class="hint" id=hint>{hints(lang)[place]}</p>
        </div>
    }
    .into_any()
}

fn save(lang: Lang, site: &Site, present: Terms, choice: Choice, set: ServerAction<SetPolicy>) -> AnyView {
    let pending = set.pending();
    let why_not = Memo::new(move |_| match choice.policy(present) {
        None => Some(i18n::retention::not_yet(lang)),
        Some(policy) if policy.terms() == present => Some(i18n::retention::unchanged(lang)),
        Some(_) => None,
    });
    let once = once(move || pending.get_untracked() || why_not.get_untracked().is_some());
    let terms = paths::TERMS
        .into_iter()
        .enumerate()
        .map(|(place, name)| view! { <input type="hidden" name=name value=move || choice.text(place, present)/> })
        .collect_view();
    let touched = move || {
        let differs = choice.policy(present).is_none_or(|policy| policy.terms() != present);
        differs.then_some(())
    };
    let (page, id) = (paths::retention(&site.id), site.id.to_string());
    let back = move || {
        touched().map(|()| {
            view! {
                <a class="btn" href=page.clone() on:click=move |_| choice.forget()>{i18n::retention::present_again(lang)}</a>
            }
        })
    };
    view! {
        <ActionForm action=set>
            <input type="hidden" name="site" value=id/>
            {terms}
            <div class="stack-s">
                <div class="row">
                    <button class="btn btn-main" on:click=once aria-describedby="r-save"
                        aria-disabled=move || (pending.try_get().unwrap_or_default() || why_not.get().is_some()).then_some("true")>
                        {icon("check")}{move || if pending.try_get().unwrap_or_default() { i18n::retention::saving(lang) } else { i18n::retention::save(lang) }}
                    </button>
                    {back}
                </div>
                <p class="reason" id="r-save" hidden=move || why_not.get().is_none()>{icon("info")}<span>{move || why_not.get()}</span></p>
            </div>
        </ActionForm>
    }
    .into_any()
}
