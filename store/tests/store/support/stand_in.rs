//! What stands in for keys and sealed values: the store looks at the key's id in them and at nothing else.

use store::{BlindIndex, Key, KeyId, KeyPurpose, KeyState, Sealed, Wrapped};

/// The id of the key that every database of a test, a benchmark or the writing program begins with.
pub(crate) const KEY: KeyId = KeyId(0x0102_0304_0506_0708);

pub(crate) fn key(id: KeyId, purpose: KeyPurpose) -> Key {
    let [wrapped, canary] = [b"wrapped", b" canary"].map(|bytes| Wrapped(bytes.to_vec()));
    Key { id, purpose, state: KeyState::Current, wrapped, canary }
}

/// What the store takes for sealed with `key`: nine bytes, then `text`.
pub(crate) fn sealed_with(KeyId(key): KeyId, text: &str) -> Sealed {
    Sealed([&[0], &key.to_be_bytes()[..], text.as_bytes()].concat())
}

/// What the store takes for made with [`KEY`].
pub(crate) fn index(value: &str) -> BlindIndex {
    index_with(KEY, value)
}

/// What the store takes for made with `key`: eight bytes, then `value`.
pub(crate) fn index_with(KeyId(key): KeyId, value: &str) -> BlindIndex {
    BlindIndex([&key.to_be_bytes()[..], value.as_bytes()].concat())
}
