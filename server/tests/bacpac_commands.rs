//! `coffre bacpac`, as a person or a script calls it, over real files.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops there")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("bacpac/testdata").join(name)
}

fn coffre(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_coffre"))
        .arg("bacpac")
        .args(arguments)
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn a_sound_file_is_verified_without_a_word_and_a_cut_one_with_a_sentence() {
    let file = sample("aw-lt-2025.bacpac");
    let sound = coffre(&["verify", file.to_str().unwrap()]);
    assert!(
        sound.status.success() && sound.stdout.is_empty() && sound.stderr.is_empty(),
        "{sound:?}"
    );

    let folder = tempfile::tempdir().unwrap();
    let cut = folder.path().join("cut.bacpac");
    let bytes = std::fs::read(&file).unwrap();
    std::fs::write(&cut, &bytes[..bytes.len() / 2]).unwrap();
    let refused = coffre(&["verify", cut.to_str().unwrap()]);
    assert!(!refused.status.success());
    assert!(
        text(&refused.stderr).starts_with("coffre: "),
        "{}",
        text(&refused.stderr)
    );
}

#[test]
fn every_part_encodes_again_to_the_same_bytes_and_the_new_file_is_sound() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["aw-lt-2025.bacpac", "nsaga.bacpac"] {
        let out = folder.path().join(name);
        let (from, to) = (sample(name), out.to_str().unwrap());
        let made = coffre(&["reencode", from.to_str().unwrap(), to]);
        assert!(made.status.success(), "{}", text(&made.stderr));
        let told = text(&made.stdout);
        assert!(
            !told.is_empty() && told.lines().all(|line| line.starts_with("identical ")),
            "{told}"
        );
        assert!(coffre(&["verify", to]).status.success());
        let again = coffre(&["reencode", from.to_str().unwrap(), to]);
        assert!(!again.status.success(), "a file that exists is not written over");
    }
}

#[test]
fn inspection_counts_the_rows_and_a_dump_prints_them_all() {
    let file = sample("aw-lt-2025.bacpac");
    let inspected = coffre(&["inspect", file.to_str().unwrap(), "--json"]);
    let json: serde_json::Value = serde_json::from_slice(&inspected.stdout).unwrap();
    assert_eq!((&json["rows"], &json["rows_promised"]), (&4277.into(), &4277.into()));
    assert_eq!(json["findings"], serde_json::json!([]));
    for table in json["tables"].as_array().unwrap() {
        let name = format!(
            "{}.{}",
            table["schema"].as_str().unwrap(),
            table["name"].as_str().unwrap()
        );
        let dumped = coffre(&["dump", file.to_str().unwrap(), &name, "--csv"]);
        assert!(dumped.status.success(), "{name}: {}", text(&dumped.stderr));
        assert_eq!(
            records(&text(&dumped.stdout)) - 1,
            table["rows"].as_u64().unwrap(),
            "{name}"
        );
    }
    let unknown = coffre(&["dump", file.to_str().unwrap(), "dbo.nothing", "--csv"]);
    assert!(!unknown.status.success() && text(&unknown.stderr).contains("there is no table dbo.nothing"));
}

/// Lines of a CSV, those inside quotes not counted.
fn records(csv: &str) -> u64 {
    let mut quoted = false;
    csv.chars()
        .filter(|c| {
            quoted ^= *c == '"';
            *c == '\n' && !quoted
        })
        .count() as u64
}
