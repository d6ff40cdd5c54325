//! The PostgreSQL engine against a real server: a private cluster of this test's own, so that nothing else is touched.
//!
//! Where no server program is installed these tests say so and pass: `make test` installs one where it can.

mod features;
mod harness;
mod server;
mod tools;

use control::testing::engine_contract;

use self::harness::Harness;

#[test]
fn postgres_keeps_the_engine_contract() {
    let Some(harness) = Harness::start() else { return };
    engine_contract::all(&harness);
}
