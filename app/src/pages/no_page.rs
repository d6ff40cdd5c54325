//! Every address that is no page: the refusal of a plain link, or nothing at all.

use leptos::prelude::*;

use crate::api::ApiError;
use crate::components::{NotFound, Place, fault};

/// The page of a plain link that was refused, else the one for what does not exist, each with its status.
pub(crate) fn no_page(answer: Option<ApiError>) -> AnyView {
    match answer {
        Some(error) => fault(&error, Place::Elsewhere).into_any(),
        None => view! { <NotFound/> }.into_any(),
    }
}
