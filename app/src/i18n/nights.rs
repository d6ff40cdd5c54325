//! Sentences of the nights of a site: when the next one is, who sets them, and the alert for a site without a backup (R11).

use domain::display;
use domain::lang::Lang;
use domain::limits::BACKUP_SILENCE;
use domain::range::{OutOfRange, Setting};
use domain::schedule::Schedule;

sentences! {
    panel { "Sauvegarde automatique", "Automatic backup" }
    title { "Horaire de la sauvegarde automatique", "Time of the automatic backup" }
    see { "Horaire", "Schedule" }
    lead {
        "Chaque nuit, une sauvegarde automatique part dans la plage choisie ici.",
        "Every night one automatic backup starts within the window set here."
    }
    lead_more {
        "Le site garde la même place dans la plage d’une nuit à l’autre, et reste utilisable.",
        "The site keeps its place in the window from night to night, and stays usable."
    }
    next { "Prochaine", "Next" }
    next_again { "Nouvel essai", "Next try" }
    next_soon { "dès que possible", "as soon as possible" }
    next_unknown { "pas encore prévue", "not planned yet" }
    window { "Plage", "Window" }
    zone { "Fuseau", "Time zone" }
    zone_hint { "Déclaré par l’hébergeur avec le site.", "Declared by the host with the site." }
    start { "Ouverture de la plage", "The window opens at" }
    start_hint {
        "Heure du site. Une nuit va de midi à midi et porte la date du jour où elle commence.",
        "Local time of the site. A night runs from noon to noon and has the date of the day it begins on."
    }
    length { "Durée de la plage, en minutes", "Length of the window, minutes" }
    length_hint {
        "Une sauvegarde qui part après la fin de la plage est marquée tardive.",
        "A backup that starts after the window has closed is marked late."
    }
    save { "Enregistrer l’horaire", "Save the schedule" }
    saving { "Enregistrement…", "Saving…" }
    silent_never { "Ce site n’a encore aucune sauvegarde complète.", "This site has no complete backup yet." }
    silent_in_list { "Sans sauvegarde récente", "No recent backup" }
}

/// The alert, its first half.
#[must_use]
pub fn silent(lang: Lang, last: Option<&str>) -> String {
    let hours = BACKUP_SILENCE.as_secs() / 3_600;
    match (lang, last) {
        (_, None) => silent_never(lang).to_owned(),
        (Lang::Fr, Some(last)) => {
            format!("Aucune sauvegarde complète depuis plus de {hours} heures (dernière\u{a0}: {last}).")
        }
        (Lang::En, Some(last)) => {
            format!("No complete backup for more than {hours} hours (last one: {last}).")
        }
    }
}

/// The alert, its second half: what to do.
#[must_use]
pub const fn silent_more(lang: Lang) -> &'static str {
    lang.pick(
        "L’hébergeur est prévenu. Vérifiez les derniers processus du site, ou lancez une sauvegarde.",
        "The host has been told. Look at the last processes of the site, or start a backup.",
    )
}

/// `Chaque nuit entre 01 h 30 et 03 h 30`.
#[must_use]
pub fn between(lang: Lang, schedule: Schedule) -> String {
    let opens = display::time_of_day(lang, schedule.start_minutes());
    let closes = display::time_of_day(lang, schedule.start_minutes() + schedule.window_minutes());
    match lang {
        Lang::Fr => format!("Chaque nuit entre {opens} et {closes}"),
        Lang::En => format!("Every night between {opens} and {closes}"),
    }
}

/// What a setting may be.
#[must_use]
pub fn out_of_range(lang: Lang, limits: &OutOfRange) -> String {
    let OutOfRange {
        setting, least, most, ..
    } = limits;
    let time = |minutes: u64| display::time_of_day(lang, u16::try_from(minutes).unwrap_or(u16::MAX));
    match (setting, lang) {
        (Setting::NightStart, Lang::Fr) if *most < 720 => format!(
            "La nuit se termine à midi\u{a0}: la plage s’ouvre au plus tard à {}, ou à partir de {}.",
            time(*most),
            time(720)
        ),
        (Setting::NightStart, Lang::En) if *most < 720 => format!(
            "The night ends at noon: the window opens at {} at the latest, or from {} on.",
            time(*most),
            time(720)
        ),
        (Setting::NightStart, Lang::Fr) => format!("L’heure va de {} à {}.", time(*least), time(*most)),
        (Setting::NightStart, Lang::En) => format!("The time lies between {} and {}.", time(*least), time(*most)),
        (Setting::NightWindow, Lang::Fr) => {
            format!("À cette heure, la plage dure de {least} à {most} minutes\u{a0}: la nuit se termine à midi.")
        }
        (Setting::NightWindow, Lang::En) => {
            format!("At this time the window lasts {least} to {most} minutes: the night ends at noon.")
        }
        (_, Lang::Fr) => format!("La valeur va de {least} à {most}."),
        (_, Lang::En) => format!("The value lies between {least} and {most}."),
    }
}
