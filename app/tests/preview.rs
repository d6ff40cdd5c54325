//! temporary
#![allow(missing_docs, dead_code)]
#[path = "pages/world.rs"]
mod world;
use domain::lang::Lang;
use world::World;
#[tokio::test]
async fn preview() {
    let world = World::new().await;
    let mut out = vec![];
    out.push((
        "empty-db",
        world.get(Some("Claire"), "/sites/dupont/databases/dupont-paie").await,
    ));
    let b = world.complete_backup("dupont").await;
    world.complete_backup("martin").await;
    world.complete_backup("dupont").await;
    out.push(("site-operator", world.get(Some("Odile"), "/sites/dupont").await));
    out.push((
        "restore",
        world
            .get(
                Some("Odile"),
                &format!("/sites/dupont/restore?scope=dupont-paie&backup={}", b.id),
            )
            .await,
    ));
    world.running_backup("dupont", 42).await;
    world.failed_backup("martin").await;
    out.push(("sites", world.get(Some("Odile"), "/sites").await));
    out.push(("site", world.get(Some("Claire"), "/sites/dupont").await));
    out.push(("site-failed", world.get(Some("Odile"), "/sites/martin").await));
    out.push(("backup", world.get(Some("Claire"), "/sites/dupont/backup").await));
    out.push((
        "database",
        world.get(Some("Claire"), "/sites/dupont/databases/dupont-paie").await,
    ));
    out.push((
        "database-op",
        world.get(Some("Odile"), "/sites/dupont/databases/dupont-paie").await,
    ));
    out.push(("databases", world.get(Some("Claire"), "/sites/dupont/databases").await));
    out.push(("processes", world.get(Some("Odile"), "/processes").await));
    out.push(("process", world.get(Some("Claire"), "/processes/p-0003").await));
    out.push(("process-done", world.get(Some("Claire"), "/processes/p-0000").await));
    out.push(("process-failed", world.get(Some("Odile"), "/processes/p-0004").await));
    out.push(("notfound", world.get(Some("Claire"), "/sites/zzz").await));
    out.push(("sites-en", world.get_in(Lang::En, Some("Odile"), "/sites").await));
    out.push(("signin", world.get(None, "/sign-in?error=wrong-credentials").await));
    let dir = std::path::Path::new("/tmp/coffre-front/site");
    for (name, page) in out {
        std::fs::write(dir.join(format!("{name}.html")), page.html).unwrap();
    }
}
