//! What people see of the nights of a site, and how an operator sets them.

use domain::account::Actor;
use domain::ids::SiteId;
use domain::nights;
use domain::overview::NightPlan;
use domain::permission::Action;
use domain::refusal::Refusal;
use domain::schedule::Schedule;

use crate::control_plane::ControlPlane;
use crate::error::ControlError;
use crate::nights::next;
use crate::ports::control_store::SiteNights;

impl ControlPlane {
    /// Sets when the nights of a site start: minutes after its local midnight, and for how many minutes after that. The next
    /// night follows it; those that are made keep what was said of them.
    ///
    /// # Errors
    /// The refusal of the right; [`Refusal::OutOfRange`] with the limits.
    pub async fn set_schedule(
        &self,
        actor: &Actor,
        site: &SiteId,
        start_minutes: u16,
        window_minutes: u16,
    ) -> Result<Schedule, ControlError> {
        let site = self.allowed(actor, Action::Administer, site).await?;
        let told = format!("{start_minutes} {window_minutes}");
        let schedule = match Schedule::new(start_minutes, window_minutes) {
            Ok(schedule) => schedule,
            Err(limits) => {
                let no = Refusal::OutOfRange(limits);
                self.audit(Some(actor), Some(&site.id), "nights.set", no.code(), &told)
                    .await?;
                return Err(no.into());
            }
        };
        self.outside.store.set_schedule(&site.id, schedule).await?;
        self.audit(Some(actor), Some(&site.id), "nights.set", "done", &told)
            .await?;
        self.night_watch.changed(&site.id);
        Ok(schedule)
    }

    /// The nights of a site as pages tell them.
    pub(crate) fn plan(&self, site: &SiteNights) -> NightPlan {
        let now = self.now();
        NightPlan {
            schedule: site.schedule,
            next: next(site, now),
            silence: nights::silence(site.nights.since, site.last_completed, now),
        }
    }
}
