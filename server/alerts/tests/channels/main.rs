//! Alerts all the way to real servers: one for mail and one for webhooks, which each test starts on this machine.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops there")]

mod hook;
mod mail;
mod smtp;
mod stories;
mod webhook;
mod world;
