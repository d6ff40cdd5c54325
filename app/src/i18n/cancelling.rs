//! Sentences of cancelling a process: what is asked, what will have happened, who wanted it, and when it is too late.

use domain::lang::Lang;
use domain::process::{Cancelling, Process, ProcessKind};

sentences! {
    cancel { "Annuler", "Cancel" }
    let_go_on { "Laisser continuer", "Let it go on" }
    waits {
        "Tant qu’il attend, ce processus peut être annulé\u{202f}; rien n’aura été fait.",
        "While it waits, this process can be cancelled; nothing will have been done."
    }
}

/// The heading of the question.
#[must_use]
pub const fn title(lang: Lang, kind: &ProcessKind) -> &'static str {
    match kind {
        ProcessKind::ManualBackup | ProcessKind::NightlyBackup { .. } => {
            lang.pick("Annuler cette sauvegarde", "Cancel this backup")
        }
        ProcessKind::Restore { .. } => lang.pick("Annuler cette restauration", "Cancel this restore"),
        ProcessKind::Export { .. } => {
            lang.pick("Annuler la préparation de ce fichier", "Cancel the making of this file")
        }
        ProcessKind::Import { .. } => lang.pick("Annuler cet import", "Cancel this import"),
        ProcessKind::Expiry => lang.pick("Annuler cette expiration", "Cancel this expiry"),
    }
}

/// The button that does it.
#[must_use]
pub const fn confirm(lang: Lang, kind: &ProcessKind) -> &'static str {
    match kind {
        ProcessKind::ManualBackup | ProcessKind::NightlyBackup { .. } => {
            lang.pick("Annuler la sauvegarde", "Cancel the backup")
        }
        ProcessKind::Restore { .. } => lang.pick("Annuler la restauration", "Cancel the restore"),
        ProcessKind::Export { .. } => lang.pick("Annuler la préparation", "Cancel the making"),
        ProcessKind::Import { .. } => lang.pick("Annuler l’import", "Cancel the import"),
        ProcessKind::Expiry => lang.pick("Annuler l’expiration", "Cancel the expiry"),
    }
}

/// What will have happened to a running one.
#[must_use]
pub const fn consequence(lang: Lang, kind: &ProcessKind) -> &'static str {
    match kind {
        ProcessKind::ManualBackup => lang.pick(
            "Elle s’arrête à sa prochaine étape et rien n’en est gardé. Son emplacement est rendu\u{202f}; le site n’est pas touché.",
            "It stops at its next step and nothing of it is kept. Its slot is given back; the site is not touched.",
        ),
        ProcessKind::NightlyBackup { .. } => lang.pick(
            "Elle s’arrête à sa prochaine étape et rien n’en est gardé\u{a0}: cette nuit restera sans sauvegarde. Le site n’est pas touché.",
            "It stops at its next step and nothing of it is kept: this night will stay without a backup. The site is not touched.",
        ),
        ProcessKind::Restore { .. } => lang.pick(
            "Tant que la mise en place n’a pas commencé, le site rouvre sur les données qu’il a maintenant. Une copie de sûreté déjà faite reste.",
            "Until the switch-over begins, the site reopens on the data it has now. A safety copy that is already made stays.",
        ),
        ProcessKind::Export { .. } => lang.pick(
            "Elle s’arrête à sa prochaine étape et aucun fichier n’est gardé. Le fichier peut être redemandé à tout moment.",
            "It stops at its next step and no file is kept. The file can be asked for again at any time.",
        ),
        ProcessKind::Import { .. } => lang.pick(
            "Il s’arrête à sa prochaine étape et son emplacement est rendu. Le fichier envoyé reste\u{a0}: l’import peut être relancé.",
            "It stops at its next step and its slot is given back. The file that was sent stays: the import can be started again.",
        ),
        ProcessKind::Expiry => lang.pick(
            "Si rien n’est encore marqué, elle s’arrête et ne supprime rien. La règle reste la même\u{a0}: une autre suivra.",
            "If nothing is marked yet, it stops and removes nothing. The rule stays as it is: another one will follow.",
        ),
    }
}

/// Why a running one can no longer be cancelled.
#[must_use]
pub const fn too_late(lang: Lang, kind: &ProcessKind) -> &'static str {
    match kind {
        ProcessKind::Restore { .. } => lang.pick(
            "La mise en place a commencé\u{a0}: la restauration ne peut plus être annulée.",
            "The switch-over has begun: the restore can no longer be cancelled.",
        ),
        ProcessKind::Export { .. } => lang.pick(
            "Le fichier est prêt et s’enregistre\u{a0}: il est trop tard pour annuler.",
            "The file is ready and being recorded: it is too late to cancel.",
        ),
        ProcessKind::Expiry => lang.pick(
            "Des sauvegardes sont déjà marquées\u{a0}: il est trop tard pour annuler.",
            "Backups are marked already: it is too late to cancel.",
        ),
        ProcessKind::ManualBackup | ProcessKind::NightlyBackup { .. } | ProcessKind::Import { .. } => lang.pick(
            "La sauvegarde est complète et s’enregistre\u{a0}: il est trop tard pour annuler.",
            "The backup is complete and being recorded: it is too late to cancel.",
        ),
    }
}

/// `Annulation en cours, demandée par Claire Morel.`
#[must_use]
pub fn asked(lang: Lang, by: &str) -> String {
    match lang {
        Lang::Fr => format!("Annulation en cours, demandée par {by}. Le travail s’arrête à sa prochaine étape."),
        Lang::En => format!("Being cancelled, as {by} asked. The work stops at its next step."),
    }
}

/// The same in the line of figures; nothing when nobody has asked.
#[must_use]
pub fn wish(lang: Lang, process: &Process) -> String {
    match (&process.cancelling, lang) {
        (Cancelling::Asked { by, .. }, Lang::Fr) => format!("Annulation en cours, demandée par {by}"),
        (Cancelling::Asked { by, .. }, Lang::En) => format!("Being cancelled, as {by} asked"),
        (Cancelling::Possible | Cancelling::TooLate, _) => String::new(),
    }
}
