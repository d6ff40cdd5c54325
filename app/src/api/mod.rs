//! The server functions: the only calls from a page to the control plane, each a few lines long.
//!
//! Addresses are explicit, so that logs and proxies can name them. Arguments arrive as text and are parsed here: a
//! malformed id is answered like a missing one. Rights are checked by the control plane, never here.

// The macro writes a struct with the arguments of each function as undocumented fields.
#![allow(missing_docs)]

mod error;

use domain::bacpac::Upload;
use domain::overview::{
    BackupEntry, DatabaseBackups, ExportPage, ImportPage, ProcessDetail, ProcessList, RestoreChoices, RetentionView,
    ReviewPage, SiteList, SiteOverview,
};
use domain::process::Process;
use domain::retention::Policy;
use domain::schedule::Schedule;
use leptos::prelude::*;

pub use error::ApiError;
#[cfg(feature = "ssr")]
pub use error::wants_page;

#[cfg(feature = "ssr")]
use {
    crate::paths,
    crate::viewer::Viewer,
    domain::account::Actor,
    domain::judgement::Verdict,
    domain::refusal::{Field, Refusal},
    domain::retention::Terms,
    domain::schedule,
    std::sync::Arc,
};

/// The control plane and the person who asks.
#[cfg(feature = "ssr")]
fn session() -> Result<(Arc<control::ControlPlane>, Actor), ApiError> {
    let actor = use_context::<Viewer>()
        .and_then(|viewer| viewer.actor)
        .ok_or(Refusal::NotSignedIn)?;
    let plane = use_context().expect("the server provides the control plane to every request");
    Ok((plane, actor))
}

/// An id from an address or a form; a malformed one does not exist.
#[cfg(feature = "ssr")]
fn id<T: std::str::FromStr>(text: &str) -> Result<T, ApiError> {
    text.parse().map_err(|_| Refusal::NotFound.into())
}

/// The sites the person sees.
///
/// # Errors
/// [`ApiError`], as every function of this module.
#[server(endpoint = "list_sites")]
pub async fn list_sites() -> Result<SiteList, ApiError> {
    let (plane, actor) = session()?;
    Ok(plane.site_list(&actor).await?)
}

/// The page of a site.
///
/// # Errors
/// [`Refusal::NotFound`](domain::refusal::Refusal::NotFound) for a missing or a foreign site.
#[server(endpoint = "read_site")]
pub async fn read_site(site: String) -> Result<SiteOverview, ApiError> {
    let (plane, actor) = session()?;
    Ok(plane.site_overview(&actor, &id(&site)?).await?)
}

/// The backups of a database.
///
/// # Errors
/// `NotFound` for a missing or a foreign database.
#[server(endpoint = "read_database")]
pub async fn read_database(site: String, database: String) -> Result<DatabaseBackups, ApiError> {
    let (plane, actor) = session()?;
    Ok(plane.database_backups(&actor, &id(&site)?, &id(&database)?).await?)
}

/// The processes of a site, or of every site the person sees.
///
/// # Errors
/// `NotFound` for a missing or a foreign site.
#[server(endpoint = "list_processes")]
pub async fn list_processes(site: Option<String>) -> Result<ProcessList, ApiError> {
    let (plane, actor) = session()?;
    let site = site.map(|site| id(&site)).transpose()?;
    Ok(plane.process_list(&actor, site.as_ref()).await?)
}

/// One process.
///
/// # Errors
/// `NotFound` for a missing or a foreign process.
#[server(endpoint = "read_process")]
pub async fn read_process(process: String) -> Result<ProcessDetail, ApiError> {
    let (plane, actor) = session()?;
    Ok(plane.process_detail(&actor, &id(&process)?).await?)
}

/// What a site can be restored from.
///
/// # Errors
/// `NotFound` for a missing or a foreign site.
#[server(endpoint = "read_restore")]
pub async fn read_restore(site: String) -> Result<RestoreChoices, ApiError> {
    let (plane, actor) = session()?;
    Ok(plane.restore_choices(&actor, &id(&site)?).await?)
}

/// The page of the BACPAC of one database of a backup.
///
/// # Errors
/// `NotFound` for a missing or a foreign one.
#[server(endpoint = "read_export")]
pub async fn read_export(backup: String, database: String) -> Result<ExportPage, ApiError> {
    let (plane, actor) = session()?;
    Ok(plane.export_page(&actor, &id(&backup)?, &id(&database)?).await?)
}

/// Has the BACPAC of one database of a backup made, and leads to its page.
///
/// # Errors
/// The refusal: a missing right.
#[server(endpoint = "start_export")]
pub async fn start_export(backup: String, database: String) -> Result<Process, ApiError> {
    let (plane, actor) = session()?;
    let (backup, database) = (id(&backup)?, id(&database)?);
    let process = plane.start_export(&actor, &backup, &database).await?;
    leptos_axum::redirect(&paths::bacpac(&process.site, &database, &backup));
    Ok(process)
}

/// What was measured of a backup, and what was decided about it.
///
/// # Errors
/// `NotFound` for a missing or a foreign one, and for one of another site.
#[server(endpoint = "read_review")]
pub async fn read_review(site: String, backup: String) -> Result<ReviewPage, ApiError> {
    let (plane, actor) = session()?;
    let page = plane.review_page(&actor, &id(&backup)?).await?;
    if page.site.id.as_str() == site {
        Ok(page)
    } else {
        Err(Refusal::NotFound.into())
    }
}

/// Says of an unusual backup whether it is as it should be (`accept`, `reject`), and leads back to its page.
///
/// # Errors
/// The refusal: a missing right, a backup that is not unusual, a reason that is too long.
#[server(endpoint = "decide_backup")]
pub async fn decide_backup(
    site: String,
    backup: String,
    verdict: String,
    #[server(default)] reason: String,
) -> Result<BackupEntry, ApiError> {
    let (plane, actor) = session()?;
    let (site, backup) = (id(&site)?, id(&backup)?);
    let verdict = Verdict::from_code(&verdict).ok_or(Refusal::Invalid { field: Field::Id })?;
    let decided = plane.decide(&actor, &backup, verdict, Some(&reason)).await?;
    leptos_axum::redirect(&paths::review(&site, &backup));
    Ok(decided)
}

/// The page on which a file is uploaded for a database.
///
/// # Errors
/// `NotFound` for a missing or a foreign database.
#[server(endpoint = "read_import")]
pub async fn read_import(site: String, database: String) -> Result<ImportPage, ApiError> {
    let (plane, actor) = session()?;
    Ok(plane.import_page(&actor, &id(&site)?, &id(&database)?).await?)
}

/// Has a whole upload checked and kept as a backup, and leads to its process.
///
/// # Errors
/// The refusal: a missing right, a full quota, a site being restored, a file that is not whole.
#[server(endpoint = "start_import")]
pub async fn start_import(upload: String) -> Result<Process, ApiError> {
    let (plane, actor) = session()?;
    let process = plane.start_import(&actor, &id(&upload)?).await?;
    leptos_axum::redirect(&paths::process(&process.id));
    Ok(process)
}

/// Gives an upload up, and leads back to the page it was for.
///
/// # Errors
/// `TooLate` once a process works on it.
#[server(endpoint = "drop_upload")]
pub async fn drop_upload(upload: String) -> Result<Upload, ApiError> {
    let (plane, actor) = session()?;
    let upload = plane.drop_upload(&actor, &id(&upload)?).await?;
    leptos_axum::redirect(&paths::import(&upload.site, &upload.database));
    Ok(upload)
}

/// Starts a manual backup, and leads to its process.
///
/// # Errors
/// The refusal: a missing right, a site being restored, a full quota.
#[server(endpoint = "start_backup")]
pub async fn start_backup(site: String, #[server(default)] ticket: Option<String>) -> Result<Process, ApiError> {
    let (plane, actor) = session()?;
    let process = match ticket {
        Some(ticket) => plane.start_backup_once(&actor, &id(&site)?, id(&ticket)?).await?,
        None => plane.start_backup(&actor, &id(&site)?).await?,
    };
    leptos_axum::redirect(&paths::process(&process.id));
    Ok(process)
}

/// Keeps a night among the manual backups, and leads back to the backups of the database.
///
/// # Errors
/// The refusal: a missing right, a full quota, a backup that is not a night's.
#[server(endpoint = "promote_backup")]
pub async fn promote_backup(site: String, database: String, backup: String) -> Result<BackupEntry, ApiError> {
    let (plane, actor) = session()?;
    let (site, database) = (id(&site)?, id(&database)?);
    let kept = plane.promote(&actor, &id(&backup)?).await?;
    leptos_axum::redirect(&paths::after_keeping(&site, &database, &kept.id));
    Ok(kept)
}

/// Keeps a night no longer, and leads back to the backups of the database.
///
/// # Errors
/// The refusal: a missing right, a backup that is not a night's.
#[server(endpoint = "demote_backup")]
pub async fn demote_backup(site: String, database: String, backup: String) -> Result<BackupEntry, ApiError> {
    let (plane, actor) = session()?;
    let (site, database) = (id(&site)?, id(&database)?);
    let back = plane.demote(&actor, &id(&backup)?).await?;
    leptos_axum::redirect(&paths::database(&site, &database));
    Ok(back)
}

/// Puts a manual backup in the bin, and leads back to the backups of the database.
///
/// # Errors
/// The refusal: a missing right, a backup in use, one that is not a manual one.
#[server(endpoint = "delete_backup")]
pub async fn delete_backup(site: String, database: String, backup: String) -> Result<BackupEntry, ApiError> {
    let (plane, actor) = session()?;
    let (site, database) = (id(&site)?, id(&database)?);
    let deleted = plane.delete_backup(&actor, &id(&backup)?).await?;
    leptos_axum::redirect(&paths::after_deleting(&site, &database, &deleted.id));
    Ok(deleted)
}

/// Takes a manual backup out of the bin, and leads back to the backups of the database.
///
/// # Errors
/// The refusal: a missing right, a full quota; `NotFound` once its time has come.
#[server(endpoint = "put_back_backup")]
pub async fn put_back_backup(site: String, database: String, backup: String) -> Result<BackupEntry, ApiError> {
    let (plane, actor) = session()?;
    let (site, database) = (id(&site)?, id(&database)?);
    let back = plane.put_back(&actor, &id(&backup)?).await?;
    leptos_axum::redirect(&paths::database(&site, &database));
    Ok(back)
}

/// Stops a process: at once when it waits, at its next step when it runs.
///
/// # Errors
/// `TooLate` when it has ended, or what it does becomes visible.
#[server(endpoint = "cancel_process")]
pub async fn cancel_process(process: String) -> Result<Process, ApiError> {
    let (plane, actor) = session()?;
    let process = plane.cancel(&actor, &id(&process)?).await?;
    leptos_axum::redirect(&paths::process(&process.id));
    Ok(process)
}

/// Sets when the nights of a site start, as `HH:MM` of its local time and a number of minutes, and leads back to it.
///
/// # Errors
/// The refusal: a missing right, a field that is not right, a setting outside its limits.
#[server(endpoint = "set_nights")]
pub async fn set_nights(
    site: String,
    #[server(default)] start: String,
    #[server(default)] window: String,
) -> Result<Schedule, ApiError> {
    let (plane, actor) = session()?;
    let site = id(&site)?;
    let escape = leptos_router::location::Url::escape;
    let choice = format!(
        "{}?start={}&window={}",
        paths::nights(&site),
        escape(&start),
        escape(&window)
    );
    let kept = |error: ApiError| keep_choice::<SetNights>(&choice, error);
    let wrong = |field| move || kept(Refusal::Invalid { field }.into());
    let start = schedule::minutes(&start).ok_or_else(wrong(Field::NightStart))?;
    let window = window.trim().parse().map_err(|_| wrong(Field::NightWindow)())?;
    let set = plane.set_schedule(&actor, &site, start, window).await;
    let schedule = set.map_err(|no| kept(no.into()))?;
    leptos_axum::redirect(&paths::site(&site));
    Ok(schedule)
}

/// What the policy of a site keeps, and what a preview of another one needs.
///
/// # Errors
/// `NotFound` for a missing or a foreign site.
#[server(endpoint = "read_retention")]
pub async fn read_retention(site: String) -> Result<RetentionView, ApiError> {
    let (plane, actor) = session()?;
    Ok(plane.retention(&actor, &id(&site)?).await?)
}

/// Sets the policy of a site, four whole numbers, and leads back to it.
///
/// # Errors
/// The refusal: a missing right, a field that is no number, a term outside its limits.
#[server(endpoint = "set_policy")]
pub async fn set_policy(
    site: String,
    #[server(default)] days: String,
    #[server(default)] months: String,
    #[server(default)] years: String,
    #[server(default)] safety: String,
) -> Result<Policy, ApiError> {
    let (plane, actor) = session()?;
    let site = id(&site)?;
    let choice = paths::retention_of(&site, [&days, &months, &years, &safety]);
    let kept = |error: ApiError| keep_choice::<SetPolicy>(&choice, error);
    let number = |text: &str| {
        let field = Field::Retention;
        text.trim().parse().map_err(|_| kept(Refusal::Invalid { field }.into()))
    };
    let terms = Terms {
        days: number(&days)?,
        months: number(&months)?,
        years: number(&years)?,
        safety_days: number(&safety)?,
    };
    let set = plane.set_policy(&actor, &site, terms).await;
    let policy = set.map_err(|no| kept(no.into()))?;
    leptos_axum::redirect(&paths::after_setting_retention(&site));
    Ok(policy)
}

/// Starts a restore, and leads to its process.
///
/// # Errors
/// The refusal: a missing right, a field that is not right, a site already being restored.
#[server(endpoint = "start_restore")]
pub async fn start_restore(
    site: String,
    #[server(default)] scope: String,
    #[server(default)] backup: String,
    #[server(default)] reason: String,
    #[server(default)] confirmation: String,
) -> Result<Process, ApiError> {
    let (plane, actor) = session()?;
    let scope = paths::scope(&scope).ok_or(Refusal::Invalid { field: Field::Scope })?;
    let backup = backup.parse().map_err(|_| Refusal::Invalid { field: Field::Backup })?;
    let order = control::RestoreOrder {
        site: id(&site)?,
        scope,
        backup,
        confirmation,
        reason,
    };
    let choice = paths::restore_of(&order.site, &order.scope, &order.backup);
    let choice = format!(
        "{choice}&reason={}",
        leptos_router::location::Url::escape(&order.reason)
    );
    let process = plane
        .start_restore(&actor, order)
        .await
        .map_err(|no| keep_choice::<StartRestore>(&choice, no.into()))?;
    leptos_axum::redirect(&paths::process(&process.id));
    Ok(process)
}

/// A form posted without script comes back with what was chosen and why it was refused. Without the choice the page would
/// offer the whole site again, and the code typed a second time would restore all of it. The code itself is not kept.
#[cfg(feature = "ssr")]
fn keep_choice<S: leptos::server_fn::ServerFn>(page: &str, error: ApiError) -> ApiError {
    use leptos::server_fn::error::ServerFnUrlError;
    let parts = use_context::<http::request::Parts>();
    let accept = parts
        .as_ref()
        .and_then(|parts| parts.headers.get(http::header::ACCEPT)?.to_str().ok());
    if wants_page(accept) {
        // A base is needed to build the address; only what follows it is used.
        let told = ServerFnUrlError::new(S::PATH, error.clone()).to_url(&format!("http://console{page}"));
        if let Ok(url) = told {
            leptos_axum::redirect(url.as_str().trim_start_matches("http://console"));
        }
    }
    error
}
