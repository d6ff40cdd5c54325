//! The fuzz targets, run over their seeds with deterministic changes: short enough for every day.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../fuzz/entry.rs"]
mod entry;

use std::path::Path;

fn change(random: &mut fastrand::Rng, seeds: &[Vec<u8>], words: &[&str]) -> Vec<u8> {
    let mut bytes = seeds[random.usize(0..seeds.len())].clone();
    for _ in 0..random.usize(1..6) {
        let at = random.usize(0..=bytes.len());
        let to = (at + random.usize(0..40)).min(bytes.len());
        match random.u8(0..7) {
            0 => bytes.truncate(at),
            1 => drop(bytes.drain(at..to)),
            2 => {
                let copy = bytes[at..to].to_vec();
                let place = random.usize(0..=bytes.len());
                bytes.splice(place..place, copy);
            }
            3 => {
                let other = &seeds[random.usize(0..seeds.len())];
                let from = random.usize(0..=other.len());
                let end = (from + random.usize(0..200)).min(other.len());
                bytes.splice(at..to, other[from..end].iter().copied());
            }
            4 if !words.is_empty() => drop(bytes.splice(at..to, random.choice(words).unwrap().bytes())),
            _ if at < bytes.len() => bytes[at] ^= 1 << random.u8(0..8),
            _ => bytes.push(random.u8(..)),
        }
    }
    bytes
}

fn run(target: &str, times: u64, words: &[&str], entry: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(target);
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|found| found.unwrap().path())
        .collect();
    paths.sort();
    let seeds: Vec<_> = paths.iter().map(|path| std::fs::read(path).unwrap()).collect();
    seeds.iter().for_each(|seed| entry(seed));
    for number in 0..times {
        let mut random = fastrand::Rng::with_seed(number);
        let bytes = change(&mut random, &seeds, words);
        let kept = bytes.clone();
        if std::panic::catch_unwind(move || entry(&bytes)).is_err() {
            panic!("{target}, change {number}: {:?}", String::from_utf8_lossy(&kept));
        }
    }
}

#[test]
fn archives() {
    run(
        "archive",
        3_000,
        &["PK\u{1}\u{2}", "PK\u{3}\u{4}", "PK\u{5}\u{6}", "../", "\0\0\0\0"],
        entry::archive,
    );
}

#[test]
fn parts() {
    run(
        "part",
        20_000,
        &["\0\0", "\u{7f}\u{7f}\u{7f}\u{7f}\u{7f}\u{7f}\u{7f}\u{7f}"],
        entry::part,
    );
}

#[test]
fn models() {
    let words = [
        "<Element Type=\"SqlTable\" Name=\"[dbo].[x]\">",
        "</Element>",
        "<Entry>",
        "</Entry>",
        "[dbo]",
        "[",
        "]]",
        "].[",
        "dbo",
        "True",
        "False",
        "[nvarchar]",
        "[int]",
        "<![CDATA[",
        "]]>",
        "&#xD;",
        "&#1;",
        "\u{1}",
        "\"",
        "sys",
        " ",
        "é",
        "_2",
        "-1",
        "99999999999999999999999999999999999999999",
        "N'",
        "''",
        "%",
        "/",
    ];
    run("model", 4_000, &words, entry::model);
}

#[test]
fn names() {
    run(
        "name",
        20_000,
        &["[", "]", "].[", "]]", ".", "%", "%2", "%41", "é", "\u{10ffff}"],
        entry::name,
    );
}
