//! The web over real adapters: SQLite control store, SQLite databases, a repository in a folder. No socket is opened.

mod console;
mod downloads;
mod faults;
mod protection;
mod work;
