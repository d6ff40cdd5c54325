//! What was measured of a backup; for an unusual one the facts, what a decision means, and the two acts. Everybody who sees the
//! site reads it. The forms work without script.

use domain::anomaly::Review;
use domain::display;
use domain::judgement::{Decision, Verdict};
use domain::lang::Lang;
use domain::limits::REASON_MAX_CHARS;
use domain::overview::{MeasuredEntry, ReviewPage as Reading};
use domain::permission::Action;
use domain::site::Site;
use leptos::form::ActionForm;
use leptos::prelude::*;
use leptos_meta::Title;

use crate::api::{self, ApiError, DecideBackup};
use crate::components::{
    FactsTable, Frame, Head, Place, Reason, act_error, date_of, drawn, fetched, icon, notice, once, review_plate,
    use_act,
};
use crate::live::Live;
use crate::viewer::lang;
use crate::{i18n, rights};

use super::{crumbs, param};

/// The decision as it is being made: it stands beside what the page has read, so that reading that again takes nothing away
/// from whoever is writing.
#[derive(Clone, Copy)]
struct Deciding {
    action: ServerAction<DecideBackup>,
    error: Signal<Option<ApiError>>,
    reason: RwSignal<String>,
}

/// The page.
#[component]
pub(crate) fn ReviewPage() -> impl IntoView {
    let live = Live::here();
    let (site, backup) = (param("site"), param("backup"));
    let (action, error) = use_act::<DecideBackup>();
    let deciding = Deciding {
        action,
        error,
        reason: RwSignal::new(String::new()),
    };
    let reading = Resource::new(
        move || {
            let changes = (live.changes(Some(&site.get())), action.version().get());
            (site.get(), backup.get(), changes)
        },
        |(site, backup, _)| api::read_review(site, backup),
    );
    fetched(reading, Place::Databases, move |reading| {
        page(reading, deciding).into_any()
    })
}

fn page(reading: Reading, deciding: Deciding) -> impl IntoView {
    let lang = lang();
    let site = reading.site.clone();
    let judgement = reading.backup.judgement.clone();
    let date = date_of(&reading.backup, &site);
    let title = i18n::reviews::title(lang, judgement.review, &date);
    let here = i18n::reviews::title(lang, Review::Usual, &date);
    let (strong, rest) = match judgement.review {
        Review::Usual => (i18n::reviews::usual(lang), i18n::reviews::usual_more(lang)),
        Review::Undecided => (i18n::reviews::lead(lang), i18n::reviews::frozen(lang)),
        // Another one may still hold the rule back.
        Review::Accepted | Review::Rejected if reading.undecided > 0 => {
            (i18n::reviews::lead(lang), i18n::reviews::frozen(lang))
        }
        Review::Accepted | Review::Rejected => (i18n::reviews::lead(lang), i18n::reviews::resumed(lang)),
    };
    let lead = view! { <strong>{strong}</strong>" "{rest} }.into_any();
    let plate = match judgement.review {
        Review::Usual => ().into_any(),
        Review::Undecided => review_plate(judgement.review, i18n::reviews::unusual(lang)),
        Review::Accepted => review_plate(judgement.review, i18n::reviews::accepted(lang)),
        Review::Rejected => review_plate(judgement.review, i18n::reviews::rejected(lang)),
    };
    let facts = (!judgement.is_usual()).then(|| {
        view! {
            <section class="panel" aria-labelledby="t-facts">
                <div class="panel-head"><div>
                    <h2 id="t-facts">{i18n::reviews::facts(lang)}</h2><p>{i18n::reviews::facts_rule(lang)}</p>
                </div></div>
                <FactsTable facts=judgement.unusual.clone() site=site.clone()/>
            </section>
            {decision(lang, &reading, deciding)}
        }
    });
    let zone = i18n::common::zone(lang, &site.zone);
    view! {
        <Title text=format!("{title} · {}", site.name)/>
        <Frame site=Some(site.clone()) place=Place::Databases>
            <div class="page">
                <Head crumbs=crumbs(lang, &site, &here) title=title beside=plate lead=lead/>
                {facts}
                {rows(lang, &reading.measured)}
                <p class="foot-help">{zone}</p>
            </div>
        </Frame>
    }
}

fn decision(lang: Lang, reading: &Reading, deciding: Deciding) -> AnyView {
    let judgement = &reading.backup.judgement;
    let decided = match judgement.review {
        Review::Accepted => Some(Verdict::Accept),
        Review::Rejected => Some(Verdict::Reject),
        Review::Usual | Review::Undecided => None,
    };
    let told = decided
        .zip(judgement.decision.as_ref())
        .map(|(verdict, decision)| told(lang, verdict, decision, &reading.site));
    let form = match (rights::refusal(Action::Judge, &reading.site), decided) {
        (Some(refusal), _) => {
            let refused = |label: &'static str| {
                view! {
                    <button class="btn" type="button" aria-disabled="true" aria-describedby="r-judge">{icon("lock-simple")}{label}</button>
                }
            };
            let zone = reading.site.zone.clone();
            let labels = match decided {
                None => vec![i18n::reviews::accept(lang), i18n::reviews::reject(lang)],
                Some(Verdict::Accept) => vec![i18n::reviews::reject_after_all(lang)],
                Some(Verdict::Reject) => vec![i18n::reviews::accept_after_all(lang)],
            };
            let buttons = labels.into_iter().map(refused).collect_view();
            view! { <div class="stack-s"><div class="row">{buttons}</div><Reason id="r-judge" refusal zone/></div> }
                .into_any()
        }
        (None, None) => form(lang, reading, deciding, None),
        (None, Some(verdict)) => {
            let form = form(lang, reading, deciding, Some(verdict));
            view! {
                <details><summary>{drawn("icon icon-s icon-turn", "caret-right")}{i18n::reviews::another_decision(lang)}</summary>
                    <div class="stack is-alone">{form}</div>
                </details>
            }
            .into_any()
        }
    };
    // The policy does not delete what a person keeps.
    let evidence = match reading.backup.takes_a_slot() {
        true => i18n::reviews::reject_manual(lang),
        false => i18n::reviews::reject_night(lang),
    };
    view! {
        <section class="panel" aria-labelledby="t-decision">
            <div class="panel-head"><h2 id="t-decision">{i18n::reviews::decision(lang)}</h2></div>
            <div class="panel-body stack">
                {act_error(deciding.error, reading.site.zone.clone())}
                {told}
                <ul class="stack-s">
                    <li><b>{i18n::reviews::accept_means(lang)}</b>" "{i18n::reviews::accept_means_more(lang)}</li>
                    <li><b>{i18n::reviews::reject_means(lang)}</b>" "{evidence}</li>
                    <li>{i18n::reviews::both_mean(lang)}</li>
                </ul>
                {form}
            </div>
        </section>
    }
    .into_any()
}

/// Who decided, when, and why.
fn told(lang: Lang, verdict: Verdict, decision: &Decision, site: &Site) -> AnyView {
    let when = display::date_time(lang, &site.zone, decision.at);
    let (family, mark) = match verdict {
        Verdict::Accept => ("notice-ok", "check-circle"),
        Verdict::Reject => ("", "prohibit"),
    };
    let strong = i18n::reviews::decided(lang, verdict, &decision.by, &when);
    notice(family, mark, strong, decision.reason.clone())
}

/// Both acts, or the one that was not chosen.
fn form(lang: Lang, reading: &Reading, deciding: Deciding, decided: Option<Verdict>) -> AnyView {
    let pending = deciding.action.pending();
    let once = once(move || pending.get_untracked());
    let button = |verdict: Verdict| {
        let (class, mark) = match verdict {
            Verdict::Accept => ("btn btn-main", "check"),
            Verdict::Reject => ("btn", "prohibit"),
        };
        let label = match (verdict, decided) {
            (Verdict::Accept, None) => i18n::reviews::accept(lang),
            (Verdict::Reject, None) => i18n::reviews::reject(lang),
            (Verdict::Accept, Some(_)) => i18n::reviews::accept_after_all(lang),
            (Verdict::Reject, Some(_)) => i18n::reviews::reject_after_all(lang),
        };
        view! {
            <button class=class name="verdict" value=verdict.code() on:click=once
                aria-disabled=move || pending.try_get().unwrap_or_default().then_some("true")>{icon(mark)}{label}</button>
        }
    };
    let buttons = Verdict::ALL.into_iter().filter(|verdict| Some(*verdict) != decided);
    let buttons = buttons.map(button).collect_view();
    let reason = deciding.reason;
    let (site, backup) = (reading.site.id.to_string(), reading.backup.id.to_string());
    view! {
        <ActionForm action=deciding.action>
            <input type="hidden" name="site" value=site/>
            <input type="hidden" name="backup" value=backup/>
            <div class="stack">
                <div class="field">
                    <label for="reason">{i18n::reviews::reason(lang)}</label>
                    <textarea class="input" id="reason" name="reason" rows="2" maxlength=REASON_MAX_CHARS.to_string() aria-describedby="reason-h"
                        prop:value=move || reason.get() on:input=move |event| reason.set(event_target_value(&event))></textarea>
                    <p class="hint" id="reason-h">{i18n::reviews::reason_hint(lang)}</p>
                </div>
                <div class="row">{buttons}<span class="soft">{move || pending.try_get().unwrap_or_default().then(|| i18n::reviews::deciding(lang))}</span></div>
            </div>
        </ActionForm>
    }
    .into_any()
}

/// Rows of each table, one folded list per database.
fn rows(lang: Lang, measured: &[MeasuredEntry]) -> AnyView {
    let each = measured.iter().map(|entry| {
        let size = display::size(lang, entry.bytes);
        let Some(rows) = &entry.rows else {
            let not_counted = i18n::reviews::not_counted(lang);
            return view! { <p class="panel-foot"><b>{entry.name.clone()}</b>" · "{size}". "{not_counted}</p> }.into_any();
        };
        let all = i18n::reviews::tables_and_rows(lang, rows.len(), rows.values().sum());
        let lines = rows.iter().map(|(table, rows)| {
            view! {
                <tr role="row">
                    <th role="rowheader" scope="row" class="what">{table.clone()}</th>
                    <td role="cell" data-label=i18n::reviews::table_rows(lang) class="num">{display::number(lang, *rows)}</td>
                </tr>
            }
        });
        let lines = lines.collect_view();
        let head = |text: &'static str| view! { <th role="columnheader" scope="col">{text}</th> };
        view! {
            <details class="fold">
                <summary class="panel-foot">
                    {drawn("icon icon-s icon-turn", "caret-right")}<span><b>{entry.name.clone()}</b>" · "{size}" · "{all}</span>
                </summary>
                <table role="table" class="table cards">
                    <caption class="sr">{i18n::reviews::rows(lang)}{i18n::backups::about(lang, &entry.name)}</caption>
                    <thead role="rowgroup"><tr role="row">{head(i18n::reviews::table(lang))}{head(i18n::reviews::table_rows(lang))}</tr></thead>
                    <tbody role="rowgroup">{lines}</tbody>
                </table>
            </details>
        }
        .into_any()
    });
    let each = each.collect_view();
    view! {
        <section class="panel" aria-labelledby="t-rows" id="lignes">
            <div class="panel-head"><div>
                <h2 id="t-rows">{i18n::reviews::rows(lang)}</h2><p>{i18n::reviews::rows_rule(lang)}</p>
            </div></div>
            {each}
        </section>
    }
    .into_any()
}
