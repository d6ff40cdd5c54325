//! The policy made visible: a calendar of 400 nights, and for the date one chooses what would be there and why.
//!
//! The date is chosen with a date field or a slider, by keyboard as by mouse; a click on a square of the calendar is a third
//! way to the same. The list beside the calendar says everything that the squares show.

use domain::display;
use domain::lang::Lang;
use domain::retention::{Keep, Standing, standing};
use domain::time::CivilDate;
use leptos::ev;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::{Element, HtmlElement};

use super::choice::{Choice, list};
use super::months::{Earlier, Life, Month, State, kinds, lives, months, split};
use super::outlook::{Names, Outlook, Outlooks};
use crate::components::icon;
use crate::{i18n, paths};

/// Calendar and list.
pub(super) fn calendar(lang: Lang, outlooks: Outlooks, choice: Choice) -> AnyView {
    let lives = Memo::new(move |_| lives(outlooks.get().shown()));
    let squares = move || {
        let outlook = outlooks.get();
        let on = outlook.within(choice.on.get());
        let months = months(outlook.shown(), &lives.get(), outlook.today(), outlook.moment(on));
        grids(lang, &outlook, months, on)
    };
    follow(choice);
    let pick = move |event: ev::MouseEvent| {
        let square = event_target::<Element>(&event).closest("[data-day]");
        let day = square
            .ok()
            .flatten()
            .and_then(|square| square.get_attribute("data-day"));
        if let Some(day) = day.and_then(|day| CivilDate::parse(&day)) {
            choice.on.set(Some(day));
        }
    };
    view! {
        <div class="cols">
            <section class="panel" aria-labelledby="t-cal">
                <div class="panel-head">
                    <h2 id="t-cal">{i18n::retention::calendar(lang)}</h2>
                    <p class="note">{i18n::retention::by_saved_day(lang)}</p>
                </div>
                <div class="panel-body stack">
                    {chooser(lang, outlooks, choice)}
                    <div class="stack" on:click=pick>{squares}</div>
                </div>
            </section>
            <section class="panel stays" aria-labelledby="t-on">{move || list_on(lang, &outlooks.get(), choice)}</section>
        </div>
    }
    .into_any()
}

/// Where the months stand in one row, the one of the chosen date comes into sight.
fn follow(choice: Choice) {
    Effect::new(move |_| {
        choice.on.track();
        request_animation_frame(|| {
            let chosen = document().query_selector(".months .is-on").ok().flatten();
            let month = chosen.and_then(|square| square.closest(".month").ok().flatten());
            if let Some((month, row)) = month.and_then(|month| {
                let row = month.parent_element()?;
                Some((month.dyn_into::<HtmlElement>().ok()?, row))
            }) {
                row.set_scroll_left(month.offset_left());
            }
        });
    });
}

/// The date: a field, and a slider where script can follow it.
fn chooser(lang: Lang, outlooks: Outlooks, choice: Choice) -> AnyView {
    let scripted = RwSignal::new(false);
    Effect::new(move |_| scripted.set(true));
    let first = outlooks.get_untracked();
    let (today, site) = (first.today(), first.view().site.id.clone());
    let last = first.last_day();
    let on = Memo::new(move |_| outlooks.get().within(choice.on.get()));
    let date = move || on.get().to_string();
    let away = move || (on.get().days() - today.days()).to_string();
    let terms = list(first.policy().terms());
    let hidden = paths::TERMS
        .into_iter()
        .zip(terms)
        .map(|(name, number)| view! { <input type="hidden" name=name value=number.to_string()/> })
        .collect_view();
    let show = format!("<button class=\"btn\">{}</button>", i18n::retention::show(lang));
    let slider = move || {
        scripted.get().then(|| {
            view! {
                <input class="slider" type="range" min="0" max=(last.days() - today.days()).to_string() step="1"
                    aria-label=i18n::retention::slide(lang)
                    aria-valuetext=move || display::date(lang, on.get())
                    prop:value=away
                    on:input:target=move |event| {
                        if let Ok(days) = event.target().value().parse() {
                            choice.on.set(Some(today.plus_days(days)));
                        }
                    }/>
            }
        })
    };
    view! {
        <form method="get" action=paths::retention(&site) class="chooser">
            {hidden}
            <div class="field">
                <label for=paths::ON>{i18n::retention::date(lang)}</label>
                <div class="row">
                    <input class="input" type="date" id=paths::ON name=paths::ON min=today.to_string() max=last.to_string()
                        value=untrack(date) prop:value=date
                        on:change:target=move |event| choice.on.set(CivilDate::parse(&event.target().value()))/>
                    <noscript inner_html=show></noscript>
                </div>
            </div>
            {slider}
        </form>
    }
    .into_any()
}

fn grids(lang: Lang, outlook: &Outlook, months: Vec<Month>, on: CivilDate) -> AnyView {
    let today = outlook.today();
    let kinds = kinds(&months);
    let (earlier, months) = split(months, today);
    let draw = months.iter().map(|month| grid(lang, month, today, on)).collect_view();
    let earlier = (!earlier.is_empty()).then(|| {
        let chips = earlier.iter().map(|one| chip(lang, one)).collect_view();
        view! {
            <div class="earlier"><h3>{i18n::retention::earlier(lang)}</h3><ul>{chips}</ul></div>
        }
    });
    let legend = kinds.into_iter().rev().map(|life| {
        let (class, letter, words) = match life {
            Life::Days => ("", None, i18n::retention::legend_days(lang)),
            _ => {
                let (class, letter, words) = life_words(lang, life);
                (class, Some(letter), words)
            }
        };
        view! { <li><span class=format!("key {class}") aria-hidden="true">{letter}</span>{words}</li> }
    });
    let states = [
        ("is-there", i18n::retention::legend_there(lang)),
        ("is-coming", i18n::retention::legend_coming(lang)),
        ("is-gone", i18n::retention::legend_gone(lang)),
        ("is-on", i18n::retention::legend_on(lang)),
    ]
    .map(|(class, words)| view! { <li><span class=format!("square {class}") aria-hidden="true"></span>{words}</li> });
    view! {
        {earlier}
        <div class="months" role="group" tabindex="0" aria-label=i18n::retention::months_label(lang)>{draw}</div>
        <ul class="legend">{legend.collect_view()}{states.into_iter().collect_view()}</ul>
    }
    .into_any()
}

/// How a kind of life is drawn and called.
fn life_words(lang: Lang, life: Life) -> (&'static str, &'static str, &'static str) {
    match life {
        Life::Days => ("k-j", "", i18n::retention::among_days(lang)),
        Life::Month => (
            "k-m",
            i18n::backups::month_end_letter(lang),
            i18n::retention::legend_month(lang),
        ),
        Life::Year => (
            "k-a",
            i18n::backups::year_end_letter(lang),
            i18n::retention::legend_year(lang),
        ),
        Life::Free => (
            "k-c",
            i18n::retention::letter_manual(lang),
            i18n::retention::legend_manual(lang),
        ),
        Life::Safety => (
            "k-s",
            i18n::retention::letter_safety(lang),
            i18n::retention::legend_safety(lang),
        ),
        Life::Held => (
            "k-h",
            i18n::retention::letter_held(lang),
            i18n::retention::legend_held(lang),
        ),
    }
}

fn state_words(lang: Lang, state: State) -> (&'static str, &'static str) {
    match state {
        State::There => ("is-there", i18n::retention::legend_there(lang)),
        State::Coming => ("is-coming", i18n::retention::legend_coming(lang)),
        State::Gone => ("is-gone", i18n::retention::legend_gone(lang)),
    }
}

/// A single backup of before the first month.
fn chip(lang: Lang, one: &Earlier) -> AnyView {
    let (life_class, letter, life_words) = life_words(lang, one.life);
    let (state_class, state_words) = state_words(lang, one.state);
    view! {
        <li class=format!("{state_class} {life_class}")>
            <b>{display::date(lang, one.date)}</b><i aria-hidden="true">{letter}</i><span class="sr">{life_words}", "{state_words}</span>
        </li>
    }
    .into_any()
}

/// A month as a table, Monday first.
fn grid(lang: Lang, month: &Month, today: CivilDate, on: CivilDate) -> AnyView {
    let heads = (0..7)
        .map(|day| {
            let name = display::weekday(lang, day);
            let letter: String = name.chars().take(1).flat_map(char::to_uppercase).collect();
            view! { <th scope="col"><span aria-hidden="true">{letter}</span><span class="sr">{name}</span></th> }
        })
        .collect_view();
    let (first, length) = (month.first(), i64::from(month.length()));
    let blank = i64::try_from(first.weekday()).unwrap_or(0);
    // Six weeks for every month, so that the grids stand level.
    let weeks = (0..6)
        .map(|week| {
            let squares = (0..7)
                .map(|day| {
                    let place = week * 7 + day - blank;
                    if (0..length).contains(&place) {
                        square(lang, month, first.plus_days(place), today, on)
                    } else {
                        view! { <td></td> }.into_any()
                    }
                })
                .collect_view();
            view! { <tr>{squares}</tr> }
        })
        .collect_view();
    view! {
        <table class="month">
            <caption>{display::capital(&display::month(lang, month.year, month.month))}</caption>
            <thead><tr>{heads}</tr></thead>
            <tbody>{weeks}</tbody>
        </table>
    }
    .into_any()
}

fn square(lang: Lang, month: &Month, date: CivilDate, today: CivilDate, on: CivilDate) -> AnyView {
    let chosen = date == on;
    // Only days one may choose answer to a click.
    let day = (date >= today).then(|| date.to_string());
    let Some((life, state)) = month.days.get(&date.day) else {
        return view! { <td class=if chosen { "is-on" } else { "" } data-day=day><b>{date.day}</b></td> }.into_any();
    };
    let (life_class, letter, life_words) = life_words(lang, *life);
    let (state_class, state_words) = state_words(lang, *state);
    let class = format!("{state_class} {life_class}{}", if chosen { " is-on" } else { "" });
    // A night like the others needs no letter: its square says it.
    let letter = (*life != Life::Days).then(|| view! { <i aria-hidden="true">{letter}</i> });
    view! {
        <td class=class data-day=day><b>{date.day}</b>{letter}<span class="sr">{life_words}", "{state_words}</span></td>
    }
    .into_any()
}

/// What would be there on the chosen date: the nights that are only that together, then each of the others.
fn list_on(lang: Lang, outlook: &Outlook, choice: Choice) -> AnyView {
    let on = outlook.within(choice.on.get());
    let at = outlook.moment(on);
    let all = standing(
        at,
        outlook.zone(),
        outlook.policy(),
        &outlook.view().facts,
        outlook.shown(),
    );
    let count = all.len();
    let (nights, others): (Vec<_>, Vec<_>) = all.into_iter().partition(is_only_a_night);
    let names = Names::at(lang, outlook, at);
    let together = nights.first().zip(nights.last()).map(|(first, last)| {
        let summary = i18n::retention::nights_from_to(lang, nights.len(), first.saved, last.saved);
        let rows = nights
            .iter()
            .rev()
            .map(|night| row(lang, outlook, &names, night))
            .collect_view();
        view! { <li><details><summary>{icon("caret-right")}{summary}</summary><ul>{rows}</ul></details></li> }
    });
    let rows = others
        .iter()
        .rev()
        .map(|one| row(lang, outlook, &names, one))
        .collect_view();
    view! {
        <div class="panel-head"><h2 id="t-on" aria-live="polite">{i18n::retention::there_on(lang, on, count)}</h2></div>
        <div class="panel-body told"><ul>{together}{rows}</ul></div>
    }
    .into_any()
}

fn is_only_a_night(one: &Standing) -> bool {
    one.reasons
        .iter()
        .all(|keep| matches!(keep, Keep::Daily { .. } | Keep::LastGood))
        && one.reasons.iter().any(|keep| matches!(keep, Keep::Daily { .. }))
}

fn row(lang: Lang, outlook: &Outlook, names: &Names<'_>, one: &Standing) -> AnyView {
    let reasons = names
        .reasons(&one.reasons)
        .into_iter()
        .map(|reason| view! { <small>{reason}</small> })
        .collect_view();
    let until = match &one.end {
        _ if names.is_free(&one.which) => None,
        Some(end) => Some(i18n::retention::until(lang, outlook.zone(), end.at)),
        None => Some(i18n::retention::until_after(lang, outlook.view().coming.days)),
    };
    view! { <li><b>{names.name(&one.which)}</b>{reasons}<small>{until}</small></li> }.into_any()
}
