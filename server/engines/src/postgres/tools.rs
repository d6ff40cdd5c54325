//! `pg_dump` and `pg_restore`: where they are, which of several to use, what the operator should know of them, and how they
//! are run.
//!
//! Connection and password are given in the child's environment alone: an argument can be read by every account of the
//! machine. Nothing else named `PG…` is handed on.

use std::env;
use std::ffi::OsString;
use std::fmt;
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use control::ports::database_engine::EngineError;
use domain::failure::Cause;

use super::error::tool_failed;
use super::session::{Secret, Server};

/// Overrides the search. A folder named here that lacks the tools is an error, never silently passed over.
const VARIABLE: &str = "COFFRE_PG_BIN";
/// Debian and Ubuntu: one folder per major version.
const DEBIAN: &str = "/usr/lib/postgresql";
/// How often a running tool is asked about.
const POLL: Duration = Duration::from_millis(200);
/// Longest part of a tool's words that is kept, bytes.
const WORDS_BYTES: u64 = 64 * 1024;

/// A version: 15.18.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// 13, 14, …
    pub major: u16,
    /// The bug-fix release; 0 for a beta.
    pub minor: u16,
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// The tools of one installed version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tools {
    pub(crate) folder: PathBuf,
    pub(crate) version: Version,
}

/// Every usable pair of tools, those of Debian newest first.
pub(crate) fn find(configured: Option<&Path>) -> Vec<Tools> {
    let configured = configured.map(Path::to_owned).or_else(|| {
        env::var_os(VARIABLE)
            .filter(|folder| !folder.is_empty())
            .map(PathBuf::from)
    });
    find_in(configured.as_deref(), Path::new(DEBIAN), env::var_os("PATH"))
}

fn find_in(configured: Option<&Path>, debian: &Path, path: Option<OsString>) -> Vec<Tools> {
    if let Some(folder) = configured {
        return in_folder(folder).into_iter().collect();
    }
    let folders = std::fs::read_dir(debian).into_iter().flatten().flatten();
    let mut found: Vec<Tools> = folders
        .filter_map(|entry| in_folder(&entry.path().join("bin")))
        .collect();
    found.sort_by_key(|tools| std::cmp::Reverse(tools.version));
    found.extend(
        path.iter()
            .flat_map(env::split_paths)
            .filter_map(|folder| in_folder(&folder)),
    );
    found
}

/// Both tools must be there, answer, and be of one major version.
fn in_folder(folder: &Path) -> Option<Tools> {
    let dump = version_of(&folder.join("pg_dump"))?;
    let restore = version_of(&folder.join("pg_restore"))?;
    (dump.major == restore.major).then(|| Tools {
        folder: folder.to_owned(),
        version: dump.min(restore),
    })
}

fn version_of(program: &Path) -> Option<Version> {
    if !program.is_file() {
        return None;
    }
    let answer = Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .output()
        .ok()?;
    parse_version(&String::from_utf8_lossy(&answer.stdout))
}

/// Reads `pg_dump (PostgreSQL) 15.18 (Debian …)`, `… 19beta1`, `… 18devel`.
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

/// The tools for a server: those of its own major, else the next newer. Older ones refuse it; newer ones may write
/// settings into a restore that the server does not know.
///
/// # Errors
/// `ToolMissing`; `VersionNotSupported` when all are older than the server.
pub(crate) fn choose(found: Vec<Tools>, server: u16) -> Result<Tools, EngineError> {
    if found.is_empty() {
        return Err(EngineError::new(
            Cause::ToolMissing,
            "pg_dump and pg_restore were not found",
        ));
    }
    let newest = found.iter().map(|tools| tools.version.major).max().unwrap_or_default();
    let fitting = found.into_iter().filter(|tools| tools.version.major >= server);
    fitting.min_by_key(|tools| tools.version.major).ok_or_else(|| {
        let detail = format_args!("the server is {server}, the newest pg_dump is {newest}").to_string();
        EngineError::new(Cause::VersionNotSupported, detail)
    })
}

/// A tool run against one database.
pub(crate) struct Run<'a> {
    pub(crate) tools: &'a Tools,
    pub(crate) program: &'static str,
    pub(crate) server: &'a Server,
    pub(crate) arguments: Vec<OsString>,
}

impl Run<'_> {
    /// Runs it to its end. `go_on` is asked several times a second; `false` ends the tool at once.
    ///
    /// # Errors
    /// `Interrupted`; what the tool said, by cause.
    pub(crate) fn watched(self, go_on: impl FnMut() -> bool) -> Result<(), EngineError> {
        self.run(Stdio::null(), go_on).map(|_| ())
    }

    /// Runs it and answers what it wrote to its standard output: for what is known to be short.
    pub(crate) fn output(self) -> Result<Vec<u8>, EngineError> {
        self.run(Stdio::piped(), || true)
    }

    fn run(self, output: Stdio, mut go_on: impl FnMut() -> bool) -> Result<Vec<u8>, EngineError> {
        let program = self.program;
        let mut child = Running(self.command().stdout(output).spawn().map_err(|error| {
            EngineError::new(Cause::ToolMissing, format_args!("{program} does not start: {error}"))
        })?);
        let words = child.0.stderr.take().map(|words| read_aside(words.take(WORDS_BYTES)));
        let output = child.0.stdout.take().map(read_aside);
        // Standard error closes when the tool and all it started are gone.
        let mut written = Vec::new();
        if let Some(words) = words {
            written = loop {
                match words.recv_timeout(POLL) {
                    Ok(words) => break words,
                    Err(mpsc::RecvTimeoutError::Disconnected) => break Vec::new(),
                    Err(mpsc::RecvTimeoutError::Timeout) if go_on() => {}
                    Err(mpsc::RecvTimeoutError::Timeout) => {
                        return Err(EngineError::new(
                            Cause::Interrupted,
                            format_args!("{program} was asked to stop"),
                        ));
                    }
                }
            };
        }
        let ended = child
            .0
            .wait()
            .map_err(|error| EngineError::new(Cause::ToolFailed, format_args!("{program}: {error}")))?;
        if !ended.success() {
            return Err(tool_failed(program, &String::from_utf8_lossy(&written)));
        }
        Ok(output.and_then(|output| output.recv().ok()).unwrap_or_default())
    }

    fn command(&self) -> Command {
        let mut command = Command::new(self.tools.folder.join(self.program));
        for (name, _) in env::vars_os().filter(|(name, _)| name.as_encoded_bytes().starts_with(b"PG")) {
            command.env_remove(name);
        }
        command
            .args(&self.arguments)
            .arg("--no-password")
            .env("LC_ALL", "C")
            .env("PGHOST", &self.server.host)
            .env("PGPORT", self.server.port.to_string())
            .env("PGUSER", &self.server.user)
            .env("PGDATABASE", &self.server.database)
            .env("PGAPPNAME", "coffre")
            // The tools lift the database's own limits as well, but only after their first statement, which a short one cuts off.
            .env(
                "PGOPTIONS",
                "-c statement_timeout=0 -c idle_in_transaction_session_timeout=0",
            )
            .env("PGPASSFILE", "/dev/null")
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .process_group(0);
        if let Some(Secret(password)) = &self.server.password {
            command.env("PGPASSWORD", password);
        }
        command
    }
}

/// A child and what it started; none of them outlives the value.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        if matches!(self.0.try_wait(), Ok(None)) {
            let group = i32::try_from(self.0.id()).ok().and_then(rustix::process::Pid::from_raw);
            if let Some(group) = group {
                let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
            }
            let _ = self.0.wait();
        }
    }
}

fn read_aside(mut from: impl Read + Send + 'static) -> mpsc::Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut content = Vec::new();
        // Half a message is better than none, and whoever waited may be gone.
        let _ = from.read_to_end(&mut content);
        let _ = sender.send(content);
    });
    receiver
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn install(folder: &Path, version: &str) {
        std::fs::create_dir_all(folder).unwrap();
        for program in ["pg_dump", "pg_restore"] {
            let path = folder.join(program);
            std::fs::write(&path, format!("#!/bin/sh\necho '{program} (PostgreSQL) {version}'\n")).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
    }

    #[test]
    fn the_tools_of_the_servers_own_major_are_chosen_then_the_next_newer() {
        let root = tempfile::tempdir().unwrap();
        install(&root.path().join("15/bin"), "15.18 (Debian 15.18-0+deb12u1)");
        install(&root.path().join("17/bin"), "17.2");
        install(&root.path().join("18/bin"), "18beta1");
        let found = || find_in(None, root.path(), None);
        assert_eq!(found()[0].version, Version { major: 18, minor: 0 });
        let chosen = |server| choose(found(), server).map(|tools| tools.version.to_string());
        assert_eq!(chosen(15).unwrap(), "15.18");
        assert_eq!(chosen(16).unwrap(), "17.2");
        assert_eq!(chosen(19).unwrap_err().cause, Cause::VersionNotSupported);
        assert_eq!(choose(Vec::new(), 15).unwrap_err().cause, Cause::ToolMissing);
    }

    #[test]
    fn a_configured_folder_without_tools_is_not_passed_over() {
        let root = tempfile::tempdir().unwrap();
        install(&root.path().join("15/bin"), "15.18");
        assert!(find_in(Some(&root.path().join("wrong")), root.path(), None).is_empty());
    }
}
