//! The secrets of one repository.
//!
//! Two of them: the *password* opens the repository for people and for the `restic` program, the *master key* is
//! what really encrypts, and what opens it here in no time (a password costs 0.4 s of processor and 126 MiB on
//! purpose). Both are drawn before the repository exists, so that a caller can keep them safe first: no crash can
//! leave a repository whose key nobody knows. Sealing the key at rest is the caller's business.

use std::fmt;

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use rustic_core::{
    FileType,
    repofile::{KeyFile, MasterKey},
};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

use crate::{
    backend::{Backend, describe},
    error::Error,
    seal::{fill_random, name_of},
};

/// 32 bytes for AES-256, then 16 (`k`) and 16 (`r`) for Poly1305-AES.
pub(crate) type MasterBytes = Zeroizing<[u8; 64]>;

/// Most memory that a key file may ask of the key derivation: restic asks for 32 MiB, rustic for 128 MiB.
const MAX_SCRYPT_BYTES: u64 = 512 << 20;

/// Everything needed to open one repository. Its memory is wiped on drop; `Debug` prints nothing secret.
#[derive(Clone)]
pub struct RepositoryKey {
    password: Zeroizing<String>,
    master: Option<MasterBytes>,
}

impl RepositoryKey {
    /// A new key from the system's random generator, for a repository that does not exist yet.
    ///
    /// # Errors
    /// If the system gives no random bytes.
    pub fn generate() -> Result<Self, Error> {
        let mut password = Zeroizing::new([0; 32]);
        fill_random(&mut *password)?;
        let mut master = Zeroizing::new([0; 64]);
        fill_random(&mut *master)?;
        Ok(Self {
            password: Zeroizing::new(URL_SAFE_NO_PAD.encode(*password)),
            master: Some(master),
        })
    }

    /// A key of which only the password is left, as from an emergency kit. Opening is slow; afterwards
    /// [`Repository::key`](crate::Repository::key) is complete.
    #[must_use]
    pub fn from_password(password: &str) -> Self {
        Self {
            password: Zeroizing::new(password.to_owned()),
            master: None,
        }
    }

    /// The password that `restic --password-file` takes: 43 letters, digits, `-` and `_` for a generated key.
    #[must_use]
    pub fn password(&self) -> &str {
        &self.password
    }

    /// The whole key as bytes to be sealed and stored. They are secret.
    #[must_use]
    pub fn to_json(&self) -> Zeroizing<Vec<u8>> {
        let stored = StoredKey {
            version: 1,
            password: (*self.password).clone(),
            master_key: self.master.as_ref().map(StoredMaster::from_bytes),
        };
        to_secret_json(&stored)
    }

    /// The reverse of [`to_json`](Self::to_json).
    ///
    /// # Errors
    /// [`Error::InvalidKey`] for anything else.
    pub fn from_json(json: &[u8]) -> Result<Self, Error> {
        let stored: StoredKey = serde_json::from_slice(json).map_err(|_| Error::InvalidKey)?;
        if stored.version != 1 || stored.password.is_empty() {
            return Err(Error::InvalidKey);
        }
        let master = stored.master_key.as_ref().map(StoredMaster::to_bytes).transpose()?;
        Ok(Self {
            password: Zeroizing::new(stored.password.clone()),
            master,
        })
    }

    pub(crate) fn master(&self) -> Option<&MasterBytes> {
        self.master.as_ref()
    }

    pub(crate) fn complete(&self, master: MasterBytes) -> Self {
        Self {
            password: self.password.clone(),
            master: Some(master),
        }
    }
}

impl fmt::Debug for RepositoryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RepositoryKey(secret)")
    }
}

#[derive(Serialize, Deserialize)]
struct StoredKey {
    version: u8,
    password: String,
    master_key: Option<StoredMaster>,
}

impl Drop for StoredKey {
    fn drop(&mut self) {
        self.password.zeroize();
    }
}

/// restic's own JSON of a master key.
#[derive(Serialize, Deserialize)]
struct StoredMaster {
    mac: StoredMac,
    encrypt: String,
}

#[derive(Serialize, Deserialize)]
struct StoredMac {
    k: String,
    r: String,
}

impl Drop for StoredMaster {
    fn drop(&mut self) {
        self.encrypt.zeroize();
        self.mac.k.zeroize();
        self.mac.r.zeroize();
    }
}

impl StoredMaster {
    fn from_bytes(bytes: &MasterBytes) -> Self {
        let mac = StoredMac {
            k: STANDARD.encode(&bytes[32..48]),
            r: STANDARD.encode(&bytes[48..]),
        };
        Self {
            mac,
            encrypt: STANDARD.encode(&bytes[..32]),
        }
    }

    fn to_bytes(&self) -> Result<MasterBytes, Error> {
        let mut bytes = Zeroizing::new([0; 64]);
        for (text, part) in [(&self.encrypt, 0..32), (&self.mac.k, 32..48), (&self.mac.r, 48..64)] {
            let decoded = Zeroizing::new(STANDARD.decode(text).map_err(|_| Error::InvalidKey)?);
            if decoded.len() != part.len() {
                return Err(Error::InvalidKey);
            }
            bytes[part].copy_from_slice(&decoded);
        }
        Ok(bytes)
    }
}

fn to_secret_json(value: &impl Serialize) -> Zeroizing<Vec<u8>> {
    // Room enough that the vector never moves: a moved one leaves its content behind in freed memory.
    let mut json = Zeroizing::new(Vec::with_capacity(1024));
    serde_json::to_writer(&mut *json, value).expect("strings and numbers always serialise into memory");
    json
}

/// The master key as the format library takes it.
pub(crate) fn format_key(master: &MasterBytes) -> Result<MasterKey, Error> {
    serde_json::from_slice(&to_secret_json(&StoredMaster::from_bytes(master))).map_err(|_| Error::InvalidKey)
}

/// What the key files of a repository say about a password.
pub(crate) struct KeyFiles {
    /// The master key, if a file opened.
    pub(crate) master: Option<MasterBytes>,
    /// Key files that are not what was written, or could not be read.
    pub(crate) damaged: Vec<String>,
    /// All key files, sound or not.
    pub(crate) count: usize,
}

/// Tries the password on every key file. Slow on purpose, see the top of this file.
pub(crate) fn try_password(backend: &Backend, password: &str) -> Result<KeyFiles, Error> {
    let files = backend.list_files(FileType::Key)?;
    let mut tried = KeyFiles {
        master: None,
        damaged: Vec::new(),
        count: files.len(),
    };
    for (id, _) in files {
        let content = backend.read_file(FileType::Key, &id)?;
        // The name is the content's hash. Without this check a flipped digit could ask for any amount of memory.
        let sound = name_of(&content) == id;
        let parsed = serde_json::from_slice::<KeyFile>(&content).ok().filter(|key| {
            let memory = 128 * u64::from(key.n) * u64::from(key.r);
            sound && key.n.is_power_of_two() && memory <= MAX_SCRYPT_BYTES && key.p <= 64
        });
        let Some(file) = parsed else {
            tried.damaged.push(describe(FileType::Key, &id));
            continue;
        };
        if tried.master.is_none()
            && let Ok(key) = file.key_from_password(&password)
        {
            let (mut encrypt, mut k, mut r) = key.to_keys();
            let mut master = Zeroizing::new([0; 64]);
            master[..32].copy_from_slice(&encrypt);
            master[32..48].copy_from_slice(&k);
            master[48..].copy_from_slice(&r);
            [&mut encrypt, &mut k, &mut r].into_iter().for_each(Zeroize::zeroize);
            tried.master = Some(master);
        }
    }
    Ok(tried)
}

/// The master key behind a password.
pub(crate) fn master_behind(backend: &Backend, password: &str) -> Result<MasterBytes, Error> {
    let tried = try_password(backend, password)?;
    match tried.master {
        Some(master) => Ok(master),
        None if tried.count == 0 => Err(Error::Damaged("no key file is left".into())),
        None if tried.damaged.is_empty() => Err(Error::WrongKey),
        None => Err(Error::Damaged(tried.damaged.join(", "))),
    }
}
