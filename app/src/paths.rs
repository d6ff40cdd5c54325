//! Every address of the console, in one place: what links and forms point to, and what the server answers.
//!
//! Ids are made of `a-z 0-9 -` and need no escaping.

use domain::ids::{BackupId, DatabaseId, ProcessId, SiteId};
use domain::restore::Scope;

/// Redirects to [`SITES`].
pub const HOME: &str = "/";
/// The sign-in page, and where its form is posted.
pub const SIGN_IN: &str = "/sign-in";
/// Ends the session (POST).
pub const SIGN_OUT: &str = "/sign-out";
/// Language and theme (POST).
pub const PREFERENCES: &str = "/preferences";
/// The list of sites.
pub const SITES: &str = "/sites";
/// The processes of every site the person sees.
pub const PROCESSES: &str = "/processes";
/// The stream of live events.
pub const EVENTS: &str = "/events";
/// Answers while the console does.
pub const HEALTH: &str = "/health";
/// Where uploads are begun (POST); each goes on below it.
pub const UPLOADS: &str = "/uploads";
/// Name of the events in the stream.
pub const LIVE_EVENT: &str = "live";
/// The icons, to be followed by `#i-` and a name.
pub const ICONS: &str = "/assets/icons.svg";
/// The icon of the tab.
pub const FAVICON: &str = "/assets/favicon.svg";

/// Names the backup that was just deleted, in the address of a database's backups.
pub const DELETED: &str = "deleted";
/// Names the backup that was just kept.
pub const KEPT: &str = "kept";

/// Says that the policy was just saved.
pub const SAVED: &str = "saved";
/// The four terms of a policy in an address, in the order of [`domain::retention::Terms`].
pub const TERMS: [&str; 4] = ["days", "months", "years", "safety"];
/// The date of the calendar in an address.
pub const ON: &str = "on";

/// How a form says "the whole site": a sign that no id may hold.
pub const WHOLE_SITE: &str = "*";

/// The page of a site.
#[must_use]
pub fn site(site: &SiteId) -> String {
    format!("{SITES}/{site}")
}

/// The warning before a backup.
#[must_use]
pub fn backup(site: &SiteId) -> String {
    format!("{SITES}/{site}/backup")
}

/// When the nights of a site start.
#[must_use]
pub fn nights(site: &SiteId) -> String {
    format!("{SITES}/{site}/nights")
}

/// What the policy of a site keeps.
#[must_use]
pub fn retention(site: &SiteId) -> String {
    format!("{SITES}/{site}/retention")
}

/// The same with other terms tried, as they were typed.
#[cfg(feature = "ssr")]
#[must_use]
pub fn retention_of(site: &SiteId, typed: [&str; 4]) -> String {
    let mut address = retention(site);
    for (at, (name, text)) in TERMS.into_iter().zip(typed).enumerate() {
        address.push(if at == 0 { '?' } else { '&' });
        address.push_str(name);
        address.push('=');
        address.push_str(&leptos_router::location::Url::escape(text));
    }
    address
}

/// The same, saying that a policy was just saved.
#[must_use]
pub fn after_setting_retention(site: &SiteId) -> String {
    format!("{}?{SAVED}=yes", retention(site))
}

/// The processes of a site.
#[must_use]
pub fn site_processes(site: &SiteId) -> String {
    format!("{SITES}/{site}/processes")
}

/// The databases of a site.
#[must_use]
pub fn databases(site: &SiteId) -> String {
    format!("{SITES}/{site}/databases")
}

/// The backups of a database.
#[must_use]
pub fn database(site: &SiteId, database: &DatabaseId) -> String {
    format!("{SITES}/{site}/databases/{database}")
}

/// The restore page, nothing chosen.
#[must_use]
pub fn restore(site: &SiteId) -> String {
    format!("{SITES}/{site}/restore")
}

/// The restore page with a database and a backup chosen.
#[must_use]
pub fn restore_from(site: &SiteId, database: &DatabaseId, backup: &BackupId) -> String {
    format!("{SITES}/{site}/restore?scope={database}&backup={backup}")
}

/// The restore page with a scope and a backup chosen.
#[must_use]
pub fn restore_of(site: &SiteId, scope: &Scope, backup: &BackupId) -> String {
    format!("{SITES}/{site}/restore?scope={}&backup={backup}", scope_field(scope))
}

/// The page of a process.
#[must_use]
pub fn process(process: &ProcessId) -> String {
    format!("{PROCESSES}/{process}")
}

/// The download of one database of a backup.
#[must_use]
pub fn download(backup: &BackupId, database: &DatabaseId) -> String {
    format!("/backups/{backup}/databases/{database}/download")
}

/// The page of the BACPAC of one database of a backup.
#[must_use]
pub fn bacpac(site: &SiteId, database: &DatabaseId, backup: &BackupId) -> String {
    format!("{SITES}/{site}/databases/{database}/backups/{backup}/bacpac")
}

/// The question before a manual backup is deleted.
#[must_use]
pub fn delete_backup(site: &SiteId, database: &DatabaseId, backup: &BackupId) -> String {
    format!("{SITES}/{site}/databases/{database}/backups/{backup}/delete")
}

/// The question before a night is no longer kept.
#[must_use]
pub fn release_backup(site: &SiteId, database: &DatabaseId, backup: &BackupId) -> String {
    format!("{SITES}/{site}/databases/{database}/backups/{backup}/release")
}

/// What was measured of a backup, and the decision about an unusual one.
#[must_use]
pub fn review(site: &SiteId, backup: &BackupId) -> String {
    format!("{SITES}/{site}/backups/{backup}/review")
}

/// The manual backups of a database.
#[must_use]
pub fn manual_backups(site: &SiteId, database: &DatabaseId) -> String {
    format!("{}#manuelles", self::database(site, database))
}

/// The backups of a database, which say that this one was deleted and how to undo that.
#[must_use]
pub fn after_deleting(site: &SiteId, database: &DatabaseId, backup: &BackupId) -> String {
    format!("{}?{DELETED}={backup}", self::database(site, database))
}

/// The backups of a database, which say that this one was kept and how to undo that.
#[must_use]
pub fn after_keeping(site: &SiteId, database: &DatabaseId, backup: &BackupId) -> String {
    format!("{}?{KEPT}={backup}", self::database(site, database))
}

/// The page on which a BACPAC is uploaded for a database.
#[must_use]
pub fn import(site: &SiteId, database: &DatabaseId) -> String {
    format!("{SITES}/{site}/databases/{database}/import")
}

/// The download of a made BACPAC.
#[must_use]
pub fn bacpac_file(backup: &BackupId, database: &DatabaseId) -> String {
    format!("/backups/{backup}/databases/{database}/bacpac")
}

/// Its log, as JSON.
#[must_use]
pub fn bacpac_log(backup: &BackupId, database: &DatabaseId) -> String {
    format!("/backups/{backup}/databases/{database}/bacpac/log.json")
}

/// The scope a form field means; `None` when it is no scope at all.
#[must_use]
pub fn scope(text: &str) -> Option<Scope> {
    match text {
        WHOLE_SITE => Some(Scope::Site),
        id => DatabaseId::parse(id).ok().map(Scope::Database),
    }
}

/// The form field of a scope.
#[must_use]
pub fn scope_field(scope: &Scope) -> &str {
    match scope {
        Scope::Site => WHOLE_SITE,
        Scope::Database(id) => id.as_str(),
    }
}

/// Where to go after a sign-in or a change of preferences: a page of this console, and of nowhere else.
#[must_use]
pub fn safe_next(next: &str) -> &str {
    let inside = next.starts_with('/') && !next.starts_with("//") && !next.contains(['\\', '\r', '\n']);
    if inside && !next.starts_with(SIGN_IN) {
        next
    } else {
        SITES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_survives_its_form_field_and_no_database_can_pose_as_the_whole_site() {
        let one = Scope::Database(DatabaseId::parse("paie").unwrap());
        for each in [Scope::Site, one] {
            assert_eq!(scope(scope_field(&each)), Some(each));
        }
        assert!(DatabaseId::parse(WHOLE_SITE).is_err());
        assert_eq!(scope(""), None);
        assert_eq!(scope("../x"), None);
    }

    #[test]
    fn nobody_is_led_to_another_host_after_signing_in() {
        for bad in [
            "",
            "https://evil.example",
            "//evil.example",
            "/\\evil.example",
            "/a\r\nb",
            "javascript:1",
            "/sign-in",
        ] {
            assert_eq!(safe_next(bad), SITES, "{bad:?}");
        }
        assert_eq!(safe_next("/sites/dupont?q=1"), "/sites/dupont?q=1");
    }
}
