//! Webhooks: signed, never led elsewhere, never held up.

use alerts::signature::Secret;
use alerts::{SettingsError, Trust, Webhook, WebhookSettings};
use control::ports::alert_channel::{AlertChannel, Letter, Undelivered};
use domain::alert::Matter;
use domain::time::Timestamp;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::hook::{Answer, SECRET};
use crate::smtp::Certificates;
use crate::world::{World, hook_settings, wording};

const NEXT: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

async fn call(settings: WebhookSettings, letter: &Letter, now: Timestamp) -> Result<(), Undelivered> {
    let webhook = Webhook::new(settings, wording()).unwrap();
    let to = webhook.standing().remove(0);
    webhook.send(letter, &to, now).await
}

#[tokio::test]
async fn a_receiver_believes_either_secret_while_they_are_exchanged_and_no_other() {
    let world = World::new().await;
    let letter = world.letter(Matter::SilenceOver).await;
    for (secrets, believed) in [(&[SECRET][..], true), (&[NEXT, SECRET], true), (&[NEXT], false)] {
        let settings = WebhookSettings {
            secrets: secrets.iter().map(|text| Secret::parse(text).unwrap()).collect(),
            ..hook_settings(&world.hook)
        };
        assert_eq!(
            call(settings, &letter, world.plane.now()).await.is_ok(),
            believed,
            "{secrets:?}"
        );
    }
    let calls = world.hook.calls();
    assert_eq!(calls.len(), 2);
    let body = &calls[0].body;
    assert_eq!(
        (&body["type"], &body["timestamp"]),
        (&"site.silence-over".into(), &"2026-11-24T10:00:00+00:00".into())
    );
    assert_eq!(body["data"]["site"]["customer"]["id"], "dupont-sa");
}

#[tokio::test]
async fn what_a_receiver_answers_is_told_apart() {
    let world = World::new().await;
    let letter = world.letter(Matter::SilenceOver).await;
    for (answer, told) in [
        (Answer::Status(200), "ok"),
        (Answer::Status(299), "ok"),
        (Answer::Endless, "ok"),
        (Answer::Status(301), "later"),
        (Answer::Redirect, "later"),
        (Answer::Status(400), "refused"),
        (Answer::Status(404), "later"),
        (Answer::Status(410), "gone"),
        (Answer::Status(429), "later"),
        (Answer::Status(500), "later"),
    ] {
        world.hook.set(answer);
        let outcome = match call(hook_settings(&world.hook), &letter, world.plane.now()).await {
            Ok(()) => "ok",
            Err(Undelivered::Later(_)) => "later",
            Err(Undelivered::Refused(_)) => "refused",
            Err(Undelivered::Gone(_)) => "gone",
        };
        assert_eq!(outcome, told, "{answer:?}");
    }
    assert_eq!(world.hook.elsewhere(), 0, "no redirect is followed");
}

#[tokio::test]
async fn a_receiver_that_is_not_there_is_told_without_its_address() {
    let world = World::new().await;
    let letter = world.letter(Matter::SilenceOver).await;
    let settings = WebhookSettings {
        urls: vec!["http://127.0.0.1:1/secret-part".to_owned()],
        ..hook_settings(&world.hook)
    };
    let error = call(settings, &letter, world.plane.now()).await.unwrap_err();
    assert!(
        matches!(&error, Undelivered::Later(text) if !text.contains("secret-part")),
        "{error}"
    );
}

#[tokio::test]
async fn an_authority_of_ones_own_is_trusted_and_no_other() {
    let world = World::new().await;
    let letter = world.letter(Matter::SilenceOver).await;
    let (ours, others) = (Certificates::new(), Certificates::new());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}/", listener.local_addr().unwrap().port());
    let acceptor = ours.acceptor.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else {
                continue;
            };
            let mut heard = Vec::new();
            while !heard.ends_with(b"}") {
                stream.read_buf(&mut heard).await.unwrap();
            }
            stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
        }
    });
    for (trusted, arrives) in [(&others, false), (&ours, true)] {
        let settings = WebhookSettings {
            urls: vec![url.clone()],
            trust: Trust::pem(trusted.authority.clone().into_bytes()).unwrap(),
            ..hook_settings(&world.hook)
        };
        let outcome = call(settings, &letter, world.plane.now()).await;
        assert_eq!(outcome.is_ok(), arrives, "{outcome:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_never_answers_holds_nobody_up() {
    let world = World::new().await;
    world.hook.set(Answer::Never);
    let letter = world.letter(Matter::SilenceOver).await;
    let outcome = call(hook_settings(&world.hook), &letter, world.plane.now()).await;
    assert!(matches!(outcome, Err(Undelivered::Later(_))), "{outcome:?}");
}

#[tokio::test]
async fn settings_without_sense_are_told() {
    let world = World::new().await;
    let none = WebhookSettings {
        urls: Vec::new(),
        ..hook_settings(&world.hook)
    };
    assert!(matches!(Webhook::new(none, wording()), Err(SettingsError::Nobody)));
    let unsigned = WebhookSettings {
        secrets: Vec::new(),
        ..hook_settings(&world.hook)
    };
    assert!(matches!(
        Webhook::new(unsigned, wording()),
        Err(SettingsError::NoSecret)
    ));
    let open = WebhookSettings {
        urls: vec!["http://hooks.example.org/".to_owned()],
        ..hook_settings(&world.hook)
    };
    assert!(matches!(Webhook::new(open, wording()), Err(SettingsError::Url(_))));
}
