//! Sentences of one site: its page, its databases, and the warning before a backup (R5, R8).

use domain::backup::Quota;
use domain::display;
use domain::lang::Lang;

use super::counted;

sentences! {
    running { "Processus en cours", "Processes under way" }
    all_processes { "Tous les processus", "All processes" }
    operations { "Opérations", "Operations" }
    back_up { "Sauvegarde du site", "Back up the site" }
    restore { "Restaurer la sauvegarde", "Restore a backup" }
    restore_icon { "Restaurer", "Restore" }
    restore_note {
        "Tout le site ou une seule base. Rien ne change avant la confirmation.",
        "The whole site or one database. Nothing changes before you confirm."
    }
    busy_note {
        "Un processus est en cours\u{202f}; une nouvelle sauvegarde attendrait son tour.",
        "A process is under way; a new backup would wait for its turn."
    }
    databases { "Bases de données", "Databases" }
    databases_of { "Bases de données du site", "Databases of the site" }
    database { "Base", "Database" }
    saved { "Sauvegardée", "Backed up" }
    engine { "Moteur", "Engine" }
    not_yet { "pas encore", "not yet" }
    manual { "Sauvegardes manuelles", "Manual backups" }
    free { "libre", "free" }
    slot_manual { "\u{a0}: manuelle", ": manual" }
    slot_reserved {
        "\u{a0}: sauvegarde en cours, emplacement réservé",
        ": backup under way, slot reserved"
    }
    slot_promoted { "\u{a0}: conservée", ": kept" }
    see_manual { "Les voir", "See them" }
    last_ended { "Dernier processus", "Last process" }
    details { "Détails", "Details" }
    no_backup { "Aucune sauvegarde complète pour l’instant.", "No complete backup yet." }
    no_backup_more {
        "Rien ne peut être restauré tant qu’une première sauvegarde n’est pas terminée.",
        "Nothing can be restored until a first backup is complete."
    }
    closed { "Le site est fermé pendant la restauration.", "The site is closed while it is being restored." }
    closed_more {
        "Il rouvrira à la fin\u{202f}; en cas d’échec, il rouvre sur les données d’avant.",
        "It reopens at the end; if the restore fails, it reopens on the data it had."
    }
    dialog_title { "La sauvegarde du site va être lancée", "The site backup is about to start" }
    dialog_warning {
        "Le site reste utilisable pendant la sauvegarde, mais ",
        "The site stays usable during the backup, but "
    }
    dialog_warning_strong {
        "ce qui sera saisi après le lancement n’y figurera pas.",
        "what is entered after it starts will not be in it."
    }
    dialog_databases { "Bases", "Databases" }
    dialog_slot { "Emplacement", "Slot" }
    dialog_last { "Dernière sauvegarde", "Last backup" }
    dialog_cancel { "Ne pas sauvegarder", "Do not back up" }
    dialog_confirm { "Lancer la sauvegarde", "Start the backup" }
    dialog_starting { "Lancement…", "Starting…" }
}

/// What the backup will contain.
#[must_use]
pub fn dialog_content(lang: Lang, site: &str) -> String {
    match lang {
        Lang::Fr => format!("Elle contiendra l’état de {site} au moment où vous confirmez."),
        Lang::En => format!("It will hold the state of {site} at the moment you confirm."),
    }
}

/// `Le 4e sur 5`.
#[must_use]
pub fn dialog_slot_taken(lang: Lang, quota: Quota) -> String {
    let rank = quota.kept + quota.reserved + 1;
    match (lang, rank) {
        (Lang::Fr, 1) => format!("Le 1er sur {}", quota.quota),
        (Lang::Fr, _) => format!("Le {rank}e sur {}", quota.quota),
        (Lang::En, _) => format!("Number {rank} of {}", quota.quota),
    }
}

/// How many stay free once this one is taken.
#[must_use]
pub fn dialog_slot_left(lang: Lang, quota: Quota) -> String {
    let left = quota.free().saturating_sub(1);
    match (lang, left) {
        (Lang::Fr, 0) => "Ce sera le dernier.".to_owned(),
        (Lang::En, 0) => "It will be the last one.".to_owned(),
        (Lang::Fr, 1) => "Il en restera 1 libre.".to_owned(),
        (Lang::Fr, _) => format!("Il en restera {left} libres."),
        (Lang::En, _) => format!("{left} will stay free."),
    }
}

/// The answer first, its first half.
#[must_use]
pub fn last_backup(lang: Lang, when: &str) -> String {
    match lang {
        Lang::Fr => format!("Dernière sauvegarde complète {when}."),
        Lang::En => format!("Last complete backup {when}."),
    }
}

/// Its second half: how far back one can go.
#[must_use]
pub fn restorable(lang: Lang, count: u32) -> String {
    let count = u64::from(count);
    let states = counted(lang, count, ["sauvegarde", "sauvegardes"], ["backup", "backups"]);
    match lang {
        Lang::Fr => format!(
            "{states} {} restaurée{}.",
            if count > 1 { "peuvent être" } else { "peut être" },
            if count > 1 { "s" } else { "" }
        ),
        Lang::En => format!("{states} can be restored."),
    }
}

/// How many slots are left, under the button.
#[must_use]
pub fn slots_left(lang: Lang, quota: Quota) -> String {
    let left = counted(
        lang,
        u64::from(quota.free()),
        ["emplacement", "emplacements"],
        ["slot", "slots"],
    );
    match lang {
        Lang::Fr => format!("Il reste {left}."),
        Lang::En => format!("{left} left."),
    }
}

/// The sentence under the quota meter.
#[must_use]
pub fn quota(lang: Lang, quota: Quota) -> String {
    let kept = counted(
        lang,
        u64::from(quota.kept),
        ["conservée", "conservées"],
        ["kept", "kept"],
    );
    let free = counted(
        lang,
        u64::from(quota.free()),
        ["emplacement libre", "emplacements libres"],
        ["free slot", "free slots"],
    );
    match (lang, quota.reserved) {
        (_, 0) => format!("{kept}, {free}."),
        (Lang::Fr, 1) => format!("{kept}, 1 emplacement réservé par une sauvegarde en cours, {free}."),
        (Lang::Fr, n) => format!("{kept}, {n} emplacements réservés par des sauvegardes en cours, {free}."),
        (Lang::En, 1) => format!("{kept}, 1 slot held by a backup under way, {free}."),
        (Lang::En, n) => format!("{kept}, {n} slots held by backups under way, {free}."),
    }
}

/// For readers: what the *Restaurer* link of a row leads to.
#[must_use]
pub fn see_backups_of(lang: Lang, database: &str) -> String {
    match lang {
        Lang::Fr => format!("\u{a0}: voir les sauvegardes de {database}"),
        Lang::En => format!(": see the backups of {database}"),
    }
}

/// `Comptabilité (2,6 Go)`.
#[must_use]
pub fn database_and_size(lang: Lang, name: &str, bytes: Option<u64>) -> String {
    bytes.map_or_else(
        || name.to_owned(),
        |bytes| format!("{name} ({})", display::size(lang, bytes)),
    )
}
