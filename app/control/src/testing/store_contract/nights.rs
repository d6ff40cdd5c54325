//! One automatic backup per site and day, whoever's clock strikes (R11).

use domain::process::{Process, ProcessKind};
use domain::refusal::Refusal;
use domain::time::CivilDate;
use tokio::task::JoinSet;

use super::story::{Story, at, november, refusal};
use crate::ports::control_store::StoreError;

/// A restart, a second node, a clock that is set back: the night is made once.
pub async fn ten_clocks_at_once_make_one_backup_of_a_night(story: Story) {
    let mut clocks = JoinSet::new();
    for _ in 0..10 {
        let story = story.clone();
        clocks.spawn(async move { night(&story, "dupont", november(23)).await });
    }
    let (queued, refused): (Vec<_>, Vec<_>) = clocks.join_all().await.into_iter().partition(Result::is_ok);
    assert_eq!((queued.len(), refused.len()), (1, 9));
    for answer in refused {
        assert_eq!(refusal(answer), Refusal::TooLate);
    }
    let claimed = story.claim(at(1)).await;
    assert_eq!(
        refusal(night(&story, "dupont", november(23)).await),
        Refusal::TooLate,
        "while it runs"
    );
    story.complete(&claimed, at(1)).await;
    assert_eq!(
        refusal(night(&story, "dupont", november(23)).await),
        Refusal::TooLate,
        "and once it is there"
    );
}

/// A failure does not cost the night.
pub async fn a_night_that_failed_may_be_tried_again(story: Story) {
    for n in 0..3 {
        let queued = night(&story, "dupont", november(23))
            .await
            .expect("the night is still to be made");
        if n == 1 {
            story
                .store
                .cancel(&queued.id, "Paul", at(n * 10))
                .await
                .expect("it is queued");
        } else {
            story.fail(&story.claim(at(n * 10)).await.claim, at(n * 10 + 1)).await;
        }
    }
    night(&story, "dupont", november(23))
        .await
        .expect("the night is still to be made");
}

/// Neither another site's night nor another day's stands in the way.
pub async fn each_site_and_day_has_its_own(story: Story) {
    for site in ["dupont", "martin", "arnaud"] {
        for day in [22, 23, 24] {
            night(&story, site, november(day)).await.expect("its own night");
        }
    }
}

async fn night(story: &Story, site: &str, business_date: CivilDate) -> Result<Process, StoreError> {
    let new = story.new_process(site, ProcessKind::NightlyBackup { business_date }, at(0));
    story.store.queue_backup(&new).await
}
