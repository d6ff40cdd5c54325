//! The pieces pages are made of. They draw what they are given: they never call the server and never test a role.

mod act;
mod asking;
mod backup_table;
mod banner;
mod cancelling;
mod clicks;
mod dialog;
mod door;
mod elements;
mod expiry_log;
mod fault;
mod focus;
mod frame;
mod head;
mod keeping;
mod nights;
mod package_log;
mod process_card;
mod process_table;
mod quota;
mod reviews;

pub(crate) use act::{Act, Reason, act_error, use_act};
pub(crate) use asking::Asking;
pub(crate) use backup_table::{Acts, BackupTable, Section, name as backup_name};
pub(crate) use cancelling::{CancelDialog, CancelProcess, Cancels};
pub(crate) use clicks::once;
pub(crate) use dialog::{BackupDialog, BackupWarning};
pub(crate) use door::{Preferences, brand};
pub(crate) use elements::{Empty, Instant, drawn, icon, notice, process_plate, review_plate, site_plate};
pub(crate) use expiry_log::expiry_log;
pub(crate) use fault::{NotFound, Reference, fault};
#[cfg(feature = "hydrate")]
pub(crate) use focus::keep_focus;
pub(crate) use frame::{Frame, LastSite, Place, fetched};
pub(crate) use head::{Crumb, Head, Navigated};
pub(crate) use keeping::{Asked, BinTable, Keeping, KeepingDialog, KeepingWarning, Question, date_of, done, title_of};
pub(crate) use nights::{night_facts, nights_panel, silence, silent_mark};
pub(crate) use package_log::{export_log, import_report};
pub(crate) use process_card::{Announcer, ProcessCard, figures, progress_bar, steps, t0_sentence};
pub(crate) use process_table::ProcessTable;
pub(crate) use quota::{Boxes, mini};
pub(crate) use reviews::{FactsTable, review_mark, unusual_alert, unusual_in_list};
