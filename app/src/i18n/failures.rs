//! Why a process failed, in words that can be told over the telephone: what happened, what was kept, what to do.

use domain::failure::{Cause, Failure};
use domain::lang::Lang;
use domain::process::ProcessKind;

/// What happened, with the database it struck when it struck one.
#[must_use]
pub fn happened(lang: Lang, failure: &Failure) -> String {
    let what = cause(lang, failure.cause);
    match (&failure.database, lang) {
        (Some(database), Lang::Fr) => format!("{database}\u{a0}: {what}"),
        (Some(database), Lang::En) => format!("{database}: {what}"),
        (None, _) => domain::display::capital(what),
    }
}

/// What was kept. True whatever the cause: nothing half-done is ever visible.
#[must_use]
pub const fn kept(lang: Lang, kind: &ProcessKind) -> &'static str {
    match kind {
        ProcessKind::ManualBackup => lang.pick(
            "Les sauvegardes précédentes sont intactes, le site n’a pas été touché et l’emplacement est rendu.",
            "The earlier backups are intact, the site was not touched and the slot is free again.",
        ),
        ProcessKind::NightlyBackup { .. } => lang.pick(
            "Les sauvegardes précédentes sont intactes et le site n’a pas été touché.",
            "The earlier backups are intact and the site was not touched.",
        ),
        ProcessKind::Restore { .. } => kept_after_restore(lang),
        ProcessKind::Export { .. } => lang.pick(
            "La sauvegarde est intacte et le site n’a pas été touché.",
            "The backup is intact and the site was not touched.",
        ),
        ProcessKind::Expiry => lang.pick(
            "Ni le site ni une sauvegarde conservée n’a été touché. Une nouvelle tentative suivra dans une heure.",
            "Neither the site nor a kept backup was touched. It will be tried again in an hour.",
        ),
        ProcessKind::Import { .. } => lang.pick(
            "Les sauvegardes sont intactes, le site n’a pas été touché et l’emplacement est rendu.",
            "The backups are intact, the site was not touched and the slot is free again.",
        ),
    }
}

/// The same of a restore.
#[must_use]
pub const fn kept_after_restore(lang: Lang) -> &'static str {
    lang.pick(
        "Le site a rouvert sur les données qu’il avait avant. Les sauvegardes sont intactes.",
        "The site has reopened on the data it had before. The backups are intact.",
    )
}

/// The cause in half a sentence, without a capital.
#[must_use]
pub const fn cause(lang: Lang, cause: Cause) -> &'static str {
    match cause {
        Cause::ScratchFull => lang.pick(
            "le disque des copies en cours est plein.",
            "the disk for copies under way is full.",
        ),
        Cause::StorageFull => lang.pick("l’espace de stockage est plein.", "the storage is full."),
        Cause::DatabaseMissing => lang.pick(
            "la base n’est plus à l’endroit indiqué.",
            "the database is no longer where it was said to be.",
        ),
        Cause::PathNotAllowed => lang.pick(
            "la base est rangée hors des dossiers autorisés par l’hébergeur.",
            "the database lies outside the folders that the host allows.",
        ),
        Cause::DatabaseLocked => lang.pick(
            "la base est restée verrouillée par un autre logiciel trop longtemps.",
            "the database stayed locked by another program for too long.",
        ),
        Cause::DatabaseCorrupt => lang.pick(
            "la base signale elle-même des données abîmées.",
            "the database itself reports damaged data.",
        ),
        Cause::DatabaseUnreadable => lang.pick(
            "le fichier est chiffré, ou n’est pas une base de données.",
            "the file is encrypted, or is not a database.",
        ),
        Cause::ServerUnreachable => lang.pick(
            "le serveur de bases de données ne répond pas.",
            "the database server does not answer.",
        ),
        Cause::ServerDeniesAccess => lang.pick(
            "le serveur de bases de données refuse le compte de la console.",
            "the database server refuses the console’s account.",
        ),
        Cause::VersionNotSupported => lang.pick(
            "la version du serveur de bases de données, ou de ses outils, n’est pas prise en charge.",
            "the version of the database server, or of its tools, is not supported.",
        ),
        Cause::ToolMissing => lang.pick(
            "un programme nécessaire n’est pas installé sur le serveur.",
            "a program that is needed is not installed on the server.",
        ),
        Cause::ToolFailed => lang.pick(
            "l’outil de la base de données s’est arrêté sur une erreur.",
            "the database’s tool ended with an error.",
        ),
        Cause::RepositoryMissing => lang.pick(
            "l’espace de stockage n’est plus à sa place.",
            "the storage is no longer in its place.",
        ),
        Cause::RepositoryReadOnly => lang.pick(
            "l’espace de stockage n’accepte pas d’écriture.",
            "the storage cannot be written to.",
        ),
        Cause::RepositoryKeyWrong => lang.pick(
            "l’espace de stockage ne s’ouvre pas avec la clé de la console.",
            "the storage does not open with the console’s key.",
        ),
        Cause::StoredDataDamaged => lang.pick(
            "ce qui est stocké ne se relit pas tel qu’il a été écrit.",
            "what is stored does not read back as it was written.",
        ),
        Cause::CheckFailed => lang.pick(
            "la copie restaurée n’a pas passé son contrôle et n’a pas été mise en place.",
            "the restored copy did not pass its check and was not put in place.",
        ),
        Cause::FileRefused => lang.pick(
            "le fichier envoyé n’est pas un BACPAC, ou il est abîmé.",
            "the uploaded file is not a BACPAC, or it is damaged.",
        ),
        Cause::FileGone => lang.pick(
            "le fichier envoyé n’est plus là.",
            "the uploaded file is no longer there.",
        ),
        Cause::Interrupted => lang.pick(
            "le serveur s’est arrêté plusieurs fois pendant le travail.",
            "the server stopped several times during the work.",
        ),
        Cause::Unexpected => lang.pick("un incident imprévu s’est produit.", "something unforeseen went wrong."),
    }
}

/// What to do about the failure of a process of this kind.
#[must_use]
pub const fn to_do_of(lang: Lang, kind: &ProcessKind, cause: Cause) -> &'static str {
    match kind {
        ProcessKind::Expiry => to_do_of_expiry(lang, cause),
        _ => to_do(lang, cause),
    }
}

/// The same of an expiry, which nobody starts again and for which there is nothing to choose.
#[must_use]
pub const fn to_do_of_expiry(lang: Lang, cause: Cause) -> &'static str {
    match cause {
        Cause::StorageFull => lang.pick(
            "L’hébergeur libère ou agrandit l’espace de stockage.",
            "The host frees or enlarges the storage.",
        ),
        Cause::RepositoryMissing | Cause::RepositoryReadOnly => lang.pick(
            "L’hébergeur remet l’espace de stockage en place.",
            "The host puts the storage back in place.",
        ),
        Cause::RepositoryKeyWrong => to_do(lang, cause),
        Cause::StoredDataDamaged => lang.pick(
            "L’hébergeur lit tout le dépôt de ce client sans attendre, par restic check --read-data\u{a0}: une sauvegarde peut être \
             touchée. Une nouvelle sauvegarde met les données d’aujourd’hui à l’abri.",
            "The host reads this customer’s whole repository at once, by restic check --read-data: a backup may be damaged. A new \
             backup puts the data of today in safety.",
        ),
        _ => lang.pick(
            "Il n’y a rien à relancer. Si l’échec se répète, l’hébergeur en cherche la cause dans le journal, sous la référence.",
            "There is nothing to start again. If it fails again, the host looks for the cause in the log, under the reference.",
        ),
    }
}

/// What to do about it.
#[must_use]
pub const fn to_do(lang: Lang, cause: Cause) -> &'static str {
    match cause {
        Cause::ScratchFull | Cause::StorageFull => lang.pick(
            "L’hébergeur libère ou agrandit l’espace\u{202f}; relancez ensuite.",
            "The host frees or enlarges the space; then start again.",
        ),
        Cause::DatabaseMissing | Cause::PathNotAllowed => lang.pick(
            "L’hébergeur vérifie l’emplacement de la base\u{202f}; donnez-lui la référence.",
            "The host checks where the database lies; give them the reference.",
        ),
        Cause::DatabaseLocked => lang.pick(
            "Fermez le traitement qui tient la base, puis relancez.",
            "Close the work that holds the database, then start again.",
        ),
        Cause::DatabaseCorrupt => lang.pick(
            "Appelez l’hébergeur avant de continuer la saisie\u{a0}: une sauvegarde antérieure peut être restaurée.",
            "Call the host before entering more: an earlier backup can be restored.",
        ),
        Cause::DatabaseUnreadable => lang.pick(
            "L’hébergeur vérifie le fichier déclaré pour cette base\u{202f}; donnez-lui la référence.",
            "The host checks the file declared for this database; give them the reference.",
        ),
        Cause::ServerUnreachable => lang.pick(
            "Relancez dans quelques minutes\u{202f}; si cela dure, appelez l’hébergeur.",
            "Start again in a few minutes; if it lasts, call the host.",
        ),
        Cause::ServerDeniesAccess => lang.pick(
            "L’hébergeur vérifie le compte et son mot de passe.",
            "The host checks the account and its password.",
        ),
        Cause::VersionNotSupported | Cause::ToolMissing => lang.pick(
            "L’hébergeur installe la version voulue, puis vous relancez.",
            "The host installs the version needed, then you start again.",
        ),
        Cause::ToolFailed | Cause::Unexpected => lang.pick(
            "Relancez une fois\u{202f}; si l’échec se répète, donnez la référence à l’hébergeur.",
            "Start once more; if it fails again, give the reference to the host.",
        ),
        Cause::RepositoryMissing | Cause::RepositoryReadOnly => lang.pick(
            "L’hébergeur remet l’espace de stockage en place, puis vous relancez.",
            "The host puts the storage back in place, then you start again.",
        ),
        Cause::RepositoryKeyWrong => lang.pick(
            "L’hébergeur rétablit la clé\u{202f}; ne supprimez rien en attendant.",
            "The host brings the key back; delete nothing meanwhile.",
        ),
        Cause::StoredDataDamaged => lang.pick(
            "Choisissez une autre sauvegarde et donnez la référence à l’hébergeur.",
            "Choose another backup and give the reference to the host.",
        ),
        Cause::CheckFailed => lang.pick(
            "Choisissez une autre sauvegarde, ou appelez l’hébergeur.",
            "Choose another backup, or call the host.",
        ),
        Cause::FileRefused => lang.pick(
            "Demandez un nouveau fichier à qui l’a fait\u{202f}; la cause exacte est plus bas.",
            "Ask whoever made the file for a new one; the exact cause is below.",
        ),
        Cause::FileGone => lang.pick("Envoyez le fichier une nouvelle fois.", "Send the file once more."),
        Cause::Interrupted => lang.pick(
            "Relancez quand le serveur est stable\u{202f}; donnez la référence à l’hébergeur.",
            "Start again once the server is stable; give the reference to the host.",
        ),
    }
}
