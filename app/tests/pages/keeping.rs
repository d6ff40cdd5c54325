//! Nights kept, manual backups deleted and put back: on the page, and without script through pages and forms.

use domain::lang::Lang;

use crate::world::{Page, World};

const PAGE: &str = "/sites/dupont/databases/dupont-paie";

/// With plain spaces.
fn text(page: &Page) -> String {
    page.html.replace(['\u{a0}', '\u{202f}'], " ")
}

/// One section of the page.
fn section(page: &Page, id: &str) -> String {
    let text = text(page);
    let Some(start) = text.find(&format!("id=\"{id}\"")) else {
        return String::new();
    };
    let end = text[start..].find("</section>").map_or(text.len(), |end| start + end);
    text[start..end].to_owned()
}

fn form(backup: &str) -> String {
    format!("site=dupont&database=dupont-paie&backup={backup}")
}

/// Posts as a browser without script does, and follows where it is led.
async fn posted(world: &World, who: &str, from: &str, function: &str, backup: &str) -> Page {
    let answer = world.post(Some(who), Some(from), function, &form(backup)).await;
    assert_eq!(answer.status, 302, "{}", answer.html);
    let next = answer.location.unwrap();
    let next = next.strip_prefix("http://coffre.example").unwrap_or(&next);
    world.get(Some(who), next).await
}

#[tokio::test]
async fn a_manual_backup_is_deleted_through_a_page_that_names_date_and_size_and_put_back() {
    let world = World::new().await;
    let backup = world.complete_backup("dupont").await;
    let page = world.get(Some("Claire"), PAGE).await;
    let question = format!("{PAGE}/backups/{}/delete", backup.id);
    let manual = section(&page, "manuelles");
    assert!(manual.contains(&format!("href=\"{question}\"")), "{manual}");
    assert!(
        manual.contains("aria-label=\"Supprimer la sauvegarde manuelle : Mardi 24 novembre à 11 h 00\""),
        "{manual}"
    );
    assert!(!page.html.contains("id=\"corbeille\""));

    let asked = world.get(Some("Claire"), &question).await;
    assert_eq!(asked.status, 200);
    let heading = asked.heading().replace(['\u{a0}', '\u{202f}'], " ");
    assert!(
        heading.contains("Supprimer la sauvegarde du 24 novembre à 11 h 00 (1,4 ko)"),
        "{heading}"
    );
    for words in [
        "Elle porte sur tout le site, pas seulement sur paie.",
        "Pendant 7 jours, elle peut être remise",
        "1er décembre 2026 à 12 h 00",
        "Ne pas supprimer",
        "action=\"/api/delete_backup\"",
    ] {
        assert!(text(&asked).contains(words), "{words:?} in {}", text(&asked));
    }

    let after = posted(&world, "Claire", &question, "delete_backup", backup.id.as_str()).await;
    assert!(
        text(&after).contains("La sauvegarde du 24 novembre à 11 h 00 est dans la corbeille."),
        "{}",
        text(&after)
    );
    assert!(section(&after, "manuelles").contains("Aucune sauvegarde manuelle"));
    let bin = section(&after, "corbeille");
    for words in [
        "Mardi 24 novembre à 11 h 00",
        "par Claire",
        "1er déc. à 12 h 00",
        "action=\"/api/put_back_backup\"",
        "Remettre",
    ] {
        assert!(bin.contains(words), "{words:?} in {bin}");
    }
    assert_eq!(world.get(Some("Claire"), &question).await.status, 404);

    let back = posted(&world, "Claire", PAGE, "put_back_backup", backup.id.as_str()).await;
    assert!(section(&back, "manuelles").contains(&question));
    assert!(!back.html.contains("id=\"corbeille\""));
}

#[tokio::test]
async fn a_night_is_kept_with_one_click_and_no_longer_kept_after_its_consequence_was_said() {
    let world = World::new().await;
    let night = world.night("dupont", 23).await;
    let page = world.get(Some("Claire"), PAGE).await;
    let automatic = section(&page, "automatiques");
    assert!(automatic.contains("action=\"/api/promote_backup\""), "{automatic}");
    assert!(
        automatic.contains("Conserver comme sauvegarde manuelle<!> : Lundi 23 novembre"),
        "{automatic}"
    );

    let kept = posted(&world, "Claire", PAGE, "promote_backup", night.id.as_str()).await;
    assert!(text(&kept).contains("La sauvegarde du 23 novembre est conservée."));
    let manual = section(&kept, "manuelles");
    let question = format!("{PAGE}/backups/{}/release", night.id);
    assert!(
        manual.contains("Automatique, conservée le 24 nov. par Claire"),
        "{manual}"
    );
    assert!(manual.contains(&question) && !manual.contains("/delete\""), "{manual}");
    assert!(section(&kept, "automatiques").contains("Aucune sauvegarde automatique"));

    let asked = world.get(Some("Claire"), &question).await;
    for words in [
        "Ne plus conserver la sauvegarde du 23 novembre",
        "Elle redevient une sauvegarde automatique",
        "Elle est gardée jusqu’au 1er décembre 2026",
        "Continuer à la conserver",
    ] {
        assert!(text(&asked).contains(words), "{words:?} in {}", text(&asked));
    }
    let back = posted(&world, "Claire", &question, "demote_backup", night.id.as_str()).await;
    assert!(section(&back, "automatiques").contains("Lundi 23 novembre"));
    assert!(section(&back, "manuelles").contains("Aucune sauvegarde manuelle"));
    assert_eq!(world.get(Some("Claire"), &question).await.status, 404);
}

#[tokio::test]
async fn a_night_that_the_policy_no_longer_wants_goes_at_once_and_that_is_said_before() {
    let world = World::new().await;
    let night = world.night("dupont", 3).await;
    for day in 17..24 {
        world.night("dupont", day).await;
    }
    posted(&world, "Claire", PAGE, "promote_backup", night.id.as_str()).await;
    let question = format!("{PAGE}/backups/{}/release", night.id);
    let asked = world.get(Some("Claire"), &question).await;
    assert!(
        text(&asked)
            .contains("Cette règle ne la garde plus : elle est supprimée aussitôt, sans passer par la corbeille.")
    );
    let asked = world.get_in(Lang::En, Some("Claire"), &question).await;
    for words in [
        "Keep the backup of 3 November (1.4 kB) no longer",
        "That rule no longer keeps it: it is deleted at once, without going through the bin.",
        "Go on keeping it",
    ] {
        assert!(text(&asked).contains(words), "{words:?} in {}", text(&asked));
    }
}

#[tokio::test]
async fn who_may_not_sees_the_acts_greyed_and_each_reason_once() {
    let world = World::new().await;
    world.night("dupont", 23).await;
    let backup = world.complete_backup("dupont").await;
    let viewer = world.get(Some("Luc"), PAGE).await;
    assert_eq!(viewer.html.matches("Un lecteur consulte sans rien changer").count(), 1);
    assert_eq!(viewer.html.matches("id=\"r-download\"").count(), 1);
    assert!(!viewer.html.contains("/delete\"") && !viewer.html.contains("<form action=\"/api/promote"));
    assert!(
        section(&viewer, "manuelles").contains("aria-describedby=\"r-download\" class=\"btn btn-icon is-bin\""),
        "{}",
        section(&viewer, "manuelles")
    );
    let question = format!("{PAGE}/backups/{}/delete", backup.id);
    let asked = world.get(Some("Luc"), &question).await;
    assert!(asked.html.contains("aria-describedby=\"r-confirm\"") && !asked.html.contains("btn-danger"));

    // The client has delegated to its partner: nights yes, deleting no.
    let partner = world.get(Some("Paul"), PAGE).await;
    assert!(section(&partner, "automatiques").contains("action=\"/api/promote_backup\""));
    let manual = section(&partner, "manuelles");
    assert!(
        manual.contains("aria-describedby=\"r-delete\"") && !manual.contains("/delete\""),
        "{manual}"
    );
    assert!(
        partner
            .html
            .contains("Seul le client en décide. L’administrateur du site, Claire, le peut.")
    );
    let refused = posted(&world, "Paul", &question, "delete_backup", backup.id.as_str()).await;
    assert!(
        refused.html.contains("role=\"alert\"") && refused.html.contains("Rien n’a été fait."),
        "{}",
        refused.html
    );
}

#[tokio::test]
async fn at_five_of_five_nothing_more_is_kept_or_put_back_and_the_way_out_is_named() {
    let world = World::new().await;
    let first = world.complete_backup("dupont").await;
    posted(&world, "Claire", PAGE, "delete_backup", first.id.as_str()).await;
    world.night("dupont", 23).await;
    for _ in 0..5 {
        world.complete_backup("dupont").await;
    }
    let page = world.get(Some("Claire"), PAGE).await;
    let wanted = "5 sauvegardes manuelles sur 5. Supprimez-en une, par exemple celle du 24 novembre, 1,4 ko.";
    assert_eq!(text(&page).matches(wanted).count(), 1, "{}", text(&page));
    for id in ["automatiques", "corbeille"] {
        assert!(
            section(&page, id).contains("aria-describedby=\"r-full\""),
            "{}",
            section(&page, id)
        );
    }
    let partner = world.get(Some("Paul"), "/sites/dupont").await;
    let wanted =
        "5 sauvegardes manuelles sur 5. Claire peut en supprimer une, par exemple celle du 24 novembre, 1,4 ko.";
    assert!(text(&partner).contains(wanted), "{}", text(&partner));
    let refused = posted(&world, "Claire", PAGE, "put_back_backup", first.id.as_str()).await;
    assert!(refused.html.contains("role=\"alert\""), "{}", refused.html);
}

#[tokio::test]
async fn the_entry_restore_leads_to_the_bins_of_who_may_delete() {
    let world = World::new().await;
    let link = "href=\"/sites/dupont/databases/dupont-paie#manuelles\">Supprimer une sauvegarde manuelle";
    assert!(
        !world.get(Some("Claire"), "/sites/dupont").await.html.contains(link),
        "nothing to delete"
    );
    world.complete_backup("dupont").await;
    for path in ["/sites/dupont", "/sites/dupont/restore"] {
        for (who, sees) in [("Claire", true), ("Odile", true), ("Luc", false), ("Paul", false)] {
            let page = world.get(Some(who), path).await;
            assert_eq!(page.html.contains(link), sees, "{who} {path}");
        }
    }
}

#[tokio::test]
async fn a_forged_call_gets_the_status_of_its_refusal() {
    let world = World::new().await;
    let (night, manual) = (world.night("dupont", 23).await, world.complete_backup("dupont").await);
    let foreign = world.complete_backup("martin").await;
    for (who, function, backup, status) in [
        (None, "promote_backup", &night, 401),
        (Some("Luc"), "promote_backup", &night, 403),
        (Some("Luc"), "delete_backup", &manual, 403),
        (Some("Paul"), "delete_backup", &manual, 403),
        (Some("Paul"), "put_back_backup", &manual, 403),
        (Some("Claire"), "delete_backup", &night, 409),
        (Some("Claire"), "promote_backup", &manual, 409),
        (Some("Claire"), "demote_backup", &manual, 409),
        (Some("Claire"), "delete_backup", &foreign, 404),
        (Some("Claire"), "put_back_backup", &foreign, 404),
    ] {
        let answer = world.post(who, None, function, &form(backup.id.as_str())).await;
        assert_eq!(answer.status, status, "{who:?} {function}: {}", answer.html);
    }
}
