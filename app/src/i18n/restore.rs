//! Sentences of the restore page (R20–R25): what is said before data are put back.

use domain::display;
use domain::lang::Lang;
use domain::limits::SAFETY_RETENTION_DAYS;
use domain::time::{Timestamp, Zone};

sentences! {
    crumb { "Restaurer", "Restore" }
    lead {
        "Rien ne change avant la confirmation. Le site sera fermé pendant la restauration.",
        "Nothing changes before you confirm. The site will be closed during the restore."
    }
    what { "Que faut-il restaurer\u{202f}?", "What is to be restored?" }
    whole_site { "Tout le site", "The whole site" }
    when { "À quelle date revenir\u{202f}?", "Which date to go back to?" }
    automatic { "automatique", "automatic" }
    manual { "manuelle", "manual" }
    safety { "prise avant une restauration", "taken before a restore" }
    no_backup { "Aucune sauvegarde à restaurer", "No backup to restore" }
    no_backup_more {
        "Ce site n’a pas encore de sauvegarde complète.",
        "This site has no complete backup yet."
    }
    lost { "Ce qui sera perdu", "What will be lost" }
    way_back { "Le chemin du retour", "The way back" }
    way_back_strong { "Une copie de sûreté est prise d’abord.", "A safety copy is taken first." }
    confirm { "Confirmer", "Confirm" }
    reason { "Motif de la restauration", "Reason for the restore" }
    reason_hint {
        "Qui l’a demandée, quand, et pourquoi. Le motif est enregistré avec la restauration.",
        "Who asked for it, when, and why. The reason is recorded with the restore."
    }
    reason_missing { "Écrivez pourquoi cette restauration est faite.", "Write why this restore is made." }
    code_before { "Saisissez le code du site, ", "Type the site code, " }
    code_after { ", pour confirmer", ", to confirm" }
    recalculate { "Recalculer", "Recalculate" }
    back { "Revenir au site", "Back to the site" }
    summary { "Récapitulatif", "Summary" }
    scope { "Portée", "Scope" }
    state_found { "État retrouvé", "State restored" }
    entries_lost { "Saisie perdue", "Work lost" }
    site_closed { "Site", "Site" }
    site_closed_value { "fermé pendant la restauration", "closed during the restore" }
    return_possible { "Retour possible", "Way back" }
    starting { "Lancement…", "Starting…" }
    others_untouched { "Les autres bases ne sont pas touchées", "The other databases are not touched" }
    every_database { "Toutes les bases", "Every database" }
}

/// The heading.
#[must_use]
pub fn title(lang: Lang, site: &str) -> String {
    match lang {
        Lang::Fr => format!("Restaurer une sauvegarde de {site}"),
        Lang::En => format!("Restore a backup of {site}"),
    }
}

/// `Base Paie`.
#[must_use]
pub fn one_database(lang: Lang, name: &str) -> String {
    match lang {
        Lang::Fr => format!("Base {name}"),
        Lang::En => format!("Database {name}"),
    }
}

/// The warning when one database goes back and the others stay (R25).
#[must_use]
pub fn apart(lang: Lang, database: &str, others: &str, date: &str) -> String {
    match lang {
        Lang::Fr => format!(
            "{database} reviendra au {date} et {others} restera à aujourd’hui\u{a0}: ce qui va de l’une à l’autre entre ces dates ne correspondra plus."
        ),
        Lang::En => format!(
            "{database} goes back to {date} and {others} stays as it is today: what passed between them since will no longer match."
        ),
    }
}

/// What is lost: everything entered since the chosen instant.
#[must_use]
pub fn lost_since(lang: Lang, when: &str, days: i64) -> String {
    let span = lost_days(lang, days);
    match lang {
        Lang::Fr => format!("Tout ce qui a été saisi depuis le {when}, soit {span}, ne sera plus dans les données."),
        Lang::En => format!("Everything entered since {when}, that is {span}, will no longer be in the data."),
    }
}

/// `5 jours`, or less than a day.
#[must_use]
pub fn lost_days(lang: Lang, days: i64) -> String {
    match (lang, days) {
        (Lang::Fr, ..=0) => "moins d’un jour".to_owned(),
        (Lang::En, ..=0) => "less than a day".to_owned(),
        (_, days) => super::counted(lang, days.unsigned_abs(), ["jour", "jours"], ["day", "days"]),
    }
}

/// What the safety copy is good for.
#[must_use]
pub fn way_back_more(lang: Lang, quota: u32) -> String {
    match lang {
        Lang::Fr => format!(
            " Elle ne compte pas dans les {quota} emplacements et reste {SAFETY_RETENTION_DAYS} jours. Elle permet de revenir aux données d’aujourd’hui. Si une étape échoue, le site rouvre sur les données d’aujourd’hui."
        ),
        Lang::En => format!(
            " It does not count in the {quota} slots and stays {SAFETY_RETENTION_DAYS} days. It makes it possible to come back to today’s data. If a step fails, the site reopens on today’s data."
        ),
    }
}

/// `7 jours, avec la copie de sûreté`.
#[must_use]
pub fn return_for(lang: Lang) -> String {
    match lang {
        Lang::Fr => format!("{SAFETY_RETENTION_DAYS} jours, avec la copie de sûreté"),
        Lang::En => format!("{SAFETY_RETENTION_DAYS} days, with the safety copy"),
    }
}

/// The code typed is not the site's.
#[must_use]
pub fn code_differs(lang: Lang, code: &str) -> String {
    match lang {
        Lang::Fr => format!("Le code saisi n’est pas celui du site\u{a0}: c’est {code}."),
        Lang::En => format!("The code typed is not that of the site: it is {code}."),
    }
}

/// The last button: what, where and to which instant.
#[must_use]
pub fn act(lang: Lang, database: Option<&str>, code: &str, at: Timestamp, zone: &Zone) -> String {
    let local = zone.local(at);
    let (date, time) = (local.date, display::time(lang, zone, at));
    match (lang, database) {
        (Lang::Fr, Some(database)) => {
            format!(
                "Restaurer la base {database} de {code} au {:02}/{:02}/{} à {time}",
                date.day, date.month, date.year
            )
        }
        (Lang::Fr, None) => {
            format!(
                "Restaurer tout le site {code} au {:02}/{:02}/{} à {time}",
                date.day, date.month, date.year
            )
        }
        (Lang::En, Some(database)) => {
            format!(
                "Restore the database {database} of {code} to {}, {time}",
                display::date(lang, date)
            )
        }
        (Lang::En, None) => format!("Restore the whole site {code} to {}, {time}", display::date(lang, date)),
    }
}
