//! The head of a page: where it stands, its title, the answer first.

use leptos::html;
use leptos::prelude::*;

use crate::i18n;
use crate::viewer::lang;

/// A step of the way to a page: words, and where they lead; the page itself leads nowhere.
pub(crate) type Crumb = (String, Option<String>);

/// Set while a navigation inside the browser is under way: the next heading takes the focus.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Navigated(pub(crate) RwSignal<bool>);

/// Crumbs, heading with what stands beside it, and one lead sentence.
#[component]
pub(crate) fn Head(
    /// The way here; none on first-level pages.
    #[prop(optional)]
    crumbs: Vec<Crumb>,
    /// The heading.
    #[prop(into)]
    title: String,
    /// Plate and actions, after the heading.
    #[prop(optional, into)]
    beside: Option<AnyView>,
    /// The lead sentence.
    #[prop(optional, into)]
    lead: Option<AnyView>,
) -> impl IntoView {
    let lang = lang();
    let heading = NodeRef::<html::H1>::new();
    let navigated = use_context::<Navigated>();
    Effect::new(move |_| {
        let (Some(navigated), Some(heading)) = (navigated, heading.get()) else {
            return;
        };
        if navigated.0.get_untracked() {
            navigated.0.set(false);
            // The heading is in the document only once the page around it is.
            request_animation_frame(move || {
                let _nothing_to_focus = heading.focus();
            });
        }
    });
    let way = (!crumbs.is_empty()).then(|| {
        let steps = crumbs
            .into_iter()
            .map(|(text, href)| match href {
                Some(href) => view! { <li><a href=href>{text}</a></li> }.into_any(),
                None => view! { <li aria-current="page"><span>{text}</span></li> }.into_any(),
            })
            .collect_view();
        view! { <nav class="crumbs" aria-label=i18n::common::breadcrumbs(lang)><ol>{steps}</ol></nav> }
    });
    view! {
        <div class="head">
            {way}
            <div class="title"><h1 tabindex="-1" node_ref=heading>{title}</h1>{beside}</div>
            {lead.map(|lead| view! { <p class="lead">{lead}</p> })}
        </div>
    }
}
