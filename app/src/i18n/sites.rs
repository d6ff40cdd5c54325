//! Sentences of the list of sites.

use domain::account::Role;
use domain::lang::Lang;

use super::counted;

sentences! {
    list { "Liste des sites", "List of sites" }
    site { "Site", "Site" }
    saved { "Sauvegardée", "Backed up" }
    manual { "Manuelles", "Manual" }
    activity { "Activité", "Activity" }
    search { "Rechercher", "Search" }
    search_hint { "Nom, code ou client", "Name, code or customer" }
    filter { "Filtrer", "Filter" }
    filters { "Filtrer les sites", "Filter the sites" }
    all_states { "Tous", "All" }
    everything { "Voir tous les sites", "See all sites" }
    never { "Pas encore", "Not yet" }
    none_yet { "Aucun site", "No site" }
    none_yet_more {
        "Aucun site ne vous est ouvert pour l’instant. Votre administrateur peut vous en ouvrir un.",
        "No site is open to you yet. Your administrator can open one."
    }
    none_found { "Aucun site ne correspond", "No site matches" }
    none_found_more {
        "Cherchez un autre nom, ou enlevez les filtres.",
        "Search for another name, or remove the filters."
    }
}

/// The heading, as the person sees these sites.
#[must_use]
pub const fn title(lang: Lang, role: Option<Role>) -> &'static str {
    match role {
        Some(Role::Partner) => lang.pick("Sites de vos clients", "Your customers’ sites"),
        Some(Role::Operator) => lang.pick("Tous les sites", "All sites"),
        _ => lang.pick("Vos sites", "Your sites"),
    }
}

/// The answer first, its first half: how many sites have a complete backup.
#[must_use]
pub fn lead(lang: Lang, total: usize, saved: usize) -> String {
    let sites = counted(lang, total as u64, ["site", "sites"], ["site", "sites"]);
    match (lang, total == saved) {
        (Lang::Fr, true) if total == 1 => "Votre site a une sauvegarde complète.".to_owned(),
        (Lang::En, true) if total == 1 => "Your site has a complete backup.".to_owned(),
        (Lang::Fr, true) => format!("Les {sites} ont une sauvegarde complète."),
        (Lang::En, true) => format!("All {sites} have a complete backup."),
        (Lang::Fr, false) if saved < 2 => format!("{saved} site sur {total} a une sauvegarde complète."),
        (Lang::Fr, false) => format!("{saved} sites sur {total} ont une sauvegarde complète."),
        (Lang::En, false) if saved == 1 => format!("1 of {sites} has a complete backup."),
        (Lang::En, false) => format!("{saved} of {sites} have a complete backup."),
    }
}

/// Its second half: what is going on.
#[must_use]
pub fn lead_activity(lang: Lang, running: usize, restoring: usize) -> String {
    let work = counted(
        lang,
        running as u64,
        ["processus est en cours", "processus sont en cours"],
        ["process is under way", "processes are under way"],
    );
    match (lang, running, restoring) {
        (Lang::Fr, 0, _) => "Aucun processus en cours.".to_owned(),
        (Lang::En, 0, _) => "Nothing is under way.".to_owned(),
        (_, _, 0) => format!("{work}."),
        (Lang::Fr, _, 1) => format!("{work}, un site est en restauration."),
        (Lang::Fr, ..) => format!("{work}, {restoring} sites sont en restauration."),
        (Lang::En, _, 1) => format!("{work}, one site is being restored."),
        (Lang::En, ..) => format!("{work}, {restoring} sites are being restored."),
    }
}

/// The caption and foot of the table.
#[must_use]
pub fn count(lang: Lang, shown: usize) -> String {
    counted(lang, shown as u64, ["site", "sites"], ["site", "sites"])
}
