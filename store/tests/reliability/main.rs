//! What is acknowledged is there afterwards, whatever happens in between: killed processes, power cuts, failing and full
//! disks, a server that crashes.
//!
//! The short set runs with every test run; `YINGDA_RELIABILITY=long` asks for the long one.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test's helpers fail the test, and say what they measured"
)]

mod disk;
mod evidence;
mod kill;
#[path = "../../examples/writer/load.rs"]
mod load;
mod mount;
mod neighbours;
#[path = "../store/support/postgres_server.rs"]
mod postgres_server;
mod power_cut;
mod process;
mod reserve;
mod server_crash;

/// `short`, or `long` where the long set is asked for.
fn times(short: u32, long: u32) -> u32 {
    let is_long = std::env::var("YINGDA_RELIABILITY").is_ok_and(|set| set == "long");
    if is_long { long } else { short }
}
