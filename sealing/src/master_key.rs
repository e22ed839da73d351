//! The one key that is not in storage: it wraps all others.

mod source;
mod text;

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::envelope::SealingKey;
use crate::secret::SecretKey;
use crate::{KeyId, Result};

pub use source::MasterKeySource;
#[cfg(test)]
pub(crate) use text::decode_hexadecimal;

/// 32 bytes that wrap the data keys. Cheap to clone; prints its id only.
#[derive(Clone)]
pub struct MasterKey(Arc<Inner>);

struct Inner {
    secret: SecretKey,
    wrapping: SealingKey,
}

impl MasterKey {
    /// A new key from the operating system's randomness.
    ///
    /// # Errors
    /// [`Error::NoRandomness`](crate::Error::NoRandomness).
    pub fn generate() -> Result<Self> {
        Ok(Self::from_secret(SecretKey::random()?))
    }

    /// Writes the key as base64 and a line feed into a new file that only its owner may read (mode 0400), and waits
    /// until it is on disk.
    ///
    /// # Errors
    /// [`Error::File`](crate::Error::File), also if the file exists: a key is never overwritten.
    pub fn create_file(&self, path: &Path) -> Result<()> {
        source::create_file(path, &self.to_base64())
    }

    /// The key in clear, as every [`MasterKeySource`] takes it.
    #[must_use]
    pub fn to_base64(&self) -> Zeroizing<String> {
        text::encode(self.0.secret.expose())
    }

    /// Names the key without telling anything of it: derived from it by HKDF.
    #[must_use]
    pub fn id(&self) -> KeyId {
        self.0.wrapping.id
    }

    pub(crate) fn wrapping(&self) -> &SealingKey {
        &self.0.wrapping
    }

    fn from_secret(secret: SecretKey) -> Self {
        let mut id = [0; KeyId::BYTES];
        id.copy_from_slice(&secret.derive("yingda master key id 1").expose()[..KeyId::BYTES]);
        let wrapping = SealingKey::derived_from(KeyId::positive(id), &secret.derive("yingda wrap keys 1"));
        Self(Arc::new(Inner { secret, wrapping }))
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "MasterKey({})", self.id())
    }
}

/// The master key that wraps new keys, and others that still unwrap old ones while they are being replaced.
#[derive(Clone, Debug)]
pub struct MasterKeys {
    current: MasterKey,
    others: Vec<MasterKey>,
}

impl MasterKeys {
    /// One master key.
    #[must_use]
    pub fn new(current: MasterKey) -> Self {
        Self { current, others: Vec::new() }
    }

    /// And another, which only unwraps.
    #[must_use]
    pub fn and(mut self, other: MasterKey) -> Self {
        self.others.push(other);
        self
    }

    pub(crate) fn current(&self) -> &MasterKey {
        &self.current
    }

    pub(crate) fn with_id(&self, id: KeyId) -> Option<&MasterKey> {
        std::iter::once(&self.current).chain(&self.others).find(|master| master.id() == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_named_and_not_shown() {
        let key = MasterKey::generate().unwrap();
        assert_eq!(format!("{key:?}"), format!("MasterKey({})", key.id()));
        assert_ne!(key.id(), MasterKey::generate().unwrap().id());
        let keys = MasterKeys::new(key.clone()).and(MasterKey::generate().unwrap());
        assert!(!format!("{keys:?}").contains(key.to_base64().as_str()));
        assert_eq!(keys.with_id(key.id()).map(MasterKey::id), Some(key.id()));
    }
}
