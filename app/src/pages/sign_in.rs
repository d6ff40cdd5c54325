//! Sign-in: one form for every role, posted as HTML forms are. The answer is the same whatever is wrong.

use domain::lang::Lang;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::components::{Preferences, brand, icon};
use crate::viewer::{DemoAccount, viewer};
use crate::{i18n, paths};

/// Columns and rows of the wall of compartments, and which ones are full or open.
const COLUMNS: usize = 6;
const FULL: [usize; 8] = [0, 4, 7, 10, 14, 21, 24, 29];
const OPEN: usize = 15;

/// The page.
#[component]
pub(crate) fn SignInPage() -> impl IntoView {
    let viewer = viewer();
    let lang = viewer.lang;
    let query = use_query_map();
    let next = move || query.with(|query| paths::safe_next(&query.get("next").unwrap_or_default()).to_owned());
    let error = move || {
        query.with(|query| {
            let wait = query.get("wait").and_then(|wait| wait.parse().ok()).unwrap_or(0);
            let reference = query.get("reference").unwrap_or_default();
            query.get("error").map(|code| sentence(lang, &code, wait, &reference))
        })
    };
    view! {
        <Title text=i18n::sign_in::title(lang)/>
        <a class="skip" href="#contenu" rel="external">{i18n::common::skip(lang)}</a>
        <div class="gate">
            <header class="gate-door">
                {brand()}
                <div class="gate-wall">
                    {wall()}
                    <h2>{i18n::sign_in::promise(lang)}</h2>
                    <p>{i18n::sign_in::promise_more(lang)}</p>
                </div>
                <div class="row-between"><small>{i18n::sign_in::console(lang)}</small><Preferences/></div>
            </header>
            <main class="gate-form" id="contenu" tabindex="-1">
                <div>
                    <div><h1 tabindex="-1">{i18n::sign_in::title(lang)}</h1></div>
                    {move || error().map(|text| view! {
                        <p class="notice notice-fail" role="alert">{icon("x-circle")}<span>{text}</span></p>
                    })}
                    <form method="post" action=paths::SIGN_IN>
                        <input type="hidden" name="next" value=next/>
                        <div class="field">
                            <label for="email">{i18n::sign_in::email(lang)}</label>
                            <input class="input" id="email" name="email" type="email" autocomplete="username" inputmode="email" required/>
                        </div>
                        <div class="field">
                            <label for="password">{i18n::sign_in::password(lang)}</label>
                            <input class="input" id="password" name="password" type="password" autocomplete="current-password" required/>
                        </div>
                        <button class="btn btn-main btn-wide">{i18n::sign_in::submit(lang)}</button>
                    </form>
                    {(!viewer.demo_accounts.is_empty()).then(|| demo(lang, &viewer.demo_accounts))}
                    <p class="foot-help">{i18n::sign_in::no_access(lang)}</p>
                </div>
            </main>
        </div>
    }
}

/// A failed try comes back with a code in the address, never with text.
fn sentence(lang: Lang, code: &str, wait: u32, reference: &str) -> String {
    // What stands in the address is anybody's text: only what looks like a reference is shown.
    let reference = if reference.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
        reference
    } else {
        ""
    };
    match code {
        "failed" => format!("{}{reference}", i18n::sign_in::failed(lang)),
        "too-many-tries" => i18n::sign_in::wait(lang, wait),
        "not-signed-in" => i18n::sign_in::sign_in_first(lang).to_owned(),
        _ => i18n::sign_in::wrong(lang).to_owned(),
    }
}

/// One click per role, in the demo alone.
fn demo(lang: Lang, accounts: &[DemoAccount]) -> impl IntoView + use<> {
    let each = accounts
        .iter()
        .map(|account| {
            view! {
                <form method="post" action=paths::SIGN_IN>
                    <input type="hidden" name="email" value=account.email.clone()/>
                    <input type="hidden" name="password" value=account.password.clone()/>
                    <button class="btn btn-wide">
                        {icon("user")}
                        <span><b>{i18n::common::role(lang, account.role)}</b>" · "{account.name.clone()}</span>
                    </button>
                    <p class="hint"><code>{account.email.clone()}</code>" · "<code>{account.password.clone()}</code></p>
                </form>
            }
        })
        .collect_view();
    view! {
        <section class="stack-s demo" aria-labelledby="t-demo">
            <h2 class="or" id="t-demo">{i18n::sign_in::demo(lang)}</h2>
            <p class="hint">{i18n::sign_in::demo_hint(lang)}</p>
            {each}
        </section>
    }
}

/// The wall of compartments: the only picture of the console.
fn wall() -> impl IntoView {
    let boxes = (0..COLUMNS * 5)
        .map(|at| {
            let (x, y) = ((at % COLUMNS) * 72 + 1, (at / COLUMNS) * 60 + 1);
            let (frame, hole, width) = match at {
                OPEN => ("k", "kh", "2"),
                at if FULL.contains(&at) => ("f", "h", "1.2"),
                _ => ("b", "h", "1.2"),
            };
            let keyhole = format!("M{}.4 {}.0l.8-7a4 4 0 1 1 1.6 0l.8 7z", x + 30, y + 34);
            view! {
                <rect class=frame x=x y=y width="64" height="52" rx="4" stroke-width=width></rect>
                <path class=hole d=keyhole></path>
            }
        })
        .collect_view();
    view! { <svg class="wall" viewBox="0 0 434 294" aria-hidden="true">{boxes}</svg> }
}
