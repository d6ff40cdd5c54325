//! What people do, told over in-memory ports with a clock that is moved by hand.

mod backups;
mod restores;
mod sign_in;
mod world;
