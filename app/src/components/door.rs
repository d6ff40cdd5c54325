//! The door: logo, site switcher, navigation, the person, language and theme. On narrow screens the same navigation
//! opens as a popover, without script.

use domain::lang::Lang;
use domain::site::Site;
use leptos::prelude::*;

use super::elements::{drawn, icon};
use super::frame::Place;
use crate::live::Live;
use crate::viewer::{Theme, viewer};
use crate::{i18n, paths};

/// The logo.
pub(crate) fn brand() -> impl IntoView {
    view! {
        <a class="brand" href=paths::SITES>
            <svg viewBox="0 0 32 32" aria-hidden="true">
                <rect class="leaf" x="2.5" y="2.5" width="25" height="27" rx="5.5" stroke-width="2.4"></rect>
                <path class="ring" d="M19.33 11.65a6.5 6.5 0 1 0 0 8.7" stroke-width="2.6" stroke-linecap="round"></path>
                <rect class="bolt" x="14" y="14.3" width="16.6" height="3.4" rx="1.7"></rect>
            </svg>
            <b>"Coffre"</b>
        </a>
    }
}

/// The navigation of a page about `site`, or about none.
#[component]
pub(crate) fn Door(
    /// The site the page is about.
    site: Option<Site>,
    /// Which entry is the current one.
    place: Place,
) -> impl IntoView {
    let viewer = viewer();
    let lang = viewer.lang;
    let beyond = viewer
        .actor
        .as_ref()
        .map(|actor| i18n::common::beyond_this_site(lang, actor.role));
    let switcher = match &site {
        Some(site) => view! {
            <a class="switcher" href=paths::SITES>
                <b><span class="sr">{i18n::common::change_site(lang)}</span>{site.name.clone()}</b>
                <span>{format!("{} · {}", site.code, i18n::common::database_count(lang, site.databases.len()))}</span>
                {icon("caret-up-down")}
            </a>
        }
        .into_any(),
        None => ().into_any(),
    };
    view! {
        <header class="door"><div class="door-in">
            {brand()}
            <button class="menu-open" type="button" popovertarget="menu">{icon("list")}{i18n::common::menu(lang)}</button>
            <nav class="nav" id="menu" popover aria-label=i18n::common::navigation(lang)>
                <button class="nav-close" type="button" popovertarget="menu" popovertargetaction="hide">
                    {icon("x")}{i18n::common::close(lang)}
                </button>
                {switcher}
                {site.map(|site| view! {
                    <div>
                        <p class="nav-title">{i18n::common::this_site(lang)}</p>
                        <ul class="nav-list">
                            {entry(paths::site(&site.id), place == Place::Overview, "squares-four", i18n::common::overview(lang), ().into_any())}
                            {entry(paths::databases(&site.id), place == Place::Databases, "database", i18n::common::databases(lang), ().into_any())}
                            {entry(paths::site_processes(&site.id), place == Place::SiteProcesses, "list-checks", i18n::common::processes(lang), active_count(lang, Some(site.id.as_str().to_owned())))}
                        </ul>
                    </div>
                })}
                <div>
                    <p class="nav-title">{beyond}</p>
                    <ul class="nav-list">
                        {entry(paths::SITES.to_owned(), place == Place::Sites, "buildings", i18n::common::sites(lang), ().into_any())}
                        {entry(paths::PROCESSES.to_owned(), place == Place::Processes, "list-checks", i18n::common::processes(lang), active_count(lang, None))}
                    </ul>
                </div>
                <div class="door-foot">
                    {viewer.actor.as_ref().map(|actor| view! {
                        <div class="who">
                            <p><b>{actor.name.clone()}</b><span>{i18n::common::role_and_firm(lang, actor)}</span></p>
                            <form method="post" action=paths::SIGN_OUT>
                                <button class="door-icon" aria-label=i18n::common::sign_out(lang) title=i18n::common::sign_out(lang)>
                                    {icon("sign-out")}
                                </button>
                            </form>
                        </div>
                    })}
                    <Preferences/>
                </div>
            </nav>
        </div></header>
    }
}

fn entry(href: String, current: bool, mark: &'static str, label: &'static str, count: AnyView) -> AnyView {
    view! { <li><a href=href aria-current=current.then_some("page")>{icon(mark)}{label}{count}</a></li> }.into_any()
}

/// How many processes are under way, once the event stream has told.
fn active_count(lang: Lang, site: Option<String>) -> AnyView {
    let live = Live::here();
    let count = Memo::new(move |_| live.active(site.as_deref()));
    (move || {
        (count.get() > 0).then(|| {
            view! { <span class="count">{count.get()}<span class="sr">{i18n::common::under_way(lang)}</span></span> }
        })
    })
    .into_any()
}

/// Language and theme: real submit buttons, posted; the page is then drawn anew. The server sends people back to where the
/// browser says they were, so that this form is the same on every page.
#[component]
pub(crate) fn Preferences() -> impl IntoView {
    let viewer = viewer();
    let lang = viewer.lang;
    let theme = move |theme: Theme| {
        let (mark, label) = match theme {
            Theme::Auto => ("circle-half", i18n::common::theme_auto(lang)),
            Theme::Light => ("sun", i18n::common::theme_light(lang)),
            Theme::Dark => ("moon", i18n::common::theme_dark(lang)),
        };
        view! {
            <button name="theme" value=theme.code() aria-pressed=pressed(viewer.theme == theme) aria-label=label title=label>
                {drawn("icon icon-s", mark)}
            </button>
        }
    };
    view! {
        <form class="prefs" method="post" action=paths::PREFERENCES>
            <div class="seg" role="group" aria-label=i18n::common::language(lang)>
                <button name="lang" value="fr" aria-pressed=pressed(lang == Lang::Fr) lang="fr">"FR"<span class="sr">"ançais"</span></button>
                <button name="lang" value="en" aria-pressed=pressed(lang == Lang::En) lang="en">"EN"<span class="sr">"glish"</span></button>
            </div>
            <div class="seg" role="group" aria-label=i18n::common::theme(lang)>{Theme::ALL.map(theme).collect_view()}</div>
        </form>
    }
}

const fn pressed(yes: bool) -> &'static str {
    if yes { "true" } else { "false" }
}
