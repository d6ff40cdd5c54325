//! Builds what the browser downloads into `target/site`: WebAssembly and its glue, the stylesheet, the assets.
//!
//! ```text
//! cargo run -p bundle                 development build, nothing compressed
//! cargo run -p bundle -- --release    smallest files, each with its brotli and gzip twin
//! cargo run -p bundle -- --watch      builds, starts `coffre demo`, and does both again on every change
//! ```
//!
//! It is a program of its own, and not a build script of the server, because the browser part is another compilation for another
//! target. It calls the libraries that the usual command line tools are made of, so that their versions are those of `Cargo.lock` and
//! nothing has to be installed. It does not build the server (except under `--watch`) and does not talk to the network.

mod assets;
mod compress;
mod failure;
mod fingerprint;
mod layout;
mod site;
mod stylesheet;
mod wasm;
mod watch;

use std::process::ExitCode;

use failure::Failure;
use layout::{Layout, Profile};

const USAGE: &str = "usage: cargo run -p bundle -- [--release | --watch [-- ARGUMENTS OF coffre demo]]";

fn main() -> ExitCode {
    match run(std::env::args().skip(1).collect()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("bundle: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(mut arguments: Vec<String>) -> Result<(), Failure> {
    let passed_on = match arguments.iter().position(|argument| argument == "--") {
        Some(at) => arguments.split_off(at).split_off(1),
        None => Vec::new(),
    };
    let flags: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match (flags.as_slice(), passed_on.is_empty()) {
        ([], true) => site::build(&Layout::find()?, Profile::Dev),
        (["--release"], true) => site::build(&Layout::find()?, Profile::Release),
        (["--watch"], _) => watch::watch(&Layout::find()?, &passed_on),
        (["--help" | "-h"], _) => {
            println!("{USAGE}");
            Ok(())
        }
        _ => Err(Failure::Usage { usage: USAGE }),
    }
}
