//! Sentences of the backups of a database (R15–R17).

use domain::lang::Lang;

use super::counted;

sentences! {
    automatic { "Sauvegardes automatiques", "Automatic backups" }
    automatic_rule {
        "Une par nuit, gardée selon la règle du site\u{a0}: ",
        "One per night, kept by the rule of the site: "
    }
    automatic_caption {
        "Sauvegardes automatiques, de la plus récente à la plus ancienne",
        "Automatic backups, youngest first"
    }
    manual { "Sauvegardes manuelles", "Manual backups" }
    manual_caption {
        "Sauvegardes manuelles, de la plus récente à la plus ancienne",
        "Manual backups, youngest first"
    }
    safety { "Avant restauration", "Before a restore" }
    safety_rule {
        "Prises avant chaque restauration, gardées selon la règle du site, hors des emplacements.",
        "Taken before each restore, kept by the rule of the site, outside the slots."
    }
    safety_caption {
        "Copies prises avant une restauration, de la plus récente à la plus ancienne",
        "Copies taken before a restore, youngest first"
    }
    day { "Journée", "Day" }
    date { "Date", "Date" }
    kept { "Conservée", "Kept" }
    origin { "Origine", "Origin" }
    size { "Taille", "Size" }
    fingerprint { "SHA-256", "SHA-256" }
    month_end { "fin de mois", "month-end" }
    year_end { "annuelle", "year-end" }
    days_letter { "J", "D" }
    about_to_go { "va être supprimée", "about to be deleted" }
    month_end_letter { "M", "M" }
    year_end_letter { "A", "Y" }
    download { "Télécharger", "Download" }
    restore { "Restaurer", "Restore" }
    to_restore { "Pour restaurer\u{a0}: ", "To restore: " }
    late {
        "Tardive\u{a0}: commencée après la fin de la plage de nuit, elle contient aussi ce qui a été saisi jusque-là.",
        "Late: it began after the night window had closed, so it also holds what was entered until then."
    }
    no_automatic { "Aucune sauvegarde automatique", "No automatic backup" }
    no_automatic_more {
        "La première apparaîtra ici après la prochaine nuit.",
        "The first one appears here after the next night."
    }
    no_manual { "Aucune sauvegarde manuelle", "No manual backup" }
    no_manual_more {
        "Faites-en une avant une opération importante\u{a0}: clôture, import, mise à jour.",
        "Make one before important work: closing, import, update."
    }
}

/// The heading.
#[must_use]
pub fn title(lang: Lang, database: &str) -> String {
    match lang {
        Lang::Fr => format!("Sauvegardes de {database}"),
        Lang::En => format!("Backups of {database}"),
    }
}

/// The lead: what each entry holds.
#[must_use]
pub fn lead(lang: Lang, product: &str) -> String {
    match lang {
        Lang::Fr => format!("{product}. Chaque sauvegarde contient tout ce qui était enregistré à l’heure indiquée."),
        Lang::En => format!("{product}. Each backup holds everything that was recorded at the time shown."),
    }
}

/// `9 sauvegardes`.
#[must_use]
pub fn count(lang: Lang, count: usize) -> String {
    counted(lang, count as u64, ["sauvegarde", "sauvegardes"], ["backup", "backups"])
}

/// `État au 24 nov. à 02 h 30`.
#[must_use]
pub fn state_at(lang: Lang, when: &str) -> String {
    match lang {
        Lang::Fr => format!("État au {when}"),
        Lang::En => format!("As of {when}"),
    }
}

/// How many manual backups a site may keep.
#[must_use]
pub fn manual_rule(lang: Lang, quota: u32) -> String {
    match lang {
        Lang::Fr => format!("Gardées sans limite de durée. {quota} au plus par site."),
        Lang::En => format!("Kept for as long as you like. At most {quota} per site."),
    }
}

/// Where an entry of the manual section comes from, when the night made it.
#[must_use]
pub fn promoted(lang: Lang, date: &str, by: &str) -> String {
    match lang {
        Lang::Fr => format!("Automatique, conservée le {date} par {by}"),
        Lang::En => format!("Automatic, kept on {date} by {by}"),
    }
}

/// For readers: which backup an action is about.
#[must_use]
pub fn about(lang: Lang, which: &str) -> String {
    match lang {
        Lang::Fr => format!("\u{a0}: {which}"),
        Lang::En => format!(": {which}"),
    }
}
