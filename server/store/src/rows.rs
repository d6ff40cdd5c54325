//! Between rows and the domain. A row that the domain cannot hold is an error, never a guess.

use domain::backup::{Artifact, Backup, BackupKind, Promotion};
use domain::bacpac::{Export, Upload};
use domain::failure::Failure;
use domain::process::{Cancelling, Process, ProcessKind, ProcessState, Progress};
use domain::restore::Scope;
use domain::site::{Database, EngineKind, Site, SiteStatus};
use domain::time::{CivilDate, Timestamp, Zone};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::fault::Fault;
use crate::judgements;

/// A typed id.
pub(crate) fn id<T: TryFrom<String>>(row: &SqliteRow, column: &str) -> Result<T, Fault> {
    T::try_from(row.try_get(column)?).map_err(|_| misfit(column))
}

/// A typed id, or none.
pub(crate) fn optional_id<T: TryFrom<String>>(row: &SqliteRow, column: &str) -> Result<Option<T>, Fault> {
    let text: Option<String> = row.try_get(column)?;
    text.map(|text| T::try_from(text).map_err(|_| misfit(column)))
        .transpose()
}

/// An instant.
pub(crate) fn at(row: &SqliteRow, column: &str) -> Result<Timestamp, Fault> {
    Ok(Timestamp(row.try_get(column)?))
}

/// An instant, or none.
pub(crate) fn optional_at(row: &SqliteRow, column: &str) -> Result<Option<Timestamp>, Fault> {
    Ok(row.try_get::<Option<i64>, _>(column)?.map(Timestamp))
}

/// A number that is never negative.
pub(crate) fn natural<T: TryFrom<i64>>(row: &SqliteRow, column: &str) -> Result<T, Fault> {
    T::try_from(row.try_get(column)?).map_err(|_| misfit(column))
}

/// A number that is never negative, or none.
pub(crate) fn optional_natural<T: TryFrom<i64>>(row: &SqliteRow, column: &str) -> Result<Option<T>, Fault> {
    let number: Option<i64> = row.try_get(column)?;
    number
        .map(|number| T::try_from(number).map_err(|_| misfit(column)))
        .transpose()
}

/// A number as the database holds it.
pub(crate) fn stored(number: u64) -> Result<i64, Fault> {
    i64::try_from(number).map_err(|_| Fault::broken("a number above 2^63"))
}

/// The word by which a value without facts is known wherever it is serialised.
pub(crate) fn word<T: Serialize>(value: &T) -> Result<String, Fault> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => Ok(word),
        _ => Err(Fault::broken("a value that is more than a word")),
    }
}

/// A value as JSON text.
pub(crate) fn json<T: Serialize>(value: &T) -> Result<String, Fault> {
    serde_json::to_string(value).map_err(|error| Fault::broken(error.to_string()))
}

/// A value from JSON text.
pub(crate) fn from_json<T: DeserializeOwned>(row: &SqliteRow, column: &str) -> Result<T, Fault> {
    serde_json::from_str(&row.try_get::<String, _>(column)?).map_err(|_| misfit(column))
}

/// A value from JSON text, or none.
pub(crate) fn optional_json<T: DeserializeOwned>(row: &SqliteRow, column: &str) -> Result<Option<T>, Fault> {
    match row.try_get::<Option<String>, _>(column)? {
        Some(text) => serde_json::from_str(&text).map(Some).map_err(|_| misfit(column)),
        None => Ok(None),
    }
}

/// A process, from the columns of `process_sql!`.
pub(crate) fn process(row: &SqliteRow) -> Result<Process, Fault> {
    let state = state(row)?;
    let backup = if matches!(state, ProcessState::Completed { .. }) {
        optional_id(row, "made_backup")?
    } else {
        None
    };
    Ok(Process {
        id: id(row, "id")?,
        site: id(row, "site")?,
        site_name: row.try_get("site_name")?,
        kind: kind(row)?,
        requested_by: row.try_get("requested_by")?,
        requested_at: at(row, "requested_at")?,
        attempt: natural(row, "attempt")?,
        ahead: optional_natural(row, "ahead")?,
        cancelling: cancelling(row, state.is_over())?,
        t0: optional_at(row, "t0")?,
        backup,
        revision: natural(row, "snapshot_revision")?,
        updated_at: at(row, "updated_at")?,
        state,
    })
}

fn cancelling(row: &SqliteRow, over: bool) -> Result<Cancelling, Fault> {
    let past = row.try_get::<bool, _>("no_return")? || row.try_get::<bool, _>("decided")?;
    let asked = optional_at(row, "cancel_asked_at")?.zip(row.try_get("cancel_asked_by")?);
    Ok(match asked {
        Some((at, by)) if !over => Cancelling::Asked { by, at },
        None if !over && !past => Cancelling::Possible,
        _ => Cancelling::TooLate,
    })
}

fn kind(row: &SqliteRow) -> Result<ProcessKind, Fault> {
    match row.try_get::<String, _>("kind")?.as_str() {
        "manual" => Ok(ProcessKind::ManualBackup),
        "nightly" => Ok(ProcessKind::NightlyBackup {
            business_date: day(row)?.ok_or_else(|| misfit("business_date"))?,
        }),
        "restore" => Ok(ProcessKind::Restore {
            backup: id(row, "restore_backup")?,
            t0: at(row, "restore_t0")?,
            scope: optional_id(row, "restore_database")?.map_or(Scope::Site, Scope::Database),
            database_name: row.try_get("restore_database_name")?,
        }),
        "export" | "import" | "expiry" => from_json(row, "facts"),
        _ => Err(misfit("kind")),
    }
}

fn state(row: &SqliteRow) -> Result<ProcessState, Fault> {
    let percent = natural(row, "percent")?;
    match row.try_get::<String, _>("state")?.as_str() {
        "queued" => Ok(ProcessState::Queued),
        "running" => Ok(ProcessState::Running {
            started_at: at(row, "started_at")?,
            progress: Progress {
                stage: from_word(row, "stage")?,
                done_bytes: natural(row, "done_bytes")?,
                total_bytes: optional_natural(row, "total_bytes")?,
                percent,
            },
        }),
        "completed" => Ok(ProcessState::Completed {
            started_at: at(row, "started_at")?,
            ended_at: at(row, "ended_at")?,
        }),
        "failed" => Ok(ProcessState::Failed {
            ended_at: at(row, "ended_at")?,
            percent,
            failure: Failure {
                cause: from_word(row, "failure_cause")?,
                database: row.try_get("failure_database")?,
                reference: row.try_get("failure_reference")?,
            },
        }),
        "cancelled" => Ok(ProcessState::Cancelled {
            ended_at: at(row, "ended_at")?,
            percent,
            by: row.try_get("cancelled_by")?,
        }),
        _ => Err(misfit("state")),
    }
}

/// A backup with its artifacts.
pub(crate) fn backup(row: &SqliteRow, artifacts: Vec<Artifact>) -> Result<Backup, Fault> {
    let promoted_by: Option<String> = row.try_get("promoted_by")?;
    let promotion = optional_at(row, "promoted_at")?
        .zip(promoted_by)
        .map(|(at, by)| Promotion { at, by });
    Ok(Backup {
        id: id(row, "id")?,
        site: id(row, "site")?,
        kind: BackupKind::from_code(&row.try_get::<String, _>("kind")?).ok_or_else(|| misfit("kind"))?,
        process: id(row, "process")?,
        t0: at(row, "t0")?,
        skew_ms: natural(row, "skew_ms")?,
        completed_at: at(row, "completed_at")?,
        business_date: day(row)?,
        late: row.try_get::<i64, _>("late")? == 1,
        requested_by: row.try_get("requested_by")?,
        promotion,
        imported_from: row.try_get("imported_from")?,
        judgement: judgements::of(row)?,
        snapshot: row.try_get("snapshot")?,
        artifacts,
    })
}

/// An artifact.
pub(crate) fn artifact(row: &SqliteRow) -> Result<Artifact, Fault> {
    let sha256: String = row.try_get("download_sha256")?;
    Ok(Artifact {
        database: id(row, "database")?,
        database_name: row.try_get("database_name")?,
        engine: engine(row)?,
        engine_version: row.try_get("engine_version")?,
        frozen_at: at(row, "frozen_at")?,
        files: from_json(row, "files")?,
        download_bytes: natural(row, "download_bytes")?,
        download_sha256: sha256.try_into().map_err(|_| misfit("download_sha256"))?,
        rows: optional_json(row, "row_counts")?,
    })
}

/// A kept BACPAC.
pub(crate) fn export(row: &SqliteRow) -> Result<Export, Fault> {
    let sha256: String = row.try_get("sha256")?;
    Ok(Export {
        backup: id(row, "backup")?,
        database: id(row, "database")?,
        process: id(row, "process")?,
        bytes: natural(row, "bytes")?,
        sha256: sha256.try_into().map_err(|_| misfit("sha256"))?,
        made_at: at(row, "made_at")?,
        keep_until: at(row, "keep_until")?,
    })
}

/// An upload.
pub(crate) fn upload(row: &SqliteRow) -> Result<Upload, Fault> {
    Ok(Upload {
        id: id(row, "id")?,
        site: id(row, "site")?,
        database: id(row, "database")?,
        file_name: row.try_get("file_name")?,
        bytes: natural(row, "bytes")?,
        by: row.try_get("by_name")?,
        opened_at: at(row, "opened_at")?,
        touched_at: at(row, "touched_at")?,
    })
}

/// A site with its databases.
pub(crate) fn site(row: &SqliteRow, databases: Vec<Database>) -> Result<Site, Fault> {
    let restoring = optional_id(row, "restoring")?;
    Ok(Site {
        id: id(row, "id")?,
        code: row.try_get("code")?,
        name: row.try_get("name")?,
        customer: id(row, "customer")?,
        customer_name: row.try_get("customer_name")?,
        partner: optional_id(row, "partner")?,
        partner_name: row.try_get("partner_name")?,
        administrator: row.try_get("administrator")?,
        delegated: row.try_get::<i64, _>("delegated")? == 1,
        status: restoring.map_or(SiteStatus::Ready, |process| SiteStatus::Restoring { process }),
        zone: Zone {
            name: row.try_get("zone_name")?,
            changes: from_json(row, "zone_changes")?,
        },
        quota: natural(row, "quota")?,
        databases,
    })
}

/// A database of a site.
pub(crate) fn database(row: &SqliteRow) -> Result<Database, Fault> {
    Ok(Database {
        id: id(row, "id")?,
        name: row.try_get("name")?,
        product: row.try_get("product")?,
        engine: engine(row)?,
        bytes: optional_natural(row, "bytes")?,
    })
}

fn engine(row: &SqliteRow) -> Result<EngineKind, Fault> {
    EngineKind::from_code(&row.try_get::<String, _>("engine")?).ok_or_else(|| misfit("engine"))
}

/// The day that ended, or none.
pub(crate) fn day(row: &SqliteRow) -> Result<Option<CivilDate>, Fault> {
    let text: Option<String> = row.try_get("business_date")?;
    text.map(|text| CivilDate::parse(&text).ok_or_else(|| misfit("business_date")))
        .transpose()
}

fn from_word<T: DeserializeOwned>(row: &SqliteRow, column: &str) -> Result<T, Fault> {
    serde_json::from_value(serde_json::Value::String(row.try_get(column)?)).map_err(|_| misfit(column))
}

fn misfit(column: &str) -> Fault {
    Fault::broken(format!("column {column} holds what it cannot"))
}
