//! The binary: the command line, run once. Ends with the exit codes that `yingda --help` lists.

use std::{panic, process::ExitCode};

/// A fault of the program, after the panic has said what happened.
const FAULT: u8 = 70;

fn main() -> ExitCode {
    panic::catch_unwind(|| server::cli::run(std::env::args_os())).unwrap_or_else(|_| ExitCode::from(FAULT))
}
