//! The list of sites: found by name, code or customer, filtered by status; both in the address, so that it works
//! without script and can be sent to a colleague.

use domain::display;
use domain::lang::Lang;
use domain::overview::{SiteList, SiteSummary};
use domain::process::Process;
use domain::time::Timestamp;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::components::{
    Empty, Frame, Head, Instant, Place, fetched, icon, mini, silent_mark, site_plate, unusual_in_list,
};
use crate::live::Live;
use crate::viewer::{lang, viewer};
use crate::{api, i18n, paths};

use super::refresh;

/// What is being looked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Search {
    words: String,
    status: String,
}

impl Search {
    fn finds(&self, summary: &SiteSummary) -> bool {
        let site = &summary.site;
        let words = folded(self.words.trim());
        let named = [&site.name, &site.code, &site.customer_name]
            .iter()
            .any(|text| folded(text).contains(&words));
        let status = match self.status.as_str() {
            "ready" => site.status.is_ready(),
            "restoring" => !site.status.is_ready(),
            _ => true,
        };
        named && status
    }
}

/// The page.
#[component]
pub(crate) fn SitesPage() -> impl IntoView {
    let live = Live::here();
    let list = Resource::new(move || live.changes(None), |_| api::list_sites());
    let query = use_query_map();
    let search = Memo::new(move |_| {
        query.with(|query| Search {
            words: query.get("q").unwrap_or_default(),
            status: query.get("status").unwrap_or_default(),
        })
    });
    fetched(list, Place::Sites, move |list| page(list, search).into_any())
}

fn page(list: SiteList, search: Memo<Search>) -> impl IntoView {
    let lang = lang();
    let title = i18n::sites::title(lang, viewer().actor.map(|actor| actor.role));
    let active: Vec<Process> = list.sites.iter().flat_map(|summary| summary.active.clone()).collect();
    let saved = list.sites.iter().filter(|summary| summary.last.is_some()).count();
    let restoring = list
        .sites
        .iter()
        .filter(|summary| !summary.site.status.is_ready())
        .count();
    let strong = i18n::sites::lead(lang, list.sites.len(), saved);
    let rest = i18n::sites::lead_activity(lang, active.len(), restoring);
    let moving = !active.is_empty();
    let live = Live::here();
    Effect::new(move |_| live.seed(&active));
    let none = list.sites.is_empty();
    let lead = if none {
        ().into_any()
    } else {
        view! { <strong>{strong}</strong>" "{rest} }.into_any()
    };
    let now = list.now;
    let found = move || {
        let search = search.get();
        list.sites
            .iter()
            .filter(|summary| search.finds(summary))
            .cloned()
            .collect::<Vec<_>>()
    };
    let content = if none {
        view! {
            <section class="panel">
                <Empty mark="buildings" title=i18n::sites::none_yet(lang) more=i18n::sites::none_yet_more(lang)/>
            </section>
        }
        .into_any()
    } else {
        view! {
            {filters(lang, search)}
            <section class="panel" aria-labelledby="t-sites">
                <h2 class="sr" id="t-sites">{i18n::sites::list(lang)}</h2>
                {move || table(lang, found(), now)}
            </section>
        }
        .into_any()
    };
    view! {
        <Title text=title/>
        <Frame place=Place::Sites>
            <div class="page">
                {refresh(moving)}
                <Head title=title lead=lead/>
                {content}
            </div>
        </Frame>
    }
}

fn filters(lang: Lang, search: Memo<Search>) -> impl IntoView {
    let option = move |value: &'static str, label: &'static str| {
        view! { <option value=value selected=move || search.with(|search| search.status == value)>{label}</option> }
    };
    view! {
        <form method="get" action=paths::SITES class="filters" role="search" aria-label=i18n::sites::filters(lang)>
            <div class="field grow">
                <label for="q">{i18n::sites::search(lang)}</label>
                <div class="input-find">
                    {icon("magnifying-glass")}
                    <input class="input" id="q" name="q" type="search" placeholder=i18n::sites::search_hint(lang)
                        value=move || search.with(|search| search.words.clone())/>
                </div>
            </div>
            <div class="field">
                <label for="status">{i18n::common::state(lang)}</label>
                <select class="input" id="status" name="status">
                    {option("", i18n::sites::all_states(lang))}
                    {option("ready", i18n::common::ready(lang))}
                    {option("restoring", i18n::common::restoring(lang))}
                </select>
            </div>
            <button class="btn">{i18n::sites::filter(lang)}</button>
        </form>
    }
}

fn table(lang: Lang, sites: Vec<SiteSummary>, now: Timestamp) -> AnyView {
    if sites.is_empty() {
        return view! {
            <Empty mark="magnifying-glass" title=i18n::sites::none_found(lang) more=i18n::sites::none_found_more(lang)>
                <a class="btn" href=paths::SITES>{i18n::sites::everything(lang)}</a>
            </Empty>
        }
        .into_any();
    }
    let count = i18n::sites::count(lang, sites.len());
    let mut zones: Vec<&str> = sites.iter().map(|summary| summary.site.zone.name.as_str()).collect();
    zones.dedup();
    let zone = (zones.len() == 1).then(|| i18n::common::zone(lang, &sites[0].site.zone));
    let head = |text: &'static str| view! { <th role="columnheader" scope="col">{text}</th> };
    let rows = sites.into_iter().map(|summary| row(lang, summary, now)).collect_view();
    view! {
        <table role="table" class="table cards">
            <caption class="sr">{count.clone()}</caption>
            <thead role="rowgroup"><tr role="row">
                {head(i18n::sites::site(lang))}{head(i18n::common::state(lang))}{head(i18n::sites::saved(lang))}
                {head(i18n::sites::manual(lang))}{head(i18n::sites::activity(lang))}
            </tr></thead>
            <tbody role="rowgroup">{rows}</tbody>
        </table>
        <p class="panel-foot">{count}". "{zone}</p>
    }
    .into_any()
}

fn row(lang: Lang, summary: SiteSummary, now: Timestamp) -> AnyView {
    let silent = silent_mark(lang, &summary);
    let unusual = unusual_in_list(lang, &summary);
    let SiteSummary {
        site,
        quota,
        last,
        active,
        nights: _,
        undecided: _,
    } = summary;
    let names = site
        .databases
        .iter()
        .map(|database| database.name.clone())
        .collect::<Vec<_>>()
        .join(", ");
    let zone = site.zone.clone();
    let saved = match last {
        Some(last) => {
            let text = display::capital(&display::relative(lang, &zone, now, last.t0));
            view! { <Instant at=last.t0 zone text/> }.into_any()
        }
        None => view! { <span class="softer">{i18n::sites::never(lang)}</span> }.into_any(),
    };
    let (href, name) = (paths::site(&site.id), site.name.clone());
    let status = Live::here().site(site);
    let nil = active.is_empty().then_some("is-nil");
    let activity = active.into_iter().map(|process| activity(lang, process)).collect_view();
    view! {
        <tr role="row">
            <th role="rowheader" scope="row" class="what"><a href=href>{name}</a><small>{names}</small></th>
            <td role="cell" data-label=i18n::common::state(lang)>
                {move || status.with(|site| site_plate(lang, &site.status))}
            </td>
            <td role="cell" data-label=i18n::sites::saved(lang)>{saved}{silent}{unusual}</td>
            <td role="cell" data-label=i18n::sites::manual(lang)>{mini(quota)}</td>
            <td role="cell" data-label=i18n::sites::activity(lang) class=nil>{activity}</td>
        </tr>
    }
    .into_any()
}

fn activity(lang: Lang, process: Process) -> AnyView {
    let (href, name) = (paths::process(&process.id), i18n::processes::short(lang, &process.kind));
    let class = process.kind.is_restore().then_some("is-busy");
    let process = Live::here().process(process);
    let percent = Memo::new(move |_| process.with(|process| process.state.percent()));
    let words = move || match percent.get() {
        0 => process.with(|process| i18n::common::process_state(lang, process.state.name()).to_owned()),
        percent => display::percent(lang, percent),
    };
    view! {
        <div class="activity">
            <a href=href>{name}</a>
            <progress class=class max="100" value=move || percent.get().to_string() aria-label=i18n::processes::progress(lang)></progress>
            <span>{words}</span>
        </div>
    }
    .into_any()
}

/// Without capitals and accents: people type a name as it comes to them. The letters of Western Europe; others stay.
fn folded(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for letter in text.chars().flat_map(char::to_lowercase) {
        match letter {
            'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' => plain.push('a'),
            'ç' => plain.push('c'),
            'è' | 'é' | 'ê' | 'ë' => plain.push('e'),
            'ì' | 'í' | 'î' | 'ï' => plain.push('i'),
            'ñ' => plain.push('n'),
            'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' => plain.push('o'),
            'ù' | 'ú' | 'û' | 'ü' => plain.push('u'),
            'ý' | 'ÿ' => plain.push('y'),
            'æ' => plain.push_str("ae"),
            'œ' => plain.push_str("oe"),
            'ß' => plain.push_str("ss"),
            '’' => plain.push('\''),
            other => plain.push(other),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::backup::Quota;
    use domain::ids::{CustomerId, ProcessId, SiteId};
    use domain::overview::NightPlan;
    use domain::schedule::Schedule;
    use domain::site::{Site, SiteStatus};
    use domain::time::Zone;

    fn summary(name: &str, code: &str, customer: &str, status: SiteStatus) -> SiteSummary {
        let site = Site {
            id: SiteId::parse("s").unwrap(),
            code: code.into(),
            name: name.into(),
            customer: CustomerId::parse("c").unwrap(),
            customer_name: customer.into(),
            partner: None,
            partner_name: None,
            administrator: None,
            delegated: false,
            status,
            zone: Zone::utc(),
            quota: 5,
            databases: Vec::new(),
        };
        SiteSummary {
            site,
            quota: Quota {
                kept: 0,
                reserved: 0,
                quota: 5,
            },
            last: None,
            undecided: 0,
            active: Vec::new(),
            nights: NightPlan {
                schedule: Schedule::default(),
                next: None,
                silence: None,
            },
        }
    }

    #[test]
    fn a_site_is_found_by_name_code_or_customer_whatever_the_case_and_accents_and_by_its_status() {
        let site = summary("Électricité Marchand", "MARCHAND", "Groupe Alpha", SiteStatus::Ready);
        let search = |words: &str, status: &str| Search {
            words: words.into(),
            status: status.into(),
        };
        for words in ["", "électricité", "ÉLECTRICITÉ", "electricite", "march", " alpha "] {
            assert!(search(words, "").finds(&site), "{words:?}");
        }
        assert!(!search("dupont", "").finds(&site));
        assert!(search("", "ready").finds(&site));
        assert!(!search("", "restoring").finds(&site));
        let restoring = SiteStatus::Restoring {
            process: ProcessId::parse("p").unwrap(),
        };
        assert!(search("", "restoring").finds(&summary("X", "X", "X", restoring)));
    }
}
