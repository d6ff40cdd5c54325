//! What a click on a form or a dialog means, and what it does not: people double-click what asks for one click.

use leptos::ev;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys;

/// The second click of a double click means nothing: what it hits may have appeared under the pointer with the first.
fn is_second(event: &ev::MouseEvent) -> bool {
    event.detail() > 1
}

/// Sends a form once: not again while its answer is awaited, and not by the second click on what opened it.
pub(crate) fn once(waits: impl Fn() -> bool + Copy + 'static) -> impl Fn(ev::MouseEvent) + Copy + 'static {
    move |event| {
        if waits() || is_second(&event) {
            event.prevent_default();
        }
    }
}

/// A link that leads away from a question: it closes its dialog, where there is one.
pub(crate) fn leave(on_cancel: Option<Callback<()>>) -> impl Fn(ev::MouseEvent) + 'static {
    move |event| {
        if let Some(on_cancel) = on_cancel {
            event.prevent_default();
            if !is_second(&event) {
                on_cancel.run(());
            }
        }
    }
}

/// Closes a dialog when its backdrop is clicked. The dialog has no padding of its own: a click that hits it, and not what is in
/// it, is on the backdrop.
pub(crate) fn on_backdrop(close: impl Fn() + 'static) -> impl Fn(ev::MouseEvent) + 'static {
    move |event| {
        let target = event.target();
        let hit = target.is_some_and(|target| target.dyn_ref::<web_sys::HtmlDialogElement>().is_some());
        if hit && !is_second(&event) {
            close();
        }
    }
}
