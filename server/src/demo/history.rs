//! The past of the demonstration world: the backups that the policy of the fiche would have left today (the last 7 nights,
//! the end of last month, the end of last year, and a few by hand), each made by the real backup at its own moment
//! over books that had grown until then.

use std::sync::Arc;

use control::ControlPlane;
use domain::account::Actor;
use domain::limits::DAILY_RETENTION_DAYS;
use domain::process::StateName;
use domain::schedule::Schedule;
use domain::site::Site;
use domain::time::{CivilDate, Timestamp};

use super::books::Books;
use super::moved_clock::MovedClock;
use super::world::Place;

/// Local time of the backups by hand, minutes after midnight: 09:41.
const MORNING: i64 = 581;

/// Days before today on which somebody backed up by hand.
const BY_HAND_DAYS_AGO: [i64; 2] = [55, 12];

type Failed = Box<dyn std::error::Error + Send + Sync>;

/// A backup of the past.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Moment {
    at: Timestamp,
    /// The day that ended, for a night; `None` for one by hand.
    business_date: Option<CivilDate>,
}

/// Makes the past of one site. `by` is who backed up by hand.
///
/// # Errors
/// A book cannot be written, or a backup of the past did not become Completed.
pub async fn make(
    plane: &Arc<ControlPlane>,
    clock: &MovedClock,
    books: &Books,
    place: &'static Place,
    site: &Site,
    by: &Actor,
    today: Timestamp,
) -> Result<usize, Failed> {
    let moments = moments(site, today);
    let Some(first) = moments.first() else { return Ok(0) };
    let opening = day(site, first.at);
    clock.set(first.at);
    books
        .fill(
            place,
            CivilDate::from_days(opening.days() - 365),
            CivilDate::from_days(opening.days() - 1),
        )
        .await?;
    for moment in &moments {
        clock.set(moment.at);
        books
            .advance(place, moment.business_date.unwrap_or_else(|| day(site, moment.at)))
            .await?;
        let process = match moment.business_date {
            Some(date) => plane.start_nightly_backup(&site.id, date).await?,
            None => plane.start_backup(by, &site.id).await?,
        };
        while plane.work_once().await? {}
        let ended = plane
            .store()
            .process(&process.id)
            .await?
            .ok_or("a process of the past is not recorded")?;
        if ended.state.name() != StateName::Completed {
            return Err(format!("a backup of the past ended as {:?}", ended.state).into());
        }
    }
    Ok(moments.len())
}

/// The moments whose backups the policy would still keep today, oldest first.
fn moments(site: &Site, today: Timestamp) -> Vec<Moment> {
    let now = site.zone.local(today).date;
    let last_night = now.days() - 1;
    let mut nights: Vec<i64> = (0..i64::from(DAILY_RETENTION_DAYS))
        .map(|back| last_night - back)
        .collect();
    let month = CivilDate { day: 1, ..now };
    let year = CivilDate {
        month: 1,
        day: 1,
        ..now
    };
    nights.extend([month.days() - 1, year.days() - 1]);
    // At the moments at which the scheduler will make the coming ones.
    let schedule = Schedule::default();
    let nights = nights.into_iter().filter_map(|ended| {
        let date = CivilDate::from_days(ended);
        Some(Moment {
            at: schedule.starts(&site.zone, &site.id, date)?,
            business_date: Some(date),
        })
    });
    let by_hand = BY_HAND_DAYS_AGO.iter().map(|back| Moment {
        at: instant(site, now.days() - back, MORNING),
        business_date: None,
    });
    let mut moments: Vec<_> = nights.chain(by_hand).filter(|moment| moment.at < today).collect();
    moments.sort();
    moments.dedup();
    moments
}

/// The instant of a local time. Close to a change of the clock it may be an hour off, which no history minds.
fn instant(site: &Site, day: i64, minutes: i64) -> Timestamp {
    let local = (day * 86_400 + minutes * 60) * 1_000;
    let offset = i64::from(site.zone.offset_at(Timestamp(local))) * 1_000;
    Timestamp(local - offset)
}

fn day(site: &Site, at: Timestamp) -> CivilDate {
    site.zone.local(at).date
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::world;

    #[test]
    fn the_past_is_what_the_policy_would_have_left() {
        let today = Timestamp(1_795_514_400_000); // 2026-11-24 10:00Z
        let declared = world::declaration(std::path::Path::new("/b"), None, today);
        let moments = moments(&declared.sites[0], today);
        let told: Vec<_> = moments
            .iter()
            .map(|m| {
                m.business_date
                    .map_or_else(|| "by hand".to_owned(), |date| date.to_string())
            })
            .collect();
        let nights = ["17", "18", "19", "20", "21", "22", "23"].map(|d| format!("2026-11-{d}"));
        let mut expected = vec![
            "2025-12-31".to_owned(),
            "by hand".into(),
            "2026-10-31".into(),
            "by hand".into(),
        ];
        expected.extend(nights);
        assert_eq!(told, expected);
        let first = declared.sites[0].zone.rfc3339(moments[0].at);
        let window = "2026-01-01T01:30:00+01:00".to_owned().."2026-01-01T03:30:00+01:00".to_owned();
        assert!(window.contains(&first), "{first}");
    }
}
