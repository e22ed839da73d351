//! The store becomes a backup.

use std::path::Path;

use sealing::backup::{Recipients, encrypt};
use serde_json::json;
use store::{Manifest, Store};

use super::{BackupError, folder_of, sync_folder};
use crate::actor::Actor;

/// Writes one committed state of everything into a new file at `path`, which has its name only once it is whole and on
/// the disk. The audit log, also the one in the backup, says that it was written.
///
/// # Errors
/// [`BackupError`]; when the store fails.
pub(crate) async fn write(store: &Store, recipients: &Recipients, path: &Path) -> anyhow::Result<Manifest> {
    if path.exists() {
        return Err(BackupError::Exists { path: path.to_owned() }.into());
    }
    let unwritable = |error| BackupError::unwritable(path, error);
    // Only its owner may read it; without its name it is removed, also when this fails.
    let unfinished = tempfile::Builder::new()
        .prefix(".yingda-backup-")
        .tempfile_in(folder_of(path))
        .map_err(unwritable)?;
    let (file, name) = unfinished.into_parts();
    let act = Actor::Operator.act(None);
    let at = act.at;
    let readers = recipients.to_string();
    let detail = json!({ "recipients": readers.lines().collect::<Vec<_>>() }).to_string();
    store.record_act(act, "backup.write", "store", Some(detail)).await?;
    let (writer, manifest) = store.write_archive(encrypt(recipients, file)?, at).await?;
    writer.finish().and_then(|file| file.sync_all()).map_err(unwritable)?;
    name.persist_noclobber(path).map_err(|error| BackupError::of_new(path, error.error))?;
    sync_folder(path)?;
    Ok(manifest)
}
