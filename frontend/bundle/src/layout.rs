//! Where things are: the repository, cargo's target folder, and what this program keeps in it.

use std::path::{Path, PathBuf};

use crate::failure::{Failure, Named};

/// The stem of every file in `pkg/`, the same as `LEPTOS_OUTPUT_NAME` in `.cargo/config.toml`.
pub const NAME: &str = "coffre";

/// Which of the two builds is wanted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Profile {
    /// Quick to build, readable in the browser's tools.
    Dev,
    /// Small to download.
    Release,
}

impl Profile {
    /// cargo's name for the browser's half.
    pub fn cargo(self) -> &'static str {
        match self {
            Profile::Dev => "dev",
            Profile::Release => "wasm-release",
        }
    }

    /// The folder in which cargo puts that half.
    fn compiled(self) -> &'static str {
        match self {
            Profile::Dev => "debug",
            Profile::Release => "wasm-release",
        }
    }

    /// The folder of the server that belongs to it.
    fn server(self) -> &'static str {
        match self {
            Profile::Dev => "debug",
            Profile::Release => "release",
        }
    }
}

/// Every path this program reads or writes.
#[derive(Debug)]
pub struct Layout {
    root: PathBuf,
    target: PathBuf,
}

impl Layout {
    /// Finds the repository from cargo's variable (or the current folder) and the target folder from this very program, which cargo
    /// put in `<target>/<profile>/`: so every way of moving the target folder is respected without asking.
    ///
    /// # Errors
    /// [`Failure::NotTheRepository`] when started elsewhere.
    pub fn find() -> Result<Layout, Failure> {
        let here = std::env::current_dir().named("find", Path::new("."))?;
        let root = match std::env::var_os("CARGO_MANIFEST_DIR") {
            Some(crate_folder) => Path::new(&crate_folder)
                .ancestors()
                .nth(2)
                .unwrap_or(&here)
                .to_path_buf(),
            None => here,
        };
        if !root.join("style/main.css").is_file() {
            return Err(Failure::NotTheRepository(root));
        }
        let program = std::env::current_exe().named("find", Path::new("this program"))?;
        let target = program
            .ancestors()
            .nth(2)
            .map_or_else(|| root.join("target"), Path::to_path_buf);
        Ok(Layout { root, target })
    }

    /// A layout for tests.
    #[cfg(test)]
    pub fn at(root: &Path, target: &Path) -> Layout {
        Layout {
            root: root.to_path_buf(),
            target: target.to_path_buf(),
        }
    }

    /// The repository.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// cargo's target folder.
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// The stylesheet that imports all others.
    pub fn stylesheet(&self) -> PathBuf {
        self.root.join("style/main.css")
    }

    /// What is served as it is, under `/assets`.
    pub fn assets(&self) -> PathBuf {
        self.root.join("style/assets")
    }

    /// The finished site, the only folder others read.
    pub fn site(&self) -> PathBuf {
        self.target.join("site")
    }

    /// What this program remembers from one build to the next.
    pub fn memory(&self) -> PathBuf {
        self.target.join("bundle")
    }

    /// The browser's module as cargo writes it.
    pub fn compiled(&self, profile: Profile) -> PathBuf {
        self.target
            .join("wasm32-unknown-unknown")
            .join(profile.compiled())
            .join("frontend.wasm")
    }

    /// The module and its glue as wasm-bindgen writes them.
    pub fn bindings(&self, profile: Profile) -> PathBuf {
        self.memory().join(profile.compiled())
    }

    /// Leptos reads this file next to the running server, to learn the names in `pkg/`.
    pub fn hashes(&self, profile: Profile) -> PathBuf {
        self.target.join(profile.server()).join("hash.txt")
    }

    /// The development server.
    pub fn server(&self) -> PathBuf {
        self.target
            .join(Profile::Dev.server())
            .join(NAME)
            .with_extension(std::env::consts::EXE_EXTENSION)
    }
}
