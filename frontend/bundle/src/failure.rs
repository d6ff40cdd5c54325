//! Everything that can stop a build, each as one sentence for the terminal.
//!
//! A failure never leaves a half-written site: `site.rs` swaps a finished one in or does nothing.

use std::{
    io,
    path::{Path, PathBuf},
};

use thiserror::Error;

/// Why there is no new site.
#[derive(Debug, Error)]
pub enum Failure {
    /// The command line was not understood.
    #[error("{usage}")]
    Usage {
        /// The line that says what is possible.
        usage: &'static str,
    },
    /// Started somewhere that is not this repository.
    #[error("{} is not the root of the repository: start it there, with `cargo run -p bundle`", .0.display())]
    NotTheRepository(PathBuf),
    /// cargo itself could not be started.
    #[error("cargo could not be started: {0}")]
    CargoMissing(io::Error),
    /// cargo ran and refused; its own message is already on the terminal.
    #[error("{0} does not compile (cargo's message is above); the previous build stays in place")]
    Compilation(&'static str),
    /// wasm-bindgen could not read or rewrite the module.
    #[error("wasm-bindgen could not make the bindings of {}: {reason}", module.display())]
    Bindings {
        /// The module as cargo wrote it.
        module: PathBuf,
        /// The library's own words.
        reason: String,
    },
    /// A partial is missing or is not CSS; the reason names file, line and column.
    #[error("the stylesheet is wrong: {0}")]
    Stylesheet(String),
    /// The file system refused.
    #[error("cannot {action} {}: {source}", path.display())]
    File {
        /// A verb: read, write, copy…
        action: &'static str,
        /// What it was about.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
}

/// Turns a system error into [`Failure::File`], naming the file, which [`io::Error`] leaves out.
pub trait Named<T> {
    /// `action` is a verb: "read", "write".
    ///
    /// # Errors
    /// The same error, with its file.
    fn named(self, action: &'static str, path: &Path) -> Result<T, Failure>;
}

impl<T> Named<T> for io::Result<T> {
    fn named(self, action: &'static str, path: &Path) -> Result<T, Failure> {
        self.map_err(|source| Failure::File {
            action,
            path: path.to_path_buf(),
            source,
        })
    }
}
