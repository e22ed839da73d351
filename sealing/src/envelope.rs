//! The form of a sealed value: algorithm (1 byte), key id (8), nonce (24 or 12), ciphertext, tag (16).

use std::fmt;

use zeroize::Zeroizing;

use crate::algorithm::{Algorithm, TAG_BYTES};
use crate::place::Binding;
use crate::secret::{SecretKey, fill_random};
use crate::{Fault, KeyId, Plain, Result};

const KEY_ID_START: usize = 1;
const NONCE_START: usize = KEY_ID_START + KeyId::BYTES;

/// A sealed value, as storage keeps it. Prints only its length.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed(Vec<u8>);

impl Sealed {
    /// What storage gave back. Nothing is checked until it is opened.
    #[must_use]
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// What storage keeps.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// What storage keeps.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// The key it says it was sealed with; `None` if it is too short to say so. Not to be trusted before it was opened.
    #[must_use]
    pub fn key_id(&self) -> Option<KeyId> {
        let bytes = self.0.get(KEY_ID_START..NONCE_START)?;
        bytes.try_into().ok().map(KeyId::from_bytes)
    }

    /// The value of a destroyed key.
    pub(crate) fn nothing() -> Self {
        Self(Vec::new())
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Sealed({} bytes)", self.0.len())
    }
}

/// One data key, ready to seal with either algorithm.
pub(crate) struct SealingKey {
    pub(crate) id: KeyId,
    by_algorithm: [SecretKey; Algorithm::ALL.len()],
}

impl SealingKey {
    /// Derives the ciphers' keys from the data key `secret`.
    pub(crate) fn derived_from(id: KeyId, secret: &SecretKey) -> Self {
        Self { id, by_algorithm: Algorithm::ALL.map(|algorithm| secret.derive(algorithm.purpose())) }
    }

    fn secret(&self, algorithm: Algorithm) -> &SecretKey {
        match algorithm {
            Algorithm::XChaCha20Poly1305 => &self.by_algorithm[0],
            Algorithm::Aes256Gcm => &self.by_algorithm[1],
        }
    }

    /// Seals `plain`, bound to `binding` and to the header. `Ok(None)` if it is too long for the cipher.
    pub(crate) fn seal(
        &self,
        algorithm: Algorithm,
        plain: &[u8],
        binding: &Binding<'_>,
    ) -> Result<Option<Sealed>> {
        let start = NONCE_START + algorithm.nonce_bytes();
        // Reserved at once: growing would leave a copy of the plain text behind.
        let mut bytes = Vec::with_capacity(start + plain.len() + TAG_BYTES);
        bytes.push(algorithm.number());
        bytes.extend_from_slice(&self.id.to_bytes());
        bytes.resize(start, 0);
        fill_random(&mut bytes[NONCE_START..])?;
        bytes.extend_from_slice(plain);
        let (header, buffer) = bytes.split_at_mut(start);
        let bound = binding.associated_data(header);
        let Some(tag) = algorithm.encrypt(self.secret(algorithm), &header[NONCE_START..], &bound, buffer)
        else {
            drop(Zeroizing::new(bytes));
            return Ok(None);
        };
        bytes.extend_from_slice(&tag);
        Ok(Some(Sealed(bytes)))
    }

    /// Opens what was sealed with this key and bound to `binding`.
    pub(crate) fn open(&self, sealed: &Sealed, binding: &Binding<'_>) -> std::result::Result<Plain, Fault> {
        let number = *sealed.0.first().ok_or(Fault::Truncated)?;
        let algorithm = Algorithm::from_number(number).ok_or(Fault::UnknownAlgorithm(number))?;
        let start = NONCE_START + algorithm.nonce_bytes();
        let end =
            sealed.0.len().checked_sub(TAG_BYTES).filter(|end| *end >= start).ok_or(Fault::Truncated)?;
        let (header, tag) = (&sealed.0[..start], &sealed.0[end..]);
        let bound = binding.associated_data(header);
        let mut buffer = Zeroizing::new(sealed.0[start..end].to_vec());
        algorithm
            .decrypt(self.secret(algorithm), &header[NONCE_START..], &bound, &mut buffer, tag)
            .ok_or(Fault::Unauthentic)?;
        Ok(Plain::from(std::mem::take(&mut *buffer)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Place;

    fn key(byte: u8) -> SealingKey {
        SealingKey::derived_from(KeyId::from_bytes([byte; 8]), &SecretKey::from_slice(&[byte; 32]).unwrap())
    }

    fn sealed(algorithm: Algorithm, plain: &[u8], place: &Place) -> Sealed {
        key(7).seal(algorithm, plain, &place.binding()).unwrap().unwrap()
    }

    proptest! {
        #[test]
        fn whatever_is_sealed_is_opened(
            plain in prop::collection::vec(any::<u8>(), 0..600),
            row in ".{0,20}",
            conversation in prop::option::of(".{0,20}"),
            second in any::<bool>(),
        ) {
            let algorithm = Algorithm::ALL[usize::from(second)];
            let place = Place { conversation, ..Place::of_system("messages", "body", row) };
            let sealed = sealed(algorithm, &plain, &place);
            prop_assert_eq!(sealed.as_bytes().len(), plain.len() + 9 + algorithm.nonce_bytes() + 16);
            prop_assert_eq!(sealed.key_id(), Some(key(7).id));
            let opened = key(7).open(&sealed, &place.binding()).unwrap();
            prop_assert_eq!(opened.expose_bytes(), plain.as_slice());
        }
    }

    #[test]
    fn every_truncation_is_refused() {
        let place = Place::of_system("messages", "body", "1");
        for algorithm in Algorithm::ALL {
            let sealed = sealed(algorithm, "退款要多久".as_bytes(), &place);
            for length in 0..sealed.as_bytes().len() {
                let cut = Sealed::from_bytes(sealed.as_bytes()[..length].to_vec());
                let fault = key(7).open(&cut, &place.binding()).unwrap_err();
                let shortest = 9 + algorithm.nonce_bytes() + 16;
                let expected = if length < shortest { Fault::Truncated } else { Fault::Unauthentic };
                assert_eq!(fault, expected, "{length} bytes");
            }
        }
    }

    #[test]
    fn another_key_another_algorithm_and_another_version_are_refused() {
        let place = Place::of_system("messages", "body", "1");
        let value = sealed(Algorithm::XChaCha20Poly1305, b"text", &place);
        assert_eq!(key(8).open(&value, &place.binding()).unwrap_err(), Fault::Unauthentic);
        for (number, fault) in [(2, Fault::Unauthentic), (3, Fault::UnknownAlgorithm(3))] {
            let mut bytes = value.as_bytes().to_vec();
            bytes[0] = number;
            assert_eq!(key(7).open(&Sealed::from_bytes(bytes), &place.binding()).unwrap_err(), fault);
        }
        let later = Binding { domain: "yingda value 2", ..place.binding() };
        assert_eq!(key(7).open(&value, &later).unwrap_err(), Fault::Unauthentic);
    }

    #[test]
    fn sealing_twice_gives_different_bytes() {
        let place = Place::of_system("messages", "body", "1");
        for algorithm in Algorithm::ALL {
            assert_ne!(sealed(algorithm, b"text", &place), sealed(algorithm, b"text", &place));
        }
    }

    #[test]
    fn only_the_length_is_printed() {
        assert_eq!(format!("{:?}", Sealed::from_bytes(vec![1, 2, 3])), "Sealed(3 bytes)");
        assert_eq!(Sealed::from_bytes(vec![1, 2, 3]).key_id(), None);
    }
}
