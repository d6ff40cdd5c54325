//! An unusual backup: told where one looks, explained on its page, decided there without script.

use domain::lang::Lang;

use crate::world::{Page, World};

/// With plain spaces.
fn text(page: &Page) -> String {
    page.html.replace(['\u{a0}', '\u{202f}'], " ")
}

async fn read(world: &World, who: &str, path: &str) -> String {
    let page = world.get(Some(who), path).await;
    assert_eq!(page.status, 200, "{path}");
    text(&page)
}

#[track_caller]
fn says(page: &str, words: &[&str]) {
    for words in words {
        assert!(page.contains(words), "{words:?} in {page}");
    }
}

#[tokio::test]
async fn an_unusual_night_is_told_on_every_page_that_shows_it() {
    let world = World::new().await;
    let night = world.unusual_night("dupont", 23).await;
    let href = format!("href=\"/sites/dupont/backups/{}/review\"", night.id);
    let site = read(&world, "Luc", "/sites/dupont").await;
    says(
        &site,
        &[
            "La sauvegarde du 23 novembre est inhabituelle : table F_ECRITUREC de paie 4 200 → 120 lignes (−97 %) et 1 autre écart.",
            "Les anciennes sauvegardes ne sont plus supprimées tant que personne n’a décidé.",
            &href,
        ],
    );
    let list = read(&world, "Luc", "/sites/dupont/databases/dupont-paie").await;
    says(
        &list,
        &["plate-busy", "Inhabituelle", "Examiner et décider", &href, "12 lignes"],
    );
    says(
        &read(&world, "Luc", "/sites").await,
        &["Sauvegarde inhabituelle à examiner"],
    );
    says(&read(&world, "Odile", "/sites/dupont/restore").await, &["Inhabituelle"]);
    let process = read(&world, "Luc", &format!("/processes/{}", night.process)).await;
    says(&process, &["Inhabituelle", &href]);
    let english = world.get_in(Lang::En, Some("Claire"), "/sites/dupont").await;
    says(
        &text(&english),
        &[
            "The backup of 23 November is unusual: table F_ECRITUREC of paie 4,200 → 120 rows (−97%) and 1 other change.",
            "Older backups are no longer deleted until somebody has decided.",
        ],
    );
}

#[tokio::test]
async fn the_page_shows_the_facts_and_a_form_without_script_decides() {
    let world = World::new().await;
    let night = world.unusual_night("dupont", 23).await;
    let path = format!("/sites/dupont/backups/{}/review", night.id);
    let page = read(&world, "Claire", &path).await;
    says(
        &page,
        &[
            "La sauvegarde du 23 novembre est inhabituelle<!></h1>",
            "Table F_ECRITUREC de paie",
            "4 200 lignes",
            "120 lignes",
            "−97 %",
            "Taille de compta",
            "120 Mo",
            "−50 %",
            "name=\"verdict\" value=\"accept\"",
            "name=\"verdict\" value=\"reject\"",
            "1 table, 12 lignes",
            "action=\"/api/decide_backup\"",
        ],
    );
    assert!(!page.contains("style="));

    let form = |verdict: &str| {
        format!(
            "site=dupont&backup={}&verdict={verdict}&reason=Archivage+2019",
            night.id
        )
    };
    let answer = world
        .post(Some("Claire"), Some(&path), "decide_backup", &form("accept"))
        .await;
    assert_eq!((answer.status, answer.location.as_deref()), (302, Some(path.as_str())));
    let accepted = read(&world, "Luc", &path).await;
    says(
        &accepted,
        &[
            "Acceptée par Claire le 24 novembre 2026 à 12 h 00.",
            "Archivage 2019",
            "Sauvegarde du 23 novembre<!></h1>",
            "de nouveau",
        ],
    );
    assert!(!read(&world, "Luc", "/sites/dupont").await.contains("inhabituelle"));
    let list = read(&world, "Luc", "/sites/dupont/databases/dupont-paie").await;
    says(&list, &["Inhabituelle, acceptée", "Voir pourquoi"]);

    let changed = read(&world, "Odile", &path).await;
    says(&changed, &["Changer la décision", "Finalement, rejeter"]);
    world
        .post(Some("Odile"), Some(&path), "decide_backup", &form("reject"))
        .await;
    says(
        &read(&world, "Claire", &path).await,
        &["Rejetée par Odile", "Finalement, accepter"],
    );
}

#[tokio::test]
async fn whoever_may_not_decide_reads_everything_and_is_told_why() {
    let world = World::new().await;
    let night = world.unusual_night("dupont", 23).await;
    let path = format!("/sites/dupont/backups/{}/review", night.id);
    let page = read(&world, "Luc", &path).await;
    says(&page, &["−97 %", "aria-describedby=\"r-judge\"", "id=\"r-judge\""]);
    assert!(!page.contains("name=\"verdict\""));
    let form = format!("site=dupont&backup={}&verdict=accept", night.id);
    let forged = world.post(Some("Luc"), None, "decide_backup", &form).await;
    assert_eq!(forged.status, 403, "{}", forged.html);
    let usual = world.complete_backup("dupont").await;
    let form = format!("site=dupont&backup={}&verdict=accept", usual.id);
    assert_eq!(
        world.post(Some("Claire"), None, "decide_backup", &form).await.status,
        409
    );
    let plain = read(&world, "Luc", &format!("/sites/dupont/backups/{}/review", usual.id)).await;
    says(&plain, &["Rien d’inhabituel", "1 table, 12 lignes"]);
    assert!(!plain.contains("r-judge"));

    let foreign = world.complete_backup("martin").await;
    for address in [
        format!("/sites/martin/backups/{}/review", foreign.id),
        format!("/sites/dupont/backups/{}/review", foreign.id),
        "/sites/dupont/backups/nothing/review".to_owned(),
        "/sites/dupont/backups/NOT..AN..ID/review".to_owned(),
    ] {
        assert_eq!(world.get(Some("Claire"), &address).await.status, 404, "{address}");
    }
}
