//! What will happen over the coming nights, month by month: what becomes the end of a month or year and what goes for another
//! reason than its age are said; the nights that only make room for younger ones are counted, and folded.

use domain::display;
use domain::lang::Lang;
use domain::retention::{Becomes, Expire, Gone, Preview};
use domain::time::{Timestamp, Zone};
use leptos::prelude::*;

use super::outlook::{Names, Outlook, Outlooks};
use crate::components::icon;
use crate::i18n;

/// Something that happens at a moment.
#[derive(Debug, PartialEq, Eq)]
enum Event<'a> {
    Becomes(&'a Becomes),
    Goes(&'a Gone),
}

/// A month of events, each list in the order of time.
#[derive(Debug, Default, PartialEq, Eq)]
struct Events<'a> {
    year: i32,
    month: u8,
    /// Those that are said.
    said: Vec<(Timestamp, Event<'a>)>,
    /// Nights that make room for younger ones.
    ordinary: Vec<(Timestamp, &'a Gone)>,
}

/// The events of a preview by the month they fall into, told where the site is; every month is there, also a quiet one.
fn events<'a>(preview: &'a Preview, zone: &Zone, now: Timestamp) -> Vec<Events<'a>> {
    let mut months: Vec<Events<'a>> = Vec::new();
    let at_once = std::iter::once((now, preview.at_once.as_slice(), [].as_slice()));
    let nights = preview
        .nights
        .iter()
        .map(|night| (night.at, night.gone.as_slice(), night.becomes.as_slice()));
    for (at, gone, becomes) in at_once.chain(nights) {
        let day = zone.local(at).date;
        if months
            .last()
            .is_none_or(|last| (last.year, last.month) != (day.year, day.month))
        {
            months.push(Events {
                year: day.year,
                month: day.month,
                ..Events::default()
            });
        }
        let Some(month) = months.last_mut() else { continue };
        // First what takes a place, then what leaves it.
        month
            .said
            .extend(becomes.iter().map(|becomes| (at, Event::Becomes(becomes))));
        for gone in gone {
            match gone.reason {
                Expire::OlderThanDays { .. } => month.ordinary.push((at, gone)),
                _ => month.said.push((at, Event::Goes(gone))),
            }
        }
    }
    months
}

/// The panel.
pub(super) fn panel(lang: Lang, outlooks: Outlooks) -> AnyView {
    view! {
        <section class="panel" aria-labelledby="t-ahead">
            <div class="panel-head">
                <h2 id="t-ahead">{i18n::retention::ahead(lang)}</h2>
                <p class="note">{i18n::retention::ahead_rule(lang)}</p>
            </div>
            <div class="panel-body ahead">{move || months(lang, &outlooks.get())}</div>
        </section>
    }
    .into_any()
}

fn months(lang: Lang, outlook: &Outlook) -> AnyView {
    let names = Names::of(lang, outlook);
    let months = events(outlook.shown(), outlook.zone(), outlook.now());
    months
        .into_iter()
        .map(|month| section(lang, outlook, &names, month))
        .collect_view()
        .into_any()
}

fn section(lang: Lang, outlook: &Outlook, names: &Names<'_>, month: Events<'_>) -> AnyView {
    let quiet = month.said.is_empty() && month.ordinary.is_empty();
    let said = month.said.iter().map(|(at, event)| {
        let (what, why) = match event {
            Event::Becomes(becomes) => {
                let role = names.reasons(std::slice::from_ref(&becomes.role)).concat();
                (i18n::retention::becomes(lang, &names.name(&becomes.which), &role), None)
            }
            Event::Goes(gone) => goes(lang, names, gone),
        };
        line(lang, outlook, *at, what, why)
    });
    let said = said.collect_view();
    let ordinary = (!month.ordinary.is_empty()).then(|| {
        let summary = i18n::retention::ordinary(lang, month.ordinary.len());
        let rows = month.ordinary.iter().map(|(at, gone)| {
            let (what, why) = goes(lang, names, gone);
            line(lang, outlook, *at, what, why)
        });
        view! { <details><summary>{icon("caret-right")}{summary}</summary><ul>{rows.collect_view()}</ul></details> }
    });
    view! {
        <section class="told">
            <h3>{display::capital(&display::month(lang, month.year, month.month))}</h3>
            {quiet.then(|| view! { <p class="softer">{i18n::retention::quiet_month(lang)}</p> })}
            <ul>{said}</ul>
            {ordinary}
        </section>
    }
    .into_any()
}

fn goes(lang: Lang, names: &Names<'_>, gone: &Gone) -> (String, Option<String>) {
    let what = i18n::retention::goes_away(lang, &names.name(&gone.which));
    (what, Some(i18n::retention::expire(lang, &gone.reason)))
}

fn line(lang: Lang, outlook: &Outlook, at: Timestamp, what: String, why: Option<String>) -> AnyView {
    let zone = outlook.zone();
    let when = if at > outlook.now() {
        display::short_date(lang, zone.local(at).date)
    } else if outlook.differs() {
        i18n::retention::at_once(lang).to_owned()
    } else {
        i18n::retention::at_once_present(lang).to_owned()
    };
    view! {
        <li><span class="when"><time datetime=zone.rfc3339(at)>{when}</time></span><span>{what}<small>{why}</small></span></li>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::anomaly::Review;
    use domain::backup::BackupKind;
    use domain::ids::{BackupId, SiteId};
    use domain::retention::{Coming, Facts, Policy, Terms, preview};
    use domain::schedule::Schedule;
    use domain::time::CivilDate;

    #[test]
    fn every_event_of_the_preview_is_in_one_month_and_the_ordinary_ones_are_apart() {
        let zone = Zone::utc();
        let date = |text: &str| CivilDate::parse(text).unwrap();
        let stored = |day: u8| Facts {
            id: BackupId::parse(&format!("n{day}")).unwrap(),
            kind: BackupKind::Automatic,
            promoted: false,
            business_date: Some(date(&format!("2026-11-{day}"))),
            completed_at: zone.instant(date(&format!("2026-11-{day}")).plus_days(1), 150),
            review: Review::Usual,
        };
        let backups: Vec<_> = (17..24).map(stored).collect();
        let coming = Coming {
            site: SiteId::parse("dupont").unwrap(),
            schedule: Schedule::default(),
            since: Timestamp(0),
            days: 400,
        };
        let now = zone.instant(date("2026-11-24"), 600);
        let three = Terms {
            days: 3,
            ..Policy::default().terms()
        };
        let said = preview(now, &zone, Policy::new(three).unwrap(), &backups, &coming);
        let months = events(&said, &zone, now);
        assert_eq!(months.len(), 14);
        assert_eq!((months[0].year, months[0].month), (2026, 11));
        assert_eq!(
            months[0].ordinary[..4].iter().map(|(at, _)| *at).collect::<Vec<_>>(),
            [now; 4]
        );
        let told: usize = months.iter().map(|month| month.said.len() + month.ordinary.len()).sum();
        let all: usize = said.at_once.len()
            + said
                .nights
                .iter()
                .map(|night| night.gone.len() + night.becomes.len())
                .sum::<usize>();
        assert_eq!(told, all);
        // On 1 December the night of the 30th becomes the month-end; a month later it is replaced.
        let december = &months[1];
        assert!(
            matches!(december.said[0].1, Event::Becomes(becomes) if becomes.role == domain::retention::Keep::Monthly { year: 2026, month: 11 })
        );
        let january = &months[2];
        assert!(
            january
                .said
                .iter()
                .any(|(_, event)| matches!(event, Event::Goes(gone) if gone.saved == date("2026-11-30")))
        );
    }
}
