//! Fuzz target `archive`; what it does with the bytes is in `entry.rs`.
#![no_main]

#[path = "../entry.rs"]
mod entry;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| entry::archive(bytes));
