//! In-memory adapters of every port, and the contract suites that they and the real adapters pass. For tests only.

pub mod engine_contract;
pub mod fake_engine;
pub mod fake_packages;
pub mod manual_clock;
pub mod memory_repository;
pub mod memory_store;
pub mod plain;
pub mod power;
pub mod store_contract;
