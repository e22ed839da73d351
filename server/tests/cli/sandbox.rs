//! A working directory of its own for each test, and the binary run in it.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
};

use serde_json::Value;
use tempfile::TempDir;

/// A working directory that is removed with the test.
pub(crate) struct Sandbox {
    folder: TempDir,
    /// Where the program puts what it needs for a while: one that is killed cannot remove it.
    temporary: TempDir,
    /// `store.location`, where it is not the default.
    location: Option<String>,
}

/// What a finished run left.
pub(crate) struct Finished {
    pub(crate) exit_code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// A run that is being prepared.
pub(crate) struct Run {
    command: Command,
    stdin: Vec<u8>,
}

/// The project's own models and data.
pub(crate) fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// A small model without a trained meaning: enough wherever any vector will do.
pub(crate) const SMALL_MODEL: &str = "inference/tests/parity/static-st";

/// A transformer without a trained meaning: what can be asked to compute elsewhere than on the processor.
pub(crate) const SMALL_TRANSFORMER: &str = "inference/tests/parity/bert-mean-f32";

/// A cross-encoder without a trained meaning.
pub(crate) const SMALL_RERANKER: &str = "inference/tests/parity/bert-cross";

impl Sandbox {
    pub(crate) fn new() -> Self {
        Self { folder: TempDir::new().unwrap(), temporary: TempDir::new().unwrap(), location: None }
    }

    /// With the store at `location`.
    pub(crate) fn with_store_at(location: String) -> Self {
        Self { location: Some(location), ..Self::new() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Where the program puts temporary files.
    #[allow(dead_code, clippy::allow_attributes, reason = "for those who search it")]
    pub(crate) fn temporary_folder(&self) -> PathBuf {
        self.temporary.path().to_owned()
    }

    /// What the program has left there.
    pub(crate) fn left_over(&self) -> usize {
        fs::read_dir(self.temporary.path()).unwrap().count()
    }

    /// Writes a file and gives its name back, as an argument.
    pub(crate) fn file<'a>(&self, name: &'a str, contents: impl AsRef<[u8]>) -> &'a str {
        fs::write(self.path(name), contents).unwrap();
        name
    }

    /// Copies a folder of the project to `name`.
    pub(crate) fn copy(&self, from: &str, name: &str) {
        copy_folder(&project(from), &self.path(name));
    }

    /// The binary with `arguments` in this folder, without any variable of ours, and the project's models.
    pub(crate) fn yingda(&self, arguments: &[&str]) -> Run {
        let mut command = Command::new(env!("CARGO_BIN_EXE_yingda"));
        command.args(arguments).current_dir(self.folder.path());
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("YINGDA_") {
                command.env_remove(name);
            }
        }
        command
            .env("YINGDA_MODEL__FOLDER", project("models"))
            .env("NO_COLOR", "1")
            .env("TMPDIR", self.temporary.path())
            .envs(self.location.iter().map(|location| ("YINGDA_STORE__LOCATION", location)));
        Run { command, stdin: Vec::new() }
    }

    /// The same with the small model.
    pub(crate) fn yingda_small(&self, arguments: &[&str]) -> Run {
        self.yingda(arguments).variable("YINGDA_MODEL__NAME", project(SMALL_MODEL))
    }
}

impl Run {
    pub(crate) fn variable(mut self, name: &str, value: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    pub(crate) fn without_variable(mut self, name: &str) -> Self {
        self.command.env_remove(name);
        self
    }

    pub(crate) fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = bytes.into();
        self
    }

    pub(crate) fn finish(mut self) -> Finished {
        self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // A program that refuses its arguments does not read its input.
        let writer = thread::spawn(move || stdin.write_all(&self.stdin).ok());
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap();
        Finished {
            exit_code: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// The command itself, for tests that do more than wait for it.
    pub(crate) fn command(self) -> Command {
        self.command
    }
}

impl Finished {
    /// Fails with everything that was printed unless the exit code is `code`.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.exit_code, code, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// One JSON value per line of stdout.
    #[track_caller]
    pub(crate) fn json_lines(&self) -> Vec<Value> {
        let parse = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        self.stdout.lines().map(parse).collect()
    }

    /// The one JSON value on stdout.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        let [value] = <[Value; 1]>::try_from(self.json_lines()).unwrap();
        value
    }

    /// The JSON error on stderr.
    #[track_caller]
    pub(crate) fn json_error(&self) -> Value {
        assert_eq!(self.stdout, "", "an error must leave stdout empty");
        serde_json::from_str(self.stderr.trim()).unwrap_or_else(|error| panic!("{error}: {}", self.stderr))
    }

    /// Fails unless stderr holds every one of `parts`.
    #[track_caller]
    pub(crate) fn complains_about(self, parts: &[&str]) -> Self {
        for part in parts {
            assert!(self.stderr.contains(part), "{part:?} is not in:\n{}", self.stderr);
        }
        self
    }
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
