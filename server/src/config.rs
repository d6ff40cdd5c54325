//! The configuration file of a server (TOML) and what in it has no sense. `coffre config` prints it with comments and
//! defaults; every value can also come from the environment.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use confique::Config as _;

use crate::alerting::Alerts;

/// Where the configuration is looked for when no path is given.
pub const DEFAULT_PATH: &str = "/etc/coffre/coffre.toml";

/// The whole configuration.
#[derive(Debug, confique::Config)]
pub struct Config {
    /// The web server.
    #[config(nested)]
    pub web: Web,
    /// Where things are kept.
    #[config(nested)]
    pub storage: Storage,
    /// The work.
    #[config(nested)]
    pub work: Work,
    /// Who is told when something is wrong, and how.
    #[config(nested)]
    pub alerts: Alerts,
    /// Figures for Prometheus.
    #[config(nested)]
    pub metrics: Metrics,
}

/// The web server.
#[derive(Debug, confique::Config)]
pub struct Web {
    /// Address and port to listen on. A reverse proxy in front brings https.
    #[config(default = "127.0.0.1:3000", env = "COFFRE_LISTEN")]
    pub listen: SocketAddr,
    /// Accept sign-in over plain http, with a cookie that is not marked Secure. Only on a loopback address: for trying
    /// Coffre out on one machine, never for people elsewhere.
    #[config(default = false, env = "COFFRE_PLAIN_HTTP")]
    pub plain_http: bool,
    /// Where people open the console, such as "https://backup.example.org": alerts link to it.
    #[config(env = "COFFRE_PUBLIC_URL")]
    pub public_url: Option<String>,
}

/// Where things are kept.
#[derive(Debug, confique::Config)]
pub struct Storage {
    /// Folder of the control store, the master key and, unless set below, everything else.
    #[config(env = "COFFRE_DATA")]
    pub data: PathBuf,
    /// Folder of the customers' repositories. It must exist: a disk that is not mounted is never taken for an empty one.
    /// Default: `repositories` in the data folder, made at the first start.
    #[config(env = "COFFRE_REPOSITORIES")]
    pub repositories: Option<PathBuf>,
    /// Folder for copies under way, on a local disk with room for the largest site. It is emptied at each start.
    /// Default: `scratch` in the data folder.
    #[config(env = "COFFRE_SCRATCH")]
    pub scratch: Option<PathBuf>,
    /// Folders in which SQLite databases may lie. A path that leads elsewhere is refused.
    #[config(default = [], env = "COFFRE_SQLITE_FOLDERS", parse_env = confique::env::parse::list_by_colon)]
    pub sqlite_folders: Vec<PathBuf>,
    /// The file that declares customers, partners, sites and databases.
    /// Default: `sites.toml` beside the configuration.
    pub sites: Option<PathBuf>,
}

/// The work.
#[derive(Debug, confique::Config)]
pub struct Work {
    /// Processes at work at once on this server.
    #[config(default = 2, env = "COFFRE_MAX_RUNNING")]
    pub max_running: u32,
    /// How long the backup of a SQLite database waits for a program that has locked it, seconds; then it fails.
    #[config(default = 10, env = "COFFRE_LOCK_TIMEOUT_SECS")]
    pub lock_timeout_secs: u32,
    /// Largest BACPAC file that may be uploaded, GB (10^9 bytes).
    #[config(default = 20, env = "COFFRE_UPLOAD_MAX_GB")]
    pub upload_max_gb: u32,
}

/// Figures for Prometheus.
#[derive(Debug, confique::Config)]
pub struct Metrics {
    /// Address and port of `/metrics`, apart from the console's, such as "127.0.0.1:9464". Without it there is none. No sign-in
    /// is asked for: whoever reaches it reads which sites and customers there are, by id, and how their backups do.
    #[config(env = "COFFRE_METRICS_LISTEN")]
    pub listen: Option<SocketAddr>,
}

/// Why a configuration is not used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It cannot be read or does not say what it must.
    #[error("{0}")]
    Unreadable(#[from] confique::Error),
    /// Plain http on an address that others reach.
    #[error(
        "web.plain_http is only accepted on a loopback address, and web.listen is {0}: put a proxy with https in front"
    )]
    PlainHttpInPublic(SocketAddr),
    /// An address that no browser opens.
    #[error("web.public_url must begin with https:// or http:// and hold no blank, and is {0:?}")]
    PublicUrl(String),
    /// Figures without sign-in on the address of the console.
    #[error("metrics.listen and web.listen are both {0}: the figures need an address of their own")]
    MetricsOnTheConsole(SocketAddr),
    /// A number outside its range.
    #[error("work.max_running must be 1 to 64, and is {0}")]
    MaxRunning(u32),
    /// The same.
    #[error("work.lock_timeout_secs must be 1 to 3600, and is {0}")]
    LockTimeout(u32),
    /// The same.
    #[error("work.upload_max_gb must be 1 to 4096, and is {0}")]
    UploadMaxGb(u32),
}

impl Config {
    /// Reads the file; the environment comes before it, the defaults after.
    ///
    /// # Errors
    /// See [`ConfigError`].
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let config = Self::builder().env().file(path).load()?;
        config.check()?;
        Ok(config)
    }

    /// The file with every setting, its meaning and its default.
    #[must_use]
    pub fn template() -> String {
        confique::toml::template::<Self>(confique::toml::FormatOptions::default())
    }

    /// Folder of the repositories.
    #[must_use]
    pub fn repositories(&self) -> PathBuf {
        self.storage
            .repositories
            .clone()
            .unwrap_or_else(|| self.storage.data.join("repositories"))
    }

    /// Folder for copies under way.
    #[must_use]
    pub fn scratch(&self) -> PathBuf {
        self.storage
            .scratch
            .clone()
            .unwrap_or_else(|| self.storage.data.join("scratch"))
    }

    fn check(&self) -> Result<(), ConfigError> {
        if self.web.plain_http && !self.web.listen.ip().is_loopback() {
            return Err(ConfigError::PlainHttpInPublic(self.web.listen));
        }
        if let Some(url) = &self.web.public_url {
            let begins = url.starts_with("https://") || url.starts_with("http://");
            if !begins || url.contains(|sign: char| sign.is_whitespace() || sign.is_control()) {
                return Err(ConfigError::PublicUrl(url.clone()));
            }
        }
        if self.metrics.listen == Some(self.web.listen) {
            return Err(ConfigError::MetricsOnTheConsole(self.web.listen));
        }
        if !(1..=64).contains(&self.work.max_running) {
            return Err(ConfigError::MaxRunning(self.work.max_running));
        }
        if !(1..=3_600).contains(&self.work.lock_timeout_secs) {
            return Err(ConfigError::LockTimeout(self.work.lock_timeout_secs));
        }
        if !(1..=4_096).contains(&self.work.upload_max_gb) {
            return Err(ConfigError::UploadMaxGb(self.work.upload_max_gb));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> Result<Config, ConfigError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("coffre.toml");
        std::fs::write(&path, text).unwrap();
        Config::load(&path)
    }

    #[test]
    fn the_least_a_file_must_say_is_where_the_data_are() {
        let config = load("[storage]\ndata = \"/srv/coffre\"").unwrap();
        assert_eq!(config.repositories(), Path::new("/srv/coffre/repositories"));
        assert!(load("").unwrap_err().to_string().contains("storage.data"));
    }

    #[test]
    fn plain_http_is_refused_where_others_reach_it() {
        let text = "[storage]\ndata = \"/srv\"\n[web]\nlisten = \"0.0.0.0:80\"\nplain_http = true";
        assert!(matches!(load(text), Err(ConfigError::PlainHttpInPublic(_))));
    }

    #[test]
    fn a_public_address_is_one_that_a_browser_opens() {
        let with = |url: &str| load(&format!("[storage]\ndata = \"/srv\"\n[web]\npublic_url = {url:?}"));
        assert!(with("https://backup.example.org").is_ok());
        for bad in ["backup.example.org", "javascript:1", "https://a b", "https://a\nb"] {
            assert!(matches!(with(bad), Err(ConfigError::PublicUrl(_))), "{bad:?}");
        }
    }

    #[test]
    fn a_number_of_the_work_outside_its_range_is_refused_by_its_name() {
        for (setting, least, most) in [
            ("max_running", 1, 64),
            ("lock_timeout_secs", 1, 3_600),
            ("upload_max_gb", 1, 4_096),
        ] {
            let with = |number: u32| load(&format!("[storage]\ndata = \"/srv\"\n[work]\n{setting} = {number}"));
            for within in [least, most] {
                assert!(with(within).is_ok(), "{setting} = {within}");
            }
            for outside in [least - 1, most + 1] {
                let told = with(outside).unwrap_err().to_string();
                assert!(told.contains(setting) && told.contains(&outside.to_string()), "{told}");
            }
        }
    }

    #[tokio::test]
    async fn alerts_are_optional_and_half_of_a_channel_is_told_by_its_setting() {
        let channels = |text: &str| {
            let config = load(&format!("[storage]\ndata = \"/srv\"\n{text}")).unwrap();
            let channels = config.alerts.channels(None);
            channels.map(|found| found.len()).map_err(|error| error.to_string())
        };
        let mail = "[alerts.mail]\nserver = \"mail.example.org\"\nfrom = \"coffre@example.org\"\nto = [\"host@example.org\"]\n";
        let secret = "secrets = [\"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\"]\n";
        let urls = "[alerts.webhook]\nurls = [\"https://hooks.example.org/\"]\n";
        assert_eq!(channels(""), Ok(0));
        assert_eq!(channels(mail), Ok(1));
        assert_eq!(channels(&format!("{mail}{urls}{secret}")), Ok(2));
        for (text, setting) in [
            (
                "[alerts.mail]\nto = [\"host@example.org\"]\n".to_owned(),
                "alerts.mail.server",
            ),
            (mail.replace("from =", "user ="), "alerts.mail"),
            (format!("{mail}user = \"coffre\"\n"), "alerts.mail"),
            (format!("{mail}security = \"none\"\n"), "alerts.mail"),
            (
                format!("{mail}password_file = \"/nowhere/at/all\"\n"),
                "/nowhere/at/all",
            ),
            (urls.to_owned(), "alerts.webhook"),
            (format!("[alerts.webhook]\n{secret}"), "alerts.webhook.urls"),
            (format!("{urls}secrets = [\"whsec_short\"]\n"), "alerts.webhook"),
        ] {
            let error = channels(&text).unwrap_err();
            assert!(error.contains(setting) && !error.contains("whsec_short"), "{error}");
        }
    }

    #[test]
    fn no_secret_is_written_with_the_configuration() {
        let config = load(
            "[storage]\ndata = \"/srv\"\n[alerts.mail]\npassword = \"s3cret\"\n\
             [alerts.webhook]\nsecrets = [\"s3cret\"]\nurls = [\"https://hooks.example.org/s3cret\"]",
        );
        let written = format!("{:?}", config.unwrap());
        assert!(!written.contains("s3cret"), "{written}");
    }

    #[test]
    fn figures_are_told_nowhere_unless_they_are_given_an_address_of_their_own() {
        let with = |listen: &str| load(&format!("[storage]\ndata = \"/srv\"\n[metrics]\n{listen}"));
        assert_eq!(with("").unwrap().metrics.listen, None);
        let own = with("listen = \"127.0.0.1:9464\"").unwrap();
        assert_eq!(own.metrics.listen, Some(SocketAddr::from(([127, 0, 0, 1], 9464))));
        let shared = with("listen = \"127.0.0.1:3000\"");
        assert!(matches!(shared, Err(ConfigError::MetricsOnTheConsole(_))), "{shared:?}");
    }

    #[test]
    fn the_template_names_every_setting() {
        let template = Config::template();
        for setting in [
            "listen",
            "[metrics]",
            "plain_http",
            "data",
            "repositories",
            "scratch",
            "sqlite_folders",
            "max_running",
            "lock_timeout_secs",
            "upload_max_gb",
            "public_url",
            "trusted_certificates",
            "alerts.mail",
            "security",
            "password_file",
            "timeout_secs",
            "alerts.webhook",
            "secrets_file",
        ] {
            assert!(template.contains(setting), "{setting} is missing in\n{template}");
        }
    }
}
