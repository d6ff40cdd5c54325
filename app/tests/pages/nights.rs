//! When the nights of a site start: read by everybody who sees it, set by an operator, also without script.

use control::ports::clock::Clock;
use domain::lang::Lang;

use crate::world::{Page, World};

const PAGE: &str = "/sites/dupont/nights";

/// With plain spaces.
fn text(page: &Page) -> String {
    page.html.replace(['\u{a0}', '\u{202f}'], " ")
}

#[tokio::test]
async fn everybody_who_sees_the_site_reads_when_the_next_night_is() {
    let world = World::new().await;
    for who in ["Claire", "Luc", "Paul", "Odile"] {
        let site = text(&world.get(Some(who), "/sites/dupont").await);
        assert!(site.contains("Chaque nuit entre 01 h 30 et 03 h 30"), "{who}: {site}");
        assert!(site.contains(">Cette nuit à 0"), "{who}: {site}");
        let page = world.get(Some(who), PAGE).await;
        assert_eq!(page.status, 200);
        assert!(text(&page).contains("Europe/Paris"));
        let sets = page.html.contains("action=\"/api/set_nights\"");
        assert_eq!(sets, who == "Odile", "{who}");
        let told = page.html.contains("Seul l’hébergeur peut le faire.");
        assert_eq!(told, who != "Odile", "{who}");
    }
    let english = world.get_in(Lang::En, Some("Luc"), "/sites/dupont").await;
    assert!(english.html.contains("Every night between 01:30 and 03:30"));
    assert!(english.html.contains(">Tonight, 0"));
    assert_eq!(world.get(Some("Claire"), "/sites/martin/nights").await.status, 404);
}

#[tokio::test]
async fn an_operator_sets_it_without_script_and_a_mistake_comes_back_with_the_limits() {
    let world = World::new().await;
    let post = async |form: &str| world.post(Some("Odile"), Some(PAGE), "set_nights", form).await;
    let done = post("site=dupont&start=22%3A15&window=90").await;
    assert_eq!((done.status, done.location.as_deref()), (302, Some("/sites/dupont")));
    let site = text(&world.get(Some("Luc"), "/sites/dupont").await);
    assert!(site.contains("Chaque nuit entre 22 h 15 et 23 h 45"), "{site}");

    for (form, told) in [
        ("site=dupont&start=11%3A00&window=120", "de 15 à 60 minutes"),
        ("site=dupont&start=11%3A50&window=120", "au plus tard à 11 h 45"),
        ("site=dupont&start=soon&window=120", "Écrivez une heure, comme 01:30."),
        (
            "site=dupont&start=01%3A30&window=two",
            "Écrivez un nombre entier de minutes.",
        ),
    ] {
        let answer = post(form).await;
        assert_eq!(answer.status, 302, "{}", answer.html);
        let next = answer.location.unwrap();
        let next = next.strip_prefix("http://coffre.example").unwrap_or(&next).to_owned();
        let page = text(&world.get(Some("Odile"), &next).await);
        assert!(page.contains(told), "{form}: {page}");
        assert!(page.contains("aria-invalid=\"true\""), "{form}");
        let typed = form.split("window=").last().unwrap();
        assert!(
            page.contains(&format!("value=\"{typed}\"")),
            "{form}: what was typed comes back"
        );
    }
    let forged = world
        .post(
            Some("Claire"),
            None,
            "set_nights",
            "site=dupont&start=01%3A30&window=60",
        )
        .await;
    assert_eq!(forged.status, 403);
    let site = text(&world.get(Some("Luc"), "/sites/dupont").await);
    assert!(site.contains("Chaque nuit entre 22 h 15 et 23 h 45"));
}

#[tokio::test]
async fn a_late_night_is_marked_in_words() {
    let world = World::new().await;
    world.night("dupont", 22).await;
    let page = world.get(Some("Luc"), "/sites/dupont/databases/dupont-paie").await;
    assert!(!page.html.contains("Tardive"));
    world.late_night("dupont", 23).await;
    let page = world.get(Some("Luc"), "/sites/dupont/databases/dupont-paie").await;
    assert_eq!(
        text(&page)
            .matches("Tardive : commencée après la fin de la plage")
            .count(),
        1
    );
}

#[tokio::test]
async fn a_site_without_a_backup_for_too_long_says_so_on_its_page_and_in_the_list() {
    let world = World::new().await;
    world.complete_backup("dupont").await;
    let before = world.get(Some("Odile"), "/sites").await;
    assert!(!before.html.contains("Sans sauvegarde récente"));
    world
        .clock
        .set(domain::time::Timestamp(world.clock.now().millis() + 27 * 3_600_000));
    let list = world.get(Some("Odile"), "/sites").await;
    assert_eq!(list.html.matches("Sans sauvegarde récente").count(), 3);
    let site = text(&world.get(Some("Luc"), "/sites/dupont").await);
    assert!(
        site.contains("Aucune sauvegarde complète depuis plus de 26 heures (dernière : hier à 1"),
        "{site}"
    );
    let never = text(&world.get(Some("Odile"), "/sites/arnaud").await);
    assert!(never.contains("Ce site n’a encore aucune sauvegarde complète."));
}
