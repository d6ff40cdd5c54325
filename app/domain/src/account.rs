//! Who acts: the four roles, and the actor behind a session. Passwords and sessions are not here.

use serde::{Deserialize, Serialize};

use crate::ids::{AccountId, PartnerId, SiteId};

/// What a person is to a site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Role {
    /// Administrator of one or several sites of one customer.
    ClientAdmin,
    /// Sees the customer's sites, changes nothing.
    ClientViewer,
    /// The customer's reseller; often one login shared by a team.
    Partner,
    /// The host itself.
    Operator,
}

impl Role {
    /// Every role, in the order of the rights table.
    pub const ALL: [Self; 4] = [Self::ClientAdmin, Self::ClientViewer, Self::Partner, Self::Operator];

    /// The code kept in the control store.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::ClientAdmin => "client_admin",
            Self::ClientViewer => "client_viewer",
            Self::Partner => "partner",
            Self::Operator => "operator",
        }
    }

    /// The role of a code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.code() == code)
    }
}

/// The person behind a session: what the rights table needs and nothing more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// Their account.
    pub account: AccountId,
    /// Shown name.
    pub name: String,
    /// What they are.
    pub role: Role,
    /// The partner they work for, for [`Role::Partner`].
    pub partner: Option<PartnerId>,
    /// The name of the firm they work for, shown under theirs.
    pub firm: String,
    /// The sites they belong to, for the two client roles.
    pub sites: Vec<SiteId>,
}
