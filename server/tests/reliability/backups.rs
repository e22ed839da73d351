//! Backups of an installation, and what is restored from them.

use std::{fs, io::Read as _};

use sealing::backup::{Identities, decrypt};

use crate::installation::{Installation, Masters};

/// The file of the private key, in the folder of the installation.
const KEY: &str = "backup.key";

/// Whoever can read backups.
pub(crate) struct Reader {
    identities: Identities,
    /// The public key.
    pub(crate) recipient: String,
}

impl Reader {
    /// With a private key in the folder of `installation`.
    pub(crate) fn of(installation: &Installation) -> Self {
        let identities = Identities::generate();
        fs::write(installation.path(KEY), identities.to_text()).unwrap();
        let recipient = identities.recipients().to_string().trim().to_owned();
        Self { identities, recipient }
    }

    /// What stands in a backup of `installation`, decrypted.
    pub(crate) fn read(&self, installation: &Installation, name: &str) -> Vec<u8> {
        let encrypted = fs::read(installation.path(name)).unwrap();
        let mut content = Vec::new();
        decrypt(&self.identities, encrypted.as_slice()).unwrap().read_to_end(&mut content).unwrap();
        content
    }
}

/// Restores a backup of `from` where nothing is yet, with further `arguments`.
pub(crate) async fn restored(
    from: &Installation,
    masters: Masters,
    name: &str,
    arguments: &[&str],
) -> Installation {
    let to = Installation::empty(from.engine.another().await);
    let [backup, key] = [name, KEY].map(|name| from.path(name).display().to_string());
    to.json(masters, &[&["restore", &backup, "--identity", &key], arguments].concat());
    to
}
