//! The real program, killed and searched: keys are replaced while customers write and the replacement is killed; what
//! customers say is looked for in everything that is left behind, backups included; who was erased is looked for in what is
//! restored.
//!
//! The short set runs with every test run; `YINGDA_RELIABILITY=long` asks for the long one.

#![cfg(test)]

mod backups;
#[path = "../support/clear_text.rs"]
mod clear_text;
#[path = "../../../store/tests/store/support/dump.rs"]
mod dump;
mod engine;
mod erased;
mod installation;
mod leftovers;
#[path = "../../../store/tests/store/support/postgres_server.rs"]
mod postgres_server;
mod rotation;
mod rows;
#[path = "../cli/sandbox.rs"]
#[allow(dead_code, clippy::allow_attributes, reason = "the tests of the command line use all of it")]
mod sandbox;
mod search;
mod service;
mod traffic;

/// `short`, or `long` where the long set is asked for.
fn times(short: u32, long: u32) -> u32 {
    let is_long = std::env::var("YINGDA_RELIABILITY").is_ok_and(|set| set == "long");
    if is_long { long } else { short }
}
