//! The banner above everything while the event stream is away. It leaves without a word when the stream is back.

use leptos::prelude::*;

use super::elements::icon;
use crate::i18n;
use crate::live::{Link, Live};
use crate::viewer::lang;

/// The banner; nothing while events arrive.
#[component]
pub(crate) fn Banner() -> impl IntoView {
    let (live, lang) = (Live::here(), lang());
    let lost = Memo::new(move |_| matches!(live.link(), Link::Lost { .. }));
    let closed = Memo::new(move |_| live.link() == Link::Closed);
    let countdown = move || match live.link() {
        Link::Lost { retry_in } => i18n::common::retrying(lang, retry_in),
        Link::Up | Link::Closed => String::new(),
    };
    view! {
        {move || lost.get().then(|| view! {
            <div class="banner">
                {icon("wifi-slash")}
                <span role="status">
                    <b>{i18n::common::connection_lost(lang)}</b>", "
                    <span aria-hidden="true">{countdown}</span>" "
                    {i18n::common::figures_may_be_old(lang)}
                </span>
                <button type="button" on:click=move |_| live.retry_now()>{i18n::common::retry_now(lang)}</button>
            </div>
        })}
        {move || closed.get().then(|| view! {
            <div class="banner">
                {icon("wifi-slash")}
                <span role="status">{i18n::common::session_ended(lang)}</span>
                <button type="button" on:click=move |_| { let _ = window().location().reload(); }>
                    {i18n::common::reload(lang)}
                </button>
            </div>
        })}
    }
}
