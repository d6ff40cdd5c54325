//! What every control store promises, as stories: the one in memory and the one on a database are told the same ones.
//!
//! [`store_contract!`](crate::store_contract) makes one test of each story. After each, the store examines itself
//! ([`Opened::examine`]): a race that leaves an invariant broken fails even where no answer showed it.

pub mod alerts;
pub mod claims;
pub mod declared;
pub mod expiry;
pub mod history;
pub mod judgements;
pub mod keeping;
pub mod nights;
pub mod packages;
pub mod people;
pub mod queue;
pub mod quota;
pub mod restores;
pub mod story;
pub mod trail;

use std::sync::Arc;

use futures::future::BoxFuture;

use crate::ports::control_store::ControlStore;

/// A fresh, empty store under test.
pub struct Opened {
    /// The store.
    pub store: Arc<dyn ControlStore>,
    /// Finds the invariants that do not hold, as sentences. May keep alive what the store stands on, such as a folder.
    pub examine: Examine,
}

/// Finds the invariants that do not hold, as sentences.
pub type Examine = Arc<dyn Fn() -> BoxFuture<'static, Vec<String>> + Send + Sync>;

/// One test per story, each on a store of its own. `$open` is the name of an `async fn() -> Opened` in scope.
#[macro_export]
macro_rules! store_contract {
    ($open:ident) => {
        $crate::store_contract! { $open;
            quota {
                fifty_clicks_at_once_on_the_last_slot_give_one_backup
                a_failed_or_cancelled_backup_gives_its_slot_back
                a_completed_backup_keeps_its_slot_and_a_refusal_names_the_oldest
                a_lowered_quota_waits_for_the_slots_that_are_held
                nights_and_safety_backups_take_no_slot
            }
            claims {
                twenty_workers_never_get_the_same_process
                a_site_runs_one_process_at_a_time
                no_more_run_at_once_than_allowed
                the_oldest_goes_first_and_each_knows_what_is_ahead
                an_expired_lease_is_taken_over_and_the_old_claim_is_fenced_everywhere
                an_ended_process_accepts_nothing_more
                a_backup_interrupted_too_often_fails_with_its_cause
                a_percentage_never_goes_back_within_an_attempt
                a_heartbeat_keeps_the_process
                a_server_that_starts_alone_takes_over_at_once
                nights_yield_to_what_a_person_asked_for
                a_backup_of_another_kind_site_or_process_is_not_recorded
                what_ends_is_counted_and_stays_counted
            }
            queue {
                a_running_backup_that_is_cancelled_leaves_nothing
                an_expiry_that_has_waited_for_a_day_goes_among_the_nights
                a_running_restore_that_is_cancelled_opens_the_site
                of_cancelling_and_becoming_visible_exactly_one_happens
                from_the_point_of_no_return_on_it_is_too_late_until_the_next_attempt
                a_backup_to_be_cancelled_whose_worker_died_is_not_begun_again
                a_restore_to_be_cancelled_whose_worker_died_is_handed_out_to_be_settled
                each_node_runs_as_many_as_its_own_limit
                ten_backups_of_one_customer_do_not_starve_the_next
                the_place_in_the_queue_is_the_order_of_the_claims
                what_does_not_exist_cannot_be_stopped
                expiries_leave_half_of_the_workers
            }
            restores {
                a_restore_closes_the_site_and_every_end_opens_it
                a_closed_site_takes_neither_backup_nor_restore
                two_restores_at_once_leave_one
                another_sites_backup_or_an_absent_database_is_not_found
                a_later_attempt_knows_the_safety_backup_and_the_decision
                a_restore_is_handed_out_however_often_it_was_interrupted
            }
            nights {
                ten_clocks_at_once_make_one_backup_of_a_night
                a_night_that_failed_may_be_tried_again
                several_nights_at_once_are_each_answered
                each_site_and_day_has_its_own
                what_was_done_of_a_night_is_told_of_all_sites_and_of_one
                a_late_night_stays_late
                a_failed_night_is_counted_until_it_is_settled
                a_date_of_a_wrong_clock_does_not_count
                a_schedule_is_the_sites_own_and_a_declaration_leaves_it
                a_silence_is_told_once_and_its_end_once
                a_policy_is_the_sites_own_and_a_declaration_leaves_it
                a_site_has_changed_once_anything_of_its_work_has
                a_site_has_changed_once_it_is_planned_anew
            }
            alerts {
                an_alert_is_raised_once_and_addressed_once
                a_delivery_is_one_couriers_until_its_lease_ends
                a_server_that_starts_alone_delivers_at_once
                the_alerts_of_a_site_go_in_order_and_a_refused_one_steps_aside
                a_recipient_that_is_well_again_gets_what_waits_at_once
                a_wait_of_another_clock_does_not_count
                an_order_or_an_end_raises_its_alert_with_it
                what_was_tried_for_too_long_is_given_up_and_later_forgotten
                the_administrators_of_a_site_are_found
            }
            packages {
                ten_who_want_the_same_file_are_led_to_one_process
                an_export_waits_for_nobody_and_nobody_waits_for_it
                exports_leave_a_worker_for_backups
                only_what_a_backup_holds_is_made
                a_file_is_forgotten_after_its_time
                an_import_takes_a_slot_and_ends_as_a_manual_backup
                an_upload_is_used_once
                an_import_is_refused_where_a_backup_is
            }
            keeping {
                fifty_backups_and_promotions_at_once_on_the_last_slot_leave_exactly_five
                a_kept_night_takes_a_slot_and_keeps_its_content
                a_deleted_backup_frees_its_slot_and_is_nowhere_but_in_the_bin
                every_snapshot_that_a_row_names_is_told
                put_back_it_is_as_before_if_a_slot_is_free
                only_manual_ones_are_deleted_and_only_nights_are_kept
                the_same_click_twice_changes_nothing_more
                a_backup_in_use_is_not_deleted
                keeping_and_no_longer_keeping_at_once_leave_one_of_the_two
                deleting_and_restoring_at_once_leave_one_of_the_two
                deleting_and_exporting_at_once_leave_one_of_the_two
                putting_back_and_backing_up_at_once_share_the_last_slot
            }
            expiry {
                what_the_policy_lets_go_of_leaves_and_nothing_else
                what_is_restored_made_or_read_does_not_expire
                after_its_time_in_the_bin_it_is_gone
                an_expiry_that_was_interrupted_anywhere_is_taken_up_again
                a_failed_expiry_is_not_tried_again_at_once
                an_expiry_has_its_customers_repository_for_itself
                nobody_waits_for_an_expiry
                without_a_repository_nothing_expires
                the_last_expiry_of_a_customer_frees_the_space_and_a_day_later_the_rest
                a_reading_goes_on_as_long_as_it_gives_a_sign_of_life
                promoting_and_expiring_at_once_leave_one_of_the_two
                putting_back_and_expiring_at_once_leave_one_of_the_two
                restoring_and_expiring_at_once_leave_one_of_the_two
                reading_and_expiring_at_once_leave_one_of_the_two
                reading_and_deleting_at_once_leave_one_of_the_two
            }
            judgements {
                an_unusual_backup_keeps_its_facts_whatever_is_decided
                only_an_unusual_backup_in_the_lists_is_decided_about
                a_judgement_that_cannot_be_is_not_recorded
                two_decisions_at_once_leave_one_of_the_two
            }
            declared {
                declaring_again_changes_what_is_declared_and_nothing_else
                a_wrong_declaration_leaves_nothing_behind
                sites_come_by_name_with_their_people_and_databases
                what_does_not_exist_is_told_so
            }
            people {
                an_account_is_found_and_replaced_by_its_address
                two_rotations_at_once_give_one_session
                sessions_past_their_limits_end_and_the_others_stay
                wrong_passwords_are_counted_until_a_right_one
            }
            trail {
                the_trail_is_read_from_its_youngest_line
                a_customer_keeps_its_first_key
            }
            history {
                random_histories_keep_every_promise
                many_histories_at_once_keep_every_promise
            }
        }
    };
    ($open:ident; $($noun:ident { $($story:ident)* })*) => {
        $(mod $noun {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
                async fn $story() {
                    for _ in 0..$crate::testing::store_contract::keeping::lives() {
                        let story = $crate::testing::store_contract::story::Story::examined(super::$open().await).await;
                        $crate::testing::store_contract::$noun::$story(story.clone()).await;
                        story.audit().await;
                    }
                }
            )*
        })*
    };
}
