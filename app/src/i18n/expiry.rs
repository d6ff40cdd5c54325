//! What an expiry tells: which backups it removed, why, and what became of their space.

use domain::backup::{BackupKind, Deletion};
use domain::display;
use domain::expiry::{Gone, Space};
use domain::lang::Lang;
use domain::time::{Timestamp, Zone};

sentences! {
    title { "Ce qui a été supprimé", "What was removed" }
    backup { "Sauvegarde", "Backup" }
    size { "Taille", "Size" }
    why { "Pourquoi", "Why" }
    nothing { "Aucune sauvegarde n’a été supprimée.", "No backup was removed." }
    no_space {
        "L’espace est libéré par l’expiration suivante du même client.",
        "The space is freed by the next expiry of the same customer."
    }
}

/// What it was: `Mardi 24 novembre (automatique)`.
#[must_use]
pub fn name(lang: Lang, gone: &Gone, zone: &Zone) -> String {
    let kind = match gone.kind {
        BackupKind::Automatic => lang.pick("automatique", "automatic"),
        BackupKind::Manual => lang.pick("manuelle", "manual"),
        BackupKind::Safety => lang.pick("avant une restauration", "before a restore"),
    };
    match gone.business_date {
        Some(day) => {
            let day_name = display::weekday_date(lang, day);
            format!("{day_name}\u{a0}{} ({kind})", day.year)
        }
        None => format!("{} ({kind})", display::date_time(lang, zone, gone.t0)),
    }
}

/// Who used the bin.
#[must_use]
pub fn deleted(lang: Lang, zone: &Zone, now: Timestamp, deletion: &Deletion) -> String {
    let when = display::relative(lang, zone, now, deletion.at);
    match lang {
        Lang::Fr => format!("Supprimée par {} {when}, et personne ne l’a remise.", deletion.by),
        Lang::En => format!("Deleted by {} {when}, and nobody put it back.", deletion.by),
    }
}

/// What became of the space.
#[must_use]
pub fn space(lang: Lang, space: &Space) -> String {
    let size = |bytes| display::size(lang, bytes);
    let (marked, removed, stored) = (size(space.marked), size(space.removed), size(space.stored));
    match lang {
        Lang::Fr => format!(
            "{removed} libérés\u{202f}; {marked} ne servent plus et seront libérés dans un jour. Le dépôt du client occupe {stored}."
        ),
        Lang::En => format!(
            "{removed} freed; {marked} are no longer needed and will be freed in a day. The customer’s repository takes {stored}."
        ),
    }
}
