//! Cancelling as the pages tell it: the question with its consequence, the wish that everybody sees, and when it is too late.

use domain::lang::Lang;

use super::world::World;

const PROCESS: &str = "/processes/p-0000";

#[tokio::test]
async fn a_running_backup_is_cancelled_by_a_form_without_script_and_everybody_sees_who_wanted_it() {
    let world = World::new().await;
    world.running_backup("dupont", 42).await;
    let page = world.get(Some("Claire"), PROCESS).await;
    let form = "<input type=\"hidden\" name=\"process\" value=\"p-0000\"";
    assert_eq!(page.html.matches(form).count(), 1, "{}", page.html);
    assert!(
        page.html
            .contains("Elle s’arrête à sa prochaine étape et rien n’en est gardé.")
    );

    let answer = world
        .post(Some("Claire"), Some(PROCESS), "cancel_process", "process=p-0000")
        .await;
    assert_eq!((answer.status, answer.location.as_deref()), (302, Some(PROCESS)));
    for (lang, words) in [
        (Lang::Fr, "Annulation en cours, demandée par Claire."),
        (Lang::En, "Being cancelled, as Claire asked."),
    ] {
        for who in ["Claire", "Luc"] {
            let page = world.get_in(lang, Some(who), PROCESS).await;
            assert!(page.html.contains(words), "{who}: {}", page.html);
            assert!(!page.html.contains(form), "it is asked once");
        }
    }
    for list in ["/processes", "/sites/dupont", "/sites/dupont/processes"] {
        let page = world.get(Some("Claire"), list).await;
        assert!(page.html.contains("Annulation en cours, demandée par Claire"), "{list}");
    }
}

#[tokio::test]
async fn whoever_may_not_start_it_is_told_why_it_cannot_be_stopped_by_them() {
    let world = World::new().await;
    world.running_backup("dupont", 42).await;
    let page = world.get(Some("Luc"), PROCESS).await;
    assert!(page.html.contains("aria-disabled=\"true\""), "{}", page.html);
    assert!(page.html.contains("Un lecteur consulte sans rien changer."));
    assert!(!page.html.contains("<dialog"));
    let answer = world
        .post(Some("Luc"), Some(PROCESS), "cancel_process", "process=p-0000")
        .await;
    assert_eq!(answer.status, 302);
    let page = world.get(Some("Luc"), PROCESS).await;
    assert!(!page.html.contains("Annulation en cours"), "{}", page.html);
}

#[tokio::test]
async fn what_is_being_recorded_can_no_longer_be_cancelled_and_says_so() {
    let world = World::new().await;
    world.recording_backup("dupont").await;
    let page = world.get(Some("Claire"), PROCESS).await;
    let text = page.html.replace('\u{a0}', " ");
    assert!(text.contains("La sauvegarde est complète et s’enregistre : il est trop tard pour annuler."));
    assert!(!text.contains("<dialog"), "{text}");
    let answer = world
        .post(Some("Claire"), Some(PROCESS), "cancel_process", "process=p-0000")
        .await;
    let back = answer.location.unwrap();
    let page = world.get(Some("Claire"), &back).await;
    assert!(page.html.contains("il ne peut plus être arrêté."), "{}", page.html);
}

#[tokio::test]
async fn what_waits_tells_its_place_and_is_cancelled_at_once() {
    let world = World::new().await;
    world.running_backup("dupont", 42).await;
    for _ in 0..2 {
        world
            .post(
                Some("Claire"),
                Some("/sites/dupont/backup"),
                "start_backup",
                "site=dupont",
            )
            .await;
    }
    let list = world.get(Some("Claire"), "/sites/dupont/processes").await;
    for words in ["En attente, 2e dans la file", "En attente, 3e dans la file"] {
        assert!(list.html.contains(words), "{words}\n{}", list.html);
    }
    let list = world.get_in(Lang::En, Some("Claire"), "/processes").await;
    assert!(list.html.contains("Waiting, number 3 in line"), "{}", list.html);
}
