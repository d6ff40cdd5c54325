//! The retention policy of a site: everybody who sees the site reads it and what it keeps, an operator sets it.
//!
//! Nothing is removed here. What a policy would remove is the domain's answer, asked in the browser for a preview and by
//! whatever removes backups for the truth.

use domain::account::Actor;
use domain::ids::SiteId;
use domain::limits::PREVIEW_DAYS;
use domain::overview::RetentionView;
use domain::permission::Action;
use domain::refusal::Refusal;
use domain::retention::{Coming, Facts, Policy, Terms};

use crate::control_plane::ControlPlane;
use crate::error::ControlError;
use crate::sites::entry;

impl ControlPlane {
    /// The policy of a site, its backups, and the nights to look ahead.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] when the site does not exist or is another customer's.
    pub async fn retention(&self, actor: &Actor, site: &SiteId) -> Result<RetentionView, ControlError> {
        let site = self.allowed(actor, Action::See, site).await?;
        let (store, now) = (&self.outside.store, self.now());
        let nights = store.nights_of(&site.id, now).await?.ok_or(Refusal::NotFound)?;
        let backups: Vec<_> = store.backups(&site.id).await?.iter().map(entry).collect();
        Ok(RetentionView {
            policy: store.policy(&site.id).await?,
            facts: backups.iter().map(Facts::of_entry).collect(),
            backups,
            coming: Coming {
                site: site.id.clone(),
                schedule: nights.schedule,
                since: nights.nights.since,
                days: PREVIEW_DAYS,
            },
            site,
            now,
        })
    }

    /// Sets the policy of a site. What it keeps no longer leaves with an expiry that is queued at once.
    ///
    /// # Errors
    /// The refusal of the right; [`Refusal::OutOfRange`] with the limits.
    pub async fn set_policy(&self, actor: &Actor, site: &SiteId, terms: Terms) -> Result<Policy, ControlError> {
        let site = self.allowed(actor, Action::Administer, site).await?;
        let before = self.outside.store.policy(&site.id).await?;
        let told = format!("{} -> {}", told(before.terms()), told(terms));
        let policy = match Policy::new(terms) {
            Ok(policy) => policy,
            Err(limits) => {
                let no = Refusal::OutOfRange(limits);
                self.audit(Some(actor), Some(&site.id), "policy.set", no.code(), &told)
                    .await?;
                return Err(no.into());
            }
        };
        self.outside.store.set_policy(&site.id, policy).await?;
        self.audit(Some(actor), Some(&site.id), "policy.set", "done", &told)
            .await?;
        self.night_watch.changed(&site.id);
        self.feed.backups(&site.id);
        self.expire_soon(&site.id).await;
        Ok(policy)
    }
}

/// The terms as the audit trail has them.
fn told(terms: Terms) -> String {
    let Terms {
        days,
        months,
        years,
        safety_days,
    } = terms;
    format!("days {days} months {months} years {years} safety {safety_days}")
}
