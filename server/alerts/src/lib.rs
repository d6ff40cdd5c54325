//! The ways by which alerts leave: e-mail by SMTP and webhooks signed by the Standard Webhooks scheme, both adapters of
//! `control::ports::alert_channel`.
//!
//! A channel tries once and in bounded time. It keeps nothing: what is delivered, tried again or given up is kept in the
//! control store. Sentences are the catalogue's (`app/src/i18n/alerts.rs`); where settings come from is the server's.

mod mail;
mod payload;
pub mod signature;
mod trust;
mod webhook;
mod wording;

pub use mail::{Mail, MailSettings, Security};
pub use trust::Trust;
pub use webhook::{Webhook, WebhookSettings};
pub use wording::Wording;

/// Why a channel cannot be used as it is configured. No secret is in it.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// An e-mail address that is none.
    #[error("{0:?} is not an e-mail address")]
    Address(String),
    /// Nobody to write to.
    #[error("nobody is configured to be told")]
    Nobody,
    /// A timeout outside its range.
    #[error("the timeout must be 1 to 120 seconds, and is {0}")]
    Timeout(u64),
    /// Mail that anybody on the way could read or change.
    #[error("without encryption mail goes to a loopback address only, and the server is {0}: use starttls or tls")]
    PlainMail(String),
    /// A password without a user, or the reverse.
    #[error("a user and a password go together")]
    HalfCredentials,
    /// A URL that is none, is not https, or carries a password.
    #[error("the URL of a webhook must be https (http on a loopback address only) and carry no password: {0}")]
    Url(String),
    /// A secret that is none.
    #[error(transparent)]
    Secret(#[from] signature::SecretError),
    /// No secret to sign with.
    #[error("a webhook needs a secret, so that its receiver knows who calls")]
    NoSecret,
    /// Certificates that cannot be read.
    #[error("{0} holds no certificates in PEM")]
    Certificates(String),
    /// The encryption cannot be set up.
    #[error("TLS: {0}")]
    Tls(String),
}
