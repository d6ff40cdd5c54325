//! Rebuilds and restarts `coffre demo` whenever a file is saved.
//!
//! It looks at a few hundred files three times a second, which costs next to nothing and works on every file system; a library for
//! file events would be one more dependency for a tool of developers. A broken build leaves the running console alone. Ctrl-C reaches
//! both programs, for they share the terminal.

use std::{
    process::{Child, Command},
    thread,
    time::{Duration, Instant},
};

use crate::{
    failure::{Failure, Named},
    fingerprint::Fingerprint,
    layout::{Layout, Profile},
    site, wasm,
};

const WATCHED: [&str; 6] = ["Cargo.toml", "Cargo.lock", "app", "frontend", "server", "style"];

/// Time between two looks at the files.
const INTERVAL: Duration = Duration::from_millis(300);

/// How long the console may take to stop before it is killed.
const PATIENCE: Duration = Duration::from_secs(10);

/// Runs until it is interrupted; `arguments` go to `coffre demo`.
///
/// # Errors
/// Only when the files themselves cannot be read; a build that fails is reported on the terminal and waited out.
pub fn watch(layout: &Layout, arguments: &[String]) -> Result<(), Failure> {
    let mut seen = None;
    let mut console: Option<Child> = None;
    loop {
        let state = Fingerprint::of(layout.root(), &WATCHED, &[])?;
        if seen.as_ref() != Some(&state) {
            seen = Some(state);
            let started = Instant::now();
            let outcome = rebuild(layout).and_then(|()| {
                if let Some(old) = console.take() {
                    stop(old)?;
                }
                start(layout, arguments)
            });
            match outcome {
                Ok(new) => {
                    console = Some(new);
                    println!(
                        "bundle: restarted after {:.1} s; waiting for changes",
                        started.elapsed().as_secs_f32()
                    );
                }
                Err(failure) => eprintln!("bundle: {failure}\nbundle: waiting for changes"),
            }
        }
        if let Some(child) = &mut console
            && let Ok(Some(status)) = child.try_wait()
        {
            eprintln!("bundle: the console stopped by itself ({status}); it starts again with the next change");
            console = None;
        }
        thread::sleep(INTERVAL);
    }
}

fn rebuild(layout: &Layout) -> Result<(), Failure> {
    site::build(layout, Profile::Dev)?;
    let status = wasm::cargo()
        .current_dir(layout.root())
        .args(["build", "--package", "server", "--bin", "coffre", "--target-dir"])
        .arg(layout.target())
        .status()
        .map_err(Failure::CargoMissing)?;
    if status.success() {
        Ok(())
    } else {
        Err(Failure::Compilation("the server"))
    }
}

fn start(layout: &Layout, arguments: &[String]) -> Result<Child, Failure> {
    let program = layout.server();
    Command::new(&program)
        .current_dir(layout.root())
        .arg("demo")
        .args(arguments)
        .spawn()
        .named("start", &program)
}

/// Asks the console to end, so that it can put its databases away; kills it when it does not.
fn stop(mut console: Child) -> Result<(), Failure> {
    #[cfg(unix)]
    {
        let process = rustix::process::Pid::from_child(&console);
        // It may have ended a moment ago; `wait` below then says so.
        let _ = rustix::process::kill_process(process, rustix::process::Signal::TERM);
        let asked = Instant::now();
        while asked.elapsed() < PATIENCE {
            if console.try_wait().is_ok_and(|status| status.is_some()) {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(50));
        }
    }
    console.kill().named("stop", std::path::Path::new("coffre demo"))?;
    console
        .wait()
        .named("stop", std::path::Path::new("coffre demo"))
        .map(|_| ())
}
