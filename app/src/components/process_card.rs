//! A process one can watch: name, state, bar, figures, steps, and one sentence on what the backup will hold.
//!
//! Every part reads the newest snapshot, so that nothing but the changed text is drawn again.

use domain::display;
use domain::lang::Lang;
use domain::process::{Process, ProcessKind, ProcessState, Stage, StateName};
use domain::time::{Timestamp, Zone};
use leptos::prelude::*;

use super::elements::{Instant, drawn, icon, process_plate};
use crate::live::Live;
use crate::viewer::lang;
use crate::{i18n, paths};

/// A process in the list of what is under way.
#[component]
pub(crate) fn ProcessCard(
    /// The snapshot the page was drawn with.
    process: Process,
    /// Instants are told in this zone.
    zone: Zone,
    /// When the page was read.
    now: Timestamp,
    /// Name the site too?
    #[prop(optional)]
    with_site: bool,
) -> impl IntoView {
    let lang = lang();
    let (href, name) = (paths::process(&process.id), i18n::processes::name(lang, &process.kind));
    let site = with_site.then(|| view! { <a href=paths::site(&process.site)>{process.site_name.clone()}</a> });
    let asked = i18n::processes::asked(
        lang,
        &process,
        &display::relative(lang, &zone, now, process.requested_at),
    );
    let process = Live::here().process(process);
    let state = state_name(process);
    view! {
        <div class="process">
            <div class="process-top">
                <a class="process-name" href=href>{name}</a>
                {move || process_plate(lang, state.get())}
                {site}
                {move || percentage(lang, process)}
            </div>
            {progress_bar(process)}
            {figures(process, Some(asked))}
            {steps(process)}
            {t0_sentence(process, zone)}
        </div>
        <Announcer process/>
    }
}

/// The state without its facts: changes a few times in a process's life.
fn state_name(process: Memo<Process>) -> Memo<StateName> {
    Memo::new(move |_| process.with(|process| process.state.name()))
}

fn percentage(lang: Lang, process: Memo<Process>) -> Option<AnyView> {
    let percent = process.with(|process| match process.state {
        ProcessState::Queued => None,
        _ => Some(process.state.percent()),
    });
    percent.map(|percent| {
        view! { <span class="pct" aria-hidden="true">{display::percent(lang, percent)}</span> }.into_any()
    })
}

/// The bar; none while the process waits, where an empty bar would look like a stuck one.
pub(crate) fn progress_bar(process: Memo<Process>) -> impl IntoView {
    let lang = lang();
    let shown = Memo::new(move |_| process.with(|process| !matches!(process.state, ProcessState::Queued)));
    let class = move || {
        process.with(|process| match (&process.state, &process.kind) {
            (ProcessState::Completed { .. }, _) => "progress-l is-ok",
            (ProcessState::Failed { .. }, _) => "progress-l is-fail",
            (ProcessState::Cancelled { .. }, _) => "progress-l is-wait",
            (_, ProcessKind::Restore { .. }) => "progress-l is-busy",
            _ => "progress-l",
        })
    };
    let percent = Memo::new(move |_| process.with(|process| process.state.percent()));
    move || {
        shown.get().then(|| {
            view! {
                <progress class=class max="100" value=move || percent.get().to_string() aria-label=i18n::processes::progress(lang)>
                    {move || display::percent(lang, percent.get())}
                </progress>
            }
        })
    }
}

/// The line of figures: bytes, step, time, and who started it.
pub(crate) fn figures(process: Memo<Process>, asked: Option<String>) -> impl IntoView {
    let lang = lang();
    let part = move |text: fn(Lang, &Process) -> String| {
        let text = Memo::new(move |_| process.with(|process| text(lang, process)));
        move || (!text.with(String::is_empty)).then(|| view! { <span>{move || text.get()}</span> })
    };
    view! {
        <p class="process-line">
            {part(i18n::cancelling::wish)}
            {part(place_in_line)}
            {part(bytes)}
            {part(step)}
            {asked.map(|asked| view! { <span>{asked}</span> })}
            {part(time)}
        </p>
    }
}

fn place_in_line(lang: Lang, process: &Process) -> String {
    match process.state {
        ProcessState::Queued => i18n::processes::queued(lang, process.ahead),
        _ if process.attempt > 1 && !process.state.is_over() => i18n::processes::attempt_number(lang, process.attempt),
        _ => String::new(),
    }
}

fn bytes(lang: Lang, process: &Process) -> String {
    match &process.state {
        ProcessState::Running { progress, .. } => {
            i18n::processes::bytes(lang, progress.done_bytes, progress.total_bytes)
        }
        _ => String::new(),
    }
}

fn step(lang: Lang, process: &Process) -> String {
    process
        .step()
        .map_or_else(String::new, |step| i18n::processes::step(lang, step))
}

fn time(lang: Lang, process: &Process) -> String {
    match (&process.state, process.remaining(), process.elapsed()) {
        (ProcessState::Running { .. }, Some(range), Some(elapsed)) => format!(
            "{}, {}",
            i18n::processes::elapsed(lang, elapsed),
            i18n::processes::remaining(lang, range)
        ),
        (ProcessState::Running { .. }, None, Some(elapsed)) => i18n::processes::elapsed(lang, elapsed),
        (_, _, Some(elapsed)) => i18n::processes::took_length(lang, elapsed),
        _ => String::new(),
    }
}

/// The steps, while it waits or runs: done, under way, to come.
pub(crate) fn steps(process: Memo<Process>) -> impl IntoView {
    let lang = lang();
    let shown = Memo::new(move |_| process.with(|process| !process.state.is_over()));
    let stages = process.with_untracked(|process| process.kind.stages());
    let at = Memo::new(move |_| process.with(|process| process.step().map_or(0, |(at, _)| at)));
    move || {
        shown.get().then(|| {
            let each = stages
                .iter()
                .enumerate()
                .map(|(index, stage)| one_step(lang, *stage, index + 1, at))
                .collect_view();
            view! { <ol class="steps" aria-label=i18n::processes::steps(lang)>{each}</ol> }
        })
    }
}

fn one_step(lang: Lang, stage: Stage, number: usize, at: Memo<usize>) -> AnyView {
    let done = move || number < at.get();
    let now = move || number == at.get();
    let mark = move || match (done(), now()) {
        (true, _) => Some(icon("check")),
        (_, true) => Some(drawn("icon spin", "circle-notch")),
        _ => None,
    };
    let word = move || match (done(), now()) {
        (true, _) => i18n::processes::step_done(lang),
        (_, true) => i18n::processes::step_now(lang),
        _ => i18n::processes::step_later(lang),
    };
    view! {
        <li class:is-done=done aria-current=move || now().then_some("step")>
            <b>{mark}{i18n::processes::stage(lang, stage)}</b><small>{word}</small>
        </li>
    }
    .into_any()
}

/// What is in the backup and what is not (R8); for a restore, that the site is closed (R23).
pub(crate) fn t0_sentence(process: Memo<Process>, zone: Zone) -> AnyView {
    let lang = lang();
    let facts =
        Memo::new(move |_| process.with(|process| (process.state.is_over(), process.kind.is_restore(), process.t0)));
    // A file is made of what is stored, or brought: there is nothing that could still be entered.
    if process.with_untracked(|process| matches!(process.kind, ProcessKind::Export { .. } | ProcessKind::Import { .. }))
    {
        return ().into_any();
    }
    let sentence = move || match facts.get() {
        (true, ..) => ().into_any(),
        (false, true, _) => view! { <p class="op-note">{i18n::processes::site_closed(lang)}</p> }.into_any(),
        (false, false, None) => view! {
            <p class="op-note">{i18n::processes::site_usable(lang)}{i18n::processes::not_in_it_yet(lang)}</p>
        }
        .into_any(),
        (false, false, Some(t0)) => view! {
            <p class="op-note">
                {i18n::processes::site_usable(lang)}
                {i18n::processes::not_in_it_before(lang)}
                <Instant at=t0 zone=zone.clone() text=display::time_to_the_second(lang, &zone, t0)/>
                {i18n::processes::not_in_it_after(lang)}
            </p>
        }
        .into_any(),
    };
    sentence.into_any()
}

/// Says aloud each quarter and each change of state, and nothing in between.
#[component]
pub(crate) fn Announcer(
    /// The newest snapshot.
    process: Memo<Process>,
) -> impl IntoView {
    let lang = lang();
    let said = Memo::new(move |_| process.with(|process| i18n::processes::announced(lang, process)));
    view! { <p class="sr" role="status" aria-live="polite">{move || said.get()}</p> }
}
