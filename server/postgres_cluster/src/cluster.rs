//! One private server from `initdb` to its end.
//!
//! Who keeps whom alive: this process holds the writing end of a pipe, a small shell holds the reading end and the
//! server's process id. When the pipe closes, because the guard is dropped or because this process is gone in any way,
//! the shell stops the server and clears up. No signal handler, no lease, nothing to forget.

use std::fmt;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::directory::{self, Account};
use crate::error::ClusterError;
use crate::leftover;
use crate::programs::{Availability, Programs};

/// Only part of the socket's name: nothing listens on this TCP port.
const PORT: u16 = 5432;
/// The superuser `initdb` creates.
const USER: &str = "coffre";
/// How much of the log an error carries.
const LOG_LINES: usize = 12;

/// Its arguments are the server's. `initdb` works beside the final name, so that a half-made directory is never
/// mistaken for a cluster. The last `wait` is bounded by 30 s for an orderly stop, then the server is made to end.
const GUARD: &str = r#"
cd / || exit 1
: >"$LOG"
if [ ! -f "$DATA/PG_VERSION" ]; then
    rm -rf "$DATA.new"
    "$BIN/initdb" -D "$DATA.new" -U "$SUPERUSER" --pwfile="$PASSWORD_FILE" -A scram-sha-256 -E UTF8 --locale=C \
        --no-instructions $INITDB_SYNC </dev/null >>"$LOG" 2>&1 && mv "$DATA.new" "$DATA" || { echo initdb; exit 1; }
fi
"$BIN/postgres" -D "$DATA" -k "$SOCKET" "$@" </dev/null >>"$LOG" 2>&1 &
server=$!
tries=0
until "$BIN/pg_isready" -q -h "$SOCKET" -p "$PORT"; do
    kill -0 $server 2>/dev/null || { echo postgres; exit 1; }
    tries=$((tries + 1))
    [ $tries -lt 1200 ] || { kill -KILL $server; echo timeout; exit 1; }
    sleep 0.05
done
echo ready
cat >/dev/null
kill -"$STOP" $server
tries=0
while kill -0 $server 2>/dev/null; do
    tries=$((tries + 1))
    [ $tries -ne 600 ] || kill -QUIT $server
    sleep 0.05
done
wait $server
[ -z "$REMOVE" ] || rm -rf "$REMOVE"
"#;

/// How a cluster is to be started.
#[derive(Debug, Clone, Default)]
pub struct ClusterOptions {
    directory: Option<PathBuf>,
    programs: Option<Programs>,
    settings: Vec<(String, String)>,
}

impl ClusterOptions {
    /// For tests: a new cluster in the temporary directory, not durable, completely removed at the end.
    pub fn ephemeral() -> Self {
        Self::default()
    }

    /// Keeps its data, password and log in `directory` (created if missing) and continues them at the next start;
    /// durable like any PostgreSQL server.
    pub fn persistent(directory: impl Into<PathBuf>) -> Self {
        Self {
            directory: Some(directory.into()),
            ..Self::default()
        }
    }

    /// Uses these programs instead of those [`Availability::find`] answers.
    #[must_use]
    pub fn programs(mut self, programs: Programs) -> Self {
        self.programs = Some(programs);
        self
    }

    /// Adds a server setting, for example `("max_connections", "20")`.
    #[must_use]
    pub fn setting(mut self, name: &str, value: &str) -> Self {
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// A running private server. Dropping it stops the server and waits for its end.
pub struct PrivateCluster {
    guard: Child,
    _lock: File,
    programs: Programs,
    directory: PathBuf,
    socket_dir: PathBuf,
    password: String,
    /// What must be gone afterwards: the whole of an ephemeral cluster, or a short socket directory.
    removed_at_end: Option<PathBuf>,
}

impl PrivateCluster {
    /// Starts a cluster and returns once it answers: about 1–2 s the first time, 0.2 s when it is continued. Blocks.
    ///
    /// # Errors
    /// Every variant of [`ClusterError`]; nothing keeps running, and an ephemeral directory is removed.
    pub fn start(options: ClusterOptions) -> Result<Self, ClusterError> {
        let ephemeral = options.directory.is_none();
        let directory = match &options.directory {
            Some(directory) => std::path::absolute(directory).map_err(ClusterError::io("find", directory))?,
            None => directory::temporary(&std::env::temp_dir())?,
        };
        let started = Self::start_in(&directory, ephemeral, options);
        if started.is_err() && ephemeral {
            let _ = fs::remove_dir_all(&directory);
        }
        started
    }

    fn start_in(directory: &Path, ephemeral: bool, options: ClusterOptions) -> Result<Self, ClusterError> {
        let programs = options.programs.map_or_else(Availability::find, Ok)?;
        let data = directory.join("data");
        let account = Account::for_data(&data);
        account.private_directory(directory)?;
        account.can_reach(directory)?;
        let lock = directory::lock(directory)?;
        let guard_lock = leftover::wait_for_guard(directory)?;
        leftover::clear(directory, &data)?;
        let programs = matching(programs, directory, &data)?;
        let password_file = directory.join("password");
        let password = password(&password_file, &data, account)?;
        let (socket_dir, short_lived) = directory::socket_directory(&directory.join("socket"), account)?;
        let removed_at_end = match (ephemeral, short_lived) {
            (true, _) => Some(directory.to_owned()),
            (false, true) => Some(socket_dir.clone()),
            (false, false) => None,
        };

        let log = directory.join("log");
        let mut command = Command::new("sh");
        command
            .args(["-c", GUARD, "sh"])
            .args(["-p", &PORT.to_string(), "-c", "listen_addresses="]);
        if ephemeral {
            command.args([
                "-c",
                "fsync=off",
                "-c",
                "full_page_writes=off",
                "-c",
                "synchronous_commit=off",
            ]);
        }
        for (name, value) in &options.settings {
            command.arg("-c").arg(format!("{name}={value}"));
        }
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.as_encoded_bytes().starts_with(b"PG")) {
            command.env_remove(name);
        }
        command
            .env("BIN", programs.bin())
            .env("DATA", &data)
            .env("SOCKET", &socket_dir)
            .env("LOG", &log)
            .env("PASSWORD_FILE", &password_file)
            .env("SUPERUSER", USER)
            .env("PORT", PORT.to_string())
            .env("INITDB_SYNC", if ephemeral { "--no-sync" } else { "" })
            .env("STOP", if ephemeral { "QUIT" } else { "INT" })
            .env("REMOVE", removed_at_end.as_deref().unwrap_or(Path::new("")))
            .env("LC_ALL", "C")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(guard_lock)
            .process_group(0);
        if let Account(Some(uid)) = account {
            command.uid(uid).gid(uid);
        }
        let guard = command.spawn().map_err(ClusterError::io("run", Path::new("sh")))?;
        let mut cluster = Self {
            guard,
            _lock: lock,
            programs,
            directory: directory.to_owned(),
            socket_dir,
            password,
            removed_at_end,
        };
        cluster.wait_until_ready(&log)?;
        if ephemeral {
            let _ = fs::remove_file(&password_file);
        }
        Ok(cluster)
    }

    fn wait_until_ready(&mut self, log: &Path) -> Result<(), ClusterError> {
        let mut stage = String::new();
        if let Some(answer) = self.guard.stdout.take() {
            BufReader::new(answer)
                .read_line(&mut stage)
                .map_err(ClusterError::io("hear from", Path::new("sh")))?;
        }
        match stage.trim() {
            "ready" => Ok(()),
            stage => {
                let log = fs::read(log).unwrap_or_default();
                let log = String::from_utf8_lossy(&log);
                let lines: Vec<&str> = log.lines().collect();
                let end = lines[lines.len().saturating_sub(LOG_LINES)..].join("\n");
                Err(ClusterError::DidNotStart {
                    stage: stage.to_owned(),
                    log: end,
                })
            }
        }
    }

    /// The programs this server runs on; `pg_dump` and `pg_restore` of the same version are in the same directory.
    pub fn programs(&self) -> &Programs {
        &self.programs
    }

    /// The directory given to [`ClusterOptions::persistent`], or the temporary one. Holds `data`, `log` and, if
    /// persistent, `password`.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Where the socket is: the `host` of a connection. Stable for a persistent cluster, unless its path is too long
    /// for a socket; then it is another short one at every start.
    pub fn socket_dir(&self) -> &Path {
        &self.socket_dir
    }

    /// The number in the socket's name; no TCP port is open.
    pub fn port(&self) -> u16 {
        PORT
    }

    /// The superuser.
    pub fn user(&self) -> &str {
        USER
    }

    /// The superuser's password: 32 letters and digits, random for each cluster. The server asks for it.
    pub fn password(&self) -> &str {
        &self.password
    }

    /// A connection URL with the password in it, as sqlx and libpq read it. Never print it.
    pub fn url(&self, database: &str) -> String {
        format!(
            "postgres://{USER}:{}@localhost:{PORT}/{}?host={}",
            self.password,
            percent_encoded(database.as_bytes()),
            percent_encoded(self.socket_dir.as_os_str().as_encoded_bytes()),
        )
    }

    /// Stops the server and waits for its end; the same as dropping it, said aloud.
    pub fn stop(self) {
        drop(self);
    }
}

impl Drop for PrivateCluster {
    fn drop(&mut self) {
        drop(self.guard.stdin.take());
        let _ = self.guard.wait();
        // The guard has removed it already, unless it ran as an account that may not write to the parent directory.
        if let Some(directory) = &self.removed_at_end {
            let _ = fs::remove_dir_all(directory);
        }
    }
}

impl fmt::Debug for PrivateCluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrivateCluster")
            .field("directory", &self.directory)
            .field("socket_dir", &self.socket_dir)
            .field("version", &self.programs.version())
            .finish_non_exhaustive()
    }
}

/// The programs themselves, or those of the version that wrote the data directory.
fn matching(programs: Programs, directory: &Path, data: &Path) -> Result<Programs, ClusterError> {
    let Ok(found) = fs::read_to_string(data.join("PG_VERSION")) else {
        return Ok(programs);
    };
    let found = found.trim();
    if found == programs.version().major.to_string() {
        return Ok(programs);
    }
    found
        .parse()
        .ok()
        .and_then(|major| Availability::find_major(major).ok())
        .ok_or_else(|| ClusterError::OtherVersion {
            directory: directory.to_owned(),
            found: found.to_owned(),
            programs: programs.version(),
        })
}

/// The kept password of an existing cluster, or a new one for `initdb` to set.
fn password(file: &Path, data: &Path, account: Account) -> Result<String, ClusterError> {
    if data.join("PG_VERSION").exists() {
        return fs::read_to_string(file)
            .map(|password| password.trim_end().to_owned())
            .map_err(ClusterError::io("read", file));
    }
    let mut random = [0; 32];
    getrandom::fill(&mut random).map_err(|error| {
        ClusterError::io("draw", Path::new("random bytes"))(std::io::Error::other(error.to_string()))
    })?;
    // 64 symbols would need two that are special in a URL; 32 keep every symbol equally likely: 160 bits in all.
    let symbols = b"abcdefghijkmnpqrstuvwxyz23456789";
    let password: String = random
        .iter()
        .map(|byte| char::from(symbols[usize::from(byte % 32)]))
        .collect();
    account.secret_file(file, &password)?;
    Ok(password)
}

fn percent_encoded(bytes: &[u8]) -> String {
    bytes
        .iter()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(*byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}
