//! The port to password hashing: slow on purpose, so it stays out of the control plane's tests.

/// Hashes and compares passwords.
pub trait PasswordHasher: Send + Sync {
    /// The hash to keep, in PHC string form. Blocking: tens of milliseconds of CPU and 64 MiB of memory.
    fn hash(&self, password: &str) -> String;

    /// Is this the password behind the hash? Takes as long when it is not, and when `hash` is `None` (an unknown
    /// account), so that the answer's time says nothing. Blocking.
    fn verify(&self, password: &str, hash: Option<&str>) -> bool;
}
