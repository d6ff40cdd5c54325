//! Sign-in, sessions, sign-out. A session's token is known to the browser alone; the store keeps its hash.

use std::time::Duration;

use domain::account::Actor;
use domain::limits::{
    PASSWORD_MAX_BYTES, SESSION_ABSOLUTE, SESSION_IDLE, SESSION_ROTATION, SIGN_IN_FIRST_WAIT, SIGN_IN_FREE_FAILURES,
    SIGN_IN_LONGEST_WAIT,
};
use domain::names;
use domain::refusal::{Field, Refusal};
use domain::time::Timestamp;
use sha2::{Digest, Sha256};

use crate::control_plane::ControlPlane;
use crate::error::ControlError;
use crate::ports::control_store::{Account, ControlStore, Failures, Session};
use crate::ports::password_hasher::PasswordHasher;
use crate::random;

/// A request of an already open session is written down at most this often: the idle limit needs no better precision.
const SEEN_EVERY: Duration = Duration::from_secs(60);

/// After rotation the old token still answers this long, for requests that were under way.
const OLD_TOKEN_GRACE: Duration = Duration::from_secs(60);

/// Failures count until there was none for this long.
const FAILURES_FORGOTTEN: Duration = Duration::from_secs(3_600);

/// One network address may fail this many times as often as one account before it waits: offices share an address.
const PER_PEER_FACTOR: u32 = 10;

/// A new session, for the cookie.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// The secret of the cookie: 64 hexadecimal characters.
    pub token: String,
    /// Who signed in.
    pub actor: Actor,
}

/// A valid session.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// Who it is, with present rights.
    pub actor: Actor,
    /// A new secret for the cookie, when the old one has aged.
    pub renewed: Option<String>,
}

/// An account to be created.
pub struct NewAccount {
    /// Who it will be.
    pub actor: Actor,
    /// The address it signs in with.
    pub email: String,
    /// The password in clear; hashed here, kept nowhere.
    pub password: String,
}

/// Creates an account, or replaces the one with the same address. Needs no running server. Hashing blocks for some tens
/// of milliseconds.
///
/// # Errors
/// [`Refusal::Invalid`] for an address or password that cannot be one.
pub async fn save_account(
    store: &dyn ControlStore,
    hasher: &dyn PasswordHasher,
    new: NewAccount,
) -> Result<(), ControlError> {
    let email = names::email(&new.email)?;
    if new.password.is_empty() || new.password.len() > PASSWORD_MAX_BYTES {
        return Err(Refusal::Invalid { field: Field::Password }.into());
    }
    let password_hash = hasher.hash(&new.password);
    Ok(store
        .save_account(&Account {
            actor: new.actor,
            email,
            password_hash,
        })
        .await?)
}

impl ControlPlane {
    /// Signs a person in. `peer` is the network address the request came from, for the throttle.
    ///
    /// # Errors
    /// [`Refusal::WrongCredentials`] whatever is wrong, after the same time; [`Refusal::TooManyTries`] with the wait.
    pub async fn sign_in(&self, email: &str, password: &str, peer: &str) -> Result<NewSession, ControlError> {
        let email = names::email(email).map_err(|_| Refusal::WrongCredentials)?;
        let (by_account, by_peer) = (format!("account:{email}"), format!("peer:{peer}"));
        let store = &self.outside.store;
        let now = self.now();
        {
            // Counted before it is compared, one after the other: tries at the same moment do not slip past each other.
            let _turn = self.counting.lock().await;
            let waits = [
                self.wait(&by_account, SIGN_IN_FREE_FAILURES).await?,
                self.wait(&by_peer, SIGN_IN_FREE_FAILURES * PER_PEER_FACTOR).await?,
            ];
            if let Some(longest) = waits.into_iter().flatten().max() {
                let wait_secs = u32::try_from(longest.as_millis().div_ceil(1_000)).unwrap_or(u32::MAX);
                return Err(Refusal::TooManyTries { wait_secs }.into());
            }
            store.count_sign_in(&by_account, false, now).await?;
        }

        let account = store.account_by_email(&email).await?;
        let right = self
            .compare(password, account.as_ref().map(|account| account.password_hash.clone()))
            .await?;
        let Some(account) = account.filter(|_| right) else {
            store.count_sign_in(&by_peer, false, now).await?;
            self.audit(None, None, "sign-in", Refusal::WrongCredentials.code(), &email)
                .await?;
            return Err(Refusal::WrongCredentials.into());
        };
        // The network address keeps its count: one right password must not let others guess on from there.
        store.count_sign_in(&by_account, true, now).await?;

        let token = fresh_token();
        let session = Session {
            token: hashed(&token),
            account: account.actor.account.clone(),
            signed_in_at: now,
            issued_at: now,
            seen_at: now,
        };
        store.open_session(&session).await?;
        self.audit(Some(&account.actor), None, "sign-in", "done", "").await?;
        Ok(NewSession {
            token,
            actor: account.actor,
        })
    }

    /// Whose session a token is, if it still is one; renews it when it has aged.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn session(&self, token: &str) -> Result<Option<SignedIn>, ControlError> {
        let store = &self.outside.store;
        let now = self.now();
        let Some(session) = store.session(&hashed(token)).await? else {
            return Ok(None);
        };
        if !is_valid(&session, now) {
            store.close_session(&session.token).await?;
            return Ok(None);
        }
        let Some(actor) = store.actor(&session.account).await? else {
            return Ok(None);
        };

        if now.since(session.issued_at) >= SESSION_ROTATION {
            let token = fresh_token();
            let fading = Session {
                issued_at: now,
                seen_at: fading_since(now),
                ..session.clone()
            };
            if store.renew_session(&session.token, &fading).await? {
                let next = Session {
                    token: hashed(&token),
                    issued_at: now,
                    seen_at: now,
                    ..session
                };
                store.open_session(&next).await?;
                return Ok(Some(SignedIn {
                    actor,
                    renewed: Some(token),
                }));
            }
        } else if now.since(session.seen_at) >= SEEN_EVERY && !is_fading(&session) {
            store
                .renew_session(
                    &session.token,
                    &Session {
                        seen_at: now,
                        ..session.clone()
                    },
                )
                .await?;
        }
        Ok(Some(SignedIn { actor, renewed: None }))
    }

    /// Whose session a token is, without renewing it: for a stream that stays open and must not keep a session alive.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn still_signed_in(&self, token: &str) -> Result<Option<Actor>, ControlError> {
        let now = self.now();
        let session = self
            .outside
            .store
            .session(&hashed(token))
            .await?
            .filter(|session| is_valid(session, now));
        match session {
            Some(session) => Ok(self.outside.store.actor(&session.account).await?),
            None => Ok(None),
        }
    }

    /// Ends a session.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn sign_out(&self, token: &str) -> Result<(), ControlError> {
        Ok(self.outside.store.close_session(&hashed(token)).await?)
    }

    /// Forgets sessions past their limits; called now and then by the worker.
    pub(crate) async fn expire_sessions(&self) -> Result<u64, ControlError> {
        let before = |limit: Duration| Timestamp(self.now().millis() - limit.as_millis() as i64);
        Ok(self
            .outside
            .store
            .expire_sessions(before(SESSION_IDLE), before(SESSION_ABSOLUTE))
            .await?)
    }

    /// How long a key must wait now. Failures of long ago are forgotten.
    async fn wait(&self, key: &str, free: u32) -> Result<Option<Duration>, ControlError> {
        let (store, now) = (&self.outside.store, self.now());
        let failures = store.failures(key).await?;
        if failures
            .last_at
            .is_some_and(|last| now.since(last) >= FAILURES_FORGOTTEN)
        {
            store.count_sign_in(key, true, now).await?;
            return Ok(None);
        }
        Ok(left(failures, free, now))
    }

    async fn compare(&self, password: &str, hash: Option<String>) -> Result<bool, ControlError> {
        let _turn = self.hashing.acquire().await.map_err(ControlError::failed)?;
        let (hasher, password) = (self.outside.hasher.clone(), password.to_owned());
        let right = password.len() <= PASSWORD_MAX_BYTES;
        tokio::task::spawn_blocking(move || hasher.verify(if right { &password } else { "" }, hash.as_deref()) && right)
            .await
            .map_err(ControlError::failed)
    }
}

/// How long a key must still wait after its failures.
fn left(failures: Failures, free: u32, now: Timestamp) -> Option<Duration> {
    let beyond = failures.count.checked_sub(free)?;
    let whole = SIGN_IN_FIRST_WAIT
        .saturating_mul(1_u32.checked_shl(beyond).unwrap_or(u32::MAX))
        .min(SIGN_IN_LONGEST_WAIT);
    let left = whole.saturating_sub(now.since(failures.last_at?));
    (!left.is_zero()).then_some(left)
}

/// A last-seen instant by which the idle limit ends the session after the grace.
fn fading_since(now: Timestamp) -> Timestamp {
    Timestamp(now.millis() - (SESSION_IDLE - OLD_TOKEN_GRACE).as_millis() as i64)
}

fn is_valid(session: &Session, now: Timestamp) -> bool {
    now.since(session.seen_at) < SESSION_IDLE && now.since(session.signed_in_at) < SESSION_ABSOLUTE
}

fn is_fading(session: &Session) -> bool {
    session.seen_at < session.issued_at
}

fn fresh_token() -> String {
    random::bytes::<32>()
        .iter()
        .fold(String::with_capacity(64), |text, byte| text + &format!("{byte:02x}"))
}

fn hashed(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}
