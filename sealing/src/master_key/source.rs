//! Where a master key comes from.

use std::ffi::{OsStr, OsString};
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use super::{MasterKey, text};
use crate::{Error, Result};

/// Bytes that are read at most; a key has 44 characters.
const LONGEST_TEXT: usize = 4_096;

/// A command that has not ended by then is ended.
const LONGEST_COMMAND: Duration = Duration::from_secs(30);

/// Where the operator keeps the master key, always as hexadecimal or base64 text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MasterKeySource {
    /// A file that nobody but its owner may read: mode 0400 or 0600. Links are followed.
    File(PathBuf),
    /// A variable of the environment. Anybody who may look at the process may read it: prefer a file.
    Environment(String),
    /// What a program writes to its standard output, such as the client of a key management service: the program and
    /// its arguments, run without a shell. It must end with status 0 within 30 seconds; what it writes to standard
    /// error goes where this process's does.
    Command(Vec<OsString>),
}

impl MasterKeySource {
    /// Reads the key.
    ///
    /// # Errors
    /// [`Error::MasterKey`] naming the file, the variable or the program and what is wrong, never a part of the key.
    pub fn load(&self) -> Result<MasterKey> {
        let bytes = match self {
            Self::File(path) => read_file(path),
            Self::Environment(name) => variable(std::env::var_os(name).as_deref()),
            Self::Command(words) => run(words, LONGEST_COMMAND),
        };
        bytes
            .and_then(|bytes| text::decode(&bytes))
            .map(MasterKey::from_secret)
            .map_err(|reason| Error::MasterKey { origin: self.to_string(), reason })
    }
}

impl std::fmt::Display for MasterKeySource {
    /// Without a command's arguments, which may hold a password.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => write!(formatter, "the file {}", path.display()),
            Self::Environment(name) => write!(formatter, "the variable {name}"),
            Self::Command(words) => {
                let program = words.first().map_or_else(Default::default, |word| word.to_string_lossy());
                write!(formatter, "the command {program:?}")
            }
        }
    }
}

pub(super) fn create_file(path: &Path, text: &str) -> Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o400);
    let mut file = options.open(path).map_err(|error| Error::file(path, "create", error))?;
    file.write_all(text.as_bytes())
        .and_then(|()| file.write_all(b"\n"))
        .and_then(|()| file.sync_all())
        .map_err(|error| Error::file(path, "write", error))?;
    // The name is on disk only once its folder is.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| Error::file(path, "write", error))
}

type Text = std::result::Result<Zeroizing<Vec<u8>>, String>;

fn read_file(path: &Path) -> Text {
    let file = File::open(path).map_err(|error| format!("cannot be opened: {error}"))?;
    check_permissions(&file)?;
    read_text(file)
}

/// Looks at the opened file, so that it cannot be exchanged between looking and reading.
fn check_permissions(file: &File) -> std::result::Result<(), String> {
    let metadata = file.metadata().map_err(|error| format!("cannot be examined: {error}"))?;
    if !metadata.is_file() {
        return Err("is not a file".to_owned());
    }
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::MetadataExt::mode(&metadata) & 0o7777;
        if ![0o400, 0o600].contains(&mode) {
            return Err(format!("its mode is {mode:04o}, it must be 0400 or 0600: others may read it"));
        }
    }
    Ok(())
}

/// Everything in `reader`, into one buffer that is never moved.
fn read_text(mut reader: impl Read) -> Text {
    let mut buffer = Zeroizing::new(vec![0; LONGEST_TEXT]);
    let mut length = 0;
    loop {
        let count = reader.read(&mut buffer[length..]).map_err(|error| format!("cannot be read: {error}"))?;
        if count == 0 {
            break;
        }
        length += count;
        if length == LONGEST_TEXT {
            return Err(format!("holds {LONGEST_TEXT} bytes or more: that is not a key"));
        }
    }
    buffer.truncate(length);
    Ok(buffer)
}

fn variable(value: Option<&OsStr>) -> Text {
    let value = value.ok_or("is not set")?;
    Ok(Zeroizing::new(value.as_encoded_bytes().to_vec()))
}

fn run(words: &[OsString], longest: Duration) -> Text {
    let (program, arguments) = words.split_first().ok_or("no program is given")?;
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("cannot be started: {error}"))?;
    let output = child.stdout.take().ok_or("has no standard output")?;
    // Read by another thread, because a pipe cannot be read with a time limit. A grandchild that keeps the pipe open
    // keeps the thread, and nothing else.
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || sender.send(read_text(output)));
    let deadline = Instant::now() + longest;
    let status = wait(&mut child, deadline)?;
    if !status.success() {
        return Err(format!("ended with {status}"));
    }
    receiver
        .recv_timeout(deadline.saturating_duration_since(Instant::now()))
        .map_err(|_| "ended, but its output did not".to_owned())?
}

fn wait(child: &mut Child, deadline: Instant) -> std::result::Result<ExitStatus, String> {
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(status),
            Ok(None) if Instant::now() < deadline => thread::sleep(Duration::from_millis(5)),
            Ok(None) => {
                // It may have ended by itself just now; either way it is gone after the wait.
                let _ = child.kill();
                let _ = child.wait();
                return Err("did not end in time".to_owned());
            }
            Err(error) => return Err(format!("cannot be waited for: {error}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_is_read_and_a_missing_one_is_named() {
        let key = MasterKey::generate().unwrap();
        let bytes = variable(Some(OsStr::new(key.to_base64().as_str()))).unwrap();
        assert_eq!(MasterKey::from_secret(text::decode(&bytes).unwrap()).id(), key.id());
        let missing = MasterKeySource::Environment("YINGDA_NO_SUCH_VARIABLE".to_owned());
        let expected = "master key from the variable YINGDA_NO_SUCH_VARIABLE: is not set";
        assert_eq!(missing.load().unwrap_err().to_string(), expected);
    }

    #[cfg(unix)]
    #[test]
    fn a_command_that_does_not_end_is_ended() {
        let started = Instant::now();
        let words = ["sleep", "600"].map(OsString::from);
        assert_eq!(run(&words, Duration::from_millis(50)).unwrap_err(), "did not end in time");
        assert!(started.elapsed() < Duration::from_secs(60));
    }
}
