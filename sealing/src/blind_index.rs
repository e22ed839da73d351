//! Finding an exact value without opening anything.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::secret::SecretKey;
use crate::{KeyId, Plain};

const DIGEST_BYTES: usize = 16;

/// A keyed digest of one normalised value of one field: equal values of a field have equal indexes under one key, and
/// nothing else can be told from it. Not for fields with few values: whoever can ask for indexes can count them through.
///
/// Storage keeps 24 bytes, compared as a whole: the key's id, then HMAC-SHA256 (RFC 2104) truncated to 16 bytes, over
/// the field's length (8 bytes), the field and the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BlindIndex([u8; KeyId::BYTES + DIGEST_BYTES]);

impl BlindIndex {
    /// What storage keeps.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// What storage kept; `None` unless it has 24 bytes.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The key it was computed with.
    #[must_use]
    pub fn key_id(&self) -> KeyId {
        let mut id = [0; KeyId::BYTES];
        id.copy_from_slice(&self.0[..KeyId::BYTES]);
        KeyId::from_bytes(id)
    }
}

/// One index key, ready to compute with.
pub(crate) struct IndexKey {
    pub(crate) id: KeyId,
    secret: SecretKey,
}

impl IndexKey {
    pub(crate) fn derived_from(id: KeyId, secret: &SecretKey) -> Self {
        Self { id, secret: secret.derive("yingda blind index 1") }
    }

    pub(crate) fn index(&self, field: &str, value: &Plain) -> BlindIndex {
        let length = (field.len() as u64).to_be_bytes();
        let digest = hmac_sha256(self.secret.expose(), &[&length, field.as_bytes(), value.expose_bytes()]);
        let mut bytes = [0; KeyId::BYTES + DIGEST_BYTES];
        bytes[..KeyId::BYTES].copy_from_slice(&self.id.to_bytes());
        bytes[KeyId::BYTES..].copy_from_slice(&digest[..DIGEST_BYTES]);
        BlindIndex(bytes)
    }
}

fn hmac_sha256(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key");
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::master_key::decode_hexadecimal;

    /// RFC 4231, test cases 1, 2 and 6 (a key longer than a block).
    #[test]
    fn hmac_gives_the_vectors_of_rfc_4231() {
        let vectors: [(&[u8], &[u8], &str); 3] = [
            (&[0x0b; 20], b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
            (
                b"Jefe",
                b"what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            (
                &[0xaa; 131],
                b"Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
            ),
        ];
        for (key, data, expected) in vectors {
            assert_eq!(hmac_sha256(key, &[data]), decode_hexadecimal(expected).unwrap().as_slice());
        }
    }

    fn key(byte: u8) -> IndexKey {
        IndexKey::derived_from(KeyId::from_bytes([byte; 8]), &SecretKey::from_slice(&[byte; 32]).unwrap())
    }

    #[test]
    fn equal_values_of_one_field_under_one_key_are_equal_and_nothing_else() {
        let phone = Plain::from("+8613800138000");
        let index = key(1).index("phone", &phone);
        assert_eq!(index, key(1).index("phone", &phone));
        assert_ne!(index, key(1).index("phone", &Plain::from("+8613800138001")));
        assert_ne!(index, key(1).index("fax", &phone));
        assert_ne!(index.as_bytes()[8..], key(2).index("phone", &phone).as_bytes()[8..]);
        // The field's length keeps the two apart.
        assert_ne!(key(1).index("ab", &Plain::from("c")), key(1).index("a", &Plain::from("bc")));
    }

    #[test]
    fn an_index_names_its_key_and_comes_back_from_storage() {
        let index = key(1).index("phone", &Plain::from("1"));
        assert_eq!(index.key_id(), KeyId::from_bytes([1; 8]));
        assert_eq!(BlindIndex::from_bytes(index.as_bytes()), Some(index));
        assert_eq!(BlindIndex::from_bytes(&index.as_bytes()[1..]), None);
    }
}
