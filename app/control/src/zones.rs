//! Turns the name of a time zone into the offsets that pages need. The only place that knows a zone database.

use domain::time::{OffsetChange, Timestamp, Zone};

/// Years of offset changes handed out before today: older than the oldest backup that a policy keeps by itself. Before
/// them the oldest offset is used, so that an older date may be told an hour off.
const YEARS_BACK: i64 = 4;

/// Years of offset changes handed out after today: the furthest preview is some 400 days ahead.
const YEARS_AHEAD: i64 = 2;

const YEAR_SECS: i64 = 366 * 86_400;

/// There is no zone of that name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no time zone named {0:?}; use an IANA name such as Europe/Paris")]
pub struct UnknownZone(String);

/// The zone of an IANA name, with its offsets around `now`.
///
/// # Errors
/// [`UnknownZone`] when the zone database has no such name.
pub fn zone(name: &str, now: Timestamp) -> Result<Zone, UnknownZone> {
    let unknown = || UnknownZone(name.to_owned());
    let database = jiff::tz::TimeZone::get(name).map_err(|_| unknown())?;
    let first = jiff::Timestamp::from_second(now.seconds() - YEARS_BACK * YEAR_SECS).map_err(|_| unknown())?;
    let last = now.seconds() + YEARS_AHEAD * YEAR_SECS;
    let mut changes = vec![OffsetChange {
        from: first.as_second(),
        offset: database.to_offset(first).seconds(),
    }];
    for change in database.following(first) {
        if change.timestamp().as_second() > last {
            break;
        }
        changes.push(OffsetChange {
            from: change.timestamp().as_second(),
            offset: change.offset().seconds(),
        });
    }
    Ok(Zone {
        name: name.to_owned(),
        changes,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paris_changes_its_clock_twice_a_year() {
        let now = Timestamp(1_795_514_400_000);
        let zone = zone("Europe/Paris", now).unwrap();
        assert_eq!(zone.rfc3339(now), "2026-11-24T11:00:00+01:00");
        assert_eq!(zone.rfc3339(Timestamp(1_774_746_000_000)), "2026-03-29T03:00:00+02:00");
        assert!((12..=14).contains(&zone.changes.len()), "{}", zone.changes.len());
    }

    #[test]
    fn an_unknown_name_is_an_error_and_utc_has_no_change() {
        assert!(zone("Europe/Atlantis", Timestamp(0)).is_err());
        assert_eq!(zone("UTC", Timestamp(0)).unwrap().changes.len(), 1);
    }
}
