//! Every address that is none.

use leptos::prelude::*;

use crate::components::NotFound;

/// The page, with status 404.
#[component]
pub(crate) fn NotFoundPage() -> impl IntoView {
    view! { <NotFound/> }
}
