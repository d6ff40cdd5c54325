//! Alerts, as the configuration asks for them: the settings, the channels made of them, and `coffre alerts test`.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use alerts::signature::{Secret, SecretError};
use alerts::{Mail, MailSettings, Security, SettingsError, Trust, Webhook, WebhookSettings, Wording};
use control::ports::alert_channel::{AlertChannel, Letter};
use control::ports::outbox::Alert;
use domain::alert::Matter;
use domain::lang::Lang;
use domain::time::Timestamp;
use serde::Deserialize;
use zeroize::Zeroizing;

/// Who is told, and how.
#[derive(Debug, confique::Config)]
pub struct Alerts {
    /// The language of alerts: "fr" or "en".
    #[config(default = "fr", env = "COFFRE_ALERT_LANGUAGE")]
    pub language: Lang,
    /// Certificates (PEM) of an authority of your own that has signed for the mail server or a webhook. Those that the
    /// system trusts are trusted as well.
    pub trusted_certificates: Option<PathBuf>,
    /// E-mail.
    #[config(nested)]
    pub mail: MailSection,
    /// Webhooks, signed by the Standard Webhooks scheme.
    #[config(nested)]
    pub webhook: WebhookSection,
}

/// E-mail.
#[derive(Debug, confique::Config)]
pub struct MailSection {
    /// The SMTP server. Without one no mail is sent.
    #[config(env = "COFFRE_MAIL_SERVER")]
    pub server: Option<String>,
    /// Its port. Default: 587 for "starttls", 465 for "tls", 25 for "none".
    pub port: Option<u16>,
    /// "starttls", "tls" (encrypted from the first byte) or "none".
    #[config(default = "starttls")]
    pub security: MailSecurity,
    /// Accept "none" for a server on another machine: everybody on the way can read the password and the alerts.
    #[config(default = false)]
    pub plain_allowed: bool,
    /// The account at the server, if it wants one.
    pub user: Option<String>,
    /// A file that holds its password alone. Or set COFFRE_MAIL_PASSWORD.
    pub password_file: Option<PathBuf>,
    /// Its password. Better in the file above.
    #[config(env = "COFFRE_MAIL_PASSWORD")]
    pub password: Option<Hidden>,
    /// Who alerts are from: "coffre@example.org" or "Coffre <coffre@example.org>".
    pub from: Option<String>,
    /// The host's people: everybody here is told everything. Clients are told what concerns them at the addresses they
    /// sign in with.
    #[config(default = [])]
    pub to: Vec<String>,
    /// How long sending one message may take, seconds: 1 to 120.
    #[config(default = 30)]
    pub timeout_secs: u64,
}

/// Webhooks.
#[derive(Debug, confique::Config)]
pub struct WebhookSection {
    /// Every alert is posted to each of these, https only.
    #[config(default = [], env = "COFFRE_WEBHOOK_URLS", parse_env = confique::env::parse::list_by_space)]
    pub urls: Vec<Hidden>,
    /// A file that holds the secrets, one a line ("whsec_…"). All sign: while one is exchanged, the old and the new one.
    pub secrets_file: Option<PathBuf>,
    /// The secrets themselves. Better in the file above.
    #[config(default = [], env = "COFFRE_WEBHOOK_SECRETS", parse_env = confique::env::parse::list_by_space)]
    pub secrets: Vec<Hidden>,
}

/// How the connection to the mail server is kept private.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MailSecurity {
    /// Begins in clear and must become encrypted.
    Starttls,
    /// Encrypted from the first byte.
    Tls,
    /// In clear.
    None,
}

/// A setting that is written nowhere.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct Hidden(String);

impl std::fmt::Debug for Hidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("(hidden)")
    }
}

impl FromStr for Hidden {
    type Err = std::convert::Infallible;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_owned()))
    }
}

/// Why alerts cannot be sent as the configuration says.
#[derive(Debug, thiserror::Error)]
pub enum AlertingError {
    /// A section has no sense.
    #[error("{section}: {error}")]
    Section {
        /// Which one.
        section: &'static str,
        /// Why.
        error: SettingsError,
    },
    /// Something is missing beside what is there.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// The password or the secrets cannot be read.
    #[error("{path}: {error}")]
    File {
        /// Which file.
        path: String,
        /// Why.
        error: io::Error,
    },
}

impl Alerts {
    /// The channels that are configured; none is fine. Within a runtime: the mail channel keeps connections. `public_url` is where people open the console.
    ///
    /// # Errors
    /// See [`AlertingError`].
    pub fn channels(&self, public_url: Option<&str>) -> Result<Vec<Arc<dyn AlertChannel>>, AlertingError> {
        let trust = match &self.trusted_certificates {
            Some(path) => Trust::file(path).map_err(in_section("alerts.trusted_certificates"))?,
            None => Trust::default(),
        };
        let wording = Wording {
            language: self.language,
            public_url: public_url.map(str::to_owned),
        };
        let mut channels: Vec<Arc<dyn AlertChannel>> = Vec::new();
        if let Some(settings) = self.mail.settings(&trust)? {
            let mail = Mail::new(settings, wording.clone()).map_err(in_section("alerts.mail"))?;
            channels.push(Arc::new(mail));
        }
        if let Some(settings) = self.webhook.settings(trust)? {
            let webhook = Webhook::new(settings, wording).map_err(in_section("alerts.webhook"))?;
            channels.push(Arc::new(webhook));
        }
        Ok(channels)
    }
}

impl MailSection {
    fn settings(&self, trust: &Trust) -> Result<Option<MailSettings>, AlertingError> {
        let Some(server) = &self.server else {
            let half = self.from.is_some() || !self.to.is_empty();
            return if half {
                Err(AlertingError::Missing("alerts.mail.server"))
            } else {
                Ok(None)
            };
        };
        let password = match (&self.password_file, &self.password) {
            (Some(path), _) => Some(Zeroizing::new(read(path)?.trim().to_owned())),
            (None, Some(Hidden(password))) => Some(Zeroizing::new(password.clone())),
            (None, None) => None,
        };
        let credentials = match (self.user.clone(), password) {
            (Some(user), Some(password)) => Some((user, password)),
            (None, None) => None,
            _ => return Err(in_section("alerts.mail")(SettingsError::HalfCredentials)),
        };
        Ok(Some(MailSettings {
            server: server.clone(),
            port: self.port,
            security: match self.security {
                MailSecurity::Starttls => Security::Starttls,
                MailSecurity::Tls => Security::Tls,
                MailSecurity::None => Security::Plain,
            },
            plain_allowed: self.plain_allowed,
            credentials,
            from: self.from.clone().ok_or(AlertingError::Missing("alerts.mail.from"))?,
            to: self.to.clone(),
            timeout: Duration::from_secs(self.timeout_secs),
            trust: trust.clone(),
        }))
    }
}

impl WebhookSection {
    fn settings(&self, trust: Trust) -> Result<Option<WebhookSettings>, AlertingError> {
        let kept = match &self.secrets_file {
            Some(path) => read(path)?,
            None => Zeroizing::new(String::new()),
        };
        let lines = kept.lines().map(str::trim).filter(|line| !line.is_empty());
        let texts = lines.chain(self.secrets.iter().map(|Hidden(text)| text.as_str()));
        let secrets: Result<Vec<Secret>, SecretError> = texts.map(Secret::parse).collect();
        let secrets = secrets.map_err(|error| in_section("alerts.webhook")(error.into()))?;
        if self.urls.is_empty() {
            return if secrets.is_empty() {
                Ok(None)
            } else {
                Err(AlertingError::Missing("alerts.webhook.urls"))
            };
        }
        Ok(Some(WebhookSettings {
            urls: self.urls.iter().map(|Hidden(url)| url.clone()).collect(),
            secrets,
            trust,
        }))
    }
}

/// Sends a test alert to everybody who is told everything, and says how it went. `true` when all of them have it and there is
/// somebody.
///
/// # Errors
/// The report cannot be written.
pub async fn test(channels: &[Arc<dyn AlertChannel>], now: Timestamp, out: &mut dyn Write) -> io::Result<bool> {
    if channels.is_empty() {
        writeln!(out, "no channel is configured: nobody is told anything")?;
        return Ok(false);
    }
    let letter = Letter {
        alert: Alert::about(None, Matter::Test, now),
        site: None,
    };
    let mut well = true;
    for channel in channels {
        for to in channel.standing() {
            let (word, how) = match channel.send(&letter, &to, now).await {
                Ok(()) => ("ok    ", "delivered".to_owned()),
                Err(error) => ("FAILED", error.to_string()),
            };
            well &= word != "FAILED";
            writeln!(out, "{word} {} to {to}: {how}", channel.name())?;
        }
    }
    Ok(well)
}

fn in_section(section: &'static str) -> impl Fn(SettingsError) -> AlertingError {
    move |error| AlertingError::Section { section, error }
}

fn read(path: &Path) -> Result<Zeroizing<String>, AlertingError> {
    let text = std::fs::read_to_string(path).map_err(|error| AlertingError::File {
        path: path.display().to_string(),
        error,
    });
    text.map(Zeroizing::new)
}
