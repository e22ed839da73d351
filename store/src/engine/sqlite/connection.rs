//! How a file is opened: nothing acknowledged is lost by a power cut, nothing deleted stays readable.

use std::{
    fs,
    io::ErrorKind,
    path::Path,
    sync::{Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::failure::from_sqlite;
use crate::{Error, Result};

/// SQLite 3.51.3. Older ones can lose commits when two connections write and checkpoint at once
/// (<https://sqlite.org/wal.html#walresetbug>).
const OLDEST_LIBRARY: i32 = 3_051_003;

/// How long a transaction waits for another process's, at least.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// How long to wait before looking again whether another process's transaction has ended.
const LOOK: Duration = Duration::from_millis(1);

/// How long to wait before the journal is changed again.
const PAUSE: Duration = Duration::from_millis(10);

/// Prepared statements that a connection keeps: more than there are.
const STATEMENTS: usize = 256;

/// Durable at every commit (`synchronous`), deleted means overwritten (`secure_delete`), nothing spills into other files
/// (`temp_store`) or into mapped memory that a full disk can take away (`mmap_size`).
const SETTINGS: &str = "
    PRAGMA synchronous = FULL;
    PRAGMA secure_delete = ON;
    PRAGMA temp_store = MEMORY;
    PRAGMA foreign_keys = ON;
    PRAGMA mmap_size = 0;
    PRAGMA trusted_schema = OFF;
    PRAGMA journal_size_limit = 67108864;
";

pub(super) fn refuse_old_library(version: i32) -> Result<()> {
    if version >= OLDEST_LIBRARY {
        return Ok(());
    }
    let (major, minor, patch) = (version / 1_000_000, version / 1000 % 1000, version % 1000);
    Err(Error::Refused {
        reason: format!("SQLite {major}.{minor}.{patch} is older than 3.51.3 and can lose commits"),
    })
}

/// Opens the file for writing, creating it readable for its owner only.
pub(super) fn open_writer(path: &Path) -> Result<Connection> {
    create_private(path)?;
    open(path)
}

/// Opens the file, which exists, for reading.
pub(super) fn open_reader(path: &Path) -> Result<Connection> {
    let connection = open(path)?;
    connection.pragma_update(None, "query_only", true).map_err(|error| from_sqlite(&error))?;
    Ok(connection)
}

fn open(path: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags).map_err(|error| from_sqlite(&error))?;
    configure(&mut connection).map_err(|error| from_sqlite(&error))?;
    use_write_ahead_log(&connection)?;
    Ok(connection)
}

/// Changing the journal does not wait for others that change it at the same moment, so this does.
fn use_write_ahead_log(connection: &Connection) -> Result<()> {
    let begun = Instant::now();
    loop {
        let changed: rusqlite::Result<String> =
            connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0));
        let is_busy = |error: &rusqlite::Error| error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy);
        match changed {
            Ok(mode) if mode.eq_ignore_ascii_case("wal") => return Ok(()),
            Ok(mode) => {
                return Err(Error::Refused {
                    reason: format!("the file's journal mode stays {mode}, not WAL"),
                });
            }
            Err(error) if is_busy(&error) && begun.elapsed() < BUSY_TIMEOUT => thread::sleep(PAUSE),
            Err(error) => return Err(from_sqlite(&error)),
        }
    }
}

fn configure(connection: &mut Connection) -> rusqlite::Result<()> {
    connection.busy_handler(Some(wait_for_others))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.execute_batch(SETTINGS)
}

/// SQLite's own way of waiting looks ever less often, up to ten times a second, and hardly ever finds a gap between the
/// commits of a process that writes all the time.
fn wait_for_others(looked: i32) -> bool {
    thread::sleep(LOOK);
    u32::try_from(looked).is_ok_and(|looked| LOOK * looked < BUSY_TIMEOUT)
}

/// Held while a file is created: see [`create_private`].
static CREATING: Mutex<()> = Mutex::new(());

/// Creates the file if it is missing, readable for its owner only.
///
/// A file that exists is never opened here. A process that closes a file loses every lock that it has on it, so the others
/// would take it for gone and remove the write-ahead log under its hands when they close the database
/// (<https://sqlite.org/howtocorrupt.html>, section 2.2). The one who creates it closes it before anybody else in this process
/// can have a lock.
fn create_private(path: &Path) -> Result<()> {
    let _creating = CREATING.lock().unwrap_or_else(PoisonError::into_inner);
    let mut options = fs::OpenOptions::new();
    options.create_new(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            Err(Error::Refused { reason: format!("{}: {error}", path.display()) })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_that_can_lose_commits_is_refused() {
        let refused = refuse_old_library(3_051_002).unwrap_err();
        assert!(refused.to_string().contains("SQLite 3.51.2 is older"), "{refused}");
        assert_eq!(refuse_old_library(3_051_003), Ok(()));
        assert_eq!(refuse_old_library(rusqlite::version_number()), Ok(()));
    }

    #[test]
    fn a_connection_has_the_settings_that_the_promises_need() {
        let folder = tempfile::tempdir().unwrap();
        let connection = open_writer(&folder.path().join("store.db")).unwrap();
        let setting =
            |name: &str| -> i64 { connection.pragma_query_value(None, name, |row| row.get(0)).unwrap() };
        let settings =
            ["synchronous", "secure_delete", "temp_store", "foreign_keys", "mmap_size"].map(setting);
        assert_eq!(settings, [2, 1, 2, 1, 0]);
    }

    #[cfg(unix)]
    #[test]
    fn the_file_is_readable_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        let connection = open_writer(&path).unwrap();
        connection.execute_batch("CREATE TABLE t (x)").unwrap();
        for name in ["store.db", "store.db-wal", "store.db-shm"] {
            let metadata = fs::metadata(folder.path().join(name)).unwrap();
            let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions());
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
    }
}
