//! Pages and server functions: hands each request its control plane and its viewer, and lets Leptos draw.

use std::sync::Arc;

use app::api::ApiError;
use app::viewer::{PlainAnswer, Viewer};
use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use control::{ControlError, ControlPlane};
use leptos::config::LeptosOptions;
use leptos::prelude::{provide_context, use_context};
use leptos_axum::{LeptosRoutes, render_app_async_with_context};

use super::session::{self, SignedIn};
use super::{Web, preferences};

/// The routes of every page and server function, and the page for addresses that are none.
pub(super) fn routes(web: &Web) -> Router {
    let options = web.site.leptos_options();
    let context = context(web);
    let shell = shell(&options);
    let not_found = {
        let draw = render_app_async_with_context(context.clone(), shell.clone());
        move |request: Request| draw(request)
    };
    Router::new()
        .leptos_routes_with_context(&options, app::routes(), context, shell)
        .fallback(not_found)
        .with_state(options)
}

/// A refusal or failure of a plain link: the console's own page for a person, status and typed body for a program.
pub(super) async fn refused(web: &Web, request: Request, error: ControlError) -> Response {
    let error = ApiError::from(error);
    if !session::wants_page(request.headers()) {
        return session::refused(&error, request.headers());
    }
    let provide = context(web);
    let with_answer = move || {
        provide();
        provide_context(PlainAnswer(error.clone()));
    };
    render_app_async_with_context(with_answer, shell(&web.site.leptos_options()))(request).await
}

fn shell(options: &LeptosOptions) -> impl Fn() -> leptos::prelude::AnyView + Clone + Send + Sync + 'static {
    use leptos::prelude::IntoAny;
    let options = options.clone();
    move || app::shell(options.clone()).into_any()
}

/// What the application finds in its context on the server.
fn context(web: &Web) -> impl Fn() + Clone + Send + Sync + 'static {
    let web = web.clone();
    move || {
        let plane: Arc<ControlPlane> = Arc::clone(&web.plane);
        provide_context(plane);
        provide_context(viewer(&web));
    }
}

fn viewer(web: &Web) -> Viewer {
    let Some(parts) = use_context::<http::request::Parts>() else {
        return Viewer::default();
    };
    let (lang, theme) = preferences::shown_in(&parts.headers);
    let actor = parts.extensions.get::<SignedIn>().map(|who| who.actor.clone());
    let demo_accounts = if actor.is_none() {
        web.demo_accounts.to_vec()
    } else {
        Vec::new()
    };
    Viewer {
        actor,
        lang,
        theme,
        demo_accounts,
    }
}
