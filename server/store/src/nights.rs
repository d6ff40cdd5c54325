//! The nights of sites: what is settled, what failed, when they start. One query tells it of all sites.

use std::collections::HashMap;

use control::ports::control_store::SiteNights;
use control::ports::outbox::Alert;
use domain::ids::SiteId;
use domain::nights::{FailedNight, Nights};
use domain::refusal::Refusal;
use domain::schedule::Schedule;
use domain::time::{CivilDate, Timestamp, Zone};
use serde::Deserialize;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use crate::alerts;
use crate::fault::Fault;
use crate::open::SqliteStore;
use crate::rows;

/// `$1` is the last day that can be tomorrow anywhere on earth: two days after today at Greenwich. A site's own tomorrow is
/// at most two days before it, so the third youngest date counts for certain; which of the three does is decided by
/// the site's zone, which SQL does not know.
macro_rules! nights_sql {
    ($tail:literal) => {
        concat!(
            "SELECT s.id, s.zone_name, s.zone_changes, s.night_start, s.night_window, s.created_at, s.silence_told, ",
            "s.restoring IS NULL AS open, ",
            "(SELECT max(b.completed_at) FROM backups b WHERE b.site = s.id AND b.imported_from IS NULL AND b.deleted_at IS NULL) AS last_completed, ",
            "(SELECT json_group_array(day) FROM (SELECT DISTINCT n.business_date AS day FROM processes n ",
            "WHERE n.kind = 'nightly' AND n.site = s.id AND n.business_date <= $1 AND n.state <> 'failed' ",
            "ORDER BY n.business_date DESC LIMIT 3)) AS made, ",
            "(SELECT json_group_array(day) FROM (SELECT b.business_date AS day FROM backups b ",
            "WHERE b.kind = 'automatic' AND b.site = s.id AND b.business_date <= $1 ",
            "ORDER BY b.business_date DESC LIMIT 3)) AS kept, ",
            "(SELECT json_group_array(json_object('day', day, 'times', times, 'ended_at', ended_at)) FROM ",
            "(SELECT n.business_date AS day, count(*) AS times, max(n.ended_at) AS ended_at FROM processes n ",
            "WHERE n.kind = 'nightly' AND n.site = s.id AND n.business_date <= $1 AND n.state = 'failed' ",
            "GROUP BY n.business_date ORDER BY n.business_date DESC LIMIT 3)) AS failed ",
            "FROM sites s ",
            $tail
        )
    };
}

/// What is known of the nights of every site.
pub(crate) async fn nights(store: &SqliteStore, now: Timestamp) -> Result<Vec<SiteNights>, Fault> {
    let (mut reading, mut zones) = (store.one_reading().await?, Zones::new());
    sqlx::query(nights_sql!("ORDER BY s.id"))
        .bind(last_tomorrow(now))
        .fetch_all(&mut *reading)
        .await?
        .iter()
        .map(|row| site_nights(Known::of(row)?, now, &mut zones))
        .collect()
}

/// The same of one site.
pub(crate) async fn nights_of(store: &SqliteStore, site: &SiteId, now: Timestamp) -> Result<Option<SiteNights>, Fault> {
    let mut reading = store.one_reading().await?;
    sqlx::query(nights_sql!("WHERE s.id = $2"))
        .bind(last_tomorrow(now))
        .bind(site.as_str())
        .fetch_optional(&mut *reading)
        .await?
        .map(|row| site_nights(Known::of(&row)?, now, &mut Zones::new()))
        .transpose()
}

/// The same of these sites, all in one row: handing over a row costs more than reading it.
pub(crate) async fn nights_of_each(
    store: &SqliteStore,
    sites: &[SiteId],
    now: Timestamp,
) -> Result<Vec<SiteNights>, Fault> {
    let (mut reading, mut zones) = (store.one_reading().await?, Zones::new());
    let row = sqlx::query(concat!(
        "SELECT json_group_array(json_object('id', id, 'zone_name', zone_name, 'zone_changes', zone_changes, ",
        "'night_start', night_start, 'night_window', night_window, 'created_at', created_at, ",
        "'silence_told', silence_told, 'open', open, 'last_completed', last_completed, 'made', json(made), ",
        "'kept', json(kept), 'failed', json(failed))) AS sites FROM (",
        nights_sql!("WHERE s.id IN (SELECT value FROM json_each($2)) ORDER BY s.id"),
        ")"
    ))
    .bind(last_tomorrow(now))
    .bind(rows::json(&sites)?)
    .fetch_one(&mut *reading)
    .await?;
    let known: Vec<Known> = rows::from_json(&row, "sites")?;
    known
        .into_iter()
        .map(|known| site_nights(known, now, &mut zones))
        .collect()
}

/// How many nights are queued.
pub(crate) async fn nights_waiting(store: &SqliteStore) -> Result<usize, Fault> {
    let mut reading = store.one_reading().await?;
    let row = sqlx::query("SELECT count(*) AS waiting FROM processes WHERE state = 'queued' AND kind = 'nightly'")
        .fetch_one(&mut *reading)
        .await?;
    rows::natural(&row, "waiting")
}

/// The sites that were planned anew or whose processes have changed since this revision, and the revision now.
pub(crate) async fn changed_since(store: &SqliteStore, revision: u64) -> Result<(u64, Vec<SiteId>), Fault> {
    let mut reading = store.one_reading().await?;
    // One query, one state: the first row carries the revision alone.
    let rows = sqlx::query(
        "SELECT value AS revision, NULL AS site FROM revisions \
         UNION ALL SELECT 0, site FROM (SELECT site FROM processes WHERE revision > $1 \
         UNION SELECT id FROM sites WHERE planned_revision > $1)",
    )
    .bind(rows::stored(revision)?)
    .fetch_all(&mut *reading)
    .await?;
    let mut sites = Vec::new();
    let mut now = revision;
    for row in &rows {
        match rows::optional_id(row, "site")? {
            Some(site) => sites.push(site),
            None => now = rows::natural(row, "revision")?,
        }
    }
    Ok((now, sites))
}

/// Sets when the nights of a site start.
pub(crate) async fn set_schedule(store: &SqliteStore, site: &SiteId, schedule: Schedule) -> Result<(), Fault> {
    let mut tx = store.begin().await?;
    let found = sqlx::query("UPDATE sites SET night_start = $2, night_window = $3 WHERE id = $1")
        .bind(site.as_str())
        .bind(i64::from(schedule.start_minutes()))
        .bind(i64::from(schedule.window_minutes()))
        .execute(&mut *tx)
        .await?
        .rows_affected();
    if found == 0 {
        return Err(Refusal::NotFound.into());
    }
    Ok(tx.commit().await?)
}

/// Keeps that people are told of a silence, or that it is over, with the alert that tells them.
pub(crate) async fn tell_silence(
    store: &SqliteStore,
    site: &SiteId,
    from: Option<Timestamp>,
    alert: &Alert,
) -> Result<bool, Fault> {
    let mut tx = store.begin().await?;
    let kept: Option<Option<i64>> = sqlx::query_scalar("SELECT silence_told FROM sites WHERE id = $1")
        .bind(site.as_str())
        .fetch_optional(&mut *tx)
        .await?;
    let (kept, from) = (kept.ok_or(Refusal::NotFound)?, from.map(Timestamp::millis));
    if kept == from {
        return Ok(false);
    }
    sqlx::query("UPDATE sites SET silence_told = $2 WHERE id = $1")
        .bind(site.as_str())
        .bind(from)
        .execute(&mut *tx)
        .await?;
    alerts::raise_with(&mut tx, alert).await?;
    tx.commit().await?;
    Ok(true)
}

/// Gives a site that was inserted in this transaction its creation and the schedule it begins with.
pub(crate) async fn begin(
    tx: &mut SqliteConnection,
    site: &SiteId,
    schedule: Schedule,
    now: Timestamp,
) -> Result<(), Fault> {
    sqlx::query("UPDATE sites SET created_at = $2, night_start = $3, night_window = $4 WHERE id = $1")
        .bind(site.as_str())
        .bind(now.millis())
        .bind(i64::from(schedule.start_minutes()))
        .bind(i64::from(schedule.window_minutes()))
        .execute(tx)
        .await?;
    Ok(())
}

fn last_tomorrow(now: Timestamp) -> String {
    Zone::utc().local(now).date.plus_days(2).to_string()
}

/// What the queries above tell of a site.
#[derive(Deserialize)]
struct Known {
    id: SiteId,
    zone_name: String,
    zone_changes: String,
    night_start: u16,
    night_window: u16,
    created_at: i64,
    silence_told: Option<i64>,
    open: i64,
    last_completed: Option<i64>,
    made: Vec<String>,
    kept: Vec<String>,
    failed: Vec<Failed>,
}

impl Known {
    fn of(row: &SqliteRow) -> Result<Self, Fault> {
        Ok(Self {
            id: rows::id(row, "id")?,
            zone_name: row.try_get("zone_name")?,
            zone_changes: row.try_get("zone_changes")?,
            night_start: rows::natural(row, "night_start")?,
            night_window: rows::natural(row, "night_window")?,
            created_at: row.try_get("created_at")?,
            silence_told: row.try_get("silence_told")?,
            open: row.try_get("open")?,
            last_completed: row.try_get("last_completed")?,
            made: rows::from_json(row, "made")?,
            kept: rows::from_json(row, "kept")?,
            failed: rows::from_json(row, "failed")?,
        })
    }
}

#[derive(Deserialize)]
struct Failed {
    day: String,
    times: u32,
    ended_at: i64,
}

/// Zones by their changes as written: most sites share one, and reading it costs more than the rest of a site.
type Zones = HashMap<String, Zone>;

fn zone(name: String, changes: String, zones: &mut Zones) -> Result<Zone, Fault> {
    if let Some(known) = zones.get(&changes).filter(|known| known.name == name) {
        return Ok(known.clone());
    }
    let zone = Zone {
        name,
        changes: serde_json::from_str(&changes).map_err(|_| Fault::broken("a zone that cannot be read"))?,
    };
    zones.insert(changes, zone.clone());
    Ok(zone)
}

fn site_nights(known: Known, now: Timestamp, zones: &mut Zones) -> Result<SiteNights, Fault> {
    let zone = zone(known.zone_name, known.zone_changes, zones)?;
    let tomorrow = zone.local(now).date.plus_days(1);
    let youngest = |days: &[String]| -> Result<Option<CivilDate>, Fault> {
        let days = days.iter().map(|day| date(day)).collect::<Result<Vec<_>, _>>()?;
        Ok(days.into_iter().filter(|day| *day <= tomorrow).max())
    };
    let settled = youngest(&known.made)?.max(youngest(&known.kept)?);
    let mut failed = None;
    for Failed { day, times, ended_at } in known.failed {
        let business_date = date(&day)?;
        let counts = business_date <= tomorrow && settled.is_none_or(|settled| settled < business_date);
        if counts && failed.is_none_or(|other: FailedNight| other.business_date < business_date) {
            failed = Some(FailedNight {
                business_date,
                times,
                ended_at: Timestamp(ended_at),
            });
        }
    }
    Ok(SiteNights {
        site: known.id,
        zone,
        schedule: Schedule::new(known.night_start, known.night_window)
            .map_err(|error| Fault::broken(format!("a schedule that cannot be: {error}")))?,
        nights: Nights {
            since: Timestamp(known.created_at),
            settled,
            failed,
        },
        open: known.open == 1,
        last_completed: known.last_completed.map(Timestamp),
        silence_told: known.silence_told.map(Timestamp),
    })
}

fn date(text: &str) -> Result<CivilDate, Fault> {
    CivilDate::parse(text).ok_or_else(|| Fault::broken(format!("a night of {text:?}")))
}
