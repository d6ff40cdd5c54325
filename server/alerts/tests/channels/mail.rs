//! E-mail: what is in it, what cannot be, and what a server's answers come to.

use std::time::Duration;

use alerts::{Mail, MailSettings, Security, SettingsError, Trust};
use control::ports::alert_channel::{AlertChannel, Letter, Undelivered};
use domain::alert::Matter;
use domain::failure::{Cause, Failure};
use domain::ids::ProcessId;
use domain::time::CivilDate;

use crate::smtp::{Certificates, Mood, SmtpServer};
use crate::world::{HOST, World, mail_settings, wording};

async fn send(settings: MailSettings, letter: &Letter) -> Result<(), Undelivered> {
    let mail = Mail::new(settings, wording()).unwrap();
    mail.send(letter, HOST, letter.alert.raised_at).await
}

fn night_failed() -> Matter {
    Matter::NightFailed {
        process: ProcessId::from_random([1; 10]),
        business_date: CivilDate::from_days(20_781),
        failure: Failure {
            cause: Cause::DatabaseLocked,
            database: Some("Paie".to_owned()),
            reference: "7f3k-92qd".to_owned(),
        },
    }
}

#[tokio::test]
async fn a_message_says_what_happened_what_was_kept_and_what_to_do() {
    let world = World::new().await;
    let letter = world.letter(night_failed()).await;
    send(mail_settings(&world.smtp), &letter).await.unwrap();
    let mail = &world.smtp.taken()[0];
    assert_eq!(
        mail.subject(),
        "Coffre : la sauvegarde de nuit de Dupont & Fils a échoué"
    );
    assert!(
        mail.from.starts_with("MAIL FROM:<coffre@coffre.example>"),
        "{}",
        mail.from
    );
    assert_eq!(mail.header("From"), "Coffre <coffre@coffre.example>");
    assert_eq!(mail.header("Content-Type"), "text/plain; charset=utf-8");
    assert_eq!(mail.header("Auto-Submitted"), "auto-generated");
    assert_eq!(mail.header("Date"), "Tue, 24 Nov 2026 10:00:00 +0000");
    let text = mail.text();
    for part in [
        "la base est restée verrouillée",
        "Les sauvegardes précédentes sont intactes",
        "Coffre essaie de nouveau de lui-même",
        "À faire :\nFermez le traitement",
        "Référence : 7f3k-92qd",
        "https://coffre.example/sites/dupont",
    ] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
}

#[tokio::test]
async fn no_name_and_no_reason_can_add_a_header_or_end_the_message() {
    let world = World::new().await;
    let reason = "x\r\n.\r\nMAIL FROM:<a@b.c>\r\nBcc: victim@example.org\r\n\r\nhello".to_owned();
    let mut letter = world
        .letter(Matter::GlassBroken {
            process: ProcessId::from_random([1; 10]),
            by: "Inès\r\nBcc: victim@example.org".to_owned(),
            reason,
        })
        .await;
    let site = letter.site.as_mut().unwrap();
    site.name = "Dupont\r\nBcc: victim@example.org\r\n\r\nhello\u{2028}\u{85}x".to_owned();
    send(mail_settings(&world.smtp), &letter).await.unwrap();
    let taken = world.smtp.taken();
    assert_eq!(taken.len(), 1);
    assert_eq!(taken[0].to, [format!("RCPT TO:<{HOST}>")]);
    let names: Vec<_> = taken[0]
        .headers()
        .into_iter()
        .map(|(name, _)| name.to_lowercase())
        .collect();
    assert!(!names.contains(&"bcc".to_owned()), "{names:?}");
    assert_eq!(names.len(), 9, "{names:?}");
    assert!(
        taken[0].subject().contains("Bcc: victim"),
        "it is a part of the name: {}",
        taken[0].subject()
    );
    assert!(!taken[0].text().starts_with("Inès\nBcc"), "{}", taken[0].text());
    assert!(
        taken[0].text().contains("\n.\nMAIL FROM"),
        "the reason is whole: {}",
        taken[0].text()
    );
}

#[tokio::test]
async fn every_attempt_sends_the_same_message() {
    let world = World::new().await;
    let letter = world.letter(night_failed()).await;
    let mail = Mail::new(mail_settings(&world.smtp), wording()).unwrap();
    for seconds in [0, 4_000] {
        mail.send(&letter, HOST, letter.alert.raised_at.plus(Duration::from_secs(seconds)))
            .await
            .unwrap();
    }
    let taken = world.smtp.taken();
    assert_eq!(taken[0], taken[1]);
    let id = taken[0].header("Message-ID");
    assert!(
        id.starts_with(&format!("<{}.", letter.alert.id)) && id.ends_with("@coffre.example>"),
        "{id}"
    );
}

#[tokio::test]
async fn a_refusal_of_the_message_is_told_from_a_server_that_is_unwell() {
    let world = World::new().await;
    let letter = world.letter(Matter::SilenceOver).await;
    for (mood, refused) in [
        (Mood::Answers("RCPT", "550 no such mailbox"), true),
        (Mood::Answers("DATA", "554 not this"), true),
        (Mood::Answers("RCPT", "451 later"), false),
        (Mood::Answers("MAIL", "421 closing"), false),
        (Mood::Answers("MAIL", "530 sign in first"), false),
        (Mood::HangsUp("EHLO"), false),
        (Mood::HangsUp("DATA"), false),
    ] {
        world.smtp.set(mood);
        let error = send(mail_settings(&world.smtp), &letter).await.unwrap_err();
        assert_eq!(matches!(error, Undelivered::Refused(_)), refused, "{mood:?}: {error}");
    }
    let mut nobody = mail_settings(&world.smtp);
    nobody.port = Some(1);
    assert!(matches!(send(nobody, &letter).await, Err(Undelivered::Later(_))));
    assert_eq!(world.smtp.taken(), []);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_says_nothing_holds_nobody_up() {
    let world = World::new().await;
    world.smtp.set(Mood::Silent);
    let letter = world.letter(Matter::SilenceOver).await;
    assert!(matches!(
        send(mail_settings(&world.smtp), &letter).await,
        Err(Undelivered::Later(_))
    ));
}

#[tokio::test]
async fn with_encryption_the_password_and_the_message_go_encrypted_or_not_at_all() {
    let world = World::new().await;
    let letter = world.letter(night_failed()).await;
    let (ours, others) = (Certificates::new(), Certificates::new());
    for (wrapped, security) in [(false, Security::Starttls), (true, Security::Tls)] {
        let server = SmtpServer::encrypted(&ours, wrapped).await;
        let settings = |trusted: &Certificates| MailSettings {
            server: "localhost".to_owned(),
            security,
            credentials: Some(("coffre".to_owned(), "s3cret-word".to_owned().into())),
            trust: Trust::pem(trusted.authority.clone().into_bytes()).unwrap(),
            ..mail_settings(&server)
        };
        let error = send(settings(&others), &letter).await.unwrap_err();
        assert!(matches!(error, Undelivered::Later(_)), "{error}");
        assert_eq!(server.taken(), []);
        send(settings(&ours), &letter).await.unwrap();
        let taken = server.taken();
        assert_eq!(
            (taken.len(), taken[0].encrypted, taken[0].signed_in),
            (1, true, true),
            "{security:?}"
        );
    }
    // One that offers no encryption.
    let settings = MailSettings {
        security: Security::Starttls,
        credentials: Some(("coffre".to_owned(), "s3cret-word".to_owned().into())),
        ..mail_settings(&world.smtp)
    };
    let error = send(settings, &letter).await.unwrap_err();
    assert!(!error.to_string().contains("s3cret"), "{error}");
    assert!(
        world
            .smtp
            .commands()
            .iter()
            .all(|line| !line.starts_with("AUTH") && !line.starts_with("MAIL"))
    );
}

#[tokio::test]
async fn settings_without_sense_are_told() {
    let world = World::new().await;
    let new = |change: fn(&mut MailSettings)| {
        let mut settings = mail_settings(&world.smtp);
        change(&mut settings);
        Mail::new(settings, wording()).map(|_| ())
    };
    assert!(new(|_| {}).is_ok());
    let plain = new(|settings| settings.server = "mail.example.org".to_owned());
    assert!(matches!(plain, Err(SettingsError::PlainMail(_))));
    let allowed = new(|settings| (settings.server, settings.plain_allowed) = ("mail.example.org".to_owned(), true));
    assert!(allowed.is_ok());
    assert!(matches!(
        new(|settings| settings.to.clear()),
        Err(SettingsError::Nobody)
    ));
    for wrong in ["", "x", "a@b\r\nBcc: c@d.e", "a b@c.d"] {
        let mut settings = mail_settings(&world.smtp);
        settings.to = vec![wrong.to_owned()];
        assert!(
            matches!(Mail::new(settings, wording()), Err(SettingsError::Address(_))),
            "{wrong:?}"
        );
    }
    assert!(matches!(
        new(|settings| settings.from = "nobody".to_owned()),
        Err(SettingsError::Address(_))
    ));
    assert!(matches!(
        new(|settings| settings.timeout = Duration::ZERO),
        Err(SettingsError::Timeout(0))
    ));
    assert!(Trust::pem(b"no certificate".to_vec()).is_err());
}
