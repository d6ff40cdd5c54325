//! The retention policy: read by everybody who sees the site, set by an operator, and told to open pages.

use control::ControlError;
use domain::account::Role;
use domain::live::LiveEvent;
use domain::range::Setting;
use domain::refusal::Refusal;
use domain::retention::{Keep, Policy, Terms, preview};

use crate::world::{World, actor, site};

const THREE: Terms = Terms {
    days: 3,
    months: 1,
    years: 1,
    safety_days: 7,
};

#[tokio::test]
async fn everybody_who_sees_the_site_reads_its_policy_and_what_it_keeps() {
    let world = World::new().await;
    let made = world.backed_up().await;
    for role in Role::ALL {
        let view = world.plane.retention(&actor(role), &site("dupont")).await.unwrap();
        assert_eq!(view.policy, Policy::default(), "{role:?}");
        assert_eq!((view.backups.len(), view.facts.len()), (1, 1));
        assert_eq!(view.backups[0].requested_by, made.requested_by);
        assert_eq!(view.facts[0].id, view.backups[0].id);
        let ahead = preview(view.now, &view.site.zone, view.policy, &view.facts, &view.coming);
        assert_eq!(ahead.nights.len(), 400);
        assert_eq!(ahead.fates[0].kept, [Keep::Manual, Keep::LastGood]);
    }
    let foreign = world.plane.retention(&actor(Role::ClientAdmin), &site("martin")).await;
    assert_eq!(foreign.unwrap_err(), ControlError::Refused(Refusal::NotFound));
}

#[tokio::test]
async fn an_operator_sets_it_and_open_pages_are_told() {
    let world = World::new().await;
    let mut feed = world.plane.feed().listen();
    let operator = actor(Role::Operator);
    let set = world.plane.set_policy(&operator, &site("dupont"), THREE).await.unwrap();
    assert_eq!(set.terms(), THREE);
    assert_eq!(feed.try_recv(), Ok(LiveEvent::Backups { site: site("dupont") }));
    let view = world
        .plane
        .retention(&actor(Role::ClientViewer), &site("dupont"))
        .await
        .unwrap();
    assert_eq!(view.policy, set);
    let other = world.plane.retention(&operator, &site("martin")).await.unwrap();
    assert_eq!(other.policy, Policy::default(), "the policy of one site is its own");

    let trail = world.plane.store().audit_trail(1).await.unwrap();
    let line = (
        trail[0].action.as_str(),
        trail[0].outcome.as_str(),
        trail[0].detail.as_str(),
    );
    assert_eq!(
        line,
        (
            "policy.set",
            "done",
            "days 7 months 1 years 1 safety 7 -> days 3 months 1 years 1 safety 7"
        )
    );
}

#[tokio::test]
async fn nobody_else_sets_it_and_what_is_out_of_range_is_refused_with_its_limits() {
    let world = World::new().await;
    for role in [Role::ClientAdmin, Role::ClientViewer, Role::Partner] {
        let answer = world.plane.set_policy(&actor(role), &site("dupont"), THREE).await;
        assert_eq!(answer, Err(ControlError::Refused(Refusal::OperatorOnly)), "{role:?}");
    }
    let operator = actor(Role::Operator);
    for (terms, setting, limits) in [
        (Terms { days: 0, ..THREE }, Setting::RetentionDays, (1, 366)),
        (Terms { months: 61, ..THREE }, Setting::RetentionMonths, (0, 60)),
        (Terms { years: 11, ..THREE }, Setting::RetentionYears, (0, 10)),
        (
            Terms {
                safety_days: 91,
                ..THREE
            },
            Setting::SafetyDays,
            (1, 90),
        ),
    ] {
        let answer = world.plane.set_policy(&operator, &site("dupont"), terms).await;
        let Err(ControlError::Refused(Refusal::OutOfRange(no))) = answer else {
            panic!("{answer:?}")
        };
        assert_eq!((no.setting, (no.least, no.most)), (setting, limits));
    }
    let view = world.plane.retention(&operator, &site("dupont")).await.unwrap();
    assert_eq!(view.policy, Policy::default(), "nothing was set");
    let audited = world.audited().await;
    let of = |line: (&str, &str)| audited.iter().filter(|(a, o)| (a.as_str(), o.as_str()) == line).count();
    assert_eq!(of(("Administer", "operator-only")), 3);
    assert_eq!(of(("policy.set", "out-of-range")), 4);
}
