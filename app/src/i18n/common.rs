//! Words that every page uses: navigation, states, roles, units of the interface.

use domain::account::{Actor, Role};
use domain::lang::Lang;
use domain::process::StateName;
use domain::site::SiteStatus;
use domain::time::Zone;

use super::counted;

sentences! {
    skip { "Aller au contenu", "Skip to content" }
    navigation { "Navigation principale", "Main navigation" }
    breadcrumbs { "Fil d’Ariane", "Breadcrumb" }
    menu { "Menu", "Menu" }
    close { "Fermer", "Close" }
    change_site { "Changer de site\u{a0}: ", "Change site: " }
    choose_site { "Choisir un site", "Choose a site" }
    this_site { "Ce site", "This site" }
    my_company { "Mon entreprise", "My company" }
    my_customers { "Mes clients", "My customers" }
    all_customers { "Tous les clients", "All customers" }
    overview { "Vue d’ensemble", "Overview" }
    databases { "Bases de données", "Databases" }
    processes { "Processus", "Processes" }
    sites { "Sites", "Sites" }
    under_way { " en cours", " under way" }
    sign_out { "Se déconnecter", "Sign out" }
    language { "Langue", "Language" }
    theme { "Thème", "Theme" }
    theme_auto { "Thème du système", "System theme" }
    theme_light { "Thème clair", "Light theme" }
    theme_dark { "Thème sombre", "Dark theme" }
    actions { "Actions", "Actions" }
    state { "État", "State" }
    size { "Taille", "Size" }
    loading { "Chargement", "Loading" }
    unknown { "inconnue", "unknown" }
    copy { "Copier", "Copy" }
    copied { "Copié", "Copied" }
    ready { "Prêt", "Ready" }
    restoring { "Restauration en cours", "Restoring" }
    connection_lost { "Connexion perdue", "Connection lost" }
    retry_now { "Réessayer maintenant", "Retry now" }
    session_ended {
        "La console ne répond plus à cette page\u{a0}: votre session est peut-être terminée.",
        "The console no longer answers this page: your session may have ended."
    }
    reload { "Recharger la page", "Reload the page" }
    figures_may_be_old { "Les chiffres affichés peuvent dater.", "The figures shown may be out of date." }
}

/// The English word of a site's status, shown in both languages.
#[must_use]
pub const fn status_word(status: &SiteStatus) -> &'static str {
    match status {
        SiteStatus::Ready => "Ready",
        SiteStatus::Restoring { .. } => "Restoring",
    }
}

/// A site's status in the language.
#[must_use]
pub const fn status(lang: Lang, status: &SiteStatus) -> &'static str {
    match status {
        SiteStatus::Ready => ready(lang),
        SiteStatus::Restoring { .. } => restoring(lang),
    }
}

/// The state of a process in the language.
#[must_use]
pub const fn process_state(lang: Lang, state: StateName) -> &'static str {
    match state {
        StateName::Queued => lang.pick("En attente", "Queued"),
        StateName::Running => lang.pick("En cours", "Running"),
        StateName::Completed => lang.pick("Terminé", "Completed"),
        StateName::Failed => lang.pick("Échec", "Failed"),
        StateName::Cancelled => lang.pick("Annulé", "Cancelled"),
    }
}

/// The name of a role.
#[must_use]
pub const fn role(lang: Lang, role: Role) -> &'static str {
    match role {
        Role::ClientAdmin => lang.pick("Administrateur client", "Client administrator"),
        Role::ClientViewer => lang.pick("Lecteur", "Client viewer"),
        Role::Partner => lang.pick("Partenaire", "Partner"),
        Role::Operator => lang.pick("Opérateur", "Operator"),
    }
}

/// What stands under a person's name in the door: the role, and the firm they work for.
#[must_use]
pub fn role_and_firm(lang: Lang, actor: &Actor) -> String {
    match actor.firm.as_str() {
        "" => role(lang, actor.role).to_owned(),
        firm => format!("{}, {firm}", role(lang, actor.role)),
    }
}

/// Above the links that go beyond one site: whose sites they are, seen from the person.
#[must_use]
pub const fn beyond_this_site(lang: Lang, role: Role) -> &'static str {
    match role {
        Role::ClientAdmin | Role::ClientViewer => my_company(lang),
        Role::Partner => my_customers(lang),
        Role::Operator => all_customers(lang),
    }
}

/// `2 bases`.
#[must_use]
pub fn database_count(lang: Lang, count: usize) -> String {
    counted(lang, count as u64, ["base", "bases"], ["database", "databases"])
}

/// `3 sur 5`.
#[must_use]
pub fn of(lang: Lang, part: impl std::fmt::Display, whole: impl std::fmt::Display) -> String {
    format!("{part} {} {whole}", lang.pick("sur", "of"))
}

/// Which zone the times of a page are told in: said once per page.
#[must_use]
pub fn zone(lang: Lang, zone: &Zone) -> String {
    format!(
        "{} {}.",
        lang.pick("Heures données dans le fuseau", "Times are given in the zone"),
        zone.name
    )
}

/// Said while the event stream is away.
#[must_use]
pub fn retrying(lang: Lang, seconds: u32) -> String {
    match lang {
        Lang::Fr => format!("nouvelle tentative dans {seconds}\u{202f}s."),
        Lang::En => format!("trying again in {seconds} s."),
    }
}

/// The title of a browser tab.
#[must_use]
pub fn tab(title: &str) -> String {
    if title.is_empty() {
        "Coffre".to_owned()
    } else {
        format!("{title} · Coffre")
    }
}
