//! Sentences about which backups are kept: nights kept among the manual ones, manual ones deleted and put back (R9, R10, R18).

use domain::lang::Lang;
use domain::limits::BIN_DAYS;
use domain::retention::Keep;
use domain::time::Zone;

sentences! {
    keep { "Conserver", "Keep" }
    keep_as { "Conserver comme sauvegarde manuelle", "Keep as a manual backup" }
    keep_no_longer { "Ne plus conserver", "Keep no longer" }
    keep_it { "Continuer à la conserver", "Go on keeping it" }
    to_keep { "Pour conserver\u{a0}: ", "To keep: " }
    to_delete { "Pour supprimer\u{a0}: ", "To delete: " }
    delete { "Supprimer", "Delete" }
    delete_manual { "Supprimer la sauvegarde manuelle", "Delete the manual backup" }
    do_not_delete { "Ne pas supprimer", "Do not delete" }
    delete_warning {
        "Elle disparaît des listes\u{a0}: plus de restauration ni de téléchargement. ",
        "It leaves the lists: no more restore or download. "
    }
    release_warning {
        "Elle redevient une sauvegarde automatique, que la règle de conservation supprime à son heure. ",
        "It becomes an automatic backup again, which the retention rule deletes in its time. "
    }
    slot { "Emplacement", "Slot" }
    slot_freed { "Libre aussitôt", "Free at once" }
    backup { "Sauvegarde", "Backup" }
    can_be_put_back { "Récupérable", "Can be put back" }
    bin { "Corbeille", "Bin" }
    bin_caption {
        "Sauvegardes supprimées qui peuvent être remises, de la plus récente à la plus ancienne",
        "Deleted backups that can be put back, youngest first"
    }
    deleted { "Supprimée", "Deleted" }
    until { "Récupérable jusqu’au", "Can be put back until" }
    put_back { "Remettre", "Put back" }
    put_back_more { " parmi les sauvegardes manuelles", " among the manual backups" }
    undo { "Annuler", "Undo" }
    manage { "Supprimer une sauvegarde manuelle", "Delete a manual backup" }
}

/// The heading of the question before a deletion.
#[must_use]
pub fn delete_title(lang: Lang, date: &str, size: &str) -> String {
    match lang {
        Lang::Fr => format!("Supprimer la sauvegarde du {date} ({size})"),
        Lang::En => format!("Delete the backup of {date} ({size})"),
    }
}

/// The heading of the question before a night is no longer kept.
#[must_use]
pub fn release_title(lang: Lang, date: &str, size: &str) -> String {
    match lang {
        Lang::Fr => format!("Ne plus conserver la sauvegarde du {date} ({size})"),
        Lang::En => format!("Keep the backup of {date} ({size}) no longer"),
    }
}

/// How long a deletion can be undone, and what that needs.
#[must_use]
pub fn delete_respite(lang: Lang) -> String {
    match lang {
        Lang::Fr => format!("Pendant {BIN_DAYS} jours, elle peut être remise s’il reste un emplacement libre."),
        Lang::En => format!("For {BIN_DAYS} days it can be put back if a slot is free."),
    }
}

/// What becomes of a night that is no longer kept, by the reasons for which the policy then keeps it; `until` is the end of its days
/// when it is still one of the last nights.
#[must_use]
pub fn release_end(lang: Lang, zone: &Zone, reasons: &[Keep], until: Option<&str>) -> String {
    match (lang, until, reasons) {
        (Lang::Fr, Some(date), _) => {
            format!("Elle est gardée jusqu’au {date}, et au-delà si elle est la dernière d’un mois ou d’une année.")
        }
        (Lang::En, Some(date), _) => {
            format!("It is kept until {date}, and longer if it is the last of a month or a year.")
        }
        (_, None, []) => lang
            .pick(
                "Cette règle ne la garde plus\u{a0}: elle est supprimée aussitôt, sans passer par la corbeille.",
                "That rule no longer keeps it: it is deleted at once, without going through the bin.",
            )
            .to_owned(),
        (_, None, reasons) => {
            let told = reasons
                .iter()
                .map(|keep| super::retention::keep_alone(lang, keep, zone));
            let told = told.collect::<Vec<_>>().join("\u{202f}; ");
            match lang {
                Lang::Fr => format!("Elle reste, pour cette raison\u{a0}: {told}."),
                Lang::En => format!("It stays, for this reason: {told}."),
            }
        }
    }
}

/// A backup holds every database of its site, although one looks at it from one of them.
#[must_use]
pub fn whole_site(lang: Lang, database: &str) -> String {
    match lang {
        Lang::Fr => format!("Elle porte sur tout le site, pas seulement sur {database}."),
        Lang::En => format!("It holds the whole site, not only {database}."),
    }
}

/// What the bin is.
#[must_use]
pub fn bin_rule(lang: Lang) -> String {
    match lang {
        Lang::Fr => format!("Supprimées depuis moins de {BIN_DAYS} jours, hors des emplacements."),
        Lang::En => format!("Deleted less than {BIN_DAYS} days ago, outside the slots."),
    }
}

/// `24 nov. à 11 h 00 par Claire Morel`.
#[must_use]
pub fn when_by(lang: Lang, when: &str, by: &str) -> String {
    match lang {
        Lang::Fr => format!("{when} par {by}"),
        Lang::En => format!("{when} by {by}"),
    }
}

/// Said after a deletion: what is gone, and until when it can come back.
#[must_use]
pub fn was_deleted(lang: Lang, date: &str, until: &str) -> [String; 2] {
    match lang {
        Lang::Fr => [
            format!("La sauvegarde du {date} est dans la corbeille."),
            format!("Elle peut être remise jusqu’au {until}."),
        ],
        Lang::En => [
            format!("The backup of {date} is in the bin."),
            format!("It can be put back until {until}."),
        ],
    }
}

/// Said after a night was kept.
#[must_use]
pub fn was_kept(lang: Lang, date: &str) -> [String; 2] {
    match lang {
        Lang::Fr => [
            format!("La sauvegarde du {date} est conservée."),
            "Elle occupe un emplacement, sans limite de durée.".to_owned(),
        ],
        Lang::En => [
            format!("The backup of {date} is kept."),
            "It takes a slot, for as long as you like.".to_owned(),
        ],
    }
}
