//! The port by which an alert leaves: e-mail, a webhook. A channel tries once and says how it went; when and how often is
//! the courier's ([`crate::alerts`]).

use async_trait::async_trait;
use domain::site::Site;
use domain::time::Timestamp;

use super::outbox::Alert;

/// What is delivered.
#[derive(Debug, Clone)]
pub struct Letter {
    /// What is told, and when it happened.
    pub alert: Alert,
    /// The site concerned, as it is now.
    pub site: Option<Site>,
}

/// Why a letter did not arrive. The text is for the log: it names no secret and nothing the receiver sent beyond its
/// first line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Undelivered {
    /// The receiver cannot be reached, or asks to come back later: others that go there need not be tried now.
    #[error("{0}")]
    Later(String),
    /// The receiver does not take this very letter.
    #[error("refused: {0}")]
    Refused(String),
    /// The receiver wants nothing more, ever.
    #[error("the receiver wants no more alerts: {0}")]
    Gone(String),
}

/// A way to people or programs.
#[async_trait]
pub trait AlertChannel: Send + Sync {
    /// Its name in the store and the log.
    fn name(&self) -> &'static str;

    /// The recipients that are told everything: those whom the host has configured.
    fn standing(&self) -> Vec<String>;

    /// Does it reach a person by their e-mail address? Then clients are told through it.
    fn reaches_people(&self) -> bool;

    /// Tries once; in bounded time.
    ///
    /// # Errors
    /// See [`Undelivered`].
    async fn send(&self, letter: &Letter, to: &str, now: Timestamp) -> Result<(), Undelivered>;
}
