//! The quota meter: one compartment per manual slot, and its small form for tables.

use domain::backup::Quota;
use domain::display;
use domain::overview::{BackupEntry, Slot};
use domain::process::{Process, ProcessState};
use domain::time::Zone;
use leptos::prelude::*;

use super::elements::{drawn, icon};
use crate::i18n;
use crate::live::Live;
use crate::viewer::lang;

/// Above this many compartments the meter is told in words: boxes would be too small to read.
const MOST_BOXES: usize = 10;

/// The compartments with the date of what is inside.
#[component]
pub(crate) fn Boxes(
    /// One entry per compartment.
    slots: Vec<Slot>,
    /// Processes under way, for the percentage of a reserved one.
    active: Vec<Process>,
    /// Dates are told in this zone.
    zone: Zone,
) -> impl IntoView {
    if slots.len() > MOST_BOXES {
        return ().into_any();
    }
    let boxes = slots
        .into_iter()
        .map(|slot| match slot {
            Slot::Kept(entry) => kept(&entry, &zone),
            Slot::Reserved(id) => reserved(active.iter().find(|process| process.id == id).cloned()),
            Slot::Free => free(),
        })
        .collect_view();
    view! { <ol class="boxes">{boxes}</ol> }.into_any()
}

fn kept(entry: &BackupEntry, zone: &Zone) -> AnyView {
    let lang = lang();
    let (mark, readers) = match entry.promotion {
        Some(_) => ("bookmark-simple", i18n::site::slot_promoted(lang)),
        None => ("user", i18n::site::slot_manual(lang)),
    };
    let day = entry.business_date.unwrap_or_else(|| zone.local(entry.t0).date);
    view! { <li>{icon(mark)}<b>{display::short_date(lang, day)}<span class="sr">{readers}</span></b></li> }.into_any()
}

fn reserved(process: Option<Process>) -> AnyView {
    let lang = lang();
    let process = process.map(|process| Live::here().process(process));
    let state = move || {
        process.map(|process| {
            process.with(|process| match &process.state {
                ProcessState::Queued => i18n::common::process_state(lang, process.state.name()).to_owned(),
                state => display::percent(lang, state.percent()),
            })
        })
    };
    view! {
        <li class="is-held">{drawn("icon spin", "circle-notch")}<b>{state}<span class="sr">{i18n::site::slot_reserved(lang)}</span></b></li>
    }
    .into_any()
}

fn free() -> AnyView {
    view! { <li class="is-free"><span aria-hidden="true"></span><b>{i18n::site::free(lang())}</b></li> }.into_any()
}

/// The same compartments for a row, hidden from readers, with `3 sur 5` beside them.
pub(crate) fn mini(quota: Quota) -> AnyView {
    let lang = lang();
    let boxes = (quota.quota as usize <= MOST_BOXES).then(|| {
        let each = (0..quota.quota)
            .map(|at| {
                let class = match at {
                    at if at < quota.kept => None,
                    at if at < quota.kept + quota.reserved => Some("is-held"),
                    _ => Some("is-free"),
                };
                view! { <i class=class></i> }
            })
            .collect_view();
        view! { <span class="mini" aria-hidden="true">{each}</span> }
    });
    view! {
        <span class="nowrap">{boxes}"\u{2002}"{i18n::common::of(lang, quota.kept + quota.reserved, quota.quota)}</span>
    }
    .into_any()
}
