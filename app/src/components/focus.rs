//! Where the focus is, in a form that outlives the elements: a page that is read again draws some of them anew, and the focus of an
//! element that goes away falls to the start of the document.

use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::{Element, HtmlElement};

/// An element by what it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Spot {
    tag: String,
    /// Attributes that tell elements apart, and the text.
    said: Vec<String>,
    /// How many before it are and say the same.
    before: usize,
}

impl Spot {
    /// What has the focus; none where that is nothing in particular.
    pub(crate) fn focused() -> Option<Self> {
        focused().map(|element| Self::of(&element))
    }

    /// This element.
    pub(crate) fn of(element: &Element) -> Self {
        let (tag, said) = (element.tag_name(), said(element));
        let before = alike(&tag, &said).take_while(|other| other != element).count();
        Self { tag, said, before }
    }

    /// Gives the focus to the element that is there now, if nothing has it: or else to the heading of the page, from where somebody
    /// without a mouse goes on.
    pub(crate) fn give_back(&self) {
        if focused().is_some() {
            return;
        }
        let heading = || document().query_selector("main h1").ok().flatten();
        let element = alike(&self.tag, &self.said).nth(self.before).or_else(heading);
        if let Some(element) = element.and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
            let _nothing_to_focus = element.focus();
        }
    }
}

fn focused() -> Option<Element> {
    let body = document().body().map(Element::from);
    // A button of a dialog that was just closed has the focus until the page is drawn.
    let closed = |element: &Element| {
        element
            .closest("dialog:not([open])")
            .is_ok_and(|dialog| dialog.is_some())
    };
    let element = document().active_element()?;
    (Some(&element) != body.as_ref() && !closed(&element)).then_some(element)
}

fn said(element: &Element) -> Vec<String> {
    let attributes = ["id", "href", "name", "value", "aria-label"].map(|name| element.get_attribute(name));
    attributes
        .into_iter()
        .chain([element.text_content()])
        .map(Option::unwrap_or_default)
        .collect()
}

fn alike<'a>(tag: &str, told: &'a [String]) -> impl Iterator<Item = Element> + 'a {
    let found = document().get_elements_by_tag_name(tag);
    (0..found.length())
        .filter_map(move |at| found.item(at))
        .filter(move |element| said(element) == told)
}
