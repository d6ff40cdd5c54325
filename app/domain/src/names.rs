//! Text that people type, checked once at the border: names, e-mail addresses, the written reason of a restore.

use serde::{Deserialize, Serialize};

use crate::limits::{NAME_MAX_CHARS, REASON_MAX_CHARS};
use crate::refusal::{Field, Refusal};

/// The written reason of a restore without a client's request: 1 to [`REASON_MAX_CHARS`] characters, trimmed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Reason(String);

impl Reason {
    /// Reads a reason.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] when it is empty or too long.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        within(text, REASON_MAX_CHARS, Field::Reason).map(Self)
    }

    /// The reason as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Reason {
    type Error = Refusal;
    fn try_from(text: String) -> Result<Self, Refusal> {
        Self::parse(&text)
    }
}

impl From<Reason> for String {
    fn from(reason: Reason) -> Self {
        reason.0
    }
}

/// An e-mail address as typed at sign-in: trimmed and lower-case; one `@` with something on both sides.
///
/// # Errors
/// [`Refusal::Invalid`] otherwise. Whether it can receive mail is not asked here.
pub fn email(text: &str) -> Result<String, Refusal> {
    let text = text.trim().to_lowercase();
    let sound = text.chars().count() <= 254
        && !text.contains(char::is_whitespace)
        && text
            .split_once('@')
            .is_some_and(|(user, host)| !user.is_empty() && !host.is_empty() && !host.contains('@'));
    if sound {
        Ok(text)
    } else {
        Err(Refusal::Invalid { field: Field::Email })
    }
}

/// The name of a site, a database, a customer or a person.
///
/// # Errors
/// [`Refusal::Invalid`] when it is empty, longer than [`NAME_MAX_CHARS`] or has a control character.
pub fn name(text: &str) -> Result<String, Refusal> {
    within(text, NAME_MAX_CHARS, Field::Name)
}

fn within(text: &str, max: usize, field: Field) -> Result<String, Refusal> {
    // Forms send line ends as the standard of mail writes them.
    let text = text.replace("\r\n", "\n").replace('\t', " ");
    let text = text.trim();
    let sound =
        !text.is_empty() && text.chars().count() <= max && !text.contains(|c: char| c.is_control() && c != '\n');
    if sound {
        Ok(text.to_owned())
    } else {
        Err(Refusal::Invalid { field })
    }
}

/// Does what a person typed confirm this site code? Compared trimmed and without case; pasting is fine.
#[must_use]
pub fn confirms(typed: &str, code: &str) -> bool {
    typed.trim().to_uppercase() == code.to_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_code_is_confirmed_whatever_the_case_and_the_spaces_around() {
        assert!(confirms(" dupont ", "DUPONT"));
        assert!(!confirms("DUP", "DUPONT"));
        assert!(!confirms("", "DUPONT"));
    }

    #[test]
    fn an_address_is_lowered_and_must_have_two_sides() {
        assert_eq!(email(" Claire@Dupont.Example "), Ok("claire@dupont.example".to_owned()));
        for bad in ["", "claire", "@x", "x@", "a@b@c", "a b@c"] {
            assert!(email(bad).is_err(), "{bad:?}");
        }
    }
}
