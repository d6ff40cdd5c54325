//! The finished site: assembled aside, then swapped in, so that a failed or interrupted build leaves the previous one in place.
//!
//! ```text
//! target/site/pkg/coffre.<hash>.{js,wasm,css}     may be kept by browsers for ever
//! target/site/pkg/snippets/…                      glue that crates bring along, if any
//! target/site/assets/…                            style/assets as it is: names without a hash
//! target/site/hash.txt                            the hash, for a server that carries the site inside
//! target/debug/hash.txt or target/release/…       the same, where Leptos looks for it
//! ```
//!
//! The three files share one hash over all of them: glue and module only work in pairs, and one name is enough to find all three.

use std::{
    fs::{self, File},
    path::Path,
    time::Instant,
};

use sha2::{Digest, Sha256};

use crate::{
    assets,
    compress::compress,
    failure::{Failure, Named},
    fingerprint::{Fingerprint, hexadecimal},
    layout::{Layout, NAME, Profile},
    stylesheet, wasm,
};

/// Everything that decides what the site is. `app/control` is not in it for the browser, but cargo finds that out in no time.
const INPUTS: [&str; 6] = [
    "Cargo.toml",
    "Cargo.lock",
    ".cargo/config.toml",
    "app",
    "frontend",
    "style",
];

/// The most the browser should have to download for the program itself, in bytes, as brotli.
const BUDGET: u64 = 300_000;

/// Builds the site, or says that it is up to date.
///
/// # Errors
/// Any [`Failure`]; the previous site is then untouched.
pub fn build(layout: &Layout, profile: Profile) -> Result<(), Failure> {
    let started = Instant::now();
    let memory = layout.memory();
    fs::create_dir_all(&memory).named("create", &memory)?;
    let _lock = lock(&memory.join("lock"))?;

    // Taken before the build: what is saved meanwhile belongs to the next one.
    let state = state(layout, profile)?;
    let stamp = memory.join("site");
    let known = fs::read_to_string(&stamp).unwrap_or_default();
    if known == state.as_str()
        && let Ok(hashes) = fs::read_to_string(layout.site().join("hash.txt"))
    {
        announce(layout, profile, &hashes)?;
        println!("bundle: the browser's files are up to date");
        return Ok(());
    }

    let bindings = wasm::bindings(layout, profile)?;
    let sheet = stylesheet::bundle(&layout.stylesheet(), profile == Profile::Release)?;
    let hash = publish(layout, profile, &bindings, &sheet)?;
    fs::write(&stamp, state.as_str()).named("write", &stamp)?;
    println!(
        "bundle: {} ready after {:.1} s{}",
        hash,
        started.elapsed().as_secs_f32(),
        sizes(layout, profile, &hash)
    );
    Ok(())
}

/// Two builds at once would write over each other: the second waits. Released when the file is closed.
fn lock(path: &Path) -> Result<File, Failure> {
    let file = File::create(path).named("create", path)?;
    file.lock().named("lock", path)?;
    Ok(file)
}

fn state(layout: &Layout, profile: Profile) -> Result<Fingerprint, Failure> {
    let itself = Fingerprint::of_this_program()?;
    let optimizer = wasm::optimizer(layout, profile).unwrap_or_default();
    let toolchain = std::env::var("RUSTUP_TOOLCHAIN").unwrap_or_default();
    let settings = [
        profile.cargo(),
        itself.as_str(),
        &optimizer.to_string_lossy(),
        &toolchain,
    ];
    Fingerprint::of(layout.root(), &INPUTS, &settings)
}

/// Assembles the site beside the old one and swaps it in. Returns the hash in its names.
fn publish(layout: &Layout, profile: Profile, bindings: &Path, sheet: &str) -> Result<String, Failure> {
    let next = layout.target().join("site.next");
    clear(&next)?;
    let pkg = next.join("pkg");
    fs::create_dir_all(&pkg).named("create", &pkg)?;

    let glue = bindings.join(format!("{NAME}.js"));
    let glue = fs::read(&glue).named("read", &glue)?;
    let module = bindings.join(format!("{NAME}_bg.wasm"));
    let module = fs::read(&module).named("read", &module)?;
    let hash = hash(&[&glue, &module, sheet.as_bytes()]);
    for (extension, bytes) in [("js", glue.as_slice()), ("wasm", &module), ("css", sheet.as_bytes())] {
        let file = pkg.join(format!("{NAME}.{hash}.{extension}"));
        fs::write(&file, bytes).named("write", &file)?;
    }
    let snippets = bindings.join("snippets");
    if snippets.is_dir() {
        assets::copy(&snippets, &pkg.join("snippets"))?;
    }
    assets::copy(&layout.assets(), &next.join("assets"))?;
    if profile == Profile::Release {
        compress(&next)?;
    }
    let hashes = format!("js: {hash}\nwasm: {hash}\ncss: {hash}\n");
    let file = next.join("hash.txt");
    fs::write(&file, &hashes).named("write", &file)?;

    swap(&next, &layout.site(), &layout.target().join("site.old"))?;
    announce(layout, profile, &hashes)?;
    Ok(hash)
}

/// The first 64 bits of SHA-256 over the parts, as 16 digits.
fn hash(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hexadecimal(&hash.finalize()[..8])
}

/// Puts `next` in the place of `site`. A crash between the two renames leaves no site, and the next build makes one.
fn swap(next: &Path, site: &Path, old: &Path) -> Result<(), Failure> {
    clear(old)?;
    if site.exists() {
        fs::rename(site, old).named("move", site)?;
    }
    if let Err(error) = fs::rename(next, site) {
        if old.exists() {
            fs::rename(old, site).named("put back", site)?;
        }
        return Err(error).named("move", next);
    }
    clear(old)
}

fn clear(folder: &Path) -> Result<(), Failure> {
    if folder.exists() {
        fs::remove_dir_all(folder).named("remove", folder)
    } else {
        Ok(())
    }
}

/// Writes the hashes where Leptos reads them, whole or not at all: a page may be drawn at this very moment.
fn announce(layout: &Layout, profile: Profile, hashes: &str) -> Result<(), Failure> {
    let file = layout.hashes(profile);
    if fs::read_to_string(&file).is_ok_and(|known| known == hashes) {
        return Ok(());
    }
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).named("create", folder)?;
    }
    let aside = file.with_extension("next");
    fs::write(&aside, hashes).named("write", &aside)?;
    fs::rename(&aside, &file).named("replace", &file)
}

/// What a first visit downloads, for a release; and a warning when it has grown too large.
fn sizes(layout: &Layout, profile: Profile, hash: &str) -> String {
    if profile == Profile::Dev {
        return String::new();
    }
    let size = |extension: &str| {
        let file = layout.site().join("pkg").join(format!("{NAME}.{hash}.{extension}.br"));
        fs::metadata(file).map_or(0, |found| found.len())
    };
    let (module, glue, sheet) = (size("wasm"), size("js"), size("css"));
    let verdict = if module > BUDGET {
        format!(": over the budget of {BUDGET} bytes")
    } else {
        String::new()
    };
    format!("\nbundle: bytes as brotli: wasm {module}, js {glue}, css {sheet}{verdict}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A repository with a stylesheet and an icon, and bindings as wasm-bindgen would leave them.
    fn repository(folder: &Path) -> (Layout, std::path::PathBuf) {
        let layout = Layout::at(folder, &folder.join("target"));
        let bindings = folder.join("bindings");
        for path in [&bindings.join("snippets/glue"), &layout.assets(), layout.target()] {
            fs::create_dir_all(path).unwrap();
        }
        fs::write(bindings.join("coffre.js"), "export function hydrate() {}").unwrap();
        fs::write(bindings.join("coffre_bg.wasm"), "\0asm").unwrap();
        fs::write(bindings.join("snippets/glue/inline.js"), "export {}").unwrap();
        fs::write(layout.assets().join("icons.svg"), "<svg/>").unwrap();
        (layout, bindings)
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_site_carries_one_hash_in_all_its_names_and_in_its_hash_file() {
        let folder = tempfile::tempdir().unwrap();
        let (layout, bindings) = repository(folder.path());
        let hash = publish(&layout, Profile::Dev, &bindings, "a{}").unwrap();
        let pkg = layout.site().join("pkg");
        let expected = ["css", "js", "wasm"].map(|extension| format!("coffre.{hash}.{extension}"));
        assert_eq!(names(&pkg), [&expected[..], &["snippets".to_owned()]].concat());
        assert!(layout.site().join("assets/icons.svg").is_file());

        let hashes = fs::read_to_string(layout.hashes(Profile::Dev)).unwrap();
        assert_eq!(hashes, format!("js: {hash}\nwasm: {hash}\ncss: {hash}\n"));
        assert_eq!(hashes, fs::read_to_string(layout.site().join("hash.txt")).unwrap());
        assert!(!layout.hashes(Profile::Release).exists());
    }

    #[test]
    fn the_same_parts_give_the_same_names_and_another_sheet_gives_others() {
        let folder = tempfile::tempdir().unwrap();
        let (layout, bindings) = repository(folder.path());
        let first = publish(&layout, Profile::Dev, &bindings, "a{}").unwrap();
        assert_eq!(first, publish(&layout, Profile::Dev, &bindings, "a{}").unwrap());
        let second = publish(&layout, Profile::Dev, &bindings, "b{}").unwrap();
        assert_ne!(first, second);
        assert_eq!(
            names(&layout.site().join("pkg")).len(),
            4,
            "nothing of the first is left"
        );
    }

    #[test]
    fn a_build_that_fails_leaves_the_previous_site_in_place() {
        let folder = tempfile::tempdir().unwrap();
        let (layout, bindings) = repository(folder.path());
        let hash = publish(&layout, Profile::Dev, &bindings, "a{}").unwrap();
        fs::remove_file(bindings.join("coffre_bg.wasm")).unwrap();
        let said = publish(&layout, Profile::Dev, &bindings, "b{}")
            .unwrap_err()
            .to_string();
        assert!(said.contains("coffre_bg.wasm"), "{said}");
        assert!(layout.site().join(format!("pkg/coffre.{hash}.css")).is_file());
        assert!(fs::read_to_string(layout.hashes(Profile::Dev)).unwrap().contains(&hash));
    }

    #[test]
    fn a_release_has_its_twins_and_is_announced_beside_the_release_server() {
        let folder = tempfile::tempdir().unwrap();
        let (layout, bindings) = repository(folder.path());
        let sheet = "a { color: red }\n".repeat(50);
        let hash = publish(&layout, Profile::Release, &bindings, &sheet).unwrap();
        assert!(layout.site().join(format!("pkg/coffre.{hash}.css.br")).is_file());
        assert!(layout.site().join(format!("pkg/coffre.{hash}.css.gz")).is_file());
        assert!(layout.hashes(Profile::Release).is_file() && !layout.hashes(Profile::Dev).exists());
        assert!(!layout.site().join("hash.txt.br").exists());
    }
}
