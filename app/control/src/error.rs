//! What a use case answers when it does not do what was asked: a refusal, or a failure with its reference.

use domain::refusal::Refusal;

use crate::ports::control_store::StoreError;
use crate::random;

/// Why a use case did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ControlError {
    /// An expected "no", with its facts.
    #[error("refused: {0}")]
    Refused(#[from] Refusal),
    /// Something that should have worked did not; the log has it under this reference.
    #[error("failed, reference {reference}")]
    Failed {
        /// What to quote on the telephone.
        reference: String,
    },
}

impl ControlError {
    /// Logs a failure once, with all that is known, and keeps the reference for the person.
    #[must_use]
    pub fn failed(detail: impl std::fmt::Display) -> Self {
        let reference = random::reference();
        tracing::error!(reference, %detail, "failure");
        Self::Failed { reference }
    }
}

impl From<StoreError> for ControlError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Refused(refusal) => Self::Refused(refusal),
            other => Self::failed(other),
        }
    }
}
