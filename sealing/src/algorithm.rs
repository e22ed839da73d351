//! The ciphers. Every other file knows them by their number.

use aes_gcm::Aes256Gcm;
use aes_gcm::aead::{AeadInOut, KeyInit};
use chacha20poly1305::XChaCha20Poly1305;

use crate::secret::SecretKey;

/// Bytes of the tag that both algorithms end with.
pub(crate) const TAG_BYTES: usize = 16;

/// How a value is sealed. The number stands in front of every sealed value, so that algorithms can change while old
/// values stay readable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Algorithm {
    /// XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03), number 1. Its 24-byte nonce is drawn at random without limit.
    #[default]
    XChaCha20Poly1305,
    /// AES-256-GCM (NIST SP 800-38D), number 2. Its 12-byte nonce is drawn at random, for which the standard allows
    /// 2³² values for each key: far more than one contact writes.
    Aes256Gcm,
}

impl Algorithm {
    /// Every algorithm, by number.
    pub const ALL: [Self; 2] = [Self::XChaCha20Poly1305, Self::Aes256Gcm];

    /// The first byte of a value sealed so.
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            Self::XChaCha20Poly1305 => 1,
            Self::Aes256Gcm => 2,
        }
    }

    /// The algorithm with this number.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.number() == number)
    }

    pub(crate) fn nonce_bytes(self) -> usize {
        match self {
            Self::XChaCha20Poly1305 => 24,
            Self::Aes256Gcm => 12,
        }
    }

    /// HKDF purpose of the key for this algorithm: no key serves two ciphers.
    pub(crate) fn purpose(self) -> &'static str {
        match self {
            Self::XChaCha20Poly1305 => "yingda seal xchacha20-poly1305 1",
            Self::Aes256Gcm => "yingda seal aes-256-gcm 1",
        }
    }

    /// Encrypts `buffer` where it is and gives the tag; `None` if the buffer or `bound` is too long for the cipher.
    pub(crate) fn encrypt(
        self,
        key: &SecretKey,
        nonce: &[u8],
        bound: &[u8],
        buffer: &mut [u8],
    ) -> Option<[u8; TAG_BYTES]> {
        match self {
            Self::XChaCha20Poly1305 => encrypt::<XChaCha20Poly1305>(key, nonce, bound, buffer),
            Self::Aes256Gcm => encrypt::<Aes256Gcm>(key, nonce, bound, buffer),
        }
    }

    /// Decrypts `buffer` where it is. `None`, and nothing is decrypted, if the tag does not fit.
    pub(crate) fn decrypt(
        self,
        key: &SecretKey,
        nonce: &[u8],
        bound: &[u8],
        buffer: &mut [u8],
        tag: &[u8],
    ) -> Option<()> {
        match self {
            Self::XChaCha20Poly1305 => decrypt::<XChaCha20Poly1305>(key, nonce, bound, buffer, tag),
            Self::Aes256Gcm => decrypt::<Aes256Gcm>(key, nonce, bound, buffer, tag),
        }
    }
}

fn encrypt<C: AeadInOut + KeyInit>(
    key: &SecretKey,
    nonce: &[u8],
    bound: &[u8],
    buffer: &mut [u8],
) -> Option<[u8; TAG_BYTES]> {
    let cipher = C::new_from_slice(key.expose()).ok()?;
    let tag = cipher.encrypt_inout_detached(nonce.try_into().ok()?, bound, buffer.into()).ok()?;
    tag.as_slice().try_into().ok()
}

fn decrypt<C: AeadInOut + KeyInit>(
    key: &SecretKey,
    nonce: &[u8],
    bound: &[u8],
    buffer: &mut [u8],
    tag: &[u8],
) -> Option<()> {
    let cipher = C::new_from_slice(key.expose()).ok()?;
    let (nonce, tag) = (nonce.try_into().ok()?, tag.try_into().ok()?);
    cipher.decrypt_inout_detached(nonce, bound, buffer.into(), tag).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::master_key::decode_hexadecimal;

    struct Vector {
        algorithm: Algorithm,
        key: &'static str,
        nonce: &'static str,
        bound: &'static str,
        plain: &'static str,
        sealed: &'static str,
        tag: &'static str,
    }

    /// draft-irtf-cfrg-xchacha-03, appendix A.3.1.
    const XCHACHA: Vector = Vector {
        algorithm: Algorithm::XChaCha20Poly1305,
        key: "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f",
        nonce: "404142434445464748494a4b4c4d4e4f5051525354555657",
        bound: "50515253c0c1c2c3c4c5c6c7",
        plain: "4c616469657320616e642047656e746c656d656e206f662074686520636c617373206f66202739393a204966204920636f756c64206f66\
                66657220796f75206f6e6c79206f6e652074697020666f7220746865206675747572652c2073756e73637265656e20776f756c64206265\
                2069742e",
        sealed: "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c\
                 54c216cb96b72e1213b4522f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff921f9664c97637da97688\
                 12f615c68b13b52e",
        tag: "c0875924c1c7987947deafd8780acf49",
    };

    /// McGrew and Viega, "The Galois/Counter Mode of Operation", test case 16, as submitted to NIST.
    const GCM: Vector = Vector {
        algorithm: Algorithm::Aes256Gcm,
        key: "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
        nonce: "cafebabefacedbaddecaf888",
        bound: "feedfacedeadbeeffeedfacedeadbeefabaddad2",
        plain: "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de6\
                57ba637b39",
        sealed: "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba\
                 7a0abcc9f662",
        tag: "76fc6ece0f4e1768cddf8853bb2d551b",
    };

    fn bytes(text: &str) -> Vec<u8> {
        decode_hexadecimal(text).unwrap().to_vec()
    }

    #[test]
    fn both_algorithms_give_the_published_vectors() {
        for vector in [XCHACHA, GCM] {
            let key = SecretKey::from_slice(&bytes(vector.key)).unwrap();
            let (nonce, bound, mut buffer) = (bytes(vector.nonce), bytes(vector.bound), bytes(vector.plain));
            assert_eq!(nonce.len(), vector.algorithm.nonce_bytes());
            let tag = vector.algorithm.encrypt(&key, &nonce, &bound, &mut buffer).unwrap();
            assert_eq!((buffer.clone(), tag.to_vec()), (bytes(vector.sealed), bytes(vector.tag)));
            vector.algorithm.decrypt(&key, &nonce, &bound, &mut buffer, &tag).unwrap();
            assert_eq!(buffer, bytes(vector.plain));
        }
    }

    #[test]
    fn a_wrong_length_is_refused() {
        let key = SecretKey::from_slice(&[1; 32]).unwrap();
        for algorithm in Algorithm::ALL {
            assert_eq!(algorithm.encrypt(&key, &[0; 11], b"", &mut [0; 4]), None);
            let nonce = vec![0; algorithm.nonce_bytes()];
            assert_eq!(algorithm.decrypt(&key, &nonce, b"", &mut [0; 4], &[0; 15]), None);
        }
    }

    #[test]
    fn numbers_are_fixed_for_ever() {
        assert_eq!(Algorithm::from_number(1), Some(Algorithm::XChaCha20Poly1305));
        assert_eq!(Algorithm::from_number(2), Some(Algorithm::Aes256Gcm));
        assert!((3..=u8::MAX).chain([0]).all(|number| Algorithm::from_number(number).is_none()));
    }
}
