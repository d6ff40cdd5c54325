//! The outside world behind the ports of `control`. Databases and the control store have crates of their own beside this one.

mod argon2_hasher;
mod folder_shelf;
mod log_notifier;
pub mod master_key;
mod packages;
mod repositories;
mod scratch_folders;
mod system_clock;

pub use argon2_hasher::Argon2Hasher;
pub use folder_shelf::FolderShelf;
pub use log_notifier::LogNotifier;
pub use packages::BacpacPackages;
pub use repositories::LocalRepositories;
pub use scratch_folders::ScratchFolders;
pub use system_clock::SystemClock;
