//! Thirty-two secret bytes, and the keys derived from them.

use hkdf::Hkdf;
use secrecy::{ExposeSecret, ExposeSecretMut, SecretBox};
use sha2::Sha256;

use crate::{Error, Result};

/// Bytes of every key.
pub(crate) const KEY_BYTES: usize = 32;

/// A key in memory: on the heap, never moved, overwritten with zeros when dropped. It prints nothing of itself.
#[derive(Debug)]
pub(crate) struct SecretKey(SecretBox<[u8; KEY_BYTES]>);

impl SecretKey {
    /// A new key from the operating system's randomness.
    pub(crate) fn random() -> Result<Self> {
        let mut key = SecretBox::new(Box::new([0; KEY_BYTES]));
        fill_random(key.expose_secret_mut())?;
        Ok(Self(key))
    }

    /// The key with these bytes; `None` unless there are 32.
    pub(crate) fn from_slice(bytes: &[u8]) -> Option<Self> {
        if bytes.len() != KEY_BYTES {
            return None;
        }
        let mut key = SecretBox::new(Box::new([0; KEY_BYTES]));
        key.expose_secret_mut().copy_from_slice(bytes);
        Some(Self(key))
    }

    pub(crate) fn expose(&self) -> &[u8; KEY_BYTES] {
        self.0.expose_secret()
    }

    /// The key for one purpose, by HKDF-SHA256 (RFC 5869) without salt. Keys of different purposes tell nothing of each
    /// other or of this one.
    pub(crate) fn derive(&self, purpose: &str) -> Self {
        let mut key = SecretBox::new(Box::new([0; KEY_BYTES]));
        #[expect(clippy::expect_used, reason = "HKDF-SHA256 gives up to 8,160 bytes and refuses only more")]
        Hkdf::<Sha256>::new(None, self.expose())
            .expand(purpose.as_bytes(), key.expose_secret_mut())
            .expect("32 bytes");
        Self(key)
    }
}

/// Fills `bytes` from the operating system.
pub(crate) fn fill_random(bytes: &mut [u8]) -> Result<()> {
    getrandom::fill(bytes).map_err(|error| Error::NoRandomness(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::master_key::decode_hexadecimal;

    #[test]
    fn purposes_give_different_keys_and_one_purpose_the_same() {
        let key = SecretKey::from_slice(&[7; 32]).unwrap();
        assert_eq!(key.derive("one").expose(), key.derive("one").expose());
        assert_ne!(key.derive("one").expose(), key.derive("two").expose());
        assert_ne!(key.derive("one").expose(), key.expose());
    }

    #[test]
    fn a_key_has_32_bytes_and_shows_none() {
        assert!(SecretKey::from_slice(&[7; 31]).is_none() && SecretKey::from_slice(&[7; 33]).is_none());
        let printed = format!("{:?}", SecretKey::from_slice(&[0xAB; 32]).unwrap());
        assert!(!printed.contains("171") && !printed.to_lowercase().contains("ab,"), "{printed}");
        assert_ne!(SecretKey::random().unwrap().expose(), SecretKey::random().unwrap().expose());
    }

    /// RFC 5869, appendix A.3: SHA-256 with no salt and no info. The derivation here expands one block of it.
    #[test]
    fn hkdf_gives_the_vector_of_rfc_5869() {
        let mut expanded = [0; 42];
        Hkdf::<Sha256>::new(None, &[0x0b; 22]).expand(&[], &mut expanded).unwrap();
        let expected = "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8";
        assert_eq!(expanded, decode_hexadecimal(expected).unwrap().as_slice());
    }

    /// RFC 5869, appendix A.1: SHA-256 with salt and info.
    #[test]
    fn hkdf_with_salt_gives_the_vector_of_rfc_5869() {
        let salt: Vec<u8> = (0..=0x0c).collect();
        let info: Vec<u8> = (0xf0..=0xf9).collect();
        let mut expanded = [0; 42];
        Hkdf::<Sha256>::new(Some(&salt), &[0x0b; 22]).expand(&info, &mut expanded).unwrap();
        let expected = "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865";
        assert_eq!(expanded, decode_hexadecimal(expected).unwrap().as_slice());
    }
}
