//! What the server pushes, kept for every component of the tab: one connection, whole states, the newest wins.
//!
//! Components read processes and statuses through [`Live`]; pages ask [`Live::changes`] when to read themselves again.
//! On the server this is an empty shelf. The connection itself is in `link`, which exists in the browser alone.

#[cfg(feature = "hydrate")]
mod link;

use std::collections::HashMap;

use domain::ids::{ProcessId, SiteId};
use domain::live::LiveEvent;
use domain::process::Process;
use domain::site::{Site, SiteStatus};
use leptos::prelude::*;

/// How the connection stands, as the banner tells it.
#[cfg_attr(
    not(feature = "hydrate"),
    allow(dead_code, reason = "the server has no connection to lose")
)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Link {
    /// Events arrive, or the first connection is being made.
    #[default]
    Up,
    /// Lost for a while; the next try comes in so many seconds.
    Lost {
        /// Seconds to the next try.
        retry_in: u32,
    },
    /// The console answers, but not with events: the session has probably ended.
    Closed,
}

/// The states the tab follows. Copying it copies handles.
#[derive(Debug, Clone, Copy)]
pub struct Live {
    processes: RwSignal<HashMap<ProcessId, Process>>,
    statuses: RwSignal<HashMap<SiteId, SiteStatus>>,
    changes: RwSignal<HashMap<SiteId, u32>>,
    reconnections: RwSignal<u32>,
    link: RwSignal<Link>,
    retry: RwSignal<u32>,
}

impl Live {
    /// Creates the shelf for the components below and, in the browser of somebody who is signed in, connects it.
    pub(crate) fn provide(signed_in: bool) -> Self {
        let live = Self {
            processes: RwSignal::default(),
            statuses: RwSignal::default(),
            changes: RwSignal::default(),
            reconnections: RwSignal::default(),
            link: RwSignal::default(),
            retry: RwSignal::default(),
        };
        provide_context(live);
        if signed_in {
            live.connect();
        }
        live
    }

    /// The tab's shelf.
    pub(crate) fn here() -> Self {
        expect_context()
    }

    /// A process as it is now, starting from the snapshot a page was drawn with.
    pub(crate) fn process(self, snapshot: Process) -> Memo<Process> {
        Memo::new(move |_| {
            self.processes.with(|known| {
                let newer = known
                    .get(&snapshot.id)
                    .filter(|known| known.revision > snapshot.revision);
                newer.unwrap_or(&snapshot).clone()
            })
        })
    }

    /// A site with the status it has now.
    pub(crate) fn site(self, snapshot: Site) -> Memo<Site> {
        Memo::new(move |_| {
            let status = self.statuses.with(|known| known.get(&snapshot.id).cloned());
            Site {
                status: status.unwrap_or_else(|| snapshot.status.clone()),
                ..snapshot.clone()
            }
        })
    }

    /// A number that changes when a page about this site should be read again: a process appeared or turned, the
    /// status or the kept backups changed, or the connection is back after a loss. `None` asks about every site.
    pub(crate) fn changes(self, site: Option<&str>) -> u32 {
        let of_sites = self.changes.with(|changes| match site {
            Some(site) => changes
                .iter()
                .find(|(id, _)| id.as_str() == site)
                .map_or(0, |(_, count)| *count),
            None => changes.values().fold(0_u32, |sum, count| sum.wrapping_add(*count)),
        });
        of_sites.wrapping_add(self.reconnections.get())
    }

    /// Tells the shelf what a page was drawn with. A process that has ended since asks for another reading at once.
    pub(crate) fn seed(self, snapshots: &[Process]) {
        for snapshot in snapshots {
            let over = self.processes.with_untracked(|known| {
                known
                    .get(&snapshot.id)
                    .map(|known| known.revision > snapshot.revision && known.state.is_over())
            });
            match over {
                Some(true) if !snapshot.state.is_over() => self.bump(&snapshot.site),
                Some(_) => {}
                None => self.processes.update(|known| {
                    known.insert(snapshot.id.clone(), snapshot.clone());
                }),
            }
        }
    }

    /// Takes an event in.
    #[cfg_attr(not(feature = "hydrate"), allow(dead_code, reason = "the server has no stream"))]
    fn absorb(self, event: LiveEvent) {
        match event {
            LiveEvent::Process(new) => {
                let (site, mut turned) = (new.site.clone(), false);
                self.processes.maybe_update(|known| {
                    let before = known.get(&new.id);
                    if before.is_some_and(|before| before.revision >= new.revision) {
                        return false;
                    }
                    // A process that was already over when first heard of is history, which the page has.
                    turned = before.map_or(!new.state.is_over(), |before| before.state.name() != new.state.name());
                    known.insert(new.id.clone(), new);
                    true
                });
                if turned {
                    self.bump(&site);
                }
            }
            LiveEvent::Site { site, status } => {
                let mut turned = false;
                self.statuses.maybe_update(|known| {
                    turned = known.get(&site).is_some_and(|before| *before != status);
                    let new = known.get(&site) != Some(&status);
                    known.insert(site.clone(), status);
                    new
                });
                if turned {
                    self.bump(&site);
                }
            }
            LiveEvent::Backups { site } => self.bump(&site),
        }
    }

    /// Like [`Live::changes`], for the page of one process: its own turns only.
    pub(crate) fn turns(self, process: &str) -> u32 {
        let site = self.processes.with(|known| {
            let (_, process) = known.iter().find(|(id, _)| id.as_str() == process)?;
            Some(process.site.as_str().to_owned())
        });
        self.changes(Some(site.as_deref().unwrap_or_default()))
    }

    /// How many processes are under way on a site, or on all, as far as the stream has told.
    pub(crate) fn active(self, site: Option<&str>) -> usize {
        self.processes.with(|known| {
            let here = |process: &&Process| site.is_none_or(|site| process.site.as_str() == site);
            known
                .values()
                .filter(|process| !process.state.is_over())
                .filter(here)
                .count()
        })
    }

    fn bump(self, site: &SiteId) {
        self.changes.update(|changes| {
            let count = changes.entry(site.clone()).or_insert(0);
            *count = count.wrapping_add(1);
        });
    }

    /// How the connection stands.
    pub(crate) fn link(self) -> Link {
        self.link.get()
    }

    /// Tries to connect now.
    pub(crate) fn retry_now(self) {
        self.retry.update(|asked| *asked = asked.wrapping_add(1));
    }

    #[cfg(feature = "hydrate")]
    fn connect(self) {
        Effect::new(move |_| link::follow(self));
    }

    #[cfg(not(feature = "hydrate"))]
    fn connect(self) {}
}

#[cfg(test)]
mod tests;
