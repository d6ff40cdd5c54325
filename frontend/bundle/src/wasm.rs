//! The browser's half of the application: cargo compiles it, wasm-bindgen writes the glue, wasm-opt makes it smaller.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use wasm_bindgen_cli_support::Bindgen;

use crate::{
    failure::{Failure, Named},
    fingerprint::Fingerprint,
    layout::{Layout, NAME, Profile},
};

/// What rustc 1.95 turns on by default for this target; wasm-opt may use these and nothing younger.
/// Source: "Enabled WebAssembly features" in rustc's page on wasm32-unknown-unknown.
const FEATURES: [&str; 6] = [
    "--enable-bulk-memory",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

/// The file in the folder of bindings that says what they were made from.
const MADE_FROM: &str = "made-from";

/// Compiles, and returns the folder with `coffre.js`, `coffre_bg.wasm` and perhaps `snippets/`. When cargo had nothing to do, the
/// bindings of the last time are returned.
///
/// # Errors
/// [`Failure::Compilation`], [`Failure::Bindings`], [`Failure::File`].
pub fn bindings(layout: &Layout, profile: Profile) -> Result<PathBuf, Failure> {
    compile(layout, profile)?;
    let module = layout.compiled(profile);
    let folder = layout.bindings(profile);
    let optimizer = optimizer(layout, profile);
    let tool = optimizer.as_deref().unwrap_or(Path::new("")).to_string_lossy();
    let itself = Fingerprint::of_this_program()?;
    let made_from = Fingerprint::of(Path::new(""), &[&module.to_string_lossy()], &[itself.as_str(), &tool])?;
    if fs::read_to_string(folder.join(MADE_FROM)).is_ok_and(|known| known == made_from.as_str()) {
        return Ok(folder);
    }
    if folder.exists() {
        fs::remove_dir_all(&folder).named("remove", &folder)?;
    }
    fs::create_dir_all(&folder).named("create", &folder)?;
    generate(&module, &folder, profile).map_err(|reason| Failure::Bindings {
        module: module.clone(),
        reason: format!("{reason:#}"),
    })?;
    if profile == Profile::Release {
        shrink(optimizer.as_deref(), &folder.join(format!("{NAME}_bg.wasm")))?;
    }
    // Last: bindings without it are incomplete, and made again.
    let marker = folder.join(MADE_FROM);
    fs::write(&marker, made_from.as_str()).named("write", &marker)?;
    Ok(folder)
}

fn compile(layout: &Layout, profile: Profile) -> Result<(), Failure> {
    let status = cargo()
        .current_dir(layout.root())
        .args([
            "build",
            "--package",
            "frontend",
            "--lib",
            "--target",
            "wasm32-unknown-unknown",
        ])
        .args(["--profile", profile.cargo(), "--target-dir"])
        .arg(layout.target())
        .status()
        .map_err(Failure::CargoMissing)?;
    if status.success() {
        Ok(())
    } else {
        Err(Failure::Compilation("the browser part"))
    }
}

/// The cargo that started this program, else the one on the path.
pub fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

fn generate(module: &Path, folder: &Path, profile: Profile) -> Result<(), impl std::fmt::Display + use<>> {
    let release = profile == Profile::Release;
    let mut bindgen = Bindgen::new();
    // The page tells the glue where its module is: the name with the hash, which is not known yet.
    bindgen
        .input_path(module)
        .out_name(NAME)
        .typescript(false)
        .omit_default_module_path(true);
    bindgen.remove_name_section(release).remove_producers_section(release);
    bindgen.web(true).and_then(|bindgen| bindgen.generate(folder))
}

/// wasm-opt from the browser tests' packages or from the path; only a release build looks for it.
pub fn optimizer(layout: &Layout, profile: Profile) -> Option<PathBuf> {
    if profile == Profile::Dev {
        return None;
    }
    let ours = layout.root().join("end2end/node_modules/.bin/wasm-opt");
    [ours, PathBuf::from("wasm-opt")].into_iter().find(|tool| {
        let asked = Command::new(tool)
            .arg("--version")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        asked.is_ok_and(|status| status.success())
    })
}

/// Shrinks the module in place. Without the tool, or when the tool fails, the module stays as it is: larger, but right.
fn shrink(optimizer: Option<&Path>, module: &Path) -> Result<(), Failure> {
    let Some(tool) = optimizer else {
        eprintln!(
            "bundle: wasm-opt was not found (`npm ci` in end2end/ brings it, or install binaryen): \
             the page works, its download is about a tenth larger"
        );
        return Ok(());
    };
    let smaller = module.with_extension("smaller");
    let ran = Command::new(tool)
        .arg("-Oz")
        .args(FEATURES)
        .arg(module)
        .arg("-o")
        .arg(&smaller)
        .status();
    if ran.as_ref().is_ok_and(std::process::ExitStatus::success) {
        return fs::rename(&smaller, module).named("replace", module);
    }
    match ran {
        Ok(status) => eprintln!(
            "bundle: {} failed ({status}): the module stays as it was",
            tool.display()
        ),
        Err(error) => eprintln!("bundle: {} could not be started ({error})", tool.display()),
    }
    if smaller.exists() {
        fs::remove_file(&smaller).named("remove", &smaller)?;
    }
    Ok(())
}
