//! E-mail by SMTP: plain text, one message per recipient, so that nobody reads whom else it went to. Every attempt of an alert
//! sends the same message with the same Message-ID: a mailbox that gets it twice knows it again.

use std::net::IpAddr;
use std::time::{Duration, UNIX_EPOCH};

use async_trait::async_trait;
use control::ports::alert_channel::{AlertChannel, Letter, Undelivered};
use domain::time::Timestamp;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message, SinglePart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::{Error, PoolConfig};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::{SettingsError, Trust, Wording};

/// Answers of a server that concern the connection or the account, not the message: RFC 4954 and 5321.
const NOT_THE_MESSAGE: [u16; 5] = [421, 530, 534, 535, 538];

/// Longest piece of a server's answer in the log, characters.
const ANSWER_CHARS: usize = 200;

/// How the connection is kept private.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// It begins in clear and must become encrypted before anything is said.
    Starttls,
    /// Encrypted from the first byte.
    Tls,
    /// Not at all.
    Plain,
}

/// What is needed to send.
#[derive(Clone)]
pub struct MailSettings {
    /// Name or address of the server.
    pub server: String,
    /// Its port; without one, that of the security: 587, 465, 25.
    pub port: Option<u16>,
    /// How the connection is kept private.
    pub security: Security,
    /// May it go in clear to another machine?
    pub plain_allowed: bool,
    /// User and password.
    pub credentials: Option<(String, Zeroizing<String>)>,
    /// Who it is from: an address, or a name and an address.
    pub from: String,
    /// The host's people.
    pub to: Vec<String>,
    /// How long sending one message may take.
    pub timeout: Duration,
    /// Authorities trusted beside the system's.
    pub trust: Trust,
}

/// The mail channel.
#[derive(Debug)]
pub struct Mail {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    to: Vec<String>,
    timeout: Duration,
    wording: Wording,
}

impl Mail {
    /// A channel that has sent nothing yet. To be called within a runtime, which closes idle connections.
    ///
    /// # Errors
    /// [`SettingsError`] when the settings have no sense.
    pub fn new(settings: MailSettings, wording: Wording) -> Result<Self, SettingsError> {
        let MailSettings { server, timeout, .. } = &settings;
        if !(1..=120).contains(&timeout.as_secs()) {
            return Err(SettingsError::Timeout(timeout.as_secs()));
        }
        let loopback = server == "localhost" || server.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
        if settings.security == Security::Plain && !loopback && !settings.plain_allowed {
            return Err(SettingsError::PlainMail(server.clone()));
        }
        let from: Mailbox = settings
            .from
            .parse()
            .map_err(|_| SettingsError::Address(settings.from.clone()))?;
        let to = settings
            .to
            .iter()
            .map(|to| address(to).map(|address| address.to_string()));
        let to = to.collect::<Result<Vec<_>, _>>()?;
        if to.is_empty() {
            return Err(SettingsError::Nobody);
        }
        let (tls, usual_port) = match settings.security {
            Security::Starttls => (Tls::Required(tls(&settings)?), 587),
            Security::Tls => (Tls::Wrapper(tls(&settings)?), 465),
            Security::Plain => (Tls::None, 25),
        };
        let mut transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(server)
            .port(settings.port.unwrap_or(usual_port))
            .tls(tls)
            .hello_name(ClientId::Domain(from.email.domain().to_owned()))
            .timeout(Some(*timeout))
            // One that is idle is kept for the next letter of a round, no longer.
            .pool_config(PoolConfig::new().max_size(2).idle_timeout(Duration::from_secs(5)));
        if let Some((user, password)) = settings.credentials {
            transport = transport.credentials(Credentials::new(user, password.as_str().to_owned()));
        }
        Ok(Self {
            transport: transport.build(),
            from,
            to,
            timeout: settings.timeout,
            wording,
        })
    }

    /// The message to one recipient.
    fn message(&self, letter: &Letter, to: &str) -> Result<Message, Undelivered> {
        let unsendable = |error: &dyn std::fmt::Display| Undelivered::Refused(error.to_string());
        let (subject, text) = self.wording.mail(letter);
        let raised = Duration::from_millis(u64::try_from(letter.alert.raised_at.millis()).unwrap_or(0));
        let digest = Sha256::digest(to.as_bytes());
        let mark: String = digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
        let id = format!("<{}.{mark}@{}>", letter.alert.id, self.from.email.domain());
        let by_itself = HeaderValue::new(
            HeaderName::new_from_ascii_str("Auto-Submitted"),
            "auto-generated".to_owned(),
        );
        Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to.parse().map_err(|error| unsendable(&error))?))
            .subject(subject)
            .date(UNIX_EPOCH + raised)
            .message_id(Some(id))
            .raw_header(by_itself)
            .singlepart(SinglePart::plain(text))
            .map_err(|error| unsendable(&error))
    }
}

#[async_trait]
impl AlertChannel for Mail {
    fn name(&self) -> &'static str {
        "mail"
    }

    fn standing(&self) -> Vec<String> {
        self.to.clone()
    }

    fn reaches_people(&self) -> bool {
        true
    }

    async fn send(&self, letter: &Letter, to: &str, _now: Timestamp) -> Result<(), Undelivered> {
        let message = self.message(letter, to)?;
        match tokio::time::timeout(self.timeout, self.transport.send(message)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(undelivered(&error)),
            Err(_) => Err(Undelivered::Later("the mail server took too long".to_owned())),
        }
    }
}

fn tls(settings: &MailSettings) -> Result<TlsParameters, SettingsError> {
    let mut parameters = TlsParameters::builder(settings.server.clone());
    if let Some(certificate) = settings.trust.for_mail()? {
        parameters = parameters.add_root_certificate(certificate);
    }
    parameters
        .build()
        .map_err(|error| SettingsError::Tls(error.to_string()))
}

fn address(text: &str) -> Result<Address, SettingsError> {
    text.trim().parse().map_err(|_| SettingsError::Address(text.to_owned()))
}

fn undelivered(error: &Error) -> Undelivered {
    let text: String = error
        .to_string()
        .chars()
        .filter(|sign| !sign.is_control())
        .take(ANSWER_CHARS)
        .collect();
    let code = error.status().map(u16::from);
    if error.is_permanent() && code.is_none_or(|code| !NOT_THE_MESSAGE.contains(&code)) {
        Undelivered::Refused(text)
    } else {
        Undelivered::Later(text)
    }
}
