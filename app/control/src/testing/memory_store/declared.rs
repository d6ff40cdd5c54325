//! Customers, partners, sites and databases in memory.

use domain::ids::{DatabaseId, SiteId};
use domain::limits::MANUAL_QUOTA_MAX;
use domain::refusal::Refusal;
use domain::site::{Database, Site, SiteStatus};
use domain::time::Timestamp;

use super::world::{Declared, World, broken};
use crate::ports::control_store::{Declaration, StoreError};
use crate::ports::database_engine::{Address, DatabaseSource};

impl World {
    pub(super) fn declare(&mut self, declaration: &Declaration, now: Timestamp) -> Result<(), StoreError> {
        self.customers.extend(declaration.customers.iter().cloned());
        self.partners.extend(declaration.partners.iter().cloned());
        for site in &declaration.sites {
            self.declare_site(site)?;
            self.begin_nights(&site.id, declaration, now);
            for declared in self.databases.values_mut().filter(|declared| declared.site == site.id) {
                declared.position = None;
            }
            for (position, database) in site.databases.iter().enumerate() {
                let address = declaration
                    .addresses
                    .iter()
                    .rfind(|(id, _)| *id == database.id)
                    .map(|(_, at)| at);
                self.declare_database(&site.id, position, database, address)?;
            }
        }
        Ok(())
    }

    fn declare_site(&mut self, site: &Site) -> Result<(), StoreError> {
        let known = self.customers.contains_key(&site.customer)
            && site
                .partner
                .as_ref()
                .is_none_or(|partner| self.partners.contains_key(partner));
        if !known || site.quota > MANUAL_QUOTA_MAX {
            return Err(broken("an unknown customer or partner, or a quota too large"));
        }
        let held = self
            .slots
            .keys()
            .filter(|(of, _)| *of == site.id)
            .map(|(_, slot)| *slot)
            .max()
            .unwrap_or(0);
        let status = self
            .sites
            .get(&site.id)
            .map_or(SiteStatus::Ready, |before| before.status.clone());
        let quota = site.quota.max(held);
        let before = self.sites.get(&site.id);
        if before.is_some_and(|before| before.zone != site.zone) {
            let revision = self.next_revision();
            if let Some(planned) = self.planned.get_mut(&site.id) {
                planned.revision = revision;
            }
        }
        self.sites.insert(
            site.id.clone(),
            Site {
                status,
                quota,
                databases: Vec::new(),
                ..site.clone()
            },
        );
        Ok(())
    }

    fn declare_database(
        &mut self,
        site: &SiteId,
        position: usize,
        database: &Database,
        address: Option<&Address>,
    ) -> Result<(), StoreError> {
        let address = address.ok_or_else(|| broken("a database without an address"))?;
        let before = self.databases.get(&database.id);
        if address.engine() != database.engine || before.is_some_and(|before| before.site != *site) {
            return Err(broken("an address of another engine, or a database of another site"));
        }
        let bytes = before.and_then(|before| before.database.bytes);
        let declared = Declared {
            site: site.clone(),
            position: Some(position),
            database: Database {
                bytes,
                ..database.clone()
            },
            address: address.clone(),
        };
        self.databases.insert(database.id.clone(), declared);
        Ok(())
    }

    pub(super) fn all_sites(&self) -> Vec<Site> {
        let mut sites: Vec<_> = self.sites.values().map(|site| self.shown(site)).collect();
        sites.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
        sites
    }

    /// A site with everything that stands elsewhere.
    pub(super) fn shown(&self, site: &Site) -> Site {
        let administrators = self
            .accounts
            .values()
            .map(|account| &account.actor)
            .filter(|actor| actor.role == domain::account::Role::ClientAdmin && actor.sites.contains(&site.id));
        Site {
            customer_name: self.customers.get(&site.customer).cloned().unwrap_or_default(),
            partner_name: site
                .partner
                .as_ref()
                .and_then(|partner| self.partners.get(partner).cloned()),
            administrator: administrators.map(|actor| actor.name.clone()).min(),
            databases: self
                .in_order(&site.id)
                .into_iter()
                .map(|declared| declared.database.clone())
                .collect(),
            ..site.clone()
        }
    }

    pub(super) fn sources(&self, site: &SiteId) -> Vec<DatabaseSource> {
        let source = |declared: &Declared| DatabaseSource {
            id: declared.database.id.clone(),
            name: declared.database.name.clone(),
            address: declared.address.clone(),
        };
        self.in_order(site).into_iter().map(source).collect()
    }

    pub(super) fn measured(&mut self, database: &DatabaseId, bytes: u64) -> Result<(), StoreError> {
        self.databases
            .get_mut(database)
            .ok_or(Refusal::NotFound)?
            .database
            .bytes = Some(bytes);
        Ok(())
    }

    fn in_order(&self, site: &SiteId) -> Vec<&Declared> {
        let mut found: Vec<_> = self
            .databases
            .values()
            .filter(|of| of.site == *site && of.position.is_some())
            .collect();
        found.sort_by_key(|declared| declared.position);
        found
    }
}
