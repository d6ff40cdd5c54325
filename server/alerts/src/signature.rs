//! Signatures of webhooks by the Standard Webhooks scheme: HMAC-SHA256 over `id.timestamp.body`, in Base64 after `v1,`. While a
//! secret is exchanged for another, both sign, with a space between. Checked against the published example.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

const PREFIX: &str = "whsec_";
const VERSION: &str = "v1,";

/// Length of a secret, bytes: as the Standard Webhooks text has it.
const LENGTH: std::ops::RangeInclusive<usize> = 24..=64;

/// The text is not a secret. What it was is not told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a secret of a webhook is whsec_ and 24 to 64 random bytes in Base64")]
pub struct SecretError;

/// A secret that sender and receiver share.
#[derive(Clone)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

impl Secret {
    /// Reads a secret as it is handed over: `whsec_…`.
    ///
    /// # Errors
    /// [`SecretError`].
    pub fn parse(text: &str) -> Result<Self, SecretError> {
        let encoded = text.trim().strip_prefix(PREFIX).ok_or(SecretError)?;
        let bytes = Zeroizing::new(STANDARD.decode(encoded).map_err(|_| SecretError)?);
        if !LENGTH.contains(&bytes.len()) {
            return Err(SecretError);
        }
        Ok(Self(bytes))
    }

    fn mac(&self, id: &str, timestamp: i64, body: &[u8]) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("a key of any length is taken");
        mac.update(format!("{id}.{timestamp}.").as_bytes());
        mac.update(body);
        mac
    }
}

/// The header `webhook-signature`: one signature per secret. `timestamp` is in seconds since 1970.
#[must_use]
pub fn sign(secrets: &[Secret], id: &str, timestamp: i64, body: &[u8]) -> String {
    let signature = |secret: &Secret| STANDARD.encode(secret.mac(id, timestamp, body).finalize().into_bytes());
    let signed: Vec<_> = secrets
        .iter()
        .map(|secret| VERSION.to_owned() + &signature(secret))
        .collect();
    signed.join(" ")
}

/// What a receiver does: is one of the signatures made with one of these secrets? Versions it does not know are passed over.
#[must_use]
pub fn verify(secrets: &[Secret], id: &str, timestamp: i64, body: &[u8], header: &str) -> bool {
    let signatures = header.split(' ').filter_map(|each| each.strip_prefix(VERSION));
    let mut decoded = signatures.filter_map(|each| STANDARD.decode(each).ok());
    decoded.any(|signature| {
        let made_with = |secret: &Secret| secret.mac(id, timestamp, body).verify_slice(&signature).is_ok();
        secrets.iter().any(made_with)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const OTHER: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const AT: i64 = 1_614_265_330;
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    fn secret(text: &str) -> Secret {
        Secret::parse(text).unwrap()
    }

    #[test]
    fn the_published_example_has_its_published_signature() {
        assert_eq!(sign(&[secret(SECRET)], ID, AT, BODY), SIGNATURE);
        assert!(verify(&[secret(SECRET)], ID, AT, BODY, SIGNATURE));
    }

    #[test]
    fn anything_that_was_changed_is_noticed() {
        let secrets = [secret(SECRET)];
        assert!(
            !verify(&secrets, ID, AT, br#"{"test": 2432232315}"#, SIGNATURE),
            "the body"
        );
        assert!(!verify(&secrets, ID, AT + 1, BODY, SIGNATURE), "the time");
        assert!(
            !verify(&secrets, "msg_p5jXN8AQM9LWM0D4loKWxJel", AT, BODY, SIGNATURE),
            "the id"
        );
        assert!(!verify(&[secret(OTHER)], ID, AT, BODY, SIGNATURE), "the secret");
        for header in [
            "",
            "v1,",
            "v1a,g0hM9SsE",
            &SIGNATURE[3..],
            &SIGNATURE[..40],
            "v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        ] {
            assert!(!verify(&secrets, ID, AT, BODY, header), "{header:?}");
        }
    }

    #[test]
    fn while_a_secret_is_exchanged_either_is_enough() {
        let both = [secret(OTHER), secret(SECRET)];
        let header = sign(&both, ID, AT, BODY);
        assert_eq!(header.split(' ').count(), 2);
        for one in both {
            assert!(verify(&[one], ID, AT, BODY, &header));
        }
        assert!(verify(
            &[secret(SECRET)],
            ID,
            AT,
            BODY,
            &format!("v1a,later {SIGNATURE}")
        ));
    }

    #[test]
    fn what_is_no_secret_is_refused_without_being_told() {
        for text in [
            "",
            "whsec_",
            "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZI",
            "whsec_*",
            SIGNATURE,
        ] {
            let error = Secret::parse(text).unwrap_err().to_string();
            assert!(text.len() < 7 || !error.contains(&text[6..]), "{error}");
        }
        assert_eq!(format!("{:?}", secret(SECRET)), "Secret");
    }
}
