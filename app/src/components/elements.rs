//! The smallest pieces: an icon, a state plate, an instant, a notice, an empty place.

use domain::anomaly::Review;
use domain::lang::Lang;
use domain::process::StateName;
use domain::site::SiteStatus;
use domain::time::{Timestamp, Zone};
use leptos::prelude::*;

use crate::{i18n, paths};

/// An icon beside a word. It says nothing by itself: readers skip it.
pub(crate) fn icon(name: &'static str) -> AnyView {
    drawn("icon", name)
}

/// An icon in one of the other forms: `icon icon-s`, `icon spin`.
pub(crate) fn drawn(class: &'static str, name: &'static str) -> AnyView {
    view! { <svg class=class aria-hidden="true"><use_ href=format!("{}#i-{name}", paths::ICONS)></use_></svg> }
        .into_any()
}

fn plate(family: &'static str, mark: AnyView, word: &'static str, english: Option<&'static str>) -> AnyView {
    view! {
        <span class=format!("plate {family}")>
            {mark}{word}{english.map(|english| view! { <i lang="en">{english}</i> })}
        </span>
    }
    .into_any()
}

/// The status of a site; the fiche's English word stays visible in French.
pub(crate) fn site_plate(lang: Lang, status: &SiteStatus) -> AnyView {
    let (family, name) = match status {
        SiteStatus::Ready => ("plate-ok", "check-circle"),
        SiteStatus::Restoring { .. } => ("plate-busy", "clock-counter-clockwise"),
    };
    plate(
        family,
        icon(name),
        i18n::common::status(lang, status),
        in_english(lang, i18n::common::status_word(status)),
    )
}

/// The state of a process; the fiche's English word stays visible in French.
pub(crate) fn process_plate(lang: Lang, state: StateName) -> AnyView {
    let (family, mark) = match state {
        StateName::Queued => ("plate-wait", icon("hourglass-medium")),
        StateName::Running => ("plate-run", drawn("icon spin", "circle-notch")),
        StateName::Completed => ("plate-ok", icon("check-circle")),
        StateName::Failed => ("plate-fail", icon("x-circle")),
        StateName::Cancelled => ("plate-wait", icon("prohibit")),
    };
    plate(
        family,
        mark,
        i18n::common::process_state(lang, state),
        in_english(lang, state.word()),
    )
}

/// What is thought of a backup.
pub(crate) fn review_plate(review: Review, word: &'static str) -> AnyView {
    let (family, name) = match review {
        Review::Undecided => ("plate-busy", "warning"),
        Review::Usual | Review::Accepted => ("plate-ok", "check-circle"),
        Review::Rejected => ("plate-wait", "prohibit"),
    };
    plate(family, icon(name), word, None)
}

fn in_english(lang: Lang, word: &'static str) -> Option<&'static str> {
    lang.pick(Some(word), None)
}

/// An instant in words, with the instant itself for machines.
#[component]
pub(crate) fn Instant(
    /// When.
    at: Timestamp,
    /// Told in this zone.
    zone: Zone,
    /// The words.
    #[prop(into)]
    text: String,
) -> impl IntoView {
    view! { <time datetime=zone.rfc3339(at)>{text}</time> }
}

/// A notice: family (`""`, `notice-ok`, `notice-busy`, `notice-brass`, `notice-fail`), bold first sentence, the rest.
pub(crate) fn notice(
    family: &'static str,
    mark: &'static str,
    strong: String,
    rest: impl IntoView + 'static,
) -> AnyView {
    view! {
        <p class=format!("notice {family}").trim_end().to_owned()>{icon(mark)}<span><b>{strong}</b>" "{rest.into_any()}</span></p>
    }
    .into_any()
}

/// Nothing here yet: one sentence and the one useful act. Below the heading of a panel; where it stands alone its own heading
/// follows that of the page.
#[component]
pub(crate) fn Empty(
    /// The icon above.
    mark: &'static str,
    /// What is not here.
    #[prop(into)]
    title: String,
    /// What to know or do.
    #[prop(into)]
    more: String,
    /// No heading between the page's and this one?
    #[prop(optional)]
    alone: bool,
    /// The act.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let heading = if alone {
        view! { <h2>{title}</h2> }.into_any()
    } else {
        view! { <h3>{title}</h3> }.into_any()
    };
    view! {
        <div class="empty">
            {drawn("icon icon-l softer", mark)}
            {heading}
            <p>{more}</p>
            {children.map(|children| children())}
        </div>
    }
}
