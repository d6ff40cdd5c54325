//! Prints the whole rights table and compares it with the one of the requirements, so that a change of one cell is seen
//! as such in a review.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops there")]

use domain::account::{Actor, Role};
use domain::ids::{AccountId, CustomerId, PartnerId, ProcessId, SiteId};
use domain::permission::{Action, refusal};
use domain::refusal::Refusal;
use domain::site::{Site, SiteStatus};
use domain::time::Zone;

fn site(delegated: bool, status: SiteStatus) -> Site {
    Site {
        id: SiteId::parse("dupont").unwrap(),
        code: "DUPONT".into(),
        name: "Dupont & Fils".into(),
        customer: CustomerId::parse("dupont").unwrap(),
        customer_name: "Dupont & Fils".into(),
        partner: Some(PartnerId::parse("ardoise").unwrap()),
        partner_name: Some("Ardoise Informatique".into()),
        administrator: Some("Claire Morel".into()),
        delegated,
        status,
        zone: Zone::utc(),
        quota: 5,
        databases: vec![],
    }
}

fn actor(role: Role, partner: &str, sites: &[&str]) -> Actor {
    Actor {
        account: AccountId::parse("a").unwrap(),
        name: "Somebody".into(),
        role,
        partner: (role == Role::Partner).then(|| PartnerId::parse(partner).unwrap()),
        firm: String::new(),
        sites: sites.iter().map(|s| SiteId::parse(s).unwrap()).collect(),
    }
}

fn table(site: &Site) -> String {
    let mut text = format!("{:<16}", "");
    for role in Role::ALL {
        text += &format!("{:<21}", role.code());
    }
    for action in Action::ALL {
        text = text.trim_end().to_owned() + "\n";
        text += &format!("{:<16}", format!("{action:?}"));
        for role in Role::ALL {
            let no = refusal(&actor(role, "ardoise", &["dupont"]), action, site);
            text += &format!("{:<21}", no.as_ref().map_or("yes", Refusal::code));
        }
    }
    text.trim_end().to_owned()
}

#[test]
fn the_rights_table_is_the_one_of_the_requirements() {
    insta::assert_snapshot!("ready", table(&site(false, SiteStatus::Ready)));
}

#[test]
fn delegation_adds_backup_promotion_and_judgement_to_the_partner_and_nothing_else() {
    let (without, with) = (
        table(&site(false, SiteStatus::Ready)),
        table(&site(true, SiteStatus::Ready)),
    );
    let changed: Vec<_> = without
        .lines()
        .zip(with.lines())
        .filter(|(a, b)| a != b)
        .map(|(_, b)| b)
        .collect();
    assert_eq!(changed.len(), 3, "{with}");
    assert!(
        changed.iter().all(|row| ["BackUp", "Promote", "Judge"]
            .iter()
            .any(|action| row.starts_with(action))),
        "{changed:?}"
    );
}

#[test]
fn while_restoring_a_right_that_is_missing_is_told_before_the_state_that_will_pass() {
    let process = ProcessId::from_random([7; 10]);
    insta::assert_snapshot!("restoring", table(&site(false, SiteStatus::Restoring { process })));
}

#[test]
fn a_foreign_site_is_not_found_whatever_is_asked_of_it() {
    let site = site(true, SiteStatus::Ready);
    for role in [Role::ClientAdmin, Role::ClientViewer, Role::Partner] {
        for action in Action::ALL {
            let stranger = actor(role, "autre", &["martin"]);
            assert_eq!(
                refusal(&stranger, action, &site),
                Some(Refusal::NotFound),
                "{role:?} {action:?}"
            );
        }
    }
    let partnerless = Actor {
        partner: None,
        ..actor(Role::Partner, "ardoise", &[])
    };
    let orphan = Site { partner: None, ..site };
    assert_eq!(refusal(&partnerless, Action::See, &orphan), Some(Refusal::NotFound));
}
