//! Whom connections trust: what the system trusts, and certificates of the host's own authority beside it.

use std::path::Path;

use crate::SettingsError;

/// Certificates that are trusted beside the system's.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    pem: Vec<u8>,
}

impl Trust {
    /// The certificates of a PEM file.
    ///
    /// # Errors
    /// [`SettingsError::Certificates`] when there are none in it.
    pub fn file(path: &Path) -> Result<Self, SettingsError> {
        let none = || SettingsError::Certificates(path.display().to_string());
        Self::pem(std::fs::read(path).map_err(|_| none())?).map_err(|_| none())
    }

    /// The certificates of a text.
    ///
    /// # Errors
    /// The same.
    pub fn pem(pem: Vec<u8>) -> Result<Self, SettingsError> {
        let trust = Self { pem };
        if trust.for_http()?.is_empty() {
            return Err(SettingsError::Certificates("the text".to_owned()));
        }
        Ok(trust)
    }

    pub(crate) fn for_http(&self) -> Result<Vec<reqwest::Certificate>, SettingsError> {
        reqwest::Certificate::from_pem_bundle(&self.pem).map_err(|error| SettingsError::Tls(error.to_string()))
    }

    pub(crate) fn for_mail(&self) -> Result<Option<lettre::transport::smtp::client::Certificate>, SettingsError> {
        if self.pem.is_empty() {
            return Ok(None);
        }
        let certificate = lettre::transport::smtp::client::Certificate::from_pem(&self.pem);
        certificate
            .map(Some)
            .map_err(|error| SettingsError::Tls(error.to_string()))
    }
}
