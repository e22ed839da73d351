//! The writing program, as a process that can be killed.

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

/// A running writer. It is killed when this is dropped.
pub(crate) struct Writer {
    child: Child,
}

impl Writer {
    /// Starts it on the database at `location`.
    pub(crate) fn start(location: &str, ledger: &Path) -> Self {
        Self::start_under(&[], location, ledger)
    }

    /// Lets it write for a moment and close the database.
    pub(crate) fn write_for(location: &str, ledger: &Path, lasting: Duration) {
        let mut command = Command::new(program());
        command.arg(location).arg(ledger).arg(lasting.as_secs_f64().to_string());
        let ended = command.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
        assert!(ended.success(), "the writer failed: {ended}");
    }

    /// Starts it under another program.
    pub(crate) fn start_under(wrapper: &[&str], location: &str, ledger: &Path) -> Self {
        let program = program();
        let mut words: Vec<&std::ffi::OsStr> = wrapper.iter().map(std::ffi::OsStr::new).collect();
        words.push(program.as_os_str());
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).arg(location).arg(ledger);
        Self { child: command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap() }
    }

    /// Waits until the database is open; how long opening took.
    pub(crate) fn opened(&mut self) -> Duration {
        let mut line = String::new();
        BufReader::new(self.child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let milliseconds = line.trim().strip_prefix("opened ").and_then(|number| number.parse().ok());
        Duration::from_millis(milliseconds.unwrap_or_else(|| panic!("the writer did not open: {line:?}")))
    }

    /// The process itself, or the program that runs it.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// SIGKILL, and waits until it is gone.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Built beside the tests.
fn program() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let program = tests.ancestors().nth(2).unwrap().join("examples/writer");
    assert!(program.exists(), "{} is missing: run `cargo test -p store`, which builds it", program.display());
    program
}

/// Whether a program can be run here.
pub(crate) fn is_installed(program: &str) -> bool {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&folders)
        .chain([PathBuf::from("/usr/sbin")])
        .any(|folder| folder.join(program).is_file())
}
