//! Everything in the store in one file for a few private keys, and back.
//!
//! A backup is an archive of the store, encrypted to public keys while it is written: nothing of it stands on a disk in
//! another form. What customers said is sealed within it once more, and the master key is not in it. A backup is restored
//! beside its place and compared with its manifest first; it comes into place whole or not at all.

mod restore;
mod write;

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
};

use sealing::backup::Identities;

pub(crate) use self::{
    restore::{Restored, restore, verify},
    write::write,
};

/// What is wrong with a file, by what the operator can do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BackupError {
    /// Name another file.
    #[error("{} is there already and is not overwritten", path.display())]
    Exists { path: PathBuf },
    #[error("cannot read {}", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("cannot write {}", path.display())]
    Unwritable { path: PathBuf, source: io::Error },
    /// Use another copy.
    #[error("what was restored is not what the backup says: {what}")]
    Differs { what: String },
}

impl BackupError {
    fn unreadable(path: &Path, source: io::Error) -> Self {
        Self::Unreadable { path: path.to_owned(), source }
    }

    fn unwritable(path: &Path, source: io::Error) -> Self {
        Self::Unwritable { path: path.to_owned(), source }
    }

    /// Of a file that must be new.
    pub(crate) fn of_new(path: &Path, source: io::Error) -> Self {
        match source.kind() == io::ErrorKind::AlreadyExists {
            true => Self::Exists { path: path.to_owned() },
            false => Self::unwritable(path, source),
        }
    }
}

/// The private keys in a file, as `age-keygen` writes it.
///
/// # Errors
/// [`BackupError::Unreadable`]; [`sealing::Error::BackupKeys`] with the line that is none.
pub(crate) fn identities(path: &Path) -> anyhow::Result<Identities> {
    let text = std::fs::read_to_string(path).map_err(|error| BackupError::unreadable(path, error))?;
    Ok(Identities::read(&text)?)
}

/// The folder that a file lies in.
fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Makes a new name of a file durable.
fn sync_folder(path: &Path) -> Result<(), BackupError> {
    let folder = folder_of(path);
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(|error| BackupError::unwritable(folder, error))
}
