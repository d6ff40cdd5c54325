//! A question in a modal dialog, where script can open one. It stands beside what the page has read: reading that again, because
//! something has ended or is done, does not take the question away.

use leptos::ev;
use leptos::html;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::Element;

use super::clicks::on_backdrop;
use super::focus::Spot;

/// What is asked at the moment, and the dialog.
#[derive(Debug)]
pub(crate) struct Asking<T: 'static> {
    asked: RwSignal<Option<T>>,
    opener: StoredValue<Option<Spot>>,
    node: NodeRef<html::Dialog>,
}

impl<T> Clone for Asking<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Asking<T> {}

impl<T: Clone + Send + Sync + 'static> Asking<T> {
    pub(crate) fn nothing() -> Self {
        Self {
            asked: RwSignal::new(None),
            opener: StoredValue::new(None),
            node: NodeRef::new(),
        }
    }

    /// Opens the dialog with this question, in the place of the link that was clicked.
    pub(crate) fn ask(self, event: &ev::MouseEvent, asked: T) {
        event.prevent_default();
        let opener = event
            .current_target()
            .and_then(|target| target.dyn_into::<Element>().ok());
        self.opener.set_value(opener.map(|opener| Spot::of(&opener)));
        self.asked.set(Some(asked));
        // It is drawn first, so that the focus finds its place in it.
        request_animation_frame(move || {
            if let Some(dialog) = self.node.try_get_untracked().flatten() {
                // Refused only when it is open already, which is what is wanted.
                let _open = dialog.show_modal();
            }
        });
    }

    pub(crate) fn close(self) {
        if let Some(dialog) = self.node.try_get_untracked().flatten() {
            dialog.close();
        }
    }

    /// The dialog: nothing until something is asked. `content` draws the question, with what refuses it.
    pub(crate) fn dialog(self, content: impl Fn(T, Callback<()>) -> AnyView + Send + 'static) -> AnyView {
        let refuse = Callback::new(move |()| self.close());
        // The browser gives it back to the very element that opened the dialog, which may have been drawn anew.
        let give_back = move |_| {
            if let Some(opener) = self.opener.try_get_value().flatten() {
                opener.give_back();
            }
        };
        let dialog = move |asked| {
            view! {
                <dialog class="dialog" node_ref=self.node aria-labelledby="dlg-t" aria-describedby="dlg-d"
                    on:click=on_backdrop(move || self.close()) on:close=give_back>
                    {content(asked, refuse)}
                </dialog>
            }
        };
        view! { {move || self.asked.get().map(&dialog)} }.into_any()
    }
}
