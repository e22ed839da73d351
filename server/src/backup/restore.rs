//! A backup becomes a store, or is found to be one.

use std::{
    fs::{self, File},
    io::BufReader,
    path::{Path, PathBuf},
};

use sealing::backup::{Identities, decrypt};
use serde_json::json;
use store::{AuditHead, AuditState, ContactId, Location, Manifest, Store};

use super::{BackupError, folder_of, sync_folder};
use crate::{actor::Actor, clock, privacy};

/// What was restored.
#[derive(Debug)]
pub(crate) struct Restored {
    /// What the backup says of itself, and what was found to be so.
    pub(crate) manifest: Manifest,
    /// People of the list who were in the backup and were erased anew.
    pub(crate) erased_again: usize,
    /// The first entry of the audit log that is not what was written, if there is one: it was so in the store that was
    /// backed up.
    pub(crate) audit_broken_at: Option<i64>,
}

/// Restores the backup at `path` into a temporary folder, compares everything with its manifest, and removes it again.
///
/// # Errors
/// [`BackupError`], [`sealing::Error::Backup`] and [`store::Error::Archive`] for a backup that is not whole or not for
/// these private keys.
pub(crate) async fn verify(path: &Path, identities: &Identities) -> anyhow::Result<Manifest> {
    let unwritable = |error| BackupError::unwritable(&std::env::temp_dir(), error);
    let folder = tempfile::Builder::new().prefix("yingda-verify-").tempdir().map_err(unwritable)?;
    let location = Location::File(folder.path().join("yingda.db"));
    let (store, manifest, audit_broken_at) = filled(path, identities, &location).await?;
    store.close().await;
    match audit_broken_at {
        None => Ok(manifest),
        Some(first_bad) => {
            let what = format!("the audit log in it is broken at entry {first_bad}");
            Err(BackupError::Differs { what }.into())
        }
    }
}

/// Makes the store at `location` from the backup at `path`. Whoever is in `erased` is erased from it before it comes into
/// place.
///
/// # Errors
/// As [`verify`]; [`BackupError::Exists`] and [`store::Error::Refused`] where there is a store already.
pub(crate) async fn restore(
    path: &Path,
    identities: &Identities,
    location: &Location,
    erased: &[ContactId],
) -> anyhow::Result<Restored> {
    match location {
        Location::File(place) => {
            refuse_existing(place)?;
            let unwritable = |error| BackupError::unwritable(place, error);
            // On the same file system, so that it comes into place by its name alone.
            let mut folder = tempfile::Builder::new();
            let folder =
                folder.prefix(".yingda-restore-").tempdir_in(folder_of(place)).map_err(unwritable)?;
            let beside = folder.path().join("yingda.db");
            let restored = completed(path, identities, &Location::File(beside.clone()), erased).await?;
            if log_of(&beside).metadata().is_ok_and(|log| log.len() > 0) {
                let what = String::from("its write-ahead log is not empty");
                return Err(BackupError::Differs { what }.into());
            }
            File::open(&beside).and_then(|file| file.sync_all()).map_err(unwritable)?;
            // Unlike a renaming, a link never takes the place of what is there.
            fs::hard_link(&beside, place).map_err(unwritable)?;
            sync_folder(place)?;
            Ok(restored)
        }
        Location::Server(_) => completed(path, identities, location, erased).await,
    }
}

async fn completed(
    path: &Path,
    identities: &Identities,
    location: &Location,
    erased: &[ContactId],
) -> anyhow::Result<Restored> {
    let (store, manifest, audit_broken_at) = filled(path, identities, location).await?;
    let mut erased_again = 0;
    for contact in erased {
        let act = Actor::Operator.act(Some("erased before the restoration".to_owned()));
        match privacy::erase(&store, *contact, act).await {
            Ok(()) => erased_again += 1,
            Err(store::Error::NotFound { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let detail = json!({
        "written_at": clock::written(store::Timestamp(manifest.header.created_at)),
        "audit_sequence": manifest.audit_sequence,
    });
    store.record_act(Actor::Operator.act(None), "backup.restore", "store", Some(detail.to_string())).await?;
    // Everything is in the file itself before it comes into place.
    store.empty_log().await?;
    store.close().await;
    Ok(Restored { manifest, erased_again, audit_broken_at })
}

/// A store at `location` with everything that the backup holds, each table and the audit log compared with its manifest.
async fn filled(
    path: &Path,
    identities: &Identities,
    location: &Location,
) -> anyhow::Result<(Store, Manifest, Option<i64>)> {
    let file = File::open(path).map_err(|error| BackupError::unreadable(path, error))?;
    let archive = decrypt(identities, BufReader::new(file))?;
    let (store, manifest) = Store::open_archived(location, archive).await?;
    store.check_structure().await?;
    let found = store.manifest(clock::timestamp()).await?;
    // A newer program's tables are others: then it was compared while it was read.
    let is_comparable = found.header.schema_version == manifest.header.schema_version;
    if is_comparable && !found.is_of_same_rows(&manifest) {
        return Err(BackupError::Differs { what: String::from("rows") }.into());
    }
    match store.verify_audit(None).await? {
        AuditState::Whole(AuditHead { sequence, .. }) if sequence == manifest.audit_sequence => {
            Ok((store, manifest, None))
        }
        AuditState::Whole(_) => {
            Err(BackupError::Differs { what: String::from("the audit log ends elsewhere") }.into())
        }
        AuditState::Broken { first_bad } => Ok((store, manifest, Some(first_bad))),
    }
}

fn refuse_existing(place: &Path) -> Result<(), BackupError> {
    for path in [place.to_owned(), log_of(place)] {
        if path.exists() {
            return Err(BackupError::Exists { path });
        }
    }
    Ok(())
}

/// The write-ahead log of an SQLite file.
fn log_of(place: &Path) -> PathBuf {
    let mut name = place.as_os_str().to_owned();
    name.push("-wal");
    name.into()
}
