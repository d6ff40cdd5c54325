//! A customer's repository belongs to the customer: the standard `restic` lists, checks and restores it with the exported
//! password, without Coffre.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops there")]

use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;

use control::ports::clock::Clock;
use domain::account::{Actor, Role};
use domain::ids::{AccountId, CustomerId, SiteId};
use server::adapters::{Argon2Hasher, SystemClock};
use server::declaration;
use server::wiring::{self, Choices, Places};

fn restic(repository: &Path, password: &Path, arguments: &[&str]) -> Output {
    Command::new("restic")
        .arg("--repo")
        .arg(repository)
        .arg("--password-file")
        .arg(password)
        .args(["--no-cache", "--no-lock", "--json"])
        .args(arguments)
        .output()
        .unwrap()
}

#[tokio::test]
async fn restic_lists_checks_and_restores_what_coffre_stored() {
    if Command::new("restic").arg("version").output().is_err() {
        eprintln!("NOT RUN: restic is not installed, so nobody else's program has read the repository");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let book = folder.path().join("compta.sqlite");
    rusqlite::Connection::open(&book)
        .unwrap()
        .execute_batch("CREATE TABLE entry (text TEXT); INSERT INTO entry VALUES ('kept');")
        .unwrap();
    let sites = folder.path().join("sites.toml");
    std::fs::write(
        &sites,
        format!(
            "customers = [{{ id = \"dupont\", name = \"Dupont\" }}]\n[[sites]]\nid = \"dupont\"\ncode = \"DUPONT\"\n\
             name = \"Dupont\"\ncustomer = \"dupont\"\nzone = \"Europe/Paris\"\n\
             databases = [{{ id = \"compta\", name = \"Compta\", product = \"Sage\", engine = \"sqlite\", path = {book:?} }}]\n"
        ),
    )
    .unwrap();
    let places = Places::below(&folder.path().join("data"), vec![folder.path().to_owned()]);
    let clock = Arc::new(SystemClock);
    let choices = Choices {
        clock: clock.clone(),
        hasher: Arc::new(Argon2Hasher::cheap()),
        max_running: 1,
        lock_timeout: wiring::LOCK_TIMEOUT,
        upload_most_bytes: 1,
    };
    let plane = wiring::control_plane(&places, choices).await.unwrap();
    plane
        .store()
        .declare(&declaration::load(&sites, clock.now()).unwrap(), clock.now())
        .await
        .unwrap();
    let operator = Actor {
        account: AccountId::parse("op").unwrap(),
        name: "Op".into(),
        role: Role::Operator,
        partner: None,
        firm: String::new(),
        sites: vec![],
    };
    plane
        .start_backup(&operator, &SiteId::parse("dupont").unwrap())
        .await
        .unwrap();
    assert!(plane.work_once().await.unwrap());
    let backup = plane
        .store()
        .last_backup(&SiteId::parse("dupont").unwrap())
        .await
        .unwrap()
        .expect("it is Completed");

    let customer = CustomerId::parse("dupont").unwrap();
    let row = plane.store().repository(&customer).await.unwrap().unwrap();
    let password = folder.path().join("password");
    std::fs::write(
        &password,
        wiring::repositories(&places)
            .unwrap()
            .export_password(&row.key)
            .unwrap(),
    )
    .unwrap();
    let repository = places.repositories.join("dupont");

    let listed = restic(&repository, &password, &["snapshots"]);
    let listed = String::from_utf8(listed.stdout).unwrap();
    assert!(
        listed.contains(&backup.snapshot) && listed.contains(&format!("backup={}", backup.id)),
        "{listed}"
    );
    let checked = restic(&repository, &password, &["check", "--read-data"]);
    assert!(checked.status.success(), "{checked:?}");
    let target = folder.path().join("restored");
    let restored = restic(
        &repository,
        &password,
        &[
            "restore",
            &backup.snapshot,
            "--verify",
            "--target",
            target.to_str().unwrap(),
        ],
    );
    assert!(restored.status.success(), "{restored:?}");

    let file = target.join("compta/database.sqlite");
    let text: String = rusqlite::Connection::open(&file)
        .unwrap()
        .query_row("SELECT text FROM entry", [], |row| row.get(0))
        .unwrap();
    assert_eq!(text, "kept");
    let hash: String = {
        use sha2::Digest;
        sha2::Sha256::digest(std::fs::read(&file).unwrap())
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    };
    assert_eq!(hash, backup.artifacts[0].download_sha256.as_str());
    assert!(
        target.join("manifest.json").exists(),
        "the snapshot says by itself what it holds"
    );
}
