//! What a person has typed and chosen on the page: four terms and a date. It outlives each reading of the page, so that a
//! backup that completes meanwhile takes no half-written number away.

use std::time::Duration;

use domain::limits::{DAILY_RETENTION_RANGE, MONTHLY_RETENTION_RANGE, SAFETY_RETENTION_RANGE, YEARLY_RETENTION_RANGE};
use domain::range::OutOfRange;
use domain::retention::{Policy, Terms};
use domain::time::CivilDate;
use leptos::leptos_dom::helpers::debounce;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use crate::paths;

/// How long after the last key the preview follows.
const PAUSE: Duration = Duration::from_millis(150);

/// The four terms as texts, in the order of [`paths::TERMS`]; none where nothing was typed.
type Typed = [Option<String>; 4];

/// Copying it copies handles.
#[derive(Clone, Copy)]
pub(super) struct Choice {
    /// As it stands in the fields.
    typed: RwSignal<Typed>,
    /// The same, a moment after the last key: what is previewed.
    settled: RwSignal<Typed>,
    /// Changes when the fields are to be filled again.
    filled: RwSignal<u32>,
    /// The date of the calendar; today when none is chosen.
    pub(super) on: RwSignal<Option<CivilDate>>,
}

impl Choice {
    /// What the address asks for: a form without script, or a refusal that leads back.
    pub(super) fn asked() -> Self {
        let query = use_query_map();
        let of = |name: &str| query.with_untracked(|query| query.get(name));
        let asked = paths::TERMS.map(of);
        let (typed, settled) = (RwSignal::new(asked.clone()), RwSignal::new(asked));
        // Here, and not where a field is drawn: what was typed just before the page is read again is previewed as well.
        let mut settle = debounce(PAUSE, move |()| settled.set(typed.get_untracked()));
        Effect::new(move |before: Option<()>| {
            typed.track();
            if before.is_some() {
                settle(());
            }
        });
        Self {
            typed,
            settled,
            filled: RwSignal::new(0),
            on: RwSignal::new(of(paths::ON).and_then(|date| CivilDate::parse(&date))),
        }
    }

    /// Back to the present terms.
    pub(super) fn forget(self) {
        self.typed.set(Typed::default());
        self.settled.set(Typed::default());
        self.filled.update(|times| *times += 1);
    }

    /// Takes in what stands in a field, key by key.
    pub(super) fn type_in(self, place: usize, text: String) {
        self.typed.update(|typed| typed[place] = Some(text));
    }

    /// The text of a field, followed key by key.
    pub(super) fn text(self, place: usize, present: Terms) -> String {
        self.typed
            .with(|typed| typed[place].clone())
            .unwrap_or_else(|| list(present)[place].to_string())
    }

    /// The text to fill a field with, which does not follow what is typed in it.
    pub(super) fn filling(self, place: usize, present: Terms) -> String {
        self.filled.track();
        untrack(|| self.text(place, present))
    }

    /// The policy of the fields as they stand, when it is one.
    pub(super) fn policy(self, present: Terms) -> Option<Policy> {
        self.typed.with(|typed| policy(typed, present))
    }

    /// The policy to preview: as it was when the fields last made sense.
    pub(super) fn previewed(self, present: Policy, before: Option<Policy>) -> Policy {
        self.settled
            .with(|typed| policy(typed, present.terms()))
            .or(before)
            .unwrap_or(present)
    }
}

/// The terms in the order of their fields.
pub(super) const fn list(terms: Terms) -> [u32; 4] {
    [terms.days, terms.months, terms.years, terms.safety_days]
}

/// The least and the most of each term.
pub(super) fn limits() -> [(u32, u32); 4] {
    [
        DAILY_RETENTION_RANGE,
        MONTHLY_RETENTION_RANGE,
        YEARLY_RETENTION_RANGE,
        SAFETY_RETENTION_RANGE,
    ]
    .map(|range| (*range.start(), *range.end()))
}

fn policy(typed: &Typed, present: Terms) -> Option<Policy> {
    let mut numbers = list(present);
    for (number, text) in numbers.iter_mut().zip(typed) {
        if let Some(text) = text {
            *number = text.trim().parse().ok()?;
        }
    }
    Policy::new(of_list(numbers)).ok()
}

const fn of_list([days, months, years, safety_days]: [u32; 4]) -> Terms {
    Terms {
        days,
        months,
        years,
        safety_days,
    }
}

/// What is wrong with the text of one field: `None` for a number outside of all, the limits otherwise.
pub(super) fn problem(place: usize, text: &str) -> Option<Option<OutOfRange>> {
    let Ok(number) = text.trim().parse() else {
        return Some(None);
    };
    // The other terms are in order: what the policy refuses is this one.
    let mut numbers = list(Policy::default().terms());
    numbers[place] = number;
    Policy::new(of_list(numbers)).err().map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::range::Setting;

    #[test]
    fn each_field_answers_for_itself() {
        assert_eq!(problem(0, " 7 "), None);
        assert_eq!(problem(1, "0"), None);
        for text in ["", "seven", "-1", "1.5", "99999999999"] {
            assert_eq!(problem(0, text), Some(None), "{text:?}");
        }
        let refused = [(0, "0"), (1, "61"), (2, "11"), (3, "91")];
        let settings = refused.map(|(place, text)| problem(place, text).flatten().map(|no| no.setting));
        let wanted = [
            Setting::RetentionDays,
            Setting::RetentionMonths,
            Setting::RetentionYears,
            Setting::SafetyDays,
        ];
        assert_eq!(settings, wanted.map(Some));
        for (place, (least, most)) in limits().into_iter().enumerate() {
            assert_eq!(problem(place, &least.to_string()), None);
            assert_eq!(problem(place, &most.to_string()), None);
        }
    }

    #[test]
    fn what_was_not_typed_is_the_present_term() {
        let present = Policy::default().terms();
        let typed = [Some("3".to_owned()), None, Some(" 2".to_owned()), None];
        let tried = policy(&typed, present).unwrap().terms();
        assert_eq!(list(tried), [3, 1, 2, 7]);
        assert_eq!(policy(&[None, Some("x".to_owned()), None, None], present), None);
    }
}
