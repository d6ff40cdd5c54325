//! Where PostgreSQL's server programs are. Looks only; installs nothing.
//!
//! Order: `COFFRE_PG_BIN`, the newest `/usr/lib/postgresql/*/bin` (Debian keeps `initdb` off `PATH` there), `PATH`.

use std::env;
use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Overrides the search. A directory named here that lacks the programs is an error, never silently passed over.
const VARIABLE: &str = "COFFRE_PG_BIN";
/// Debian and Ubuntu: one directory per major version.
const DEBIAN: &str = "/usr/lib/postgresql";
/// Without these three no cluster can be made, run and waited for.
const NEEDED: [&str; 3] = ["initdb", "postgres", "pg_isready"];

/// A server version, for example 15.18.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// 13, 14, … : data directories are compatible within one.
    pub major: u16,
    /// The bug-fix release; 0 for a beta.
    pub minor: u16,
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// The server programs of one installed version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Programs {
    bin: PathBuf,
    version: Version,
}

impl Programs {
    /// The directory that holds `initdb`, `postgres` and, as a rule, `pg_dump` and `pg_restore`.
    pub fn bin(&self) -> &Path {
        &self.bin
    }

    /// What `postgres --version` says.
    pub fn version(&self) -> Version {
        self.version
    }

    /// The path of one program, whether or not it exists.
    pub fn path(&self, program: &str) -> PathBuf {
        self.bin.join(program)
    }

    /// `None` unless all needed programs are there and `postgres --version` answers.
    fn in_directory(bin: &Path) -> Option<Self> {
        if !NEEDED.iter().all(|program| bin.join(program).is_file()) {
            return None;
        }
        let answer = Command::new(bin.join("postgres")).arg("--version").output().ok()?;
        let version = parse_version(&String::from_utf8_lossy(&answer.stdout))?;
        Some(Self {
            bin: bin.to_owned(),
            version,
        })
    }
}

/// No usable server programs; says where they were looked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotFound {
    /// `COFFRE_PG_BIN` is set, but the programs are not in it.
    #[error("{VARIABLE} names {0}, which does not hold working initdb, postgres and pg_isready programs")]
    Configured(PathBuf),
    /// Nothing on this machine.
    #[error("no PostgreSQL server program found in {DEBIAN}/*/bin or on PATH (set {VARIABLE} to its directory)")]
    Anywhere,
    /// This major version is not installed.
    #[error("no PostgreSQL {0} server program found in {DEBIAN}/*/bin or on PATH")]
    Major(u16),
}

/// Whether a private cluster can be had on this machine.
#[derive(Debug)]
pub struct Availability;

impl Availability {
    /// The programs to use. Runs `postgres --version` once per installed version; blocks for milliseconds.
    ///
    /// # Errors
    /// [`NotFound`], worded so that it can be shown as the reason why something is left out.
    pub fn find() -> Result<Programs, NotFound> {
        find_in(
            env::var_os(VARIABLE).as_deref(),
            Path::new(DEBIAN),
            env::var_os("PATH").as_deref(),
        )
    }

    /// The programs of one major version: a data directory can only be continued by the version that wrote it.
    ///
    /// # Errors
    /// [`NotFound::Major`] if it is not installed.
    pub fn find_major(major: u16) -> Result<Programs, NotFound> {
        let path = env::var_os("PATH");
        installed(Path::new(DEBIAN), path.as_deref())
            .into_iter()
            .find(|programs| programs.version.major == major)
            .ok_or(NotFound::Major(major))
    }
}

fn find_in(configured: Option<&OsStr>, debian: &Path, path: Option<&OsStr>) -> Result<Programs, NotFound> {
    if let Some(bin) = configured.filter(|bin| !bin.is_empty()).map(Path::new) {
        return Programs::in_directory(bin).ok_or_else(|| NotFound::Configured(bin.to_owned()));
    }
    installed(debian, path).into_iter().next().ok_or(NotFound::Anywhere)
}

/// Debian's versions, newest first, then what is on `PATH` in its order.
fn installed(debian: &Path, path: Option<&OsStr>) -> Vec<Programs> {
    let mut found: Vec<Programs> = std::fs::read_dir(debian)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Programs::in_directory(&entry.path().join("bin")))
        .collect();
    found.sort_by_key(|programs| std::cmp::Reverse(programs.version));
    found.extend(
        path.into_iter()
            .flat_map(env::split_paths)
            .filter_map(|bin| Programs::in_directory(&bin)),
    );
    found
}

/// Reads `postgres (PostgreSQL) 15.18 (Debian …)`, `… 19beta1`, `… 18devel`.
fn parse_version(answer: &str) -> Option<Version> {
    let mut numbers = answer
        .split_once("(PostgreSQL)")?
        .1
        .split_whitespace()
        .next()?
        .split('.');
    let leading = |text: &str| text.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok();
    Some(Version {
        major: leading(numbers.next()?)?,
        minor: numbers.next().and_then(leading).unwrap_or(0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn install(bin: &Path, version: &str) {
        std::fs::create_dir_all(bin).unwrap();
        for program in NEEDED {
            let path = bin.join(program);
            std::fs::write(&path, format!("#!/bin/sh\necho '{program} (PostgreSQL) {version}'\n")).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
    }

    #[test]
    fn the_configured_directory_wins_then_the_newest_then_the_path() {
        let root = tempfile::tempdir().unwrap();
        let (own, debian, usr) = (
            root.path().join("own"),
            root.path().join("debian"),
            root.path().join("usr/bin"),
        );
        install(&own, "13.2");
        install(&debian.join("9/bin"), "9.6.1");
        install(&debian.join("15/bin"), "15.18 (Debian 15.18-0+deb12u1)");
        install(&usr, "18devel");
        let found = |configured, debian: &Path| find_in(configured, debian, Some(usr.as_os_str())).unwrap().version();
        assert_eq!(found(Some(own.as_os_str()), &debian), Version { major: 13, minor: 2 });
        assert_eq!(found(None, &debian), Version { major: 15, minor: 18 });
        assert_eq!(
            found(None, &root.path().join("nowhere")),
            Version { major: 18, minor: 0 }
        );
    }

    #[test]
    fn a_configured_directory_without_programs_is_an_error_even_if_others_are_installed() {
        let root = tempfile::tempdir().unwrap();
        install(&root.path().join("15/bin"), "15.1");
        let wrong = root.path().join("wrong");
        let answer = find_in(Some(wrong.as_os_str()), root.path(), None);
        assert_eq!(answer, Err(NotFound::Configured(wrong)));
        assert_eq!(
            find_in(None, &root.path().join("nowhere"), None),
            Err(NotFound::Anywhere)
        );
    }
}
