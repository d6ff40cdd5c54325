//! What the browser runs: takes over the page that the server has already drawn.
//!
//! Nothing else lives here. Screens, rules and sentences are in `app`, compiled a second time for this target, so that the browser
//! and the server cannot disagree about them. Without this code every page still works as plain HTML.

use app::App;
use leptos::prelude::document;
use wasm_bindgen::prelude::wasm_bindgen;

/// Called once by the script in the page's head, after the module has loaded.
#[wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_body(App);
    // For whoever must know, such as a test, that clicks are answered here from now on.
    if let Some(root) = document().document_element() {
        let _set = root.set_attribute("data-taken", "");
    }
}
