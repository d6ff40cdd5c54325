//! Time zones for the tests, from a zone database that the crate itself does not have.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops there")]

use domain::time::{OffsetChange, Zone};
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// The zone with its changes from the first year to the last, as the server would send it.
pub fn zone(name: &str, first: i16, last: i16) -> Zone {
    let tz = TimeZone::get(name).unwrap();
    let january = |year| {
        TimeZone::UTC
            .to_timestamp(Date::new(year, 1, 1).unwrap().at(0, 0, 0, 0))
            .unwrap()
    };
    let (start, end) = (january(first), january(last + 1));
    let mut changes = vec![OffsetChange {
        from: start.as_second(),
        offset: tz.to_offset(start).seconds(),
    }];
    changes.extend(
        tz.following(start)
            .take_while(|change| change.timestamp() < end)
            .map(|change| OffsetChange {
                from: change.timestamp().as_second(),
                offset: change.offset().seconds(),
            }),
    );
    Zone {
        name: name.to_owned(),
        changes,
    }
}
