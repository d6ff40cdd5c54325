//! The outbox in memory.

use domain::account::Role;
use domain::ids::{AlertId, SiteId};
use domain::limits::{ALERT_KEPT, ALERT_LONGEST_RETRY, ALERT_TRIED_FOR};
use domain::time::Timestamp;

use super::world::{OnItsWay, Raised, World, broken};
use crate::ports::control_store::StoreError;
use crate::ports::outbox::{Alert, Delivery, Recipient, Settlement};

impl World {
    pub(super) fn raise(&mut self, alert: &Alert) -> Result<bool, StoreError> {
        if self.alerts.iter().any(|raised| raised.alert.id == alert.id) {
            return Ok(false);
        }
        if alert.site.as_ref().is_some_and(|site| !self.sites.contains_key(site)) {
            return Err(broken("an alert about an unknown site"));
        }
        self.alerts.push(Raised {
            alert: alert.clone(),
            addressed: false,
            deliveries: Default::default(),
        });
        Ok(true)
    }

    pub(super) fn unaddressed(&self) -> Vec<Alert> {
        let open = self.alerts.iter().filter(|raised| !raised.addressed);
        open.map(|raised| raised.alert.clone()).collect()
    }

    pub(super) fn administrators(&self, site: &SiteId) -> Vec<String> {
        let of = |role, sites: &[SiteId]| role == Role::ClientAdmin && sites.contains(site);
        let mut emails: Vec<_> = self
            .accounts
            .values()
            .filter(|account| of(account.actor.role, &account.actor.sites))
            .map(|account| account.email.clone())
            .collect();
        emails.sort();
        emails
    }

    pub(super) fn address(&mut self, alert: &AlertId, to: &[Recipient], now: Timestamp) -> bool {
        let open = |raised: &&mut Raised| raised.alert.id == *alert && !raised.addressed;
        let Some(raised) = self.alerts.iter_mut().find(open) else {
            return false;
        };
        raised.addressed = true;
        let way = OnItsWay {
            over: false,
            attempts: 0,
            due_at: now,
            held_until: None,
            refused: false,
        };
        raised.deliveries = to.iter().map(|recipient| (recipient.clone(), way.clone())).collect();
        true
    }

    pub(super) fn due_recipients(&self, now: Timestamp) -> Vec<Recipient> {
        let ways = self.alerts.iter().flat_map(|raised| raised.deliveries.keys());
        let mut due: Vec<_> = ways.filter(|to| self.next_to(to, now).is_some()).cloned().collect();
        due.sort();
        due.dedup();
        due
    }

    pub(super) fn take_delivery(&mut self, to: &Recipient, now: Timestamp, held_until: Timestamp) -> Option<Delivery> {
        let at = self.next_to(to, now)?;
        let raised = &mut self.alerts[at];
        let way = raised.deliveries.get_mut(to)?;
        way.attempts += 1;
        way.held_until = Some(held_until);
        Some(Delivery {
            alert: raised.alert.clone(),
            recipient: to.clone(),
            attempt: way.attempts,
        })
    }

    /// Where the next delivery to this recipient stands.
    fn next_to(&self, to: &Recipient, now: Timestamp) -> Option<usize> {
        let over = |moment: Timestamp| moment <= now || moment > now.plus(ALERT_LONGEST_RETRY);
        let mut before: Vec<&Option<SiteId>> = Vec::new();
        for (at, raised) in self.alerts.iter().enumerate() {
            let Some(way) = raised.deliveries.get(to).filter(|way| !way.over) else {
                continue;
            };
            let waits = before.contains(&&raised.alert.site);
            if !waits && over(way.due_at) && way.held_until.is_none_or(over) {
                return Some(at);
            }
            if !way.refused {
                before.push(&raised.alert.site);
            }
        }
        None
    }

    pub(super) fn settle_delivery(
        &mut self,
        delivery: &Delivery,
        settlement: Settlement,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let to = &delivery.recipient;
        let of = |raised: &&mut Raised| raised.alert.id == delivery.alert.id;
        let way = self
            .alerts
            .iter_mut()
            .find(of)
            .and_then(|raised| raised.deliveries.get_mut(to));
        let held = |way: &&mut OnItsWay| !way.over && way.attempts == delivery.attempt;
        let way = way.filter(held).ok_or(StoreError::Fenced)?;
        way.held_until = None;
        match settlement {
            Settlement::Again { due_at, refused } => (way.due_at, way.refused) = (due_at, refused),
            Settlement::Delivered => {
                way.over = true;
                let others = self
                    .alerts
                    .iter_mut()
                    .filter_map(|raised| raised.deliveries.get_mut(to));
                for other in others.filter(|other| !other.over && !other.refused && other.held_until.is_none()) {
                    other.due_at = other.due_at.min(now);
                }
            }
        }
        Ok(())
    }

    pub(super) fn sweep_alerts(&mut self, now: Timestamp) -> Vec<Delivery> {
        let mut given_up = Vec::new();
        for raised in &mut self.alerts {
            if raised.alert.raised_at.plus(ALERT_TRIED_FOR) > now {
                continue;
            }
            let held = |way: &OnItsWay| way.held_until.is_some_and(|until| until > now);
            for (to, way) in raised.deliveries.iter_mut().filter(|(_, way)| !way.over && !held(way)) {
                way.over = true;
                given_up.push(Delivery {
                    alert: raised.alert.clone(),
                    recipient: to.clone(),
                    attempt: way.attempts,
                });
            }
        }
        self.alerts.retain(|raised| {
            let over = raised.addressed && raised.deliveries.values().all(|way| way.over);
            !over || raised.alert.raised_at.plus(ALERT_KEPT) > now
        });
        given_up
    }
}
