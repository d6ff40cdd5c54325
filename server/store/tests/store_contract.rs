//! The control store on SQLite keeps the promises of its port, on real files.

mod opened;

use opened::open;

control::store_contract!(open);
