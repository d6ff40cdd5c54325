//! Accounts, sessions, wrong passwords and keys in memory.

use domain::account::Role;
use domain::ids::CustomerId;
use domain::time::Timestamp;

use super::world::{World, broken};
use crate::ports::control_store::{Account, Failures, RepositoryRow, Session, StoreError};
use crate::ports::repository::SealedKey;

impl World {
    pub(super) fn save_account(&mut self, account: &Account) -> Result<(), StoreError> {
        let actor = &account.actor;
        let known = actor.sites.iter().all(|site| self.sites.contains_key(site))
            && actor
                .partner
                .as_ref()
                .is_none_or(|partner| self.partners.contains_key(partner))
            && (actor.role != Role::Partner || actor.partner.is_some());
        let twice = actor
            .sites
            .iter()
            .enumerate()
            .any(|(at, site)| actor.sites[..at].contains(site));
        if !known || twice {
            return Err(broken("an account with an unknown site or partner"));
        }
        self.accounts
            .retain(|id, other| *id == actor.account || other.email != account.email);
        self.sessions
            .retain(|_, session| session.account == actor.account || self.accounts.contains_key(&session.account));
        self.accounts.insert(actor.account.clone(), account.clone());
        Ok(())
    }

    pub(super) fn open_session(&mut self, session: &Session) -> Result<(), StoreError> {
        if !self.accounts.contains_key(&session.account) || self.sessions.contains_key(&session.token) {
            return Err(broken("a session without an account, or a token twice"));
        }
        self.sessions.insert(session.token, session.clone());
        Ok(())
    }

    pub(super) fn renew_session(&mut self, old: &[u8; 32], session: &Session) -> Result<bool, StoreError> {
        if self.sessions.remove(old).is_none() {
            return Ok(false);
        }
        self.open_session(session).map(|()| true)
    }

    pub(super) fn expire_sessions(&mut self, idle_before: Timestamp, signed_in_before: Timestamp) -> u64 {
        let before = self.sessions.len();
        self.sessions
            .retain(|_, session| session.seen_at >= idle_before && session.signed_in_at >= signed_in_before);
        (before - self.sessions.len()) as u64
    }

    pub(super) fn count_sign_in(&mut self, key: &str, right: bool, at: Timestamp) {
        if right {
            self.failures.remove(key);
        } else {
            let failures = self.failures.entry(key.to_owned()).or_default();
            *failures = Failures {
                count: failures.count + 1,
                last_at: Some(at),
            };
        }
    }

    pub(super) fn save_key(&mut self, customer: &CustomerId, key: &SealedKey) -> Result<RepositoryRow, StoreError> {
        if !self.customers.contains_key(customer) {
            return Err(broken("an unknown customer"));
        }
        let new = || RepositoryRow {
            key: key.clone(),
            exists: false,
        };
        Ok(self.repositories.entry(customer.clone()).or_insert_with(new).clone())
    }

    pub(super) fn repository_exists(&mut self, customer: &CustomerId) -> Result<(), StoreError> {
        self.repositories
            .get_mut(customer)
            .ok_or_else(|| broken("a repository without a key"))?
            .exists = true;
        Ok(())
    }
}
