//! The outside world of Coffre: HTTP, adapters, wiring, command line. The rules are in `app`.

pub mod accounts;
pub mod adapters;
pub mod alerting;
pub mod bacpac_files;
pub mod config;
pub mod declaration;
pub mod demo;
pub mod doctor;
pub mod http;
pub mod metrics;
pub mod wiring;
