//! One reading of the page with the two futures it compares: under the present policy, and under the one that is tried.

use std::collections::HashMap;
use std::sync::Arc;

use domain::backup::BackupKind;
use domain::display;
use domain::ids::BackupId;
use domain::lang::Lang;
use domain::overview::{BackupEntry, RetentionView};
use domain::retention::{Fate, Keep, Policy, Preview, Which, preview};
use domain::time::{CivilDate, Timestamp, Zone};
use leptos::prelude::*;

use super::choice::Choice;
use crate::components::backup_name;
use crate::i18n;

/// A reading and its futures. Cheap to clone.
#[derive(Clone)]
pub(super) struct Outlook(Arc<Inside>);

struct Inside {
    view: Arc<RetentionView>,
    /// Under the present policy.
    present: Arc<Preview>,
    /// The policy that is shown.
    policy: Policy,
    /// Under that one.
    shown: Arc<Preview>,
}

impl PartialEq for Outlook {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// The outlook, followed as terms are tried. Copying it copies a handle.
#[derive(Clone, Copy)]
pub(super) struct Outlooks(Memo<Outlook>);

impl Outlooks {
    /// Of what was read and what is tried, if anything may be.
    pub(super) fn of(view: RetentionView, choice: Option<Choice>) -> Self {
        let view = Arc::new(view);
        let of = |view: &RetentionView, policy| {
            let future = preview(view.now, &view.site.zone, policy, &view.facts, &view.coming);
            Arc::new(future)
        };
        let present = of(&view, view.policy);
        let policy = {
            let present = view.policy;
            Memo::new(move |before: Option<&Policy>| {
                choice.map_or(present, |choice| choice.previewed(present, before.copied()))
            })
        };
        Self(Memo::new(move |_| {
            let policy = policy.get();
            let shown = if policy == view.policy {
                Arc::clone(&present)
            } else {
                of(&view, policy)
            };
            Outlook(Arc::new(Inside {
                view: Arc::clone(&view),
                present: Arc::clone(&present),
                policy,
                shown,
            }))
        }))
    }

    /// The present one.
    pub(super) fn get(self) -> Outlook {
        self.0.get()
    }

    /// The one that a page is first drawn with.
    pub(super) fn get_untracked(self) -> Outlook {
        self.0.get_untracked()
    }

    /// Does what is tried differ from the present policy?
    pub(super) fn differ(self) -> bool {
        self.0.with(|outlook| outlook.differs())
    }
}

impl Outlook {
    pub(super) fn view(&self) -> &RetentionView {
        &self.0.view
    }

    pub(super) fn zone(&self) -> &Zone {
        &self.0.view.site.zone
    }

    pub(super) fn now(&self) -> Timestamp {
        self.0.view.now
    }

    pub(super) fn today(&self) -> CivilDate {
        self.zone().local(self.now()).date
    }

    pub(super) fn policy(&self) -> Policy {
        self.0.policy
    }

    pub(super) fn differs(&self) -> bool {
        self.0.policy != self.0.view.policy
    }

    /// Under the present policy.
    pub(super) fn present(&self) -> &Preview {
        &self.0.present
    }

    /// Under the policy that is shown.
    pub(super) fn shown(&self) -> &Preview {
        &self.0.shown
    }

    /// Each stored backup with its fate under the shown and under the present policy, oldest first.
    pub(super) fn stored(&self) -> impl DoubleEndedIterator<Item = (&Fate, &Fate)> {
        let count = self.view().facts.len();
        // Both list the stored ones first, in the same order.
        self.shown().fates[..count].iter().zip(&self.present().fates[..count])
    }

    /// The last day of the preview.
    pub(super) fn last_day(&self) -> CivilDate {
        let last = self.shown().nights.last();
        last.map_or_else(|| self.today(), |night| self.zone().local(night.at).date)
    }

    /// The moment that stands for a day: now for today, noon for those to come, when its night is made.
    pub(super) fn moment(&self, day: CivilDate) -> Timestamp {
        if day <= self.today() {
            self.now()
        } else {
            self.zone().instant(day, 720)
        }
    }

    /// A date that is chosen, brought inside the preview.
    pub(super) fn within(&self, day: Option<CivilDate>) -> CivilDate {
        let today = self.today();
        day.unwrap_or(today).clamp(today, self.last_day().max(today))
    }
}

/// Backups by their names.
pub(super) struct Names<'a> {
    lang: Lang,
    view: &'a RetentionView,
    /// A year that goes without saying is the one of this moment.
    at: Timestamp,
    entries: HashMap<&'a BackupId, &'a BackupEntry>,
}

impl<'a> Names<'a> {
    pub(super) fn of(lang: Lang, outlook: &'a Outlook) -> Self {
        Self::at(lang, outlook, outlook.now())
    }

    /// As one would name them at another moment: then other years go without saying.
    pub(super) fn at(lang: Lang, outlook: &'a Outlook, at: Timestamp) -> Self {
        let view = outlook.view();
        Self {
            lang,
            view,
            at,
            entries: view.backups.iter().map(|entry| (&entry.id, entry)).collect(),
        }
    }

    /// The stored backup behind an id.
    pub(super) fn entry(&self, which: &Which) -> Option<&'a BackupEntry> {
        match which {
            Which::Stored(id) => self.entries.get(id).copied(),
            Which::Night(_) => None,
        }
    }

    /// `Lundi 23 novembre`, with the year when it is not this one.
    pub(super) fn name(&self, which: &Which) -> String {
        match which {
            Which::Stored(id) => self.named(id),
            Which::Night(date) if date.year == self.view.site.zone.local(self.at).date.year => {
                display::weekday_date(self.lang, *date)
            }
            Which::Night(date) => format!("{}\u{a0}{}", display::weekday_date(self.lang, *date), date.year),
        }
    }

    fn named(&self, id: &BackupId) -> String {
        let entry = self.entries.get(id);
        entry.map_or_else(String::new, |entry| {
            backup_name(self.lang, entry, &self.view.site, self.at)
        })
    }

    /// Every reason, in words.
    pub(super) fn reasons(&self, kept: &[Keep]) -> Vec<String> {
        kept.iter()
            .map(|keep| i18n::retention::keep(self.lang, keep, &self.view.site.zone, |id| self.named(id)))
            .collect()
    }

    /// Is it a backup that the rule leaves alone?
    pub(super) fn is_free(&self, which: &Which) -> bool {
        let entry = self.entry(which);
        entry.is_some_and(|entry| entry.kind == BackupKind::Manual || entry.promotion.is_some())
    }

    /// When it goes, in words: `tried` says that the fate is one that only saving brings about.
    pub(super) fn end(&self, fate: &Fate, tried: bool) -> String {
        match &fate.end {
            _ if self.is_free(&fate.which) => i18n::retention::never(self.lang).to_owned(),
            Some(end) if end.night.is_none() && tried => i18n::retention::at_once(self.lang).to_owned(),
            Some(end) if end.night.is_none() => i18n::retention::at_once_present(self.lang).to_owned(),
            Some(end) => display::date(self.lang, self.view.site.zone.local(end.at).date),
            None => i18n::retention::beyond(self.lang, self.view.coming.days),
        }
    }
}
