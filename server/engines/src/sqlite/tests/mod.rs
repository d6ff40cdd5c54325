//! The SQLite engine against real files: the contract of all engines, then what only SQLite has.

mod harness;
mod paths;
mod restore;
mod snapshot;

use control::testing::engine_contract::{STORIES, Story};

use self::harness::Harness;

fn story(name: &str) -> Story {
    STORIES
        .iter()
        .find(|(known, _)| *known == name)
        .expect("the contract has this story")
        .1
}

/// One test per story, so that a broken one is named; the last test counts them.
macro_rules! keeps {
    ($($name:ident),* $(,)?) => {
        $(#[test] fn $name() { story(stringify!($name))(&Harness::new()); })*

        #[test]
        fn every_story_of_the_contract_is_told() {
            assert_eq!(STORIES.len(), [$(stringify!($name)),*].len());
        }
    };
}

keeps!(
    rows_are_counted_exactly_in_the_state_that_is_stored,
    a_copy_holds_exactly_what_was_committed_before_the_freeze,
    a_copy_names_its_files_and_their_exact_lengths,
    a_restore_brings_the_same_content_back,
    a_restore_leaves_the_other_databases_alone,
    whatever_is_dropped_leaves_nothing_behind,
    a_swap_is_kept_or_rolled_back_as_often_as_one_asks,
    a_restore_killed_anywhere_is_rolled_back_and_can_be_done_again,
    stored_files_that_do_not_read_back_leave_the_live_database_alone,
    whoever_asks_to_stop_is_heard_and_nothing_stays,
    a_held_database_refuses_the_swap_and_stays_as_it_is,
    what_cannot_be_worked_on_is_told_by_its_cause,
);
