//! The figures themselves: what is read, and under which names it is told. Names and units follow the conventions of
//! Prometheus: base units, `_total` on what only grows, one meaning a name.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use control::ControlPlane;
use control::ports::control_store::{SiteNights, StoreError};
use control::ports::tally::{DURATION_BOUNDS_SECS, Ended, Tally, kind_code};
use domain::backup::BackupKind;
use domain::nights::silence;
use domain::process::{Process, StateName};
use domain::time::Timestamp;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, LabelSetEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Unit;

use super::disk::{Disk, Measured};

/// Kinds of processes; each is told even while there is none, so that a rate begins at zero.
const KINDS: [&str; 6] = ["manual", "nightly", "restore", "export", "import", "expiry"];
const UNDER_WAY: [StateName; 2] = [StateName::Queued, StateName::Running];
const ENDED: [StateName; 3] = [StateName::Completed, StateName::Failed, StateName::Cancelled];

/// One reading.
#[derive(Debug)]
pub(super) struct Figures {
    now: Timestamp,
    looked_at: Timestamp,
    active: Vec<Process>,
    tally: Tally,
    sites: Vec<SiteNights>,
    disk: Option<Measured>,
}

impl Figures {
    pub(super) async fn gather(plane: &ControlPlane, disk: &Disk) -> Result<Self, StoreError> {
        let (now, store) = (plane.now(), plane.store());
        Ok(Self {
            now,
            looked_at: plane.nights_looked_at(),
            active: store.active(None).await?,
            tally: store.tally().await?,
            sites: store.nights(now).await?,
            disk: disk.measured(now).await,
        })
    }

    fn ended(&self, kind: &str, state: StateName) -> Option<&Ended> {
        let mut ended = self.tally.ended.iter();
        ended.find(|ended| ended.kind == kind && ended.state == state)
    }

    fn processes(&self, out: &mut Out<'_>) -> fmt::Result {
        let active = |kind: &str, state| {
            let of = |process: &&Process| kind_code(&process.kind) == kind && process.state.name() == state;
            self.active.iter().filter(of).count() as f64
        };
        let under_way = KINDS.iter().flat_map(|kind| UNDER_WAY.map(|state| (*kind, state)));
        out.gauges(
            "coffre_processes",
            "Processes that are queued or running",
            None,
            under_way.map(|(kind, state)| (labels([("kind", kind), ("state", code(state))]), active(kind, state))),
        )?;
        let queued = self
            .active
            .iter()
            .filter(|process| process.state.name() == StateName::Queued);
        let oldest = queued.map(|process| process.requested_at).min();
        out.gauge(
            "coffre_queue_oldest_age",
            "How long the process that has been queued the longest has waited; 0 while none is queued",
            Some(&Unit::Seconds),
            oldest.map_or(0.0, |oldest| self.age(oldest)),
        )?;
        let ended = KINDS.iter().flat_map(|kind| ENDED.map(|state| (*kind, state)));
        out.counters(
            "coffre_processes_ended",
            "Processes that have ended, by kind and end",
            None,
            ended.map(|(kind, state)| {
                let count = self.ended(kind, state).map_or(0, |ended| ended.count);
                (labels([("kind", kind), ("state", code(state))]), count)
            }),
        )?;
        self.durations(out)
    }

    fn durations(&self, out: &mut Out<'_>) -> fmt::Result {
        let mut family = out.0.encode_descriptor(
            "coffre_process_duration",
            "How long completed processes took, by kind; of interrupted ones the last attempt",
            Some(&Unit::Seconds),
            MetricType::Histogram,
        )?;
        for kind in KINDS {
            let ended = self.ended(kind, StateName::Completed);
            let classes = ended.map_or_else(Default::default, |ended| ended.durations);
            let bounds = DURATION_BOUNDS_SECS.map(f64::from).into_iter().chain([f64::INFINITY]);
            let buckets: Vec<(f64, u64)> = bounds.zip(classes).collect();
            let (sum, count) = ended.map_or((Duration::ZERO, 0), |ended| (ended.took, ended.count));
            family
                .encode_family(&labels([("kind", kind)]))?
                .encode_histogram::<NoLabelSet>(sum.as_secs_f64(), count, &buckets, None)?;
        }
        Ok(())
    }

    fn backups(&self, out: &mut Out<'_>) -> fmt::Result {
        let stored: HashMap<_, _> = self.tally.stored.iter().map(|stored| (stored.kind, stored)).collect();
        let of = |kind: BackupKind| labels([("kind", kind.code())]);
        out.counters(
            "coffre_backups_completed",
            "Backups that became complete, those removed since included",
            None,
            BackupKind::ALL.map(|kind| (of(kind), stored.get(&kind).map_or(0, |stored| stored.count))),
        )?;
        out.counters(
            "coffre_backups_read",
            "Bytes of databases read into backups that became complete",
            Some(&Unit::Bytes),
            BackupKind::ALL.map(|kind| (of(kind), stored.get(&kind).map_or(0, |stored| stored.bytes))),
        )?;
        let Some(disk) = &self.disk else { return Ok(()) };
        out.gauges(
            "coffre_repository_stored",
            "Bytes on disk of a customer's repository, measured every few minutes",
            Some(&Unit::Bytes),
            disk.customers
                .iter()
                .map(|(customer, bytes)| (labels([("customer", customer.as_str())]), *bytes as f64)),
        )?;
        out.gauge(
            "coffre_repository_measured_age",
            "Time since the repositories were last measured",
            Some(&Unit::Seconds),
            self.age(disk.at),
        )
    }

    fn sites(&self, out: &mut Out<'_>) -> fmt::Result {
        out.gauge("coffre_sites", "Sites that are declared", None, self.sites.len() as f64)?;
        let closed = self.sites.iter().filter(|site| !site.open).count();
        out.gauge(
            "coffre_sites_restoring",
            "Sites closed by a restore",
            None,
            closed as f64,
        )?;
        let is_silent = |site: &&SiteNights| silence(site.nights.since, site.last_completed, self.now).is_some();
        let silent = self.sites.iter().filter(is_silent).count();
        out.gauge(
            "coffre_sites_silent",
            "Sites that have had no backup for too long: the alerts under way",
            None,
            silent as f64,
        )?;
        let with_backup = self.sites.iter().filter_map(|site| Some((site, site.last_completed?)));
        out.gauges(
            "coffre_site_last_backup_age",
            "Time since a site's last backup became complete; missing while it has none",
            Some(&Unit::Seconds),
            with_backup.map(|(site, last)| (labels([("site", site.site.as_str())]), self.age(last))),
        )?;
        out.gauge(
            "coffre_scheduler_look_age",
            "Time since the scheduler last looked at the nights",
            Some(&Unit::Seconds),
            self.age(self.looked_at),
        )
    }

    fn age(&self, since: Timestamp) -> f64 {
        self.now.since(since).as_secs_f64()
    }
}

impl Collector for Figures {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        encoder
            .encode_descriptor("coffre_build", "The version that is running", None, MetricType::Info)?
            .encode_info(&labels([("version", env!("CARGO_PKG_VERSION"))]))?;
        let mut out = Out(encoder);
        self.processes(&mut out)?;
        self.backups(&mut out)?;
        self.sites(&mut out)
    }
}

/// Label names with their values.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Labels<'a, const N: usize>([(&'static str, &'a str); N]);

fn labels<'a, const N: usize>(labels: [(&'static str, &'a str); N]) -> Labels<'a, N> {
    Labels(labels)
}

impl<const N: usize> EncodeLabelSet for Labels<'_, N> {
    fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> fmt::Result {
        EncodeLabelSet::encode(&self.0, encoder)
    }
}

/// Where figures are written, a family at a time.
struct Out<'a>(DescriptorEncoder<'a>);

impl Out<'_> {
    fn gauge(&mut self, name: &str, help: &str, unit: Option<&Unit>, value: f64) -> fmt::Result {
        let mut family = self.0.encode_descriptor(name, help, unit, MetricType::Gauge)?;
        family.encode_gauge(&value)
    }

    fn gauges<S: EncodeLabelSet>(
        &mut self,
        name: &str,
        help: &str,
        unit: Option<&Unit>,
        series: impl IntoIterator<Item = (S, f64)>,
    ) -> fmt::Result {
        let mut family = self.0.encode_descriptor(name, help, unit, MetricType::Gauge)?;
        for (labels, value) in series {
            family.encode_family(&labels)?.encode_gauge(&value)?;
        }
        Ok(())
    }

    fn counters<S: EncodeLabelSet>(
        &mut self,
        name: &str,
        help: &str,
        unit: Option<&Unit>,
        series: impl IntoIterator<Item = (S, u64)>,
    ) -> fmt::Result {
        let mut family = self.0.encode_descriptor(name, help, unit, MetricType::Counter)?;
        for (labels, value) in series {
            family
                .encode_family(&labels)?
                .encode_counter::<NoLabelSet, _, u64>(&value, None)?;
        }
        Ok(())
    }
}

fn code(state: StateName) -> &'static str {
    match state {
        StateName::Queued => "queued",
        StateName::Running => "running",
        StateName::Completed => "completed",
        StateName::Failed => "failed",
        StateName::Cancelled => "cancelled",
    }
}
