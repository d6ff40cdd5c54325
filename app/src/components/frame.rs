//! The frame of a page: skip link, banner, door and main. And how a page waits for what it shows.

use domain::refusal::Refusal;
use domain::site::Site;
use leptos::prelude::*;
use leptos::tachys::reactive_graph::OwnedView;
use leptos_router::hooks::use_location;

use super::banner::Banner;
use super::door::Door;
use super::fault::fault;
use super::focus::keep_focus;
use crate::api::ApiError;
use crate::i18n;
use crate::live::{Link, Live};
use crate::viewer::lang;

/// Where in the navigation a page stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// The list of sites.
    Sites,
    /// The processes of every site.
    Processes,
    /// The page of a site.
    Overview,
    /// Its databases and their backups.
    Databases,
    /// Its processes.
    SiteProcesses,
    /// None of the entries.
    Elsewhere,
}

/// The site that the last page was about: the door keeps it while the next page of that site is on its way.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LastSite(pub(crate) RwSignal<Option<Site>>);

/// The frame around the content of a page.
#[component]
pub(crate) fn Frame(
    /// The site the page is about.
    #[prop(optional_no_strip)]
    site: Option<Site>,
    /// Where the page stands.
    place: Place,
    /// The content of `main`.
    children: Children,
) -> impl IntoView {
    let lang = lang();
    let live = Live::here();
    let last = use_context::<LastSite>();
    if let Some(last) = last {
        let site = site.clone();
        Effect::new(move |_| last.0.set(site.clone()));
    }
    view! {
        // The router would take a click on a fragment for a navigation.
        <a class="skip" href="#contenu" rel="external">{i18n::common::skip(lang)}</a>
        {view! { <Banner/> }.into_any()}
        <div class="shell" class:is-lost=move || live.link() != Link::Up>
            {view! { <Door site place/> }.into_any()}
            <main class="main" id="contenu" tabindex="-1">{children()}</main>
        </div>
    }
    .into_any()
}

/// Waits for what a page shows, then draws it; keeps the old drawing while a newer one is on its way, and turns an
/// error into its page and status.
///
/// A drawing has an owner of its own, and is replaced together with it: until the newer one stands in its place it follows its
/// process and hears clicks. Owned by what waits, it would be a picture from the moment that the waiting begins anew, and a click on
/// it would reach for signals that are gone. The focus stays where it was, also where its element is drawn anew.
pub(crate) fn fetched<T>(
    resource: Resource<Result<T, ApiError>>,
    place: Place,
    draw: impl Fn(T) -> AnyView + Clone + Send + Sync + 'static,
) -> impl IntoView
where
    T: Clone + Send + Sync + 'static,
{
    let (path, drawn) = (use_location().pathname, StoredValue::new(None::<String>));
    let waiting = move || {
        let site = use_context::<LastSite>().and_then(|last| {
            let about_a_site = matches!(place, Place::Overview | Place::Databases | Place::SiteProcesses);
            last.0.get_untracked().filter(|_| about_a_site)
        });
        view! {
            <Frame site place><p class="sr" role="status">{i18n::common::loading(lang())}</p></Frame>
        }
    };
    view! {
        <Transition fallback=waiting>
            {
                let around = Owner::current().unwrap_or_default();
                move || {
                    let (draw, around) = (draw.clone(), around.clone());
                    Suspend::new(async move {
                        let shown = resource.await;
                        let here = Some(path.get_untracked());
                        let signed_out = matches!(shown, Err(ApiError::Refused(Refusal::NotSignedIn)));
                        if signed_out && drawn.try_get_value() == Some(here.clone()) {
                            // What was typed on the page stays there; banner and acts say that the session has ended.
                            std::future::pending::<()>().await;
                        }
                        if shown.is_ok() {
                            drawn.set_value(here);
                        }
                        if cfg!(feature = "hydrate") {
                            keep_focus();
                        }
                        let owner = around.child();
                        let drawing = owner.with(|| match shown {
                            Ok(shown) => draw(shown),
                            Err(error) => fault(&error, place).into_any(),
                        });
                        OwnedView::new_with_owner(drawing, owner)
                    })
                }
            }
        </Transition>
    }
}
