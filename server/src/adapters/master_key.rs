//! Coffre's master key: 32 random bytes in a file that only this server's user reads. It seals the keys of the customers'
//! repositories (AES-256-GCM); whoever loses it loses every backup, which is why `coffre doctor` speaks of a copy.

use std::fs::OpenOptions;
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use aes_gcm::aead::{Aead, Generate, KeyInit};
use aes_gcm::{Aes256Gcm, Key, Nonce};
use zeroize::Zeroizing;

const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 12;

/// Why there is no master key to work with.
#[derive(Debug, thiserror::Error)]
pub enum MasterKeyError {
    /// The file cannot be read or made.
    #[error("master key {path}: {error}")]
    File {
        /// Which file.
        path: String,
        /// Why.
        error: io::Error,
    },
    /// The file is not 32 bytes long.
    #[error("master key {0}: the file must hold exactly 32 bytes")]
    Length(String),
    /// Others may read the file.
    #[error("master key {0}: others may read it; run chmod 600 on it")]
    Exposed(String),
}

/// Something sealed does not open: another master key, or damage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it was sealed with another master key, or it is damaged")]
pub struct Unsealable;

/// The master key.
pub struct MasterKey(Zeroizing<[u8; KEY_BYTES]>);

impl MasterKey {
    /// Reads the key from a file, or makes both when there is none. A new file is durable when this returns.
    ///
    /// # Errors
    /// See [`MasterKeyError`].
    pub fn open_or_create(path: &Path) -> Result<Self, MasterKeyError> {
        let failed = |error| MasterKeyError::File {
            path: path.display().to_string(),
            error,
        };
        match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
            Ok(mut file) => {
                let key: Key<Aes256Gcm> = Key::<Aes256Gcm>::generate();
                file.write_all(&key).and_then(|()| file.sync_all()).map_err(failed)?;
                if let Some(folder) = path.parent() {
                    std::fs::File::open(folder)
                        .and_then(|folder| folder.sync_all())
                        .map_err(failed)?;
                }
                Ok(Self(Zeroizing::new(key.into())))
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Self::open(path),
            Err(error) => Err(failed(error)),
        }
    }

    /// Reads the key from a file.
    ///
    /// # Errors
    /// See [`MasterKeyError`].
    pub fn open(path: &Path) -> Result<Self, MasterKeyError> {
        let name = path.display().to_string();
        let failed = |error| MasterKeyError::File {
            path: name.clone(),
            error,
        };
        let mut file = std::fs::File::open(path).map_err(failed)?;
        if file.metadata().map_err(failed)?.permissions().mode() & 0o077 != 0 {
            return Err(MasterKeyError::Exposed(name));
        }
        let mut bytes = Zeroizing::new(Vec::new());
        file.read_to_end(&mut bytes).map_err(failed)?;
        let key: [u8; KEY_BYTES] = bytes.as_slice().try_into().map_err(|_| MasterKeyError::Length(name))?;
        Ok(Self(Zeroizing::new(key)))
    }

    /// Seals a secret: nonce, then ciphertext with its tag.
    #[must_use]
    pub fn seal(&self, secret: &[u8]) -> Vec<u8> {
        let nonce = Nonce::generate();
        let sealed = self
            .cipher()
            .encrypt(&nonce, secret)
            .expect("a short secret is within AES-GCM's limits");
        [nonce.as_slice(), &sealed].concat()
    }

    /// Opens what was sealed.
    ///
    /// # Errors
    /// [`Unsealable`].
    pub fn unseal(&self, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Unsealable> {
        let (nonce, rest) = sealed.split_at_checked(NONCE_BYTES).ok_or(Unsealable)?;
        let nonce = Nonce::try_from(nonce).map_err(|_| Unsealable)?;
        self.cipher()
            .decrypt(&nonce, rest)
            .map(Zeroizing::new)
            .map_err(|_| Unsealable)
    }

    fn cipher(&self) -> Aes256Gcm {
        Aes256Gcm::new(&Key::<Aes256Gcm>::from(*self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_with_the_same_file_and_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        let sealed = MasterKey::open_or_create(&path).unwrap().seal(b"secret");
        let again = MasterKey::open_or_create(&path).unwrap();
        assert_eq!(again.unseal(&sealed).unwrap().as_slice(), b"secret");

        let other = MasterKey::open_or_create(&folder.path().join("other.key")).unwrap();
        assert_eq!(other.unseal(&sealed).err(), Some(Unsealable));
        for at in 0..sealed.len() {
            let mut damaged = sealed.clone();
            damaged[at] ^= 1;
            assert_eq!(again.unseal(&damaged).err(), Some(Unsealable), "byte {at}");
        }
        assert_eq!(again.unseal(&[]).err(), Some(Unsealable));
    }

    #[test]
    fn a_key_that_others_may_read_is_not_used() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        MasterKey::open_or_create(&path).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(MasterKey::open(&path), Err(MasterKeyError::Exposed(_))));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        std::fs::write(&path, b"short").unwrap();
        assert!(matches!(MasterKey::open(&path), Err(MasterKeyError::Length(_))));
    }
}
