//! Each expected "no" in words: the rule, the numbers, the cheapest way out, in at most 160 signs.

use domain::account::Role;
use domain::display;
use domain::lang::Lang;
use domain::refusal::{Field, FreedBy, OldestManual, Refusal};
use domain::time::Zone;

/// The sentence of a refusal. Dates are told in `zone`, the site's.
#[must_use]
pub fn sentence(lang: Lang, refusal: &Refusal, zone: &Zone) -> String {
    match refusal {
        Refusal::NotSignedIn => lang
            .pick(
                "Votre session est terminée. Connectez-vous pour continuer.",
                "Your session has ended. Sign in to continue.",
            )
            .to_owned(),
        Refusal::NotFound => lang
            .pick(
                "Cet élément n’existe pas, ou ne vous est pas ouvert.",
                "This does not exist, or is not open to you.",
            )
            .to_owned(),
        Refusal::WrongCredentials => super::sign_in::wrong(lang).to_owned(),
        Refusal::TooManyTries { wait_secs } => super::sign_in::wait(lang, *wait_secs),
        Refusal::Invalid { field } => invalid(lang, *field).to_owned(),
        Refusal::OutOfRange(limits) => match super::retention::out_of_range(lang, limits) {
            Some(text) => text,
            None => super::nights::out_of_range(lang, limits),
        },
        Refusal::ReadOnly { administrator } => match (lang, administrator) {
            (Lang::Fr, Some(name)) => {
                format!("Un lecteur consulte sans rien changer. L’administrateur du site, {name}, le peut.")
            }
            (Lang::Fr, None) => "Un lecteur consulte sans rien changer. L’administrateur du site le peut.".to_owned(),
            (Lang::En, Some(name)) => {
                format!("A viewer sees and changes nothing. The site’s administrator, {name}, can.")
            }
            (Lang::En, None) => "A viewer sees and changes nothing. The site’s administrator can.".to_owned(),
        },
        Refusal::NotDelegated { administrator } => match (lang, administrator) {
            (Lang::Fr, Some(name)) => format!(
                "Le client n’a pas confié la sauvegarde à son partenaire. {name} peut la faire ou vous la confier."
            ),
            (Lang::Fr, None) => {
                "Le client n’a pas confié la sauvegarde à son partenaire. Il peut la faire ou vous la confier."
                    .to_owned()
            }
            (Lang::En, Some(name)) => format!(
                "The client has not entrusted backups to its partner. {name} can make one or entrust you with it."
            ),
            (Lang::En, None) => {
                "The client has not entrusted backups to its partner. It can make one or entrust you with it."
                    .to_owned()
            }
        },
        Refusal::RestoredByOthers { partner } => match (lang, partner) {
            (Lang::Fr, Some(name)) => {
                format!("La restauration est faite par l’hébergeur ou par votre partenaire {name}, à votre demande.")
            }
            (Lang::Fr, None) => "La restauration est faite par l’hébergeur, à votre demande.".to_owned(),
            (Lang::En, Some(name)) => {
                format!("Restores are made by the host or by your partner {name}, at your request.")
            }
            (Lang::En, None) => "Restores are made by the host, at your request.".to_owned(),
        },
        Refusal::NeedsRequest { administrator } => match (lang, administrator) {
            (Lang::Fr, Some(name)) => format!("Un partenaire restaure à la demande du client. {name} peut la faire."),
            (Lang::Fr, None) => "Un partenaire restaure à la demande du client.".to_owned(),
            (Lang::En, Some(name)) => format!("A partner restores at the client’s request. {name} can make one."),
            (Lang::En, None) => "A partner restores at the client’s request.".to_owned(),
        },
        Refusal::NotForPartners { administrator } => match (lang, administrator) {
            (Lang::Fr, Some(name)) => {
                format!("Un partenaire ne télécharge pas. L’administrateur du site, {name}, le peut.")
            }
            (Lang::Fr, None) => "Un partenaire ne télécharge pas. L’administrateur du site le peut.".to_owned(),
            (Lang::En, Some(name)) => format!("A partner does not download. The site’s administrator, {name}, can."),
            (Lang::En, None) => "A partner does not download. The site’s administrator can.".to_owned(),
        },
        Refusal::ClientOnly { administrator } => match (lang, administrator) {
            (Lang::Fr, Some(name)) => format!("Seul le client en décide. L’administrateur du site, {name}, le peut."),
            (Lang::Fr, None) => "Seul le client en décide.".to_owned(),
            (Lang::En, Some(name)) => format!("Only the client decides this. The site’s administrator, {name}, can."),
            (Lang::En, None) => "Only the client decides this.".to_owned(),
        },
        Refusal::OperatorOnly => lang
            .pick(
                "Seul l’hébergeur peut le faire. Demandez-le-lui.",
                "Only the host can do this. Ask the host.",
            )
            .to_owned(),
        Refusal::NotThisRole { role } => not_this_role(lang, *role),
        Refusal::QuotaReached {
            kept,
            reserved,
            quota,
            oldest,
        } => {
            let rule = quota_reached(lang, *kept, *reserved, *quota);
            match oldest {
                Some(oldest) => format!("{rule} {}", give_up(lang, oldest, zone)),
                None => format!(
                    "{rule} {}",
                    lang.pick(
                        "Attendez la fin de celles qui sont en cours.",
                        "Wait for those under way to end."
                    )
                ),
            }
        }
        Refusal::SiteRestoring => lang
            .pick(
                "Le site est en cours de restauration. Ce sera possible dès qu’elle sera terminée.",
                "The site is being restored. This will be possible as soon as that is done.",
            )
            .to_owned(),
        Refusal::BackupInUse => lang
            .pick(
                "Cette sauvegarde est en cours d’utilisation. Réessayez quand ce sera terminé.",
                "This backup is in use. Try again when that is done.",
            )
            .to_owned(),
        Refusal::NotManual => lang
            .pick(
                "Seules les sauvegardes manuelles se suppriment. Celles des nuits suivent la règle de conservation.",
                "Only manual backups are deleted. Those of the nights follow the retention rule.",
            )
            .to_owned(),
        Refusal::NotAutomatic => lang
            .pick(
                "Seule une sauvegarde automatique se conserve parmi les manuelles.",
                "Only an automatic backup is kept among the manual ones.",
            )
            .to_owned(),
        Refusal::NotUnusual => lang
            .pick(
                "Cette sauvegarde n’a rien d’inhabituel\u{a0}: il n’y a rien à décider.",
                "Nothing about this backup is unusual: there is nothing to decide.",
            )
            .to_owned(),
        Refusal::FileTooLarge { most } => {
            let most = display::size(lang, *most);
            match lang {
                Lang::Fr => format!("Ce fichier dépasse {most}. L’hébergeur peut relever cette limite."),
                Lang::En => format!("This file is larger than {most}. The host can raise this limit."),
            }
        }
        Refusal::NoRoom { free } => {
            let free = display::size(lang, *free);
            match lang {
                Lang::Fr => format!("Il ne reste que {free} pour les fichiers envoyés. L’hébergeur peut en libérer."),
                Lang::En => format!("Only {free} are left for uploaded files. The host can free some."),
            }
        }
        Refusal::UploadBusy => lang
            .pick(
                "Ce fichier est déjà en cours d’envoi, peut-être dans un autre onglet.",
                "This file is already being sent, perhaps in another tab.",
            )
            .to_owned(),
        Refusal::TooLate => lang
            .pick(
                "Ce processus est terminé, ou met en place ce qu’il a préparé\u{a0}: il ne peut plus être arrêté.",
                "This process has ended, or is putting in place what it has prepared: it can no longer be stopped.",
            )
            .to_owned(),
    }
}

fn invalid(lang: Lang, field: Field) -> &'static str {
    match field {
        Field::Email => lang.pick(
            "Écrivez une adresse électronique complète.",
            "Write a complete e-mail address.",
        ),
        Field::Password => lang.pick("Écrivez votre mot de passe.", "Write your password."),
        Field::Name => lang.pick(
            "Écrivez un nom de 80 signes au plus.",
            "Write a name of at most 80 characters.",
        ),
        Field::Reason => lang.pick(
            "Écrivez le motif de la restauration, en 500 signes au plus.",
            "Write the reason for the restore, in at most 500 characters.",
        ),
        Field::Confirmation => lang.pick(
            "Le code saisi n’est pas celui du site.",
            "The code typed is not that of the site.",
        ),
        Field::Backup => lang.pick("Choisissez la sauvegarde à restaurer.", "Choose the backup to restore."),
        Field::Scope => lang.pick("Choisissez ce qu’il faut restaurer.", "Choose what is to be restored."),
        Field::File => lang.pick(
            "Choisissez un fichier qui n’est pas vide.",
            "Choose a file that is not empty.",
        ),
        Field::NightStart => lang.pick("Écrivez une heure, comme 01:30.", "Write a time, such as 01:30."),
        Field::NightWindow => lang.pick(
            "Écrivez un nombre entier de minutes.",
            "Write a whole number of minutes.",
        ),
        Field::Retention => super::retention::not_a_number(lang),
        Field::Id => lang.pick("Cette adresse n’est pas correcte.", "This address is not right."),
    }
}

fn not_this_role(lang: Lang, role: Role) -> String {
    let name = super::common::role(lang, role);
    match lang {
        Lang::Fr => format!("Votre rôle, {name}, ne fait pas cela. Passez par une demande."),
        Lang::En => format!("Your role, {name}, does not do this. Make a request instead."),
    }
}

fn quota_reached(lang: Lang, kept: u32, reserved: u32, quota: u32) -> String {
    match (lang, reserved) {
        (Lang::Fr, 0) => format!("{kept} sauvegardes manuelles sur {quota}."),
        (Lang::Fr, _) => format!("{kept} sauvegardes manuelles et {reserved} en cours, sur {quota}."),
        (Lang::En, 0) => format!("{kept} manual backups of {quota}."),
        (Lang::En, _) => format!("{kept} manual backups and {reserved} under way, of {quota}."),
    }
}

/// Which one to give up, and who can. The size comes last: no abbreviated month ends the sentence with a second full stop.
fn give_up(lang: Lang, oldest: &OldestManual, zone: &Zone) -> String {
    let day = oldest.business_date.unwrap_or_else(|| zone.local(oldest.t0).date);
    let (date, size) = (
        display::day_and_month(lang, day),
        display::size_in_words(lang, oldest.bytes),
    );
    let night = oldest.business_date.is_some();
    match (lang, &oldest.freed_by, night) {
        (Lang::Fr, FreedBy::You, false) => format!("Supprimez-en une, par exemple celle du {date}, {size}."),
        (Lang::En, FreedBy::You, false) => format!("Delete one, for example the one of {date}, {size}."),
        (Lang::Fr, FreedBy::You, true) => {
            format!("Libérez un emplacement, par exemple en ne conservant plus celle du {date}, {size}.")
        }
        (Lang::En, FreedBy::You, true) => {
            format!("Free a slot, for example by no longer keeping the one of {date}, {size}.")
        }
        // Whoever may back up may keep nights and no longer keep them: others are needed only to delete.
        (Lang::Fr, FreedBy::Administrator(who), _) => {
            let who = who.as_deref().unwrap_or("L’administrateur du site");
            format!("{who} peut en supprimer une, par exemple celle du {date}, {size}.")
        }
        (Lang::En, FreedBy::Administrator(who), _) => {
            let who = who.as_deref().unwrap_or("The site’s administrator");
            format!("{who} can delete one, for example the one of {date}, {size}.")
        }
    }
}
