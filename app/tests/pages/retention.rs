//! What the policy of a site keeps: read by everybody who sees it, tried and set by an operator, also without script.

use domain::lang::Lang;

use crate::world::{Page, World};

const PAGE: &str = "/sites/dupont/retention";

/// With plain spaces, and without the marks between two texts.
fn text(page: &Page) -> String {
    page.html.replace("<!>", "").replace(['\u{a0}', '\u{202f}'], " ")
}

/// The nights of 17 to 23 November, and a manual one.
async fn world() -> World {
    let world = World::new().await;
    for day in 17..24 {
        world.night("dupont", day).await;
    }
    world.complete_backup("dupont").await;
    world
}

#[tokio::test]
async fn everybody_who_sees_the_site_reads_the_rule_and_every_reason() {
    let world = world().await;
    for who in ["Claire", "Luc", "Paul", "Odile"] {
        let site = world.get(Some(who), "/sites/dupont").await;
        assert!(site.html.contains("href=\"/sites/dupont/retention\""), "{who}");
        let page = world.get(Some(who), PAGE).await;
        assert_eq!(page.status, 200);
        let told = text(&page);
        for words in [
            "7 dernières nuits, 1 fin de mois, 1 fin d’année, sauvegardes d’avant restauration 7 jours.",
            "jamais supprimées par la règle",
            "Parmi les 7 dernières nuits (la 7e)",
            "Manuelle : jamais supprimée par la règle",
            "7 nuits plus récentes sont complètes",
            "devient : fin de mois de novembre 2026",
            "Le 24 novembre 2026 : 8 sauvegardes",
        ] {
            assert!(told.contains(words), "{who} lacks {words:?}");
        }
        assert_eq!(
            page.html.contains("action=\"/api/set_policy\""),
            who == "Odile",
            "{who}"
        );
        assert_eq!(
            told.contains("Seul l’hébergeur peut le faire."),
            who != "Odile",
            "{who}"
        );
        assert!(!page.html.contains("style="));
    }
    let english = text(&world.get_in(Lang::En, Some("Luc"), PAGE).await);
    assert!(english.contains("Last 7 nights, 1 month-end, 1 year-end, backups before a restore 7 days."));
    assert!(english.contains("Among the last 7 nights (the 7th)"));
    assert_eq!(world.get(Some("Claire"), "/sites/martin/retention").await.status, 404);
}

#[tokio::test]
async fn without_script_an_operator_sees_what_would_go_before_saving_it() {
    let world = world().await;
    let page = text(&world.get(Some("Odile"), PAGE).await);
    assert!(
        page.contains("<noscript><button class=\"btn\">Prévisualiser</button></noscript>"),
        "{page}"
    );
    assert!(page.contains("C’est la règle actuelle."));

    let tried = format!("{PAGE}?days=3&months=1&years=1&safety=7&on=2027-03-15");
    let page = text(&world.get(Some("Odile"), &tried).await);
    for words in [
        "4 sauvegardes partent dès l’enregistrement.",
        "La règle actuelle en garde 4.",
        "3 nuits plus récentes sont complètes",
        "<s>7</s> → <b>3</b>",
        "Le 15 mars 2027 : 6 sauvegardes",
        "3 nuits, du 12 mars au 14 mars 2027",
        "Fin de mois de février 2027",
        "Fin d’année 2026",
    ] {
        assert!(page.contains(words), "{words:?}");
    }
    assert!(
        page.contains("name=\"days\" value=\"3\""),
        "what is previewed is what is saved"
    );

    let wrong = format!("{PAGE}?days=0&months=two&years=1&safety=7");
    let page = text(&world.get(Some("Odile"), &wrong).await);
    assert!(page.contains("Le nombre de nuits va de 1 à 366."));
    assert!(page.contains("Écrivez un nombre entier."));
    assert_eq!(page.matches("aria-invalid=\"true\"").count(), 2);
    assert!(page.contains("value=\"two\""), "what was typed comes back");
    assert!(page.contains("Corrigez d’abord les valeurs signalées."));
}

#[tokio::test]
async fn an_operator_saves_it_without_script_and_others_cannot() {
    let world = world().await;
    let form = "site=dupont&days=3&months=2&years=0&safety=30";
    let forged = world.post(Some("Claire"), None, "set_policy", form).await;
    assert_eq!(forged.status, 403);
    let refused = world
        .post(
            Some("Odile"),
            Some(PAGE),
            "set_policy",
            "site=dupont&days=3&months=2&years=0&safety=91",
        )
        .await;
    assert_eq!(refused.status, 302);
    let next = refused.location.unwrap();
    assert!(next.contains("safety=91"), "{next}");
    let back = text(
        &world
            .get(Some("Odile"), next.trim_start_matches("http://coffre.example"))
            .await,
    );
    assert!(back.contains("Le nombre de jours avant restauration va de 1 à 90."));
    assert!(back.contains("role=\"alert\""));

    let done = world.post(Some("Odile"), Some(PAGE), "set_policy", form).await;
    assert_eq!(
        (done.status, done.location.as_deref()),
        (302, Some("/sites/dupont/retention?saved=yes"))
    );
    let page = text(&world.get(Some("Odile"), "/sites/dupont/retention?saved=yes").await);
    assert!(page.contains("La règle est enregistrée."));
    let read = text(&world.get(Some("Luc"), PAGE).await);
    assert!(
        read.contains(
            "3 dernières nuits, 2 fins de mois, aucune fin d’année, sauvegardes d’avant restauration 30 jours."
        )
    );
}

#[tokio::test]
async fn a_site_without_a_backup_says_so() {
    let world = World::new().await;
    let page = text(&world.get(Some("Luc"), PAGE).await);
    assert!(page.contains("Aucune sauvegarde complète"));
    assert!(page.contains("Le 24 novembre 2026 : 0 sauvegarde"));
}

#[tokio::test]
async fn what_the_present_rule_lets_go_is_not_called_an_effect_of_saving() {
    let world = World::new().await;
    for day in 14..24 {
        world.night("dupont", day).await;
    }
    for who in ["Luc", "Odile"] {
        let page = text(&world.get(Some(who), PAGE).await);
        assert_eq!(
            page.matches("À la prochaine application de la règle").count(),
            6,
            "{who}: three in the table, three in the list"
        );
        assert!(!page.contains("Dès l’enregistrement"), "{who}");
    }
    let same = text(
        &world
            .get(Some("Odile"), &format!("{PAGE}?days=7&months=2&years=1&safety=7"))
            .await,
    );
    assert!(same.contains("3 sauvegardes partent dès l’enregistrement."));
    assert!(same.contains("La règle actuelle les supprime aussi."));
}
