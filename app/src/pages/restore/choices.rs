//! Parts 1 and 2 of the restore page: what is to be restored, and to which date.

use domain::backup::BackupKind;
use domain::display;
use domain::lang::Lang;
use domain::overview::{BackupEntry, RestoreChoices};
use domain::permission::Action;
use domain::site::Site;
use leptos::ev;
use leptos::prelude::*;

use super::{Choice, Part, chosen_database};
use crate::components::{backup_name, icon};
use crate::{i18n, paths, rights};

pub(super) fn scope_part(
    lang: Lang,
    site: &Site,
    choice: Choice,
    backup: Memo<Option<BackupEntry>>,
) -> impl IntoView + use<> {
    let each = site
        .databases
        .iter()
        .map(|database| {
            let small = match database.bytes {
                Some(bytes) => format!("{}, {}", database.product, display::size(lang, bytes)),
                None => database.product.clone(),
            };
            radio(
                "scope",
                database.id.to_string(),
                choice.scope,
                database.name.clone(),
                small,
            )
        })
        .collect_view();
    let names: Vec<String> = site.databases.iter().map(|database| database.name.clone()).collect();
    let whole = radio(
        "scope",
        paths::WHOLE_SITE.to_owned(),
        choice.scope,
        i18n::restore::whole_site(lang).to_owned(),
        i18n::and(lang, &names),
    );
    let warned = site.clone();
    let warning = move || {
        let chosen = chosen_database(&warned, &choice.scope.get())?;
        let others: Vec<String> = warned
            .databases
            .iter()
            .filter(|database| database.name != chosen)
            .map(|database| database.name.clone())
            .collect();
        let t0 = backup.with(|backup| backup.as_ref().map(|backup| backup.t0))?;
        let date = display::day_and_month(lang, warned.zone.local(t0).date);
        (!others.is_empty()).then(|| {
            let text = i18n::restore::apart(lang, &chosen, &i18n::and(lang, &others), &date);
            view! { <p class="notice notice-busy">{icon("warning")}<span>{text}</span></p> }
        })
    };
    view! {
        <Part number=1 title=i18n::restore::what(lang) id="p1">
            <div class="choices choices-3" role="radiogroup" aria-labelledby="p1">{each}{whole}</div>
            {warning}
        </Part>
    }
}

pub(super) fn date_part(lang: Lang, choices: &RestoreChoices, choice: Choice) -> impl IntoView + use<> {
    let site = &choices.summary.site;
    let each = choices
        .backups
        .iter()
        .map(|backup| {
            let size = display::size(lang, backup.bytes);
            let small = match backup.kind {
                BackupKind::Automatic => {
                    let at = display::short_date_time(lang, &site.zone, backup.t0);
                    format!(
                        "{}, {}, {size}",
                        i18n::backups::state_at(lang, &at),
                        i18n::restore::automatic(lang)
                    )
                }
                BackupKind::Manual => format!("{}, {size}", display::capital(i18n::restore::manual(lang))),
                BackupKind::Safety => format!("{}, {size}", display::capital(i18n::restore::safety(lang))),
            };
            let small = match i18n::reviews::in_choice(lang, backup.judgement.review) {
                Some(words) => format!("{small}. {words}"),
                None => small,
            };
            radio(
                "backup",
                backup.id.to_string(),
                choice.backup,
                backup_name(lang, backup, site, choices.now),
                small,
            )
        })
        .collect_view();
    let again = recalculate(lang, site);
    // R10: they are deleted from here too.
    let any = choices.summary.quota.kept > 0 && rights::refusal(Action::DeleteManual, site).is_none();
    let manage = site.databases.first().filter(|_| any).map(|database| {
        let href = paths::manual_backups(&site.id, &database.id);
        view! { <p class="op-note"><a href=href>{i18n::keeping::manage(lang)}</a></p> }
    });
    view! {
        <Part number=2 title=i18n::restore::when(lang) id="p2">
            <div class="choices" role="radiogroup" aria-labelledby="p2">{each}</div>
            {manage}
            {again}
        </Part>
    }
}

/// Where script does not run, the page is drawn again with what is chosen.
fn recalculate(lang: Lang, site: &Site) -> impl IntoView + use<> {
    let button = format!(
        "<button class=\"btn\" formmethod=\"get\" formaction=\"{}\" formnovalidate>{}</button>",
        paths::restore(&site.id),
        i18n::restore::recalculate(lang)
    );
    view! { <noscript inner_html=button></noscript> }
}

fn radio(name: &'static str, value: String, chosen: RwSignal<String>, strong: String, small: String) -> AnyView {
    let (mine, picked) = (value.clone(), value.clone());
    let checked = chosen.with_untracked(|chosen| *chosen == mine);
    view! {
        <label class="choice">
            <input type="radio" name=name value=value checked=checked on:change=move |_: ev::Event| chosen.set(picked.clone())/>
            <span><b>{strong}</b><small>{small}</small></span><span></span>
        </label>
    }
    .into_any()
}
