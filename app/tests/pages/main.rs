//! Pages as they leave the server: complete without script, with the right status, and telling the same whoever asks
//! about what is not theirs.

#![allow(clippy::unwrap_used, reason = "a story stops at the first thing that is not as told")]

mod cancelling;
mod keeping;
mod nights;
mod retention;
mod reviews;
mod world;

use std::sync::Arc;
use std::time::Duration;

use domain::lang::Lang;
use world::World;

#[tokio::test]
async fn the_root_leads_to_the_sites() {
    let world = World::new().await;
    let page = world.get(Some("Claire"), "/").await;
    assert_eq!(page.status, 302);
    assert_eq!(page.location.as_deref(), Some("/sites"));
}

#[tokio::test]
async fn every_page_is_complete_without_script_and_names_the_site() {
    let world = World::new().await;
    let backup = world.complete_backup("dupont").await;
    world.running_backup("dupont", 42).await;
    let restore = format!("/sites/dupont/restore?scope=dupont-paie&backup={}", backup.id);
    for (path, heading, words) in [
        ("/sites", "Vos sites", "Dupont &amp; Fils"),
        ("/sites/dupont", "Dupont &amp; Fils", "Sauvegarde du site"),
        (
            "/sites/dupont/backup",
            "La sauvegarde du site va être lancée",
            "n’y figurera pas",
        ),
        ("/sites/dupont/processes", "Processus", "Sauvegarde manuelle du site"),
        (
            "/sites/dupont/databases",
            "Bases de données",
            "dupont/databases/dupont-paie",
        ),
        ("/sites/dupont/databases/dupont-paie", "Sauvegardes de paie", "SHA-256"),
        (
            &restore,
            "Restaurer une sauvegarde de Dupont &amp; Fils",
            "copie de sûreté",
        ),
        ("/processes", "Processus de vos sites", "Sauvegarde manuelle du site"),
        ("/processes/p-0001", "Sauvegarde manuelle du site", "étape 3 sur 5"),
    ] {
        let page = world.get(Some("Claire"), path).await;
        assert_eq!(page.status, 200, "{path}");
        assert!(page.heading().contains(heading), "{path}: {:?}", page.heading());
        assert!(page.html.contains(words), "{path} lacks {words:?}\n{}", page.html);
        assert!(!page.html.contains("style="), "{path} has an inline style");
        assert!(page.html.contains("<html lang=\"fr\""), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn pages_that_are_asked_for_at_the_same_time_all_arrive() {
    let world = Arc::new(World::new().await);
    world.complete_backup("dupont").await;
    let ask = |path| {
        let world = Arc::clone(&world);
        tokio::spawn(async move { world.get(Some("Claire"), path).await.status })
    };
    for _ in 0..25 {
        let asked = [
            "/sites",
            "/sites/dupont",
            "/sites/dupont/databases",
            "/processes/p-0000",
        ]
        .map(ask);
        for asked in asked {
            let answer = tokio::time::timeout(Duration::from_secs(60), asked).await;
            assert_eq!(answer.expect("it arrives").unwrap(), 200);
        }
    }
}

#[tokio::test]
async fn while_something_moves_a_page_without_script_reads_itself_again() {
    let world = World::new().await;
    let quiet = world.get(Some("Claire"), "/sites/dupont").await;
    assert!(!quiet.html.contains("http-equiv=\"refresh\""));
    world.running_backup("dupont", 42).await;
    for path in [
        "/sites",
        "/sites/dupont",
        "/sites/dupont/processes",
        "/processes",
        "/processes/p-0000",
    ] {
        let page = world.get(Some("Claire"), path).await;
        let wanted = "<noscript><meta http-equiv=\"refresh\" content=\"5\"></noscript>";
        assert!(page.html.contains(wanted), "{path}");
    }
}

#[tokio::test]
async fn what_is_missing_and_what_is_anothers_give_the_same_page_to_the_byte() {
    let world = World::new().await;
    world.complete_backup("martin").await;
    for (foreign, missing) in [
        ("/sites/martin", "/sites/nothing"),
        ("/sites/martin/backup", "/sites/nothing/backup"),
        (
            "/sites/martin/databases/martin-compta",
            "/sites/martin/databases/nothing",
        ),
        ("/sites/martin/restore", "/sites/NOT..AN..ID/restore"),
        ("/sites/martin/processes", "/sites/nothing/processes"),
        ("/processes/p-0000", "/processes/nothing"),
    ] {
        let foreign = world.get(Some("Claire"), foreign).await;
        let missing = world.get(Some("Claire"), missing).await;
        assert_eq!((foreign.status, missing.status), (404, 404));
        assert!(!foreign.html.contains("Martin"), "{}", foreign.html);
        assert_eq!(foreign.without_address(), missing.without_address());
    }
    assert_eq!(world.get(Some("Claire"), "/no/such/address").await.status, 404);
}

#[tokio::test]
async fn who_may_not_restore_or_download_sees_the_act_and_the_reason() {
    let world = World::new().await;
    world.complete_backup("dupont").await;
    let site = world.get(Some("Claire"), "/sites/dupont").await;
    assert!(site.html.contains("aria-describedby=\"r-restore\""), "{}", site.html);
    assert!(
        site.html
            .contains("La restauration est faite par l’hébergeur ou par votre partenaire Conseil &amp; Cie")
    );
    let restore = world.get(Some("Claire"), "/sites/dupont/restore").await;
    assert!(restore.html.contains("aria-describedby=\"r-confirm\"") && !restore.html.contains("btn-danger"));

    let list = world.get(Some("Paul"), "/sites/dupont/databases/dupont-paie").await;
    assert!(list.html.contains("Un partenaire ne télécharge pas."));
    assert!(list.html.contains("aria-describedby=\"r-download\"") && !list.html.contains("/download\""));

    let viewer = world.get(Some("Luc"), "/sites/dupont").await;
    assert!(viewer.html.contains("aria-describedby=\"r-backup\""));
    assert!(viewer.html.contains("Un lecteur consulte sans rien changer."));
}

#[tokio::test]
async fn an_operator_gets_a_button_that_names_scope_site_and_date() {
    let world = World::new().await;
    let backup = world.complete_backup("dupont").await;
    let page = world
        .get(
            Some("Odile"),
            &format!("/sites/dupont/restore?scope=dupont-paie&backup={}", backup.id),
        )
        .await;
    let text = page.html.replace(['\u{a0}', '\u{202f}'], " ");
    assert!(
        text.contains("Restaurer la base paie de DUPONT au 24/11/2026 à 11 h 00"),
        "{text}"
    );
    let whole = world.get(Some("Odile"), "/sites/dupont/restore").await;
    assert!(whole.html.contains("Restaurer tout le site DUPONT"));
}

#[tokio::test]
async fn a_full_site_says_so_under_the_button_and_asks_nothing() {
    let world = World::new().await;
    for _ in 0..5 {
        world.complete_backup("dupont").await;
    }
    let page = world.get(Some("Claire"), "/sites/dupont").await;
    assert!(page.html.contains("5 sauvegardes manuelles sur 5."), "{}", page.html);
    assert!(
        !page.html.contains("/sites/dupont/backup"),
        "nothing leads to the question"
    );
}

#[tokio::test]
async fn a_failed_process_tells_what_happened_what_was_kept_and_what_to_do() {
    let world = World::new().await;
    world.failed_backup("dupont").await;
    let page = world.get(Some("Claire"), "/processes/p-0000").await;
    let text = page.html.replace(['\u{a0}', '\u{202f}'], " ");
    for words in [
        "compta : l’espace de stockage est plein.",
        "Les sauvegardes précédentes sont intactes",
        "libère ou agrandit l’espace",
        "7f3k",
    ] {
        assert!(text.contains(words), "{words:?} in {text}");
    }
    assert!(!text.contains("http-equiv=\"refresh\""));
}

#[tokio::test]
async fn the_same_page_is_told_in_english() {
    let world = World::new().await;
    world.running_backup("dupont", 42).await;
    let page = world.get_in(Lang::En, Some("Claire"), "/sites/dupont").await;
    assert!(page.html.contains("<html lang=\"en\""));
    for words in ["Back up the site", "42%", "step 3 of 5", "The site stays usable."] {
        assert!(page.html.contains(words), "{words:?}");
    }
    assert!(
        !page.html.contains("<i lang=\"en\">"),
        "the English word stands alone in English"
    );
}

#[tokio::test]
async fn the_sign_in_page_shows_a_failed_try_and_goes_nowhere_else_afterwards() {
    let world = World::new().await;
    let page = world
        .get(None, "/sign-in?error=wrong-credentials&next=//evil.example")
        .await;
    assert_eq!(page.status, 200);
    assert!(page.html.contains("Adresse ou mot de passe incorrect."));
    assert!(!page.html.contains("evil.example"), "{}", page.html);
    assert!(page.html.contains("name=\"next\" value=\"/sites\""), "{}", page.html);
    let failed = world.get(None, "/sign-in?error=failed&reference=%3Cscript%3E").await;
    assert!(!failed.html.contains("script&gt;") && failed.html.contains("n’a pas pu être vérifiée"));
    let slow = world.get(None, "/sign-in?error=too-many-tries&wait=60").await;
    assert!(slow.html.contains("Trop d’essais. Réessayez dans 60 secondes."));
}

#[tokio::test]
async fn without_a_session_a_page_shows_nothing_and_asks_to_sign_in() {
    let world = World::new().await;
    let page = world.get(None, "/sites/dupont").await;
    assert_eq!(page.status, 401);
    assert!(!page.html.contains("Dupont"), "{}", page.html);
}

#[tokio::test]
async fn a_confirmed_form_without_script_leads_to_its_process() {
    let world = World::new().await;
    let answer = world
        .post(
            Some("Claire"),
            Some("/sites/dupont/backup"),
            "start_backup",
            "site=dupont",
        )
        .await;
    assert_eq!(answer.status, 302);
    let process = answer.location.unwrap();
    assert!(process.starts_with("/processes/"), "{process}");
    let page = world.get(Some("Claire"), &process).await;
    assert!(page.html.contains("En attente"), "{}", page.html);
}

#[tokio::test]
async fn a_refused_form_without_script_comes_back_to_its_page_with_the_reason() {
    let world = World::new().await;
    let answer = world
        .post(Some("Luc"), Some("/sites/dupont/backup"), "start_backup", "site=dupont")
        .await;
    assert_eq!(answer.status, 302);
    let back = answer.location.unwrap();
    let back = back.strip_prefix("http://coffre.example").unwrap_or(&back);
    assert!(back.starts_with("/sites/dupont/backup?"), "{back}");
    let page = world.get(Some("Luc"), back).await;
    assert!(
        page.html.contains("role=\"alert\"") && page.html.contains("Rien n’a été fait."),
        "{}",
        page.html
    );
}

#[tokio::test]
async fn a_forged_call_by_script_gets_the_status_of_its_refusal() {
    let world = World::new().await;
    let backup = world.complete_backup("dupont").await;
    let restore = format!("site=dupont&scope=*&backup={}&reason=x&confirmation=DUPONT", backup.id);
    for (who, function, form, status) in [
        (None, "list_sites", "", 401),
        (Some("Luc"), "start_backup", "site=dupont", 403),
        (Some("Claire"), "start_restore", restore.as_str(), 403),
        (Some("Claire"), "read_site", "site=martin", 404),
        (Some("Claire"), "read_site", "site=NO%20ID", 404),
        (Some("Odile"), "start_restore", "site=dupont&scope=*", 422),
        (
            Some("Odile"),
            "start_restore",
            &restore.replace("=DUPONT", "=other"),
            422,
        ),
    ] {
        let answer = world.post(who, None, function, form).await;
        assert_eq!(answer.status, status, "{who:?} {function} {form}: {}", answer.html);
    }
}

#[tokio::test]
async fn a_restore_closes_the_site_and_every_page_says_so() {
    let world = World::new().await;
    let backup = world.complete_backup("dupont").await;
    let order = format!(
        "site=dupont&scope=dupont-paie&backup={}&reason=asked&confirmation=%20dupont",
        backup.id
    );
    let answer = world
        .post(Some("Odile"), Some("/sites/dupont/restore"), "start_restore", &order)
        .await;
    assert_eq!(answer.status, 302, "{}", answer.html);
    let process = world.get(Some("Claire"), &answer.location.unwrap()).await;
    assert!(process.html.contains("État demandé") && !process.html.contains("État retrouvé"));
    let page = world.get(Some("Claire"), "/sites/dupont").await;
    for words in [
        "Restauration en cours",
        "Restoring",
        "Le site est fermé pendant la restauration.",
        "r-backup",
    ] {
        assert!(page.html.contains(words), "{words}");
    }
}
