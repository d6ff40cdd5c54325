//! Passwords by argon2id with 64 MiB, 3 passes, 1 lane: above OWASP's 2024 floor of 19 MiB and 2 passes, and some tens of
//! milliseconds on one core.

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version};
use control::ports::password_hasher::PasswordHasher;

const MEMORY_KIB: u32 = 64 * 1_024;
const PASSES: u32 = 3;
const LANES: u32 = 1;

/// The slow hash of passwords.
pub struct Argon2Hasher {
    argon2: Argon2<'static>,
    /// Compared against when there is no account, so that this takes as long as a wrong password.
    nobody: String,
}

impl Argon2Hasher {
    /// The hasher; takes the time of one hash.
    #[must_use]
    pub fn new() -> Self {
        Self::with_cost(MEMORY_KIB, PASSES)
    }

    /// A hasher that costs next to nothing, for tests that sign in hundreds of times.
    #[must_use]
    pub fn cheap() -> Self {
        Self::with_cost(8, 1)
    }

    fn with_cost(memory_kib: u32, passes: u32) -> Self {
        let params = Params::new(memory_kib, passes, LANES, None).expect("the costs are within argon2's ranges");
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let mut hasher = Self {
            argon2,
            nobody: String::new(),
        };
        hasher.nobody = hasher.hash("a password that nobody has");
        hasher
    }
}

impl Default for Argon2Hasher {
    fn default() -> Self {
        Self::new()
    }
}

impl PasswordHasher for Argon2Hasher {
    fn hash(&self, password: &str) -> String {
        let hash: PasswordHash = self
            .argon2
            .hash_password(password.as_bytes())
            .expect("the system has randomness and memory for a hash");
        hash.to_string()
    }

    fn verify(&self, password: &str, hash: Option<&str>) -> bool {
        let known = hash.unwrap_or(&self.nobody);
        let right = self.argon2.verify_password(password.as_bytes(), known).is_ok();
        right && hash.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_right_password_opens_and_nothing_else_does() {
        let hasher = Argon2Hasher::cheap();
        let hash = hasher.hash("correct horse");
        assert!(hash.starts_with("$argon2id$v=19$"), "{hash}");
        assert!(hasher.verify("correct horse", Some(&hash)));
        assert!(!hasher.verify("correct horse ", Some(&hash)));
        assert!(!hasher.verify("a password that nobody has", None));
        assert!(!hasher.verify("x", Some("not a hash")));
        assert_ne!(hash, hasher.hash("correct horse"), "each hash has its own salt");
    }
}
