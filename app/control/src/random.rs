//! The system's randomness, for ids, session tokens and references. Not behind a port: no rule depends on its values.

/// Random bytes from the operating system.
///
/// # Panics
/// When the system has no randomness to give: nothing that Coffre does would be safe then.
pub(crate) fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

/// A reference to quote on the telephone: eight characters in two groups, `7f3k-92qd`.
pub(crate) fn reference() -> String {
    let id = domain::ids::ProcessId::from_random(bytes());
    format!("{}-{}", &id.as_str()[..4], &id.as_str()[4..8])
}
