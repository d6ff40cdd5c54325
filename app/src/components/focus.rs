//! Where the focus is, in a form that outlives the elements: a page that is read again draws some of them anew or uses them for
//! something else, and the focus of an element that goes away falls to the start of the document.

use std::time::Duration;

use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::{Element, FocusOptions, HtmlElement, HtmlInputElement};

/// An element by what it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Spot {
    tag: String,
    /// What it is about: its id, or where it leads, or what it sends.
    about: Vec<String>,
    /// Its words, where nothing else tells it from others.
    text: String,
    /// How many before it are the same.
    before: usize,
}

/// Before elements go away or are drawn anew: the focus stays with what it is on, and leaves an element that by then is for something
/// else.
pub(crate) fn keep_focus() {
    let Some(element) = focused() else {
        return;
    };
    let spot = Spot::of(&element);
    // After everything that follows from it has been drawn; also in a tab that nobody looks at.
    set_timeout(
        move || {
            if focused().is_none_or(|now| now == element) {
                spot.give_back();
            }
        },
        Duration::ZERO,
    );
}

impl Spot {
    /// This element.
    pub(crate) fn of(element: &Element) -> Self {
        let (tag, about) = (element.tag_name(), about(element));
        let text = text(element);
        let before = alike(&tag)
            .take_while(|other| other != element)
            .filter(|other| self::about(other) == about && self::text(other) == text)
            .count();
        Self {
            tag,
            about,
            text,
            before,
        }
    }

    /// Gives the focus to the element that is for this now, unless it has it: or else to the heading of the page, from where somebody
    /// without a mouse goes on. Nothing is scrolled.
    pub(crate) fn give_back(&self) {
        if focused().is_some_and(|now| now.tag_name() == self.tag && about(&now) == self.about) {
            return;
        }
        let same = |other: &Element| about(other) == self.about && text(other) == self.text;
        if let Some(element) = alike(&self.tag).filter(same).nth(self.before) {
            focus(element);
            if focused().is_some_and(|now| same(&now)) {
                return;
            }
        }
        if let Some(heading) = document().query_selector("main h1").ok().flatten() {
            focus(heading);
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

fn focus(element: Element) {
    let options = FocusOptions::new();
    options.set_prevent_scroll(true);
    if let Ok(element) = element.dyn_into::<HtmlElement>() {
        let _nothing_to_focus = element.focus_with_options(&options);
    }
}

fn about(element: &Element) -> Vec<String> {
    if let Some(one) = ["id", "href"].iter().find_map(|name| element.get_attribute(name)) {
        return vec![one];
    }
    let mut about: Vec<_> = ["name", "value"]
        .iter()
        .filter_map(|name| element.get_attribute(name))
        .collect();
    if let Ok(Some(form)) = element.closest("form") {
        let inputs = form.get_elements_by_tag_name("input");
        about.extend(
            (0..inputs.length())
                .filter_map(|at| inputs.item(at)?.dyn_into::<HtmlInputElement>().ok())
                // Every reading of a page brings another ticket for the same thing.
                .filter(|input| input.type_() == "hidden" && input.name() != "ticket")
                .map(|input| input.value()),
        );
    }
    about
}

fn text(element: &Element) -> String {
    match ["id", "href"].iter().any(|name| element.has_attribute(name)) {
        true => String::new(),
        false => element.text_content().unwrap_or_default(),
    }
}

fn alike(tag: &str) -> impl Iterator<Item = Element> + use<> {
    let found = document().get_elements_by_tag_name(tag);
    (0..found.length()).filter_map(move |at| found.item(at))
}
