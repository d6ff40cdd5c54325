//! The retention policy over the real store: tried and saved without script, refused and written down when forged.

use axum::http::{StatusCode, header};
use domain::account::Role;

use crate::console::Console;

const PAGE: &str = "/sites/dupont/retention";

/// The page without the marks between two texts, with plain spaces.
fn plain(text: &str) -> String {
    text.replace("<!>", "").replace(['\u{a0}', '\u{202f}'], " ")
}

#[tokio::test]
async fn without_script_a_policy_is_tried_in_the_address_and_saved_by_a_second_form() {
    let console = Console::open().await;
    let operator = console.sign_in(Role::Operator).await;
    console.back_up(&operator).await;
    let tried = format!("{PAGE}?days=3&months=12&years=0&safety=30");
    let page = console.call(operator.get(&tried)).await;
    assert_eq!(page.status, StatusCode::OK);
    let text = plain(&page.text());
    for words in [
        "Rien ne part à l’enregistrement.",
        "<s>7</s> → <b>3</b>",
        "name=\"months\" value=\"12\"",
        "7 dernières nuits, 1 fin de mois",
    ] {
        assert!(text.contains(words), "{words:?}");
    }

    let form = "site=dupont&days=3&months=12&years=0&safety=30";
    let saved = console.call(operator.post("/api/set_policy", form)).await;
    assert_eq!(
        (saved.status, saved.header(header::LOCATION)),
        (StatusCode::FOUND, "/sites/dupont/retention?saved=yes")
    );
    let page = plain(&console.call(operator.get(saved.header(header::LOCATION))).await.text());
    assert!(page.contains("La règle est enregistrée."));
    assert!(page.contains("3 dernières nuits, 12 fins de mois, aucune fin d’année"));

    let wrong = console
        .call(operator.post("/api/set_policy", "site=dupont&days=367&months=1&years=1&safety=7"))
        .await;
    assert_eq!(wrong.status, StatusCode::FOUND);
    let back = wrong.header(header::LOCATION).to_owned();
    let page = plain(&console.call(operator.get(&back)).await.text());
    assert!(page.contains("Le nombre de nuits va de 1 à 366."), "{back}");
    assert!(page.contains("value=\"367\""), "what was typed comes back");
    assert!(page.contains("3 dernières nuits, 12 fins de mois"), "nothing was set");
}

#[tokio::test]
async fn who_only_reads_it_forges_nothing_and_the_attempt_is_written_down() {
    let console = Console::open().await;
    let form = "site=dupont&days=1&months=0&years=0&safety=1";
    for role in [Role::ClientAdmin, Role::ClientViewer, Role::Partner] {
        let browser = console.sign_in(role).await;
        let page = console.call(browser.get(&format!("{PAGE}?days=1"))).await;
        assert_eq!(page.status, StatusCode::OK, "{role:?}");
        let text = plain(&page.text());
        assert!(!text.contains("id=\"days\""), "{role:?} has no field");
        assert!(
            text.contains("name=\"days\" value=\"7\""),
            "{role:?} is shown what holds"
        );
        let forged = console.call(browser.function("set_policy", form)).await;
        assert_eq!(forged.status, StatusCode::FORBIDDEN, "{role:?}");
    }
    let site = domain::ids::SiteId::parse("dupont").unwrap();
    let policy = console.plane.store().policy(&site).await.unwrap();
    assert_eq!(policy, domain::retention::Policy::default());
    let trail = console.plane.store().audit_trail(100).await.unwrap();
    let refused = trail
        .iter()
        .filter(|line| line.action == "Administer" && line.outcome == "operator-only");
    assert_eq!(refused.count(), 3);
}
