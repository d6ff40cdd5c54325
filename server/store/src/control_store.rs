//! The port, method by method: each goes to the file of its noun.

use std::collections::BTreeSet;

use async_trait::async_trait;
use control::ports::control_store::{
    Account, AuditEntry, Claim, Claimed, ControlStore, Declaration, Expiring, Failures, NewProcess, RepositoryRow,
    Session, SiteNights, StoreError,
};
use control::ports::database_engine::DatabaseSource;
use control::ports::outbox::{Alert, Delivery, Recipient, Settlement};
use control::ports::repository::SealedKey;
use control::ports::tally::Tally;
use domain::account::Actor;
use domain::backup::{Backup, Binned, Deletion, Promotion, Quota};
use domain::bacpac::{Export, Told, Upload};
use domain::expiry::ExpiryLog;
use domain::failure::Failure;
use domain::ids::{AccountId, AlertId, BackupId, CustomerId, DatabaseId, ProcessId, ReadingId, SiteId, UploadId};
use domain::judgement::{Decision, Verdict};
use domain::process::{Process, Progress};
use domain::refusal::Refusal;
use domain::retention::Policy;
use domain::schedule::Schedule;
use domain::site::Site;
use domain::time::Timestamp;

use crate::open::SqliteStore;
use crate::{
    accounts, alerts, backups, cancelling, claims, expiry, judgements, keeping, keys_and_audit, nights, packages,
    policy, processes, readings, sessions, sites, tally,
};

#[async_trait]
impl ControlStore for SqliteStore {
    async fn declare(&self, declaration: &Declaration, now: Timestamp) -> Result<(), StoreError> {
        Ok(sites::declare(self, declaration, now).await?)
    }

    async fn save_account(&self, account: &Account) -> Result<(), StoreError> {
        Ok(accounts::save_account(self, account).await?)
    }

    async fn sites(&self) -> Result<Vec<Site>, StoreError> {
        Ok(sites::sites(self).await?)
    }

    async fn site(&self, id: &SiteId) -> Result<Option<Site>, StoreError> {
        Ok(sites::site(self, id).await?)
    }

    async fn sources(&self, site: &SiteId) -> Result<Vec<DatabaseSource>, StoreError> {
        Ok(sites::sources(self, site).await?)
    }

    async fn measured(&self, database: &DatabaseId, bytes: u64) -> Result<(), StoreError> {
        Ok(sites::measured(self, database, bytes).await?)
    }

    async fn account_by_email(&self, email: &str) -> Result<Option<Account>, StoreError> {
        Ok(accounts::account_by_email(self, email).await?)
    }

    async fn actor(&self, account: &AccountId) -> Result<Option<Actor>, StoreError> {
        Ok(accounts::actor(self, account).await?)
    }

    async fn open_session(&self, session: &Session) -> Result<(), StoreError> {
        Ok(sessions::open_session(self, session).await?)
    }

    async fn session(&self, token: &[u8; 32]) -> Result<Option<Session>, StoreError> {
        Ok(sessions::session(self, token).await?)
    }

    async fn renew_session(&self, old_token: &[u8; 32], session: &Session) -> Result<bool, StoreError> {
        Ok(sessions::renew_session(self, old_token, session).await?)
    }

    async fn close_session(&self, token: &[u8; 32]) -> Result<(), StoreError> {
        Ok(sessions::close_session(self, token).await?)
    }

    async fn expire_sessions(&self, idle_before: Timestamp, signed_in_before: Timestamp) -> Result<u64, StoreError> {
        Ok(sessions::expire_sessions(self, idle_before, signed_in_before).await?)
    }

    async fn failures(&self, key: &str) -> Result<Failures, StoreError> {
        Ok(sessions::failures(self, key).await?)
    }

    async fn count_sign_in(&self, key: &str, right: bool, at: Timestamp) -> Result<(), StoreError> {
        Ok(sessions::count_sign_in(self, key, right, at).await?)
    }

    async fn queue_backup(&self, new: &NewProcess) -> Result<Process, StoreError> {
        Ok(processes::queue_backup(self, new).await?)
    }

    async fn queue_nights(&self, new: &[NewProcess]) -> Result<Vec<Result<(), Refusal>>, StoreError> {
        Ok(processes::queue_nights(self, new).await?)
    }

    async fn queue_restore(&self, new: &NewProcess) -> Result<Process, StoreError> {
        Ok(processes::queue_restore(self, new).await?)
    }

    async fn queue_export(&self, new: &NewProcess) -> Result<Process, StoreError> {
        Ok(processes::queue_export(self, new).await?)
    }

    async fn queue_import(&self, new: &NewProcess) -> Result<Process, StoreError> {
        Ok(processes::queue_import(self, new).await?)
    }

    async fn claim(
        &self,
        worker: &str,
        now: Timestamp,
        lease_until: Timestamp,
        max_running: u32,
    ) -> Result<Option<Claimed>, StoreError> {
        Ok(claims::claim(self, worker, now, lease_until, max_running).await?)
    }

    async fn end_silent(&self, now: Timestamp) -> Result<Vec<Process>, StoreError> {
        Ok(claims::end_silent(self, now).await?)
    }

    async fn end_leases(&self) -> Result<u64, StoreError> {
        Ok(claims::end_leases(self).await?)
    }

    async fn heartbeat(&self, claim: &Claim, lease_until: Timestamp) -> Result<(), StoreError> {
        Ok(claims::heartbeat(self, claim, lease_until).await?)
    }

    async fn report(
        &self,
        claim: &Claim,
        progress: Progress,
        t0: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Process, StoreError> {
        Ok(claims::report(self, claim, progress, t0, now).await?)
    }

    async fn asked_to_stop(&self, claim: &Claim) -> Result<bool, StoreError> {
        Ok(cancelling::asked_to_stop(self, claim).await?)
    }

    async fn pass_no_return(
        &self,
        claim: &Claim,
        lease_until: Timestamp,
        now: Timestamp,
    ) -> Result<Process, StoreError> {
        Ok(cancelling::pass_no_return(self, claim, lease_until, now).await?)
    }

    async fn complete_backup(&self, claim: &Claim, backup: &Backup, now: Timestamp) -> Result<Process, StoreError> {
        Ok(claims::complete_backup(self, claim, backup, now).await?)
    }

    async fn record_safety(&self, claim: &Claim, backup: &Backup, now: Timestamp) -> Result<(), StoreError> {
        Ok(claims::record_safety(self, claim, backup, now).await?)
    }

    async fn complete_export(&self, claim: &Claim, export: &Export, now: Timestamp) -> Result<Process, StoreError> {
        Ok(packages::complete_export(self, claim, export, now).await?)
    }

    async fn tell(&self, claim: &Claim, told: &Told) -> Result<(), StoreError> {
        Ok(packages::tell(self, claim, told).await?)
    }

    async fn told(&self, process: &ProcessId) -> Result<Option<Told>, StoreError> {
        Ok(packages::told(self, process).await?)
    }

    async fn decide_restore(&self, claim: &Claim) -> Result<(), StoreError> {
        Ok(claims::decide_restore(self, claim).await?)
    }

    async fn complete_restore(&self, claim: &Claim, now: Timestamp) -> Result<Process, StoreError> {
        Ok(claims::complete_restore(self, claim, now).await?)
    }

    async fn fail(&self, claim: &Claim, failure: &Failure, now: Timestamp) -> Result<Process, StoreError> {
        Ok(claims::fail(self, claim, failure, now).await?)
    }

    async fn cancel(&self, process: &ProcessId, by: &str, now: Timestamp) -> Result<Process, StoreError> {
        Ok(cancelling::cancel(self, process, by, now).await?)
    }

    async fn end_cancelled(&self, claim: &Claim, now: Timestamp) -> Result<Process, StoreError> {
        Ok(cancelling::end_cancelled(self, claim, now).await?)
    }

    async fn process(&self, id: &ProcessId) -> Result<Option<Process>, StoreError> {
        Ok(processes::process(self, id).await?)
    }

    async fn reason(&self, id: &ProcessId) -> Result<Option<String>, StoreError> {
        Ok(processes::reason(self, id).await?)
    }

    async fn active(&self, sites: Option<&[SiteId]>) -> Result<Vec<Process>, StoreError> {
        Ok(processes::active(self, sites).await?)
    }

    async fn ended(&self, sites: &[SiteId], limit: usize) -> Result<Vec<Process>, StoreError> {
        Ok(processes::ended(self, sites, limit).await?)
    }

    async fn backups(&self, site: &SiteId) -> Result<Vec<Backup>, StoreError> {
        Ok(backups::backups(self, site).await?)
    }

    async fn last_backup(&self, site: &SiteId) -> Result<Option<Backup>, StoreError> {
        Ok(backups::last_backup(self, site).await?)
    }

    async fn backup(&self, id: &BackupId) -> Result<Option<Backup>, StoreError> {
        Ok(backups::backup(self, id).await?)
    }

    async fn quota(&self, site: &SiteId) -> Result<(Quota, Vec<ProcessId>), StoreError> {
        Ok(backups::quota(self, site).await?)
    }

    async fn promote(&self, backup: &BackupId, promotion: &Promotion) -> Result<Backup, StoreError> {
        Ok(keeping::promote(self, backup, promotion).await?)
    }

    async fn demote(&self, backup: &BackupId) -> Result<Backup, StoreError> {
        Ok(keeping::demote(self, backup).await?)
    }

    async fn decide(&self, backup: &BackupId, verdict: Verdict, decision: &Decision) -> Result<Backup, StoreError> {
        Ok(judgements::decide(self, backup, verdict, decision).await?)
    }

    async fn undecided(&self, site: &SiteId) -> Result<u32, StoreError> {
        Ok(judgements::undecided(self, site).await?)
    }

    async fn delete_backup(&self, backup: &BackupId, deletion: &Deletion) -> Result<Binned, StoreError> {
        Ok(keeping::delete_backup(self, backup, deletion).await?)
    }

    async fn put_back(&self, backup: &BackupId, now: Timestamp) -> Result<Backup, StoreError> {
        Ok(keeping::put_back(self, backup, now).await?)
    }

    async fn bin(&self, site: &SiteId, now: Timestamp) -> Result<Vec<Binned>, StoreError> {
        Ok(keeping::bin(self, site, now).await?)
    }

    async fn binned(&self, backup: &BackupId, now: Timestamp) -> Result<Option<Binned>, StoreError> {
        Ok(keeping::binned(self, backup, now).await?)
    }

    async fn expiry_due(&self, site: Option<&SiteId>, now: Timestamp) -> Result<Vec<SiteId>, StoreError> {
        Ok(expiry::expiry_due(self, site, now).await?)
    }

    async fn queue_expiry(&self, new: &NewProcess) -> Result<Process, StoreError> {
        Ok(expiry::queue_expiry(self, new).await?)
    }

    async fn hasten_expiries(&self, now: Timestamp) -> Result<(), StoreError> {
        Ok(expiry::hasten(self, now).await?)
    }

    async fn begin_expiry(&self, claim: &Claim, now: Timestamp) -> Result<Expiring, StoreError> {
        Ok(expiry::begin_expiry(self, claim, now).await?)
    }

    async fn remove_backup(&self, claim: &Claim, backup: &BackupId) -> Result<(), StoreError> {
        Ok(expiry::remove_backup(self, claim, backup).await?)
    }

    async fn snapshots(&self, customer: &CustomerId) -> Result<BTreeSet<String>, StoreError> {
        Ok(expiry::snapshots(self, customer).await?)
    }

    async fn complete_expiry(
        &self,
        claim: &Claim,
        log: &ExpiryLog,
        free_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Process, StoreError> {
        Ok(expiry::complete_expiry(self, claim, log, free_at, now).await?)
    }

    async fn begin_reading(&self, reading: &ReadingId, backup: &BackupId, until: Timestamp) -> Result<(), StoreError> {
        Ok(readings::begin(self, reading, backup, until).await?)
    }

    async fn go_on_reading(&self, reading: &ReadingId, now: Timestamp, until: Timestamp) -> Result<bool, StoreError> {
        Ok(readings::go_on(self, reading, now, until).await?)
    }

    async fn end_reading(&self, reading: &ReadingId, now: Timestamp) -> Result<(), StoreError> {
        Ok(readings::end(self, reading, now).await?)
    }

    async fn nights_waiting(&self) -> Result<usize, StoreError> {
        Ok(nights::nights_waiting(self).await?)
    }

    async fn changed_since(&self, revision: u64) -> Result<(u64, Vec<SiteId>), StoreError> {
        Ok(nights::changed_since(self, revision).await?)
    }

    async fn tally(&self) -> Result<Tally, StoreError> {
        Ok(tally::tally(self).await?)
    }

    async fn nights(&self, now: Timestamp) -> Result<Vec<SiteNights>, StoreError> {
        Ok(nights::nights(self, now).await?)
    }

    async fn nights_of(&self, site: &SiteId, now: Timestamp) -> Result<Option<SiteNights>, StoreError> {
        Ok(nights::nights_of(self, site, now).await?)
    }

    async fn nights_of_each(&self, sites: &[SiteId], now: Timestamp) -> Result<Vec<SiteNights>, StoreError> {
        Ok(nights::nights_of_each(self, sites, now).await?)
    }

    async fn set_schedule(&self, site: &SiteId, schedule: Schedule) -> Result<(), StoreError> {
        Ok(nights::set_schedule(self, site, schedule).await?)
    }

    async fn policy(&self, site: &SiteId) -> Result<Policy, StoreError> {
        Ok(policy::policy(self, site).await?)
    }

    async fn set_policy(&self, site: &SiteId, policy: Policy) -> Result<(), StoreError> {
        Ok(policy::set_policy(self, site, policy).await?)
    }

    async fn tell_silence(&self, site: &SiteId, from: Option<Timestamp>, alert: &Alert) -> Result<bool, StoreError> {
        Ok(nights::tell_silence(self, site, from, alert).await?)
    }

    async fn raise_alert(&self, alert: &Alert) -> Result<bool, StoreError> {
        Ok(alerts::raise(self, alert).await?)
    }

    async fn unaddressed_alerts(&self) -> Result<Vec<Alert>, StoreError> {
        Ok(alerts::unaddressed(self).await?)
    }

    async fn administrators(&self, site: &SiteId) -> Result<Vec<String>, StoreError> {
        Ok(alerts::administrators(self, site).await?)
    }

    async fn address_alert(&self, alert: &AlertId, to: &[Recipient], now: Timestamp) -> Result<bool, StoreError> {
        Ok(alerts::address(self, alert, to, now).await?)
    }

    async fn due_recipients(&self, now: Timestamp) -> Result<Vec<Recipient>, StoreError> {
        Ok(alerts::due_recipients(self, now).await?)
    }

    async fn take_delivery(
        &self,
        to: &Recipient,
        now: Timestamp,
        held_until: Timestamp,
    ) -> Result<Option<Delivery>, StoreError> {
        Ok(alerts::take(self, to, now, held_until).await?)
    }

    async fn settle_delivery(
        &self,
        delivery: &Delivery,
        settlement: Settlement,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        Ok(alerts::settle(self, delivery, settlement, now).await?)
    }

    async fn sweep_alerts(&self, now: Timestamp) -> Result<Vec<Delivery>, StoreError> {
        Ok(alerts::sweep(self, now).await?)
    }

    async fn export(&self, backup: &BackupId, database: &DatabaseId) -> Result<Option<Export>, StoreError> {
        Ok(packages::export(self, backup, database).await?)
    }

    async fn exports(&self) -> Result<Vec<Export>, StoreError> {
        Ok(packages::exports(self).await?)
    }

    async fn expire_exports(&self, now: Timestamp) -> Result<Vec<Export>, StoreError> {
        Ok(packages::expire_exports(self, now).await?)
    }

    async fn open_upload(&self, upload: &Upload) -> Result<(), StoreError> {
        Ok(packages::open_upload(self, upload).await?)
    }

    async fn upload(&self, id: &UploadId) -> Result<Option<Upload>, StoreError> {
        Ok(packages::upload(self, id).await?)
    }

    async fn uploads(&self) -> Result<Vec<Upload>, StoreError> {
        Ok(packages::uploads(self).await?)
    }

    async fn touch_upload(&self, id: &UploadId, at: Timestamp) -> Result<(), StoreError> {
        Ok(packages::touch_upload(self, id, at).await?)
    }

    async fn close_upload(&self, id: &UploadId) -> Result<bool, StoreError> {
        Ok(packages::close_upload(self, id).await?)
    }

    async fn repository(&self, customer: &CustomerId) -> Result<Option<RepositoryRow>, StoreError> {
        Ok(keys_and_audit::repository(self, customer).await?)
    }

    async fn save_key(&self, customer: &CustomerId, key: &SealedKey) -> Result<RepositoryRow, StoreError> {
        Ok(keys_and_audit::save_key(self, customer, key).await?)
    }

    async fn repository_exists(&self, customer: &CustomerId) -> Result<(), StoreError> {
        Ok(keys_and_audit::repository_exists(self, customer).await?)
    }

    async fn audit(&self, entry: &AuditEntry) -> Result<(), StoreError> {
        Ok(keys_and_audit::audit(self, entry).await?)
    }

    async fn audit_trail(&self, limit: usize) -> Result<Vec<AuditEntry>, StoreError> {
        Ok(keys_and_audit::audit_trail(self, limit).await?)
    }
}
