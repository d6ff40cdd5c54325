//! What saving would change, told before it is done: which terms, what goes at once, what goes sooner or later.

use domain::display;
use domain::lang::Lang;
use domain::retention::{End, Fate, Preview};
use domain::time::Timestamp;
use leptos::prelude::*;

use super::choice::list;
use super::form::labels;
use super::outlook::{Names, Outlook, Outlooks};
use crate::components::notice;
use crate::i18n;

/// One future against another, over the backups that are stored today.
#[derive(Debug, PartialEq, Eq)]
struct Changes<'a> {
    /// What goes at once, each with its fate under the present policy.
    at_once: Vec<(&'a Fate, &'a Fate)>,
    /// How many of those the present policy keeps.
    lost: usize,
    /// How many of the others go sooner.
    sooner: usize,
    /// How many go later.
    later: usize,
}

impl<'a> Changes<'a> {
    fn of(stored: impl Iterator<Item = (&'a Fate, &'a Fate)>) -> Self {
        let mut changes = Self {
            at_once: Vec::new(),
            lost: 0,
            sooner: 0,
            later: 0,
        };
        for (shown, present) in stored {
            let [new, old] = [shown, present].map(|fate| fate.end.as_ref().map_or(Timestamp(i64::MAX), |end| end.at));
            if is_at_once(shown.end.as_ref()) {
                changes.lost += usize::from(!is_at_once(present.end.as_ref()));
                changes.at_once.push((shown, present));
            } else if new < old {
                changes.sooner += 1;
            } else if new > old {
                changes.later += 1;
            }
        }
        changes
    }
}

fn is_at_once(end: Option<&End>) -> bool {
    end.is_some_and(|end| end.night.is_none())
}

/// How many backups are there when the preview ends.
fn in_the_end(preview: &Preview) -> usize {
    preview.fates.iter().filter(|fate| fate.end.is_none()).count()
}

/// The panel; it speaks when something is tried.
pub(super) fn panel(lang: Lang, outlooks: Outlooks) -> AnyView {
    view! {
        <section class="panel" aria-labelledby="t-changes">
            <div class="panel-head"><h2 id="t-changes">{i18n::retention::changes(lang)}</h2></div>
            <div class="panel-body stack" id="changes">{move || body(lang, &outlooks.get())}</div>
        </section>
    }
    .into_any()
}

fn body(lang: Lang, outlook: &Outlook) -> AnyView {
    if !outlook.differs() {
        return view! { <p class="soft" role="status">{i18n::retention::no_change(lang)}</p> }.into_any();
    }
    let changes = Changes::of(outlook.stored());
    let [before, after] = [outlook.view().policy, outlook.policy()].map(|policy| list(policy.terms()));
    let terms = labels(lang)
        .into_iter()
        .zip(before.into_iter().zip(after))
        .filter(|(_, (before, after))| before != after)
        .map(|(label, (before, after))| {
            view! { <div><dt>{label}</dt><dd class="num"><s>{before}</s>" → "<b>{after}</b></dd></div> }
        })
        .collect_view();
    let (now, then) = (in_the_end(outlook.shown()), in_the_end(outlook.present()));
    let count = |label: &'static str, count: usize| {
        (count > 0).then(|| view! { <div><dt>{label}</dt><dd>{i18n::retention::backups(lang, count)}</dd></div> })
    };
    view! {
        <div role="status">{headline(lang, &changes)}</div>
        {at_once(lang, outlook, &changes)}
        <dl class="facts">
            {terms}
            {count(i18n::retention::sooner(lang), changes.sooner)}
            {count(i18n::retention::later(lang), changes.later)}
            <div><dt>{i18n::retention::in_the_end(lang)}</dt><dd>{i18n::retention::in_number(lang, now, then)}</dd></div>
        </dl>
    }
    .into_any()
}

fn headline(lang: Lang, changes: &Changes<'_>) -> AnyView {
    let at_once = || i18n::retention::go_at_once(lang, changes.at_once.len());
    if changes.lost > 0 {
        notice(
            "notice-busy",
            "warning",
            at_once(),
            i18n::retention::lost_more(lang, changes.lost),
        )
    } else if changes.at_once.is_empty() {
        let strong = i18n::retention::nothing_at_once(lang).to_owned();
        notice(
            "notice-ok",
            "check-circle",
            strong,
            i18n::retention::nothing_at_once_more(lang),
        )
    } else {
        notice("", "info", at_once(), i18n::retention::at_once_anyway_more(lang))
    }
}

/// What goes at once, each with its size, the reason, and what the present rule says of it.
fn at_once(lang: Lang, outlook: &Outlook, changes: &Changes<'_>) -> Option<AnyView> {
    if changes.at_once.is_empty() {
        return None;
    }
    let names = Names::of(lang, outlook);
    let items = changes.at_once.iter().rev().map(|(shown, present)| {
        let size = names.entry(&shown.which).map(|entry| display::size(lang, entry.bytes));
        let why = shown.end.as_ref().map(|end| i18n::retention::expire(lang, &end.reason));
        let kept = (!is_at_once(present.end.as_ref())).then(|| {
            let until = present.end.as_ref().map(|end| end.at);
            let text = i18n::retention::present_keeps(lang, outlook.zone(), until, outlook.view().coming.days);
            view! { <small class="was">{text}</small> }
        });
        view! { <li><b>{names.name(&shown.which)}</b>" "<span class="num nowrap">{size}</span><small>{why}</small>{kept}</li> }
    });
    let items = items.collect_view();
    Some(
        view! { <div class="told is-wide"><ul aria-label=i18n::retention::at_once_caption(lang)>{items}</ul></div> }
            .into_any(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::ids::BackupId;
    use domain::retention::{Expire, Which};
    use domain::time::CivilDate;

    fn fate(at: Option<(i64, bool)>) -> Fate {
        let end = at.map(|(at, at_once)| End {
            at: Timestamp(at),
            night: (!at_once).then(|| CivilDate::from_days(1)),
            reason: Expire::OlderThanDays { days: 1 },
        });
        Fate {
            which: Which::Stored(BackupId::from_random([1; 10])),
            saved: CivilDate::from_days(0),
            kept: Vec::new(),
            end,
        }
    }

    #[test]
    fn what_goes_at_once_is_told_apart_from_what_the_present_rule_takes_too() {
        let (gone, soon, late, never) = (
            fate(Some((0, true))),
            fate(Some((5, false))),
            fate(Some((9, false))),
            fate(None),
        );
        let pairs = [
            (&gone, &gone),
            (&gone, &late),
            (&soon, &late),
            (&soon, &never),
            (&late, &soon),
            (&late, &late),
            (&never, &never),
        ];
        let changes = Changes::of(pairs.into_iter());
        assert_eq!(changes.at_once.len(), 2);
        assert_eq!((changes.lost, changes.sooner, changes.later), (1, 2, 1));
    }
}
