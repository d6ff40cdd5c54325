//! The document around the application, and the content security policy that goes with it.

use std::sync::LazyLock;

use http::{HeaderName, HeaderValue};
use leptos::nonce::use_nonce;
use leptos::prelude::*;
use leptos_axum::{AxumRouteListing, generate_route_list};
use leptos_meta::{HashedStylesheet, MetaTags};

use crate::viewer::Viewer;
use crate::{App, paths};

/// The addresses of all pages. They are listed once per process: while they are, no resource loads anywhere in it, and a page
/// that another thread draws meanwhile would wait for ever (`leptos_server` keeps that in a global).
pub fn routes() -> Vec<AxumRouteListing> {
    static ROUTES: LazyLock<Vec<AxumRouteListing>> = LazyLock::new(|| generate_route_list(App));
    ROUTES.clone()
}

/// The document. Language and theme are the viewer's.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    set_policy();
    let viewer = use_context::<Viewer>().unwrap_or_default();
    view! {
        <!DOCTYPE html>
        <html lang=viewer.lang.tag() data-theme=viewer.theme.pinned()>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <link rel="icon" href=paths::FAVICON type="image/svg+xml"/>
                <HashedStylesheet options=options.clone() id="style"/>
                <AutoReload options=options.clone()/>
                <HydrationScripts options/>
                <MetaTags/>
            </head>
            <body><App/></body>
        </html>
    }
}

/// Only what comes from this console, and only the scripts this page was sent with.
fn set_policy() {
    let (Some(nonce), Some(response)) = (use_nonce(), use_context::<leptos_axum::ResponseOptions>()) else {
        return;
    };
    if let Ok(value) = HeaderValue::from_str(&policy(&nonce)) {
        response.insert_header(HeaderName::from_static("content-security-policy"), value);
    }
}

fn policy(nonce: &str) -> String {
    format!(
        "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self'; connect-src 'self'; \
         script-src 'nonce-{nonce}' 'strict-dynamic' 'wasm-unsafe-eval'; form-action 'self'; base-uri 'none'; \
         frame-ancestors 'none'"
    )
}

#[cfg(test)]
mod tests {
    use super::policy;

    #[test]
    fn the_policy_lets_no_inline_style_and_no_foreign_host_in() {
        let policy = policy("abc");
        assert!(policy.contains("'nonce-abc'"));
        for forbidden in ["unsafe-inline", "'unsafe-eval'", "http:", "https:", "data:", "*"] {
            assert!(!policy.contains(forbidden), "{forbidden}");
        }
    }
}
