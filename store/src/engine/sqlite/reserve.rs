//! Space that is kept back, so that on a full disk a person can still be erased and an act recorded.
//!
//! It is a file beside the database, `…-reserve`. An urgent write that finds the disk full removes it; until it can be made
//! again, no process writes anything but what is urgent. File systems that compress keep nothing back this way.

use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind, Write},
    path::{Path, PathBuf},
};

use crate::{Error, Result};

/// How much: some thousand erasures with their pages in the write-ahead log.
const BYTES: u64 = 16 << 20;

/// Whether space is kept back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    /// It is.
    Yes,
    /// The disk has not got so much.
    NoSpace,
    /// The file cannot be made, for another reason; then nothing depends on it.
    Impossible,
}

/// The file.
#[derive(Clone, Debug)]
pub(super) struct Reserve(PathBuf);

impl Reserve {
    pub(super) fn beside(database: &Path) -> Self {
        let mut name = OsString::from(database);
        name.push("-reserve");
        Self(name.into())
    }

    pub(super) fn is_whole(&self) -> bool {
        fs::metadata(&self.0).is_ok_and(|found| found.len() >= BYTES)
    }

    /// Takes the space, if it is not taken yet. Another process may do so at the same time.
    pub(super) fn restore(&self) -> Kept {
        if self.is_whole() {
            return Kept::Yes;
        }
        let Err(error) = self.fill() else { return Kept::Yes };
        // A part of it would only make the disk fuller.
        let _ = fs::remove_file(&self.0);
        if matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded) {
            return Kept::NoSpace;
        }
        tracing::warn!(%error, "no space can be kept back for a full disk");
        Kept::Impossible
    }

    fn fill(&self) -> io::Result<()> {
        let mut file = self.create()?;
        let zeros = vec![0; 1 << 20];
        for _ in 0..BYTES / zeros.len() as u64 {
            file.write_all(&zeros)?;
        }
        // Not synchronised: what a power cut takes away is made again by the next write.
        Ok(())
    }

    fn create(&self) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.create(true).write(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(&self.0)
    }

    /// Gives the space up.
    ///
    /// # Errors
    /// When the file cannot be removed.
    pub(super) fn release(&self) -> Result<()> {
        match fs::remove_file(&self.0) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(Error::unavailable(error)),
            _ => {
                tracing::error!("the disk is full: only erasure and the audit log are still written");
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn space_is_taken_once_given_up_and_taken_again() {
        let folder = tempfile::tempdir().unwrap();
        let reserve = Reserve::beside(&folder.path().join("store.db"));
        assert!(!reserve.is_whole());
        assert_eq!(reserve.restore(), Kept::Yes);
        assert_eq!(fs::metadata(folder.path().join("store.db-reserve")).unwrap().len(), BYTES);
        assert_eq!(reserve.restore(), Kept::Yes);
        reserve.release().unwrap();
        assert!(!reserve.is_whole());
        reserve.release().unwrap();
    }

    #[test]
    fn where_no_file_can_be_made_nothing_depends_on_it() {
        let folder = tempfile::tempdir().unwrap();
        let reserve = Reserve::beside(&folder.path().join("no such folder/store.db"));
        assert_eq!(reserve.restore(), Kept::Impossible);
    }
}
