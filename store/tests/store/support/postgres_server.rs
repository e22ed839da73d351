//! A PostgreSQL server of our own: a temporary folder, a socket in it, no network.

use std::{
    fs,
    io::{BufRead, BufReader},
    os::unix::fs::chown,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
};

use store::Location;
use tempfile::TempDir;
use tokio_postgres::{Client, NoTls};

/// Starts the server, then waits: when this process ends, however it does, its end of the pipe closes and the server is
/// stopped and removed.
const SCRIPT: &str = r#"
trap '' INT TERM HUP
"$BIN/initdb" -D "$DIR/data" -U yingda -A trust -E UTF8 --locale=C --no-sync >"$DIR/initdb.log" 2>&1 || exit 1
"$BIN/pg_ctl" start -w -t 60 -D "$DIR/data" -l "$DIR/server.log" -o "$OPTIONS" >/dev/null 2>&1 || exit 1
echo ready
read -r ended
"$BIN/pg_ctl" stop -m immediate -D "$DIR/data" >/dev/null 2>&1
rm -rf "$DIR"
"#;

/// A running server.
pub(crate) struct Server {
    folder: TempDir,
    programs: PathBuf,
    options: String,
    databases: AtomicUsize,
    /// Closing it stops the server.
    pipe: Option<ChildStdin>,
    script: Child,
}

impl Server {
    /// Starts a server with safe settings. `None`, with the reason printed, where none is installed; on CI that fails.
    pub(crate) fn start() -> Option<Self> {
        Self::start_with("")
    }

    /// Starts a server with further `-c name=value` options.
    pub(crate) fn start_with(more: &str) -> Option<Self> {
        let Some(programs) = programs() else {
            assert!(std::env::var_os("CI").is_none(), "PostgreSQL is not installed");
            eprintln!("skipped on PostgreSQL: initdb is not installed");
            return None;
        };
        let folder = tempfile::Builder::new().prefix("yingda-postgres-").tempdir().unwrap();
        owned_by_server(folder.path());
        let directory = folder.path().display();
        let options = format!("-k {directory} -c listen_addresses='' -c max_connections=300 {more}");
        let mut script = as_server_user("sh")
            .args(["-c", SCRIPT])
            .env("BIN", &programs)
            .env("DIR", folder.path())
            .env("OPTIONS", &options)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = String::new();
        BufReader::new(script.stdout.take().unwrap()).read_line(&mut said).unwrap();
        let log = || fs::read_to_string(folder.path().join("server.log")).unwrap_or_default();
        assert_eq!(said, "ready\n", "the server did not start:\n{}", log());
        let pipe = script.stdin.take();
        Some(Self { folder, programs, options, databases: AtomicUsize::new(0), pipe, script })
    }

    /// A new, empty database.
    pub(crate) async fn new_database(&self) -> Location {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let client = connect(&self.address("postgres")).await;
        client.batch_execute(&format!("CREATE DATABASE {name}")).await.unwrap();
        Location::Server(self.address(&name))
    }

    pub(crate) fn address(&self, database: &str) -> String {
        format!("host={} user=yingda dbname={database}", self.folder.path().display())
    }

    /// The same as a URL.
    #[allow(dead_code, clippy::allow_attributes, reason = "used by one of the test programs")]
    pub(crate) fn url(&self, database: &str) -> String {
        let socket = self.folder.path().display().to_string().replace('/', "%2F");
        format!("postgres://yingda@{socket}/{database}")
    }

    /// The folder of its data.
    #[allow(dead_code, clippy::allow_attributes, reason = "used by one of the test programs")]
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Stops the server as a crash would, and starts it again.
    #[allow(dead_code, clippy::allow_attributes, reason = "used by one of the test programs")]
    pub(crate) fn restart_immediately(&self) {
        let status = as_server_user(self.programs.join("pg_ctl"))
            .args(["restart", "-m", "immediate", "-w", "-t", "60", "-D"])
            .arg(self.folder.path().join("data"))
            .arg("-l")
            .arg(self.folder.path().join("server.log"))
            .args(["-o", &self.options])
            .stdout(Stdio::null())
            .status()
            .unwrap();
        assert!(status.success(), "the server did not come back");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.pipe.take());
        let _ = self.script.wait();
    }
}

/// Connects without the store.
pub(crate) async fn connect(address: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(address, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// Debian keeps the server's programs out of the path, a folder for each version.
fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut candidates: Vec<PathBuf> = versions.map(|version| version.path().join("bin")).collect();
    candidates.sort();
    candidates.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
    candidates.into_iter().find(|folder| folder.join("initdb").is_file())
}

/// The server refuses to run as root.
fn as_server_user(program: impl AsRef<Path>) -> Command {
    if is_root() {
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--"]).arg(program.as_ref());
        command
    } else {
        Command::new(program.as_ref())
    }
}

/// Gives a file or folder to the user as whom the server runs.
pub(crate) fn owned_by_server(path: &Path) {
    if is_root() {
        let owner = number(&["-u", "postgres"])
            .unwrap_or_else(|| panic!("root needs the user postgres for the server"));
        chown(path, Some(owner), None).unwrap();
    }
}

fn is_root() -> bool {
    number(&["-u"]) == Some(0)
}

fn number(arguments: &[&str]) -> Option<u32> {
    let output = Command::new("id").args(arguments).output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}
