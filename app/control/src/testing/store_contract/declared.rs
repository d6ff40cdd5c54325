//! What the operator declares, again at every start.

use domain::account::Role;
use domain::refusal::Refusal;
use domain::site::SiteStatus;

use super::story::{Story, account, at, broken, declaration, id, refusal};
use crate::ports::control_store::Declaration;

/// New names are taken; statuses, backups, processes and sizes are not touched, and nothing is deleted.
pub async fn declaring_again_changes_what_is_declared_and_nothing_else(story: Story) {
    let store = &story.store;
    let kept = story.manual_backup("dupont", at(0)).await;
    let restore = story.queue_restore("dupont", &kept, at(100)).await;
    let queued = story.queue_manual("martin", at(101)).await;
    store
        .measured(&id("dupont-paie"), 4_096)
        .await
        .expect("the database exists");
    let before = store.sites().await.expect("the store works");
    store
        .declare(&declaration(), at(0))
        .await
        .expect("the declaration is sound");
    assert_eq!(
        store.sites().await.expect("the store works"),
        before,
        "the same declaration changes nothing"
    );

    let mut changed = declaration();
    changed.customers[0].1 = "Dupont Groupe".to_owned();
    changed.sites.truncate(1);
    let site = &mut changed.sites[0];
    site.name = "Dupont Père".to_owned();
    site.quota = 7;
    site.delegated = false;
    site.status = SiteStatus::Ready;
    site.databases.reverse();
    let gone = site.databases.pop().expect("it has two");
    let site = site.clone();
    store.declare(&changed, at(0)).await.expect("the declaration is sound");
    let now = store
        .site(&site.id)
        .await
        .expect("the store works")
        .expect("the site exists");
    assert_eq!(
        now.status,
        SiteStatus::Restoring {
            process: restore.id.clone()
        }
    );
    assert_eq!((now.name.as_str(), now.quota, now.delegated), ("Dupont Père", 7, false));
    assert_eq!(now.customer_name, "Dupont Groupe");
    assert_eq!(
        now.databases.iter().map(|database| &database.id).collect::<Vec<_>>(),
        [&site.databases[0].id]
    );
    assert_eq!(
        store.sources(&site.id).await.expect("the store works").len(),
        1,
        "what is not declared is not backed up"
    );
    assert_eq!(
        store.backup(&kept.id).await.expect("the store works"),
        Some(kept),
        "but its backups stay"
    );
    assert_eq!(story.process(&restore.id).await.site_name, "Dupont Père");
    assert_eq!(story.process(&queued.id).await.state, queued.state);
    assert_eq!(
        store.sites().await.expect("the store works").len(),
        3,
        "a site that is not declared again stays"
    );

    store
        .declare(&declaration(), at(0))
        .await
        .expect("the declaration is sound");
    let back = store
        .site(&site.id)
        .await
        .expect("the store works")
        .expect("the site exists");
    assert_eq!(back.database(&gone.id).expect("it came back").bytes, Some(4_096));
}

/// All or nothing, with the whole of it refused for one mistake.
pub async fn a_wrong_declaration_leaves_nothing_behind(story: Story) {
    let before = story.store.sites().await.expect("the store works");
    let mistakes: [fn(&mut Declaration); 7] = [
        |wrong| wrong.addresses.clear(),
        |wrong| wrong.sites[2].customer = id("nobody"),
        |wrong| wrong.sites[2].partner = Some(id("nobody")),
        |wrong| wrong.sites[2].quota = 100,
        |wrong| wrong.sites[2].databases = wrong.sites[0].databases.clone(),
        |wrong| wrong.addresses[3].1 = wrong.addresses[2].1.clone(),
        |wrong| wrong.sites[2].databases[0].id = id("without-address"),
    ];
    for mistake in mistakes {
        let mut wrong = declaration();
        wrong.sites[0].name = "half-way".to_owned();
        mistake(&mut wrong);
        broken(story.store.declare(&wrong, at(0)).await);
        assert_eq!(story.store.sites().await.expect("the store works"), before);
    }
}

/// A site is read whole.
pub async fn sites_come_by_name_with_their_people_and_databases(story: Story) {
    let store = &story.store;
    for (name, role) in [
        ("Zoe", Role::ClientAdmin),
        ("Claire", Role::ClientAdmin),
        ("Albert", Role::ClientViewer),
    ] {
        store
            .save_account(&account(name, role, &["dupont"]))
            .await
            .expect("the account is sound");
    }
    store
        .measured(&id("dupont-compta"), 10)
        .await
        .expect("the database exists");
    let sites = store.sites().await.expect("the store works");
    assert_eq!(
        sites.iter().map(|site| site.name.as_str()).collect::<Vec<_>>(),
        ["Arnaud", "Dupont & Fils", "Martin"]
    );

    let mut expected = declaration().sites.swap_remove(0);
    expected.customer_name = "Dupont SA".to_owned();
    expected.partner_name = Some("Conseil & Cie".to_owned());
    expected.administrator = Some("Claire".to_owned());
    expected.databases[1].bytes = Some(10);
    assert_eq!(sites[1], expected);
    assert_eq!(
        store.site(&id("dupont")).await.expect("the store works"),
        Some(expected.clone())
    );
    let sources = store.sources(&expected.id).await.expect("the store works");
    let declared = declaration().addresses;
    assert_eq!(sources.len(), 2);
    for (source, (database, address)) in sources.iter().zip(&declared) {
        assert_eq!(
            (&source.id, &source.address),
            (database, address),
            "in the site's order"
        );
    }
    let martin = store.sources(&id("martin")).await.expect("the store works");
    assert_eq!(martin[0].address, declared[2].1, "every part of an address comes back");
}

/// Unknown things are refused or absent, never made up.
pub async fn what_does_not_exist_is_told_so(story: Story) {
    let store = &story.store;
    assert_eq!(store.site(&id("nowhere")).await.expect("the store works"), None);
    assert!(store.sources(&id("nowhere")).await.expect("the store works").is_empty());
    assert_eq!(store.process(&id("nowhere")).await.expect("the store works"), None);
    assert_eq!(store.backup(&id("nowhere")).await.expect("the store works"), None);
    assert_eq!(store.last_backup(&id("dupont")).await.expect("the store works"), None);
    assert_eq!(refusal(store.quota(&id("nowhere")).await), Refusal::NotFound);
    assert_eq!(refusal(store.measured(&id("nowhere"), 1).await), Refusal::NotFound);
    assert_eq!(
        refusal(store.queue_backup(&story.new_manual("nowhere", at(0))).await),
        Refusal::NotFound
    );
    assert_eq!(
        refusal(store.cancel(&id("nowhere"), "Paul", at(0)).await),
        Refusal::NotFound
    );
}
