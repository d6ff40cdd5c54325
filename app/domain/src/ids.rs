//! Typed identifiers: parse, don't validate. An id in hand is well formed; whether the thing exists is the store's answer.
//!
//! They carry no meaning: nothing may be read out of an id, and the code of a site that people type is not one of them.

use serde::{Deserialize, Serialize};
use std::fmt;

use crate::limits::ID_MAX_LEN;

/// The text is not an identifier: empty, too long, or with a character other than `a-z 0-9 -`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidId;

impl fmt::Display for InvalidId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "an identifier is 1 to {ID_MAX_LEN} characters among a-z, 0-9 and '-'"
        )
    }
}

impl std::error::Error for InvalidId {}

fn parse(text: &str) -> Result<String, InvalidId> {
    let sound = (1..=ID_MAX_LEN).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !text.starts_with('-');
    if sound { Ok(text.to_owned()) } else { Err(InvalidId) }
}

/// 10 random bytes as 16 characters of Crockford's alphabet (no i, l, o, u: an id can be read over the telephone).
fn spell(random: [u8; 10]) -> String {
    const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    let mut text = String::with_capacity(16);
    let (mut bits, mut held) = (0_u32, 0_u32);
    for byte in random {
        bits = (bits << 8) | u32::from(byte);
        held += 8;
        while held >= 5 {
            held -= 5;
            text.push(char::from(ALPHABET[((bits >> held) & 31) as usize]));
        }
    }
    text
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Reads an id from text.
            ///
            /// # Errors
            /// [`InvalidId`] unless the text is 1 to [`ID_MAX_LEN`] characters among `a-z 0-9 -`.
            pub fn parse(text: &str) -> Result<Self, InvalidId> {
                parse(text).map(Self)
            }

            /// A new id from 80 random bits; the caller brings the randomness.
            #[must_use]
            pub fn from_random(random: [u8; 10]) -> Self {
                Self(spell(random))
            }

            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Self::parse(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;
            fn try_from(text: String) -> Result<Self, InvalidId> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }
    };
}

id!(
    /// A customer of the host: owns sites and one repository.
    CustomerId
);
id!(
    /// A reseller that looks after several customers.
    PartnerId
);
id!(
    /// A hosted site.
    SiteId
);
id!(
    /// Something people are told when they are not looking; receivers know it again by its id.
    AlertId
);
id!(
    /// One database of a site; unique over all sites.
    DatabaseId
);
id!(
    /// A complete backup of a site.
    BackupId
);
id!(
    /// A piece of work one can follow.
    ProcessId
);
id!(
    /// A file being uploaded, or uploaded.
    UploadId
);
id!(
    /// Somebody who is reading a backup.
    ReadingId
);
id!(
    /// A person, or a login shared by a partner's team.
    AccountId
);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn text_that_could_leave_a_path_or_a_query_is_no_id() {
        for bad in [
            "",
            "-a",
            "A",
            "a/b",
            "..",
            "a b",
            "é",
            "a'",
            &"a".repeat(ID_MAX_LEN + 1),
        ] {
            assert_eq!(SiteId::parse(bad), Err(InvalidId), "{bad:?}");
        }
        assert!(SiteId::parse("dupont-2").is_ok());
    }

    proptest! {
        #[test]
        fn every_random_id_parses_and_survives_serde(random: [u8; 10]) {
            let id = ProcessId::from_random(random);
            prop_assert_eq!(id.as_str().len(), 16);
            prop_assert_eq!(ProcessId::parse(id.as_str()), Ok(id.clone()));
            let json = serde_json::to_string(&id).unwrap();
            prop_assert_eq!(serde_json::from_str::<ProcessId>(&json).unwrap(), id);
        }

        #[test]
        fn different_randomness_gives_different_ids(a: [u8; 10], b: [u8; 10]) {
            prop_assert_eq!(a == b, BackupId::from_random(a) == BackupId::from_random(b));
        }
    }
}
