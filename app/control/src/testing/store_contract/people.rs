//! Accounts, sessions, wrong passwords.

use domain::account::Role;
use domain::time::Timestamp;
use tokio::task::JoinSet;

use super::story::{Story, account, at, broken, id};
use crate::ports::control_store::{Failures, Session};

/// A person who is declared again keeps the session; another one who takes over the address does not get it.
pub async fn an_account_is_found_and_replaced_by_its_address(story: Story) {
    let store = &story.store;
    let mut claire = account("Claire", Role::ClientAdmin, &["martin", "dupont"]);
    store.save_account(&claire).await.expect("the account is sound");
    store
        .save_account(&account("Conseil", Role::Partner, &[]))
        .await
        .expect("the account is sound");
    let session = session(1, "claire", at(0));
    store.open_session(&session).await.expect("the account exists");
    claire.password_hash = "new".to_owned();
    claire.actor.sites.pop();
    store.save_account(&claire).await.expect("the account is sound");
    let found = store
        .account_by_email("claire@coffre.example")
        .await
        .expect("the store works")
        .expect("it exists");
    assert_eq!((&found.actor, found.password_hash.as_str()), (&claire.actor, "new"));
    assert_eq!(
        store.actor(&id("claire")).await.expect("the store works"),
        Some(claire.actor.clone())
    );
    assert_eq!(
        store.session(&session.token).await.expect("the store works"),
        Some(session.clone())
    );
    let partner = store
        .actor(&id("conseil"))
        .await
        .expect("the store works")
        .expect("it exists");
    assert_eq!((partner.role, partner.partner), (Role::Partner, Some(id("conseil"))));

    let mut other = account("Zoe", Role::ClientViewer, &["dupont"]);
    other.email.clone_from(&claire.email);
    store.save_account(&other).await.expect("the account is sound");
    let found = store
        .account_by_email(&claire.email)
        .await
        .expect("the store works")
        .expect("it exists");
    assert_eq!(found.actor, other.actor);
    assert_eq!(store.actor(&id("claire")).await.expect("the store works"), None);
    assert_eq!(store.session(&session.token).await.expect("the store works"), None);

    broken(
        store
            .save_account(&account("Eve", Role::ClientViewer, &["nowhere"]))
            .await,
    );
    assert!(
        store
            .account_by_email("eve@coffre.example")
            .await
            .expect("the store works")
            .is_none()
    );
}

/// Two requests carry the same old cookie and both find that it is time for a new token.
pub async fn two_rotations_at_once_give_one_session(story: Story) {
    let store = &story.store;
    store
        .save_account(&account("Claire", Role::Operator, &[]))
        .await
        .expect("the account is sound");
    let old = session(1, "claire", at(0));
    store.open_session(&old).await.expect("the account exists");
    broken(store.open_session(&old).await);
    broken(store.open_session(&session(9, "nobody", at(0))).await);

    let mut requests = JoinSet::new();
    for n in 2..12 {
        let (story, old) = (story.clone(), old.clone());
        requests.spawn(async move {
            let new = Session {
                issued_at: at(900),
                seen_at: at(900),
                ..session(n, "claire", at(0))
            };
            story
                .store
                .renew_session(&old.token, &new)
                .await
                .expect("the store works")
                .then_some(new)
        });
    }
    let renewed: Vec<_> = requests.join_all().await.into_iter().flatten().collect();
    let [new] = renewed.as_slice() else {
        panic!("{} sessions of one", renewed.len())
    };
    assert_eq!(
        store.session(&new.token).await.expect("the store works").as_ref(),
        Some(new)
    );
    assert_eq!(store.session(&old.token).await.expect("the store works"), None);

    let seen = Session {
        seen_at: at(950),
        ..new.clone()
    };
    assert!(
        store.renew_session(&new.token, &seen).await.expect("the store works"),
        "the same token, seen later"
    );
    assert_eq!(store.session(&new.token).await.expect("the store works"), Some(seen));
    store.close_session(&new.token).await.expect("the store works");
    store.close_session(&new.token).await.expect("ending none is fine");
    assert!(
        !store.renew_session(&new.token, new).await.expect("the store works"),
        "signed out is signed out"
    );
    assert_eq!(store.session(&new.token).await.expect("the store works"), None);
}

/// Idle for too long, or signed in too long ago.
pub async fn sessions_past_their_limits_end_and_the_others_stay(story: Story) {
    let store = &story.store;
    store
        .save_account(&account("Claire", Role::Operator, &[]))
        .await
        .expect("the account is sound");
    for (n, signed_in, seen) in [
        (1, 0, 500),
        (2, 100, 500),
        (3, 100, 400),
        (4, 100, 399),
        (5, 99, 900),
        (6, 400, 500),
    ] {
        let new = Session {
            seen_at: at(seen),
            ..session(n, "claire", at(signed_in))
        };
        store.open_session(&new).await.expect("the account exists");
    }
    assert_eq!(
        store.expire_sessions(at(400), at(100)).await.expect("the store works"),
        3
    );
    assert_eq!(
        store.expire_sessions(at(400), at(100)).await.expect("the store works"),
        0
    );
    for (n, stays) in [(1, false), (2, true), (3, true), (4, false), (5, false), (6, true)] {
        assert_eq!(
            store.session(&[n; 32]).await.expect("the store works").is_some(),
            stays,
            "{n}"
        );
    }
}

/// None is lost when many come at once.
pub async fn wrong_passwords_are_counted_until_a_right_one(story: Story) {
    let store = &story.store;
    assert_eq!(
        store.failures("a@b").await.expect("the store works"),
        Failures::default()
    );
    let mut tries = JoinSet::new();
    for _ in 0..20 {
        let story = story.clone();
        tries.spawn(async move { story.store.count_sign_in("a@b", false, at(5)).await });
    }
    for answer in tries.join_all().await {
        answer.expect("the store works");
    }
    store.count_sign_in("c@d", false, at(6)).await.expect("the store works");
    assert_eq!(
        store.failures("a@b").await.expect("the store works"),
        Failures {
            count: 20,
            last_at: Some(at(5))
        }
    );
    store.count_sign_in("a@b", true, at(7)).await.expect("the store works");
    assert_eq!(
        store.failures("a@b").await.expect("the store works"),
        Failures::default()
    );
    assert_eq!(
        store.failures("c@d").await.expect("the store works"),
        Failures {
            count: 1,
            last_at: Some(at(6))
        }
    );
}

fn session(n: u8, account: &str, at: Timestamp) -> Session {
    Session {
        token: [n; 32],
        account: id(account),
        signed_in_at: at,
        issued_at: at,
        seen_at: at,
    }
}
