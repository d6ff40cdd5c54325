//! Webhooks: one POST per alert and endpoint, signed. No redirect is followed and no answer is read beyond its status: whoever
//! answers cannot make Coffre call somewhere else or hold it up.

use std::net::IpAddr;
use std::time::Duration;

use async_trait::async_trait;
use control::ports::alert_channel::{AlertChannel, Letter, Undelivered};
use domain::time::Timestamp;
use reqwest::header::CONTENT_TYPE;
use reqwest::{StatusCode, Url};
use sha2::{Digest, Sha256};

use crate::signature::{self, Secret};
use crate::{SettingsError, Trust, Wording, payload};

/// How long an endpoint may take from the first byte to its status.
const TIMEOUT: Duration = Duration::from_secs(15);

/// How long it may take to be reached.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// What is needed to call.
#[derive(Debug, Clone, Default)]
pub struct WebhookSettings {
    /// Endpoints that are all called.
    pub urls: Vec<String>,
    /// Secrets that all sign: one, and the next one while it is exchanged.
    pub secrets: Vec<Secret>,
    /// Authorities trusted beside the system's.
    pub trust: Trust,
}

/// The webhook channel.
#[derive(Debug)]
pub struct Webhook {
    endpoints: Vec<(String, Url)>,
    secrets: Vec<Secret>,
    client: reqwest::Client,
    wording: Wording,
}

impl Webhook {
    /// A channel that has called nobody yet.
    ///
    /// # Errors
    /// [`SettingsError`] when the settings have no sense.
    pub fn new(settings: WebhookSettings, wording: Wording) -> Result<Self, SettingsError> {
        // Whoever comes first installs it; it is the one provider in the program.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let WebhookSettings { urls, secrets, trust } = settings;
        if urls.is_empty() {
            return Err(SettingsError::Nobody);
        }
        if secrets.is_empty() {
            return Err(SettingsError::NoSecret);
        }
        let client = reqwest::Client::builder()
            .user_agent(concat!("coffre/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .timeout(TIMEOUT)
            .connect_timeout(CONNECT_TIMEOUT)
            .tls_certs_merge(trust.for_http()?)
            .build()
            .map_err(|error| SettingsError::Tls(error.to_string()))?;
        Ok(Self {
            endpoints: urls.iter().map(|url| endpoint(url)).collect::<Result<_, _>>()?,
            secrets,
            client,
            wording,
        })
    }
}

#[async_trait]
impl AlertChannel for Webhook {
    fn name(&self) -> &'static str {
        "webhook"
    }

    fn standing(&self) -> Vec<String> {
        self.endpoints.iter().map(|(name, _)| name.clone()).collect()
    }

    fn reaches_people(&self) -> bool {
        false
    }

    async fn send(&self, letter: &Letter, to: &str, now: Timestamp) -> Result<(), Undelivered> {
        let Some((_, url)) = self.endpoints.iter().find(|(name, _)| name == to) else {
            return Err(Undelivered::Later(
                "this endpoint is not configured any more".to_owned(),
            ));
        };
        let (id, timestamp) = (letter.alert.id.as_str(), now.seconds());
        let body = payload::body(letter, &self.wording);
        let answer = self
            .client
            .post(url.clone())
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", timestamp)
            .header(
                "webhook-signature",
                signature::sign(&self.secrets, id, timestamp, &body),
            )
            .body(body)
            .send()
            .await
            // The URL may hold what only the receiver should know.
            .map_err(|error| Undelivered::Later(chain(&error.without_url())))?;
        let status = answer.status();
        match status {
            _ if status.is_success() => Ok(()),
            StatusCode::GONE => Err(Undelivered::Gone(status.to_string())),
            StatusCode::BAD_REQUEST
            | StatusCode::CONFLICT
            | StatusCode::PAYLOAD_TOO_LARGE
            | StatusCode::UNSUPPORTED_MEDIA_TYPE
            | StatusCode::UNPROCESSABLE_ENTITY => Err(Undelivered::Refused(status.to_string())),
            _ if status.is_redirection() => Err(Undelivered::Later(format!("{status}: redirects are not followed"))),
            _ => Err(Undelivered::Later(status.to_string())),
        }
    }
}

/// The endpoint of a URL under a name that may be logged and kept: its host, and a mark that tells two of one host apart.
fn endpoint(text: &str) -> Result<(String, Url), SettingsError> {
    let shown = |url: &Url| url.host_str().unwrap_or("no host").to_owned();
    let url = Url::parse(text.trim()).map_err(|_| SettingsError::Url("it is not a URL".to_owned()))?;
    let bare = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let loopback = bare == "localhost" || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    let encrypted = url.scheme() == "https" || (url.scheme() == "http" && loopback);
    if !encrypted || !url.username().is_empty() || url.password().is_some() {
        return Err(SettingsError::Url(shown(&url)));
    }
    let digest = Sha256::digest(url.as_str().as_bytes());
    let mark: String = digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    Ok((format!("{}/{mark}", shown(&url)), url))
}

/// An error with what is behind it, on one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_is_called_but_on_this_machine_and_no_secret_is_in_a_name() {
        for bad in [
            "http://hooks.example.org/x",
            "ftp://127.0.0.1/x",
            "https://user:password@hooks.example.org/",
            "hooks.example.org",
            "",
        ] {
            let error = endpoint(bad).unwrap_err().to_string();
            assert!(!error.contains("password@"), "{error}");
        }
        for good in ["http://127.0.0.1:80/", "http://[::1]:80/", "http://localhost/"] {
            assert!(endpoint(good).is_ok(), "{good}");
        }
        let (one, _) = endpoint("https://hooks.example.org/secret-part").unwrap();
        let (two, _) = endpoint("https://hooks.example.org/other-part").unwrap();
        assert!(one.starts_with("hooks.example.org/") && !one.contains("secret") && one != two);
    }
}
