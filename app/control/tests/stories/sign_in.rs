//! Signing in: what opens a session, what ends one, and how guessing is slowed down.

use std::time::Duration;

use control::ControlError;
use domain::account::Role;
use domain::limits::{SESSION_ABSOLUTE, SESSION_IDLE, SESSION_ROTATION, SIGN_IN_FIRST_WAIT, SIGN_IN_FREE_FAILURES};
use domain::refusal::Refusal;

use crate::world::World;

const EMAIL: &str = "client_admin@example.org";

async fn token(world: &World) -> String {
    world.plane.sign_in(EMAIL, "right", "192.0.2.1").await.unwrap().token
}

#[tokio::test]
async fn a_session_knows_the_person_and_ends_at_sign_out() {
    let world = World::new().await;
    let token = token(&world).await;
    let who = world.plane.session(&token).await.unwrap().unwrap();
    assert_eq!(
        (who.actor.name.as_str(), who.actor.role),
        ("Claire Morel", Role::ClientAdmin)
    );
    world.plane.sign_out(&token).await.unwrap();
    assert!(world.plane.session(&token).await.unwrap().is_none());
    assert!(world.plane.session("").await.unwrap().is_none());
}

#[tokio::test]
async fn whatever_is_wrong_the_answer_is_the_same() {
    let world = World::new().await;
    for (email, password) in [
        (EMAIL, "wrong"),
        ("nobody@example.org", "right"),
        ("no address", "right"),
        (EMAIL, ""),
    ] {
        let no = world.plane.sign_in(email, password, "192.0.2.1").await.unwrap_err();
        assert_eq!(
            no,
            ControlError::Refused(Refusal::WrongCredentials),
            "{email} {password}"
        );
    }
}

#[tokio::test]
async fn guessing_waits_longer_and_longer_and_the_right_password_ends_it() {
    let world = World::new().await;
    let guess = async || world.plane.sign_in(EMAIL, "wrong", "192.0.2.1").await.unwrap_err();
    for _ in 0..SIGN_IN_FREE_FAILURES {
        assert_eq!(guess().await, ControlError::Refused(Refusal::WrongCredentials));
    }
    let mut wait = SIGN_IN_FIRST_WAIT;
    for _ in 0..3 {
        let wait_secs = u32::try_from(wait.as_secs()).unwrap();
        assert_eq!(
            guess().await,
            ControlError::Refused(Refusal::TooManyTries { wait_secs })
        );
        let right = world.plane.sign_in(EMAIL, "right", "192.0.2.9").await.unwrap_err();
        assert_eq!(
            right,
            ControlError::Refused(Refusal::TooManyTries { wait_secs }),
            "even the right one waits"
        );
        world.clock.advance(wait);
        assert_eq!(guess().await, ControlError::Refused(Refusal::WrongCredentials));
        wait *= 2;
    }
    world.clock.advance(wait);
    token(&world).await;
    assert_eq!(
        guess().await,
        ControlError::Refused(Refusal::WrongCredentials),
        "counting begins anew"
    );
}

#[tokio::test]
async fn a_session_ends_when_idle_and_at_its_absolute_limit() {
    let world = World::new().await;
    let idle = token(&world).await;
    world.clock.advance(SESSION_IDLE);
    assert!(world.plane.session(&idle).await.unwrap().is_none());

    let mut busy = token(&world).await;
    let signed_in = world.now();
    while world.now().since(signed_in) + Duration::from_secs(600) < SESSION_ABSOLUTE {
        world.clock.advance(Duration::from_secs(600));
        let who = world.plane.session(&busy).await.unwrap().expect("a busy session lives");
        busy = who.renewed.unwrap_or(busy);
    }
    world.clock.advance(Duration::from_secs(600));
    assert!(world.plane.session(&busy).await.unwrap().is_none());
}

#[tokio::test]
async fn a_token_ages_and_the_old_one_answers_only_for_requests_under_way() {
    let world = World::new().await;
    let old = token(&world).await;
    world.clock.advance(SESSION_ROTATION);
    let new = world
        .plane
        .session(&old)
        .await
        .unwrap()
        .unwrap()
        .renewed
        .expect("a new token");
    assert_ne!(old, new);
    world.clock.advance(Duration::from_secs(30));
    let under_way = world.plane.session(&old).await.unwrap().expect("still answers");
    assert!(under_way.renewed.is_none(), "and does not multiply");
    world.clock.advance(Duration::from_secs(31));
    assert!(world.plane.session(&old).await.unwrap().is_none());
    assert!(world.plane.session(&new).await.unwrap().is_some());
    assert!(world.plane.still_signed_in(&new).await.unwrap().is_some());
}

#[tokio::test]
async fn forty_guesses_at_once_are_no_more_than_forty_one_after_the_other() {
    let world = World::new().await;
    let guesses = (0..40).map(|_| world.plane.sign_in(EMAIL, "wrong", "192.0.2.1"));
    let answers = futures::future::join_all(guesses).await;
    let compared = answers
        .iter()
        .filter(|answer| matches!(answer, Err(ControlError::Refused(Refusal::WrongCredentials))));
    assert_eq!(compared.count() as u32, SIGN_IN_FREE_FAILURES);
}

#[tokio::test]
async fn an_office_that_signs_in_all_day_from_one_address_is_never_slowed_down() {
    let world = World::new().await;
    for _ in 0..SIGN_IN_FREE_FAILURES * 20 {
        token(&world).await;
    }
}
