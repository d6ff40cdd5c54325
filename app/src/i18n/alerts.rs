//! Sentences of alerts: the subject and the text of an e-mail, and the line that a webhook carries for people. Each text says
//! what happened, what to do, and where to look.

use domain::alert::Matter;
use domain::display;
use domain::failure::Failure;
use domain::lang::Lang;
use domain::limits::BACKUP_SILENCE;
use domain::process::ProcessKind;
use domain::site::Site;
use domain::time::{Timestamp, Zone};

use super::{common, failures, reviews};

/// Facts that a message lists; the page has them all.
const FACTS_TOLD: usize = 10;

sentences! {
    a_site { "un site", "a site" }
    to_do { "À faire\u{a0}:", "What to do:" }
    site_page { "Page du site\u{a0}: ", "Page of the site: " }
    reference { "Référence\u{a0}: ", "Reference: " }
    silent_to_do {
        "Regardez les derniers processus du site, puis lancez une sauvegarde ou corrigez la cause.",
        "Look at the last processes of the site, then start a backup or mend the cause."
    }
    over_more {
        "Rien n’est à faire. Ce message clôt l’alerte précédente.",
        "There is nothing to do. This message closes the earlier alert."
    }
    glass_more {
        "Le site est fermé pendant la restauration. Son état présent est sauvegardé avant tout changement, et peut être remis.",
        "The site is closed during the restore. Its present state is backed up before anything changes, and can be put back."
    }
    glass_to_do {
        "Si cette restauration vous surprend, appelez l’hébergeur sans attendre.",
        "If this restore surprises you, call the host without waiting."
    }
    unusual_to_do {
        "ouvrez la page du site et dites si ce changement est voulu.",
        "open the page of the site and say whether this change is intended."
    }
    expiry_more {
        "Tant que cela dure, ce qui n’est plus conservé occupe encore le dépôt. Une alerte le rappelle chaque jour.",
        "While this lasts, what is no longer kept still takes space in the repository. An alert recalls it every day."
    }
    test_subject { "essai des alertes", "test of the alerts" }
    test_text {
        "Ceci est un essai, demandé depuis le serveur. Les alertes arrivent ici\u{a0}: rien d’autre n’est à faire.",
        "This is a test, asked for on the server. Alerts arrive here: there is nothing else to do."
    }
}

/// What an alert is told with.
#[derive(Debug, Clone, Copy)]
pub struct Told<'a> {
    /// What it is about.
    pub matter: &'a Matter,
    /// The site concerned.
    pub site: Option<&'a Site>,
    /// When it was raised.
    pub raised_at: Timestamp,
    /// The address of the site's page, when it is known.
    pub link: Option<&'a str>,
}

/// One line without the name of the program: `Dupont est sans sauvegarde depuis 26 h`.
#[must_use]
pub fn summary(lang: Lang, told: &Told<'_>) -> String {
    let site = told.site.map_or(a_site(lang), |site| &site.name);
    match (told.matter, lang) {
        (Matter::Silent { silence }, _) => match (silence.last, lang) {
            (None, Lang::Fr) => format!("{site} n’a encore aucune sauvegarde"),
            (None, Lang::En) => format!("{site} has no backup yet"),
            (Some(last), Lang::Fr) => {
                format!(
                    "{site} est sans sauvegarde depuis {}\u{a0}h",
                    hours(told.raised_at, last)
                )
            }
            (Some(last), Lang::En) => format!("{site} has had no backup for {} h", hours(told.raised_at, last)),
        },
        (Matter::SilenceOver, Lang::Fr) => format!("{site} a de nouveau une sauvegarde"),
        (Matter::SilenceOver, Lang::En) => format!("{site} has a backup again"),
        (Matter::GlassBroken { .. }, Lang::Fr) => format!("restauration de {site} sans demande du client"),
        (Matter::GlassBroken { .. }, Lang::En) => format!("restore of {site} without the client’s request"),
        (Matter::NightFailed { .. }, Lang::Fr) => format!("la sauvegarde de nuit de {site} a échoué"),
        (Matter::NightFailed { .. }, Lang::En) => format!("the nightly backup of {site} failed"),
        (Matter::Unusual { .. }, Lang::Fr) => format!("une sauvegarde de {site} est inhabituelle"),
        (Matter::Unusual { .. }, Lang::En) => format!("a backup of {site} is unusual"),
        (Matter::RestoreFailed { .. }, Lang::Fr) => format!("la restauration de {site} a échoué"),
        (Matter::RestoreFailed { .. }, Lang::En) => format!("the restore of {site} failed"),
        (Matter::ExpiryFailed { .. }, Lang::Fr) => format!("l’expiration de sauvegardes de {site} a échoué"),
        (Matter::ExpiryFailed { .. }, Lang::En) => format!("the expiry of backups of {site} failed"),
        (Matter::Test, _) => test_subject(lang).to_owned(),
    }
}

/// The subject of the e-mail: `Coffre : Dupont est sans sauvegarde depuis 26 h`.
#[must_use]
pub fn subject(lang: Lang, told: &Told<'_>) -> String {
    format!("{}{}", lang.pick("Coffre\u{a0}: ", "Coffre: "), summary(lang, told))
}

/// The text of the e-mail, paragraphs with an empty line between them.
#[must_use]
pub fn text(lang: Lang, told: &Told<'_>) -> String {
    let mut paragraphs = facts(lang, told);
    if let Some(link) = told.link.filter(|_| told.site.is_some()) {
        paragraphs.push(format!("{}{link}", site_page(lang)));
    }
    paragraphs.extend(told.site.map(|site| common::zone(lang, &site.zone)));
    paragraphs.join("\n\n") + "\n"
}

fn facts(lang: Lang, told: &Told<'_>) -> Vec<String> {
    let site = told.site.map_or_else(
        || a_site(lang).to_owned(),
        |site| format!("{} ({})", site.name, site.code),
    );
    let utc = Zone::utc();
    let zone = told.site.map_or(&utc, |site| &site.zone);
    let moment = |at| display::date_time(lang, zone, at);
    let raised = moment(told.raised_at);
    let act = |what: &str| format!("{}\n{what}", to_do(lang));
    match told.matter {
        Matter::Silent { silence } => {
            let what = match (silence.last.map(moment), lang) {
                (Some(last), Lang::Fr) => format!("{site} n’a aucune sauvegarde complète depuis le {last}."),
                (Some(last), Lang::En) => format!("{site} has had no complete backup since {last}."),
                (None, Lang::Fr) => format!("{site} n’a encore aucune sauvegarde complète."),
                (None, Lang::En) => format!("{site} has no complete backup yet."),
            };
            vec![what, act(silent_to_do(lang))]
        }
        Matter::SilenceOver => {
            let what = match lang {
                Lang::Fr => format!("{site} a de nouveau une sauvegarde complète (constaté le {raised})."),
                Lang::En => format!("{site} has a complete backup again (seen {raised})."),
            };
            vec![what, over_more(lang).to_owned()]
        }
        Matter::GlassBroken { by, reason, .. } => {
            let what = match lang {
                Lang::Fr => format!(
                    "{by} a ordonné le {raised} une restauration de {site} sans demande du client, avec ce motif\u{a0}:"
                ),
                Lang::En => format!(
                    "On {raised}, {by} ordered a restore of {site} without the client’s request, with this reason:"
                ),
            };
            let quoted = match lang {
                Lang::Fr => format!("«\u{a0}{reason}\u{a0}»"),
                Lang::En => format!("“{reason}”"),
            };
            vec![what, quoted, glass_more(lang).to_owned(), act(glass_to_do(lang))]
        }
        Matter::NightFailed {
            business_date, failure, ..
        } => {
            let night = display::date(lang, *business_date);
            let what = match lang {
                Lang::Fr => {
                    format!("La sauvegarde automatique de {site} pour la nuit du {night} a échoué le {raised}.")
                }
                Lang::En => format!("The automatic backup of {site} for the night of {night} failed on {raised}."),
            };
            let kind = ProcessKind::NightlyBackup {
                business_date: *business_date,
            };
            failed(
                lang,
                what,
                failure,
                failures::kept(lang, &kind),
                Some(tried_again(lang)),
                failures::to_do(lang, failure.cause),
            )
        }
        Matter::Unusual {
            t0,
            business_date,
            facts,
            ..
        } => {
            let what = match (business_date.map(|date| display::date(lang, date)), lang) {
                (Some(night), Lang::Fr) => {
                    format!("La sauvegarde automatique de {site} pour la nuit du {night} est inhabituelle\u{a0}:")
                }
                (Some(night), Lang::En) => {
                    format!("The automatic backup of {site} for the night of {night} is unusual:")
                }
                (None, Lang::Fr) => format!("La sauvegarde de {site} du {} est inhabituelle\u{a0}:", moment(*t0)),
                (None, Lang::En) => format!("The backup of {site} of {} is unusual:", moment(*t0)),
            };
            let databases = told.site.map_or(&[][..], |site| &site.databases);
            let lines = facts.iter().map(|fact| {
                let of = databases.iter().find(|database| database.id == *fact.what.database());
                let name = of.map_or(fact.what.database().as_str(), |database| &database.name);
                format!("– {}", reviews::fact(lang, fact, name, databases.len() > 1))
            });
            let lines: Vec<_> = lines.take(FACTS_TOLD).collect();
            vec![
                what,
                lines.join("\n"),
                reviews::frozen(lang).to_owned(),
                act(unusual_to_do(lang)),
            ]
        }
        Matter::RestoreFailed { failure, .. } => {
            let what = match lang {
                Lang::Fr => format!("La restauration de {site} a échoué le {raised}."),
                Lang::En => format!("The restore of {site} failed on {raised}."),
            };
            let to_do = failures::to_do(lang, failure.cause);
            failed(lang, what, failure, failures::kept_after_restore(lang), None, to_do)
        }
        Matter::ExpiryFailed { failure, .. } => {
            let what = match lang {
                Lang::Fr => format!("L’expiration de sauvegardes de {site} a échoué le {raised}."),
                Lang::En => format!("The expiry of backups of {site} failed on {raised}."),
            };
            let kept = failures::kept(lang, &ProcessKind::Expiry);
            let to_do = failures::to_do_of_expiry(lang, failure.cause);
            failed(lang, what, failure, kept, Some(expiry_more(lang).to_owned()), to_do)
        }
        Matter::Test => vec![test_text(lang).to_owned()],
    }
}

/// What happened, what was kept, what comes by itself, what to do, what to quote.
fn failed(lang: Lang, what: String, failure: &Failure, kept: &str, more: Option<String>, act: &str) -> Vec<String> {
    let mut paragraphs = vec![format!("{what} {}", failures::happened(lang, failure)), kept.to_owned()];
    paragraphs.extend(more);
    paragraphs.push(format!("{}\n{act}", to_do(lang)));
    paragraphs.push(format!("{}{}", reference(lang), failure.reference));
    paragraphs
}

fn tried_again(lang: Lang) -> String {
    let hours = BACKUP_SILENCE.as_secs() / 3_600;
    match lang {
        Lang::Fr => format!(
            "Coffre essaie de nouveau de lui-même. Une autre alerte part si le site reste {hours}\u{a0}h sans sauvegarde."
        ),
        Lang::En => format!(
            "Coffre tries again by itself. Another alert goes out if the site stays {hours} h without a backup."
        ),
    }
}

fn hours(now: Timestamp, last: Timestamp) -> u64 {
    now.since(last).as_secs() / 3_600
}
