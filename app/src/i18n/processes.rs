//! Sentences of processes: names, steps, figures, and what is said aloud while one runs.

use domain::display;
use domain::lang::Lang;
use domain::process::{Cancelling, Process, ProcessKind, ProcessState, Stage};
use std::time::Duration;

use super::counted;

sentences! {
    title { "Processus", "Processes" }
    all_title { "Processus de vos sites", "Processes of your sites" }
    active { "En cours", "Under way" }
    ended { "Terminés", "Ended" }
    none_active { "Rien n’est en cours", "Nothing is under way" }
    none_active_more {
        "Une sauvegarde lancée depuis la page d’un site apparaît ici, avec sa progression.",
        "A backup started from the page of a site appears here, with its progress."
    }
    none_ended { "Aucun processus terminé pour l’instant.", "No process has ended yet." }
    process { "Processus", "Process" }
    site { "Site", "Site" }
    ended_at { "Fin", "Ended" }
    took { "Durée", "Duration" }
    by { "Lancé par", "Started by" }
    progress { "Avancement", "Progress" }
    steps { "Étapes", "Steps" }
    step_now { "en cours", "under way" }
    step_later { "à venir", "to come" }
    step_done { "faite", "done" }
    facts { "En bref", "At a glance" }
    content_at { "Contenu au", "Content as of" }
    content_at_note { "Rien de ce qui est saisi après n’y figure.", "Nothing entered later is in it." }
    restored_to { "État retrouvé", "Restored to" }
    to_restore { "État demandé", "State asked for" }
    reason { "Motif", "Reason" }
    asked_at { "Lancé", "Started" }
    attempt { "Tentative", "Attempt" }
    attempt_note {
        "Reprise après l’arrêt du serveur pendant la précédente.",
        "Resumed after the server stopped during the one before."
    }
    reference { "Référence", "Reference" }
    site_usable { "Le site reste utilisable. ", "The site stays usable. " }
    not_in_it_before { "Ce qui est saisi après ", "What is entered after " }
    not_in_it_after { " ne figure pas dans cette sauvegarde.", " is not in this backup." }
    not_in_it_yet {
        "Ce qui sera saisi après son départ n’y figurera pas.",
        "What is entered after it begins will not be in it."
    }
    may_leave {
        "Vous pouvez quitter cette page ou fermer le navigateur\u{a0}: le travail continue.",
        "You may leave this page or close the browser: the work goes on."
    }
    site_closed {
        "Le site est fermé pendant la restauration. En cas d’échec, il rouvre sur les données d’avant.",
        "The site is closed during the restore. If it fails, it reopens on the data it had."
    }
    backup_made { "Sauvegarde", "Backup" }
    safety_made { "Copie de sûreté", "Safety copy" }
    see_backups { "Voir les sauvegardes", "See the backups" }
    skew { "Écart entre les bases", "Spread between databases" }
    back_to_site { "Retour au site", "Back to the site" }
    done { "Terminé.", "Completed." }
    happened { "Ce qui s’est passé", "What happened" }
    kept { "Ce qui a été gardé", "What was kept" }
    to_do { "Ce qu’il faut faire", "What to do" }
}

/// The whole name of the work.
#[must_use]
pub fn name(lang: Lang, kind: &ProcessKind) -> String {
    match kind {
        ProcessKind::ManualBackup => lang
            .pick("Sauvegarde manuelle du site", "Manual backup of the site")
            .to_owned(),
        ProcessKind::NightlyBackup { business_date } => {
            let day = display::weekday_date(lang, *business_date);
            match lang {
                Lang::Fr => format!("Sauvegarde automatique du {}", lowered(&day)),
                Lang::En => format!("Automatic backup of {day}"),
            }
        }
        ProcessKind::Restore {
            database_name: Some(database),
            ..
        } => match lang {
            Lang::Fr => format!("Restauration de la base {database}"),
            Lang::En => format!("Restore of the database {database}"),
        },
        ProcessKind::Restore { .. } => lang.pick("Restauration du site", "Restore of the site").to_owned(),
        ProcessKind::Export { database_name, .. } => match lang {
            Lang::Fr => format!("Préparation du bacpac de {database_name}"),
            Lang::En => format!("Making of the bacpac of {database_name}"),
        },
        ProcessKind::Import { database_name, .. } => match lang {
            Lang::Fr => format!("Import d’une sauvegarde de {database_name}"),
            Lang::En => format!("Import of a backup of {database_name}"),
        },
        ProcessKind::Expiry => lang.pick("Expiration de sauvegardes", "Expiry of backups").to_owned(),
    }
}

/// The name for a narrow column: the work, and below it what distinguishes it; a day of another year with its year.
#[must_use]
pub fn in_a_column(lang: Lang, kind: &ProcessKind, this_year: i32) -> (&'static str, Option<String>) {
    match kind {
        ProcessKind::ManualBackup => (lang.pick("Sauvegarde manuelle", "Manual backup"), None),
        ProcessKind::NightlyBackup { business_date } => {
            let day = display::weekday_date(lang, *business_date);
            let year = business_date.year;
            let day = if year == this_year {
                day
            } else {
                format!("{day}\u{a0}{year}")
            };
            (lang.pick("Sauvegarde automatique", "Automatic backup"), Some(day))
        }
        ProcessKind::Restore { database_name, .. } => {
            let what = database_name.as_ref().map_or_else(
                || super::restore::whole_site(lang).to_owned(),
                |database| super::restore::one_database(lang, database),
            );
            (lang.pick("Restauration", "Restore"), Some(what))
        }
        ProcessKind::Export { database_name, .. } => (lang.pick("Bacpac", "Bacpac"), Some(database_name.clone())),
        ProcessKind::Import { database_name, .. } => (
            lang.pick("Import de bacpac", "Bacpac import"),
            Some(database_name.clone()),
        ),
        ProcessKind::Expiry => (lang.pick("Expiration", "Expiry"), None),
    }
}

/// The name in one word, for a tab title or a narrow cell.
#[must_use]
pub const fn short(lang: Lang, kind: &ProcessKind) -> &'static str {
    match kind {
        ProcessKind::ManualBackup | ProcessKind::NightlyBackup { .. } => lang.pick("Sauvegarde", "Backup"),
        ProcessKind::Restore { .. } => lang.pick("Restauration", "Restore"),
        ProcessKind::Export { .. } => lang.pick("Bacpac", "Bacpac"),
        ProcessKind::Import { .. } => lang.pick("Import", "Import"),
        ProcessKind::Expiry => lang.pick("Expiration", "Expiry"),
    }
}

/// A step of the work.
#[must_use]
pub const fn stage(lang: Lang, stage: Stage) -> &'static str {
    match stage {
        Stage::Prepare => lang.pick("Préparation", "Preparation"),
        Stage::Copy => lang.pick("Copie", "Copy"),
        Stage::Store => lang.pick("Chiffrement et envoi", "Encryption and storage"),
        Stage::Verify => lang.pick("Vérification", "Verification"),
        Stage::Record => lang.pick("Enregistrement", "Recording"),
        Stage::Safety => lang.pick("Copie de sûreté", "Safety copy"),
        Stage::Prove => lang.pick("Contrôle de la sauvegarde", "Check of the backup"),
        Stage::Load => lang.pick("Chargement à part", "Loading aside"),
        Stage::Check => lang.pick("Contrôle des données", "Check of the data"),
        Stage::Swap => lang.pick("Mise en place", "Switch-over"),
        Stage::Extract => lang.pick("Lecture de la sauvegarde", "Reading of the backup"),
        Stage::Encode => lang.pick("Écriture et relecture", "Writing and reading back"),
        Stage::Inspect => lang.pick("Contrôle du fichier", "Check of the file"),
        Stage::Convert => lang.pick("Conversion", "Conversion"),
        Stage::Keep => lang.pick("Chiffrement et envoi", "Encryption and storage"),
        Stage::Mark => lang.pick("Choix", "Selection"),
        Stage::Forget => lang.pick("Suppression", "Removal"),
        Stage::Free => lang.pick("Libération de l’espace", "Freeing of space"),
    }
}

/// `étape 2 sur 5`.
#[must_use]
pub fn step(lang: Lang, (at, all): (usize, usize)) -> String {
    match lang {
        Lang::Fr => format!("étape {at} sur {all}"),
        Lang::En => format!("step {at} of {all}"),
    }
}

/// `1,9 Go sur 4,5 Go`, or what is done when the whole is not known; nothing at the very start.
#[must_use]
pub fn bytes(lang: Lang, done: u64, total: Option<u64>) -> String {
    match total {
        Some(total) if total > 0 => super::common::of(lang, display::size(lang, done), display::size(lang, total)),
        _ if done > 0 => display::size(lang, done),
        _ => String::new(),
    }
}

/// `encore 3 à 5 min`.
#[must_use]
pub fn remaining(lang: Lang, range: (Duration, Duration)) -> String {
    let range = display::range(lang, range);
    match lang {
        Lang::Fr => format!("encore {range}"),
        Lang::En => format!("{range} left"),
    }
}

/// How long it took; what would round to nothing is told as less than a second.
#[must_use]
pub fn took_length(lang: Lang, length: Duration) -> String {
    if length < Duration::from_secs(1) {
        lang.pick("<\u{202f}1\u{202f}s", "< 1 s").to_owned()
    } else {
        display::duration(lang, length)
    }
}

/// `depuis 2 min 27 s`; nothing in the first second.
#[must_use]
pub fn elapsed(lang: Lang, length: Duration) -> String {
    if length < Duration::from_secs(1) {
        return String::new();
    }
    let length = display::duration(lang, length);
    match lang {
        Lang::Fr => format!("depuis {length}"),
        Lang::En => format!("for {length}"),
    }
}

/// What started it, where no person did.
#[must_use]
pub const fn by_itself(lang: Lang, kind: &ProcessKind) -> &'static str {
    match kind {
        ProcessKind::Expiry => lang.pick("la règle de conservation", "the retention rule"),
        _ => lang.pick("la nuit", "the night"),
    }
}

/// Who started it, and when.
#[must_use]
pub fn asked(lang: Lang, process: &Process, when: &str) -> String {
    let by = match process.requested_by.as_str() {
        "" => by_itself(lang, &process.kind),
        name => name,
    };
    match lang {
        Lang::Fr => format!("Lancé par {by}, {when}"),
        Lang::En => format!("Started by {by}, {when}"),
    }
}

/// Its place in the queue.
#[must_use]
pub fn queued(lang: Lang, ahead: Option<u32>) -> String {
    match (lang, ahead) {
        (Lang::Fr, None) => "En attente de son tour".to_owned(),
        (Lang::En, None) => "Waiting for its turn".to_owned(),
        (Lang::Fr, Some(0)) => "En attente, le prochain".to_owned(),
        (Lang::En, Some(0)) => "Waiting, next in line".to_owned(),
        (Lang::Fr, Some(n)) => format!("En attente, {}e dans la file", n + 1),
        (Lang::En, Some(n)) => format!("Waiting, number {} in line", n + 1),
    }
}

/// `Tentative 2`.
#[must_use]
pub fn attempt_number(lang: Lang, attempt: u32) -> String {
    format!("{} {attempt}", attempt_word(lang))
}

const fn attempt_word(lang: Lang) -> &'static str {
    lang.pick("tentative", "attempt")
}

/// `Annulé par Claire Morel`.
#[must_use]
pub fn cancelled_by(lang: Lang, by: &str) -> String {
    match lang {
        Lang::Fr => format!("Annulé par {by}. Rien n’a été changé."),
        Lang::En => format!("Cancelled by {by}. Nothing was changed."),
    }
}

/// `120 ms`.
#[must_use]
pub fn skew_ms(lang: Lang, ms: u64) -> String {
    format!("{}{}ms", display::number(lang, ms), lang.pick('\u{202f}', ' '))
}

/// What is read aloud at each quarter and each change of state.
#[must_use]
pub fn announced(lang: Lang, process: &Process) -> String {
    let what = short(lang, &process.kind);
    let how = match &process.state {
        _ if matches!(process.cancelling, Cancelling::Asked { .. }) => super::cancelling::wish(lang, process),
        ProcessState::Running { progress, .. } => display::percent(lang, progress.percent / 25 * 25),
        other => super::common::process_state(lang, other.name()).to_owned(),
    };
    match lang {
        Lang::Fr => format!("{what}\u{a0}: {how}"),
        Lang::En => format!("{what}: {how}"),
    }
}

/// What comes first in the tab's title: `42 % · Sauvegarde`.
#[must_use]
pub fn tab(lang: Lang, process: &Process) -> String {
    let what = short(lang, &process.kind);
    match &process.state {
        ProcessState::Running { progress, .. } => format!("{} · {what}", display::percent(lang, progress.percent)),
        other => format!("{} · {what}", super::common::process_state(lang, other.name())),
    }
}

/// The lead of a list: how many are under way.
#[must_use]
pub fn lead(lang: Lang, active: usize) -> String {
    match (lang, active) {
        (Lang::Fr, 0) => "Rien n’est en cours.".to_owned(),
        (Lang::En, 0) => "Nothing is under way.".to_owned(),
        (Lang::Fr, _) => format!(
            "{} en cours.",
            counted(lang, active as u64, ["processus", "processus"], ["", ""])
        ),
        (Lang::En, _) => format!(
            "{} under way.",
            counted(lang, active as u64, ["", ""], ["process", "processes"])
        ),
    }
}

fn lowered(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}
