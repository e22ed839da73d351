//! A data key is made, wrapped by the master key for storage, and unwrapped again.

use crate::algorithm::Algorithm;
use crate::blind_index::IndexKey;
use crate::envelope::SealingKey;
use crate::place::Binding;
use crate::secret::SecretKey;
use crate::{Error, KeyId, KeyPurpose, KeyRow, KeyState, MasterKeys, Place, Result, Sealed};

/// What every canary holds.
const CANARY: &[u8] = b"yingda canary";

/// A data key in memory.
pub(crate) struct DataKey {
    pub(crate) sealing: SealingKey,
    pub(crate) index: IndexKey,
}

impl DataKey {
    fn derived_from(id: KeyId, secret: &SecretKey) -> Self {
        Self { sealing: SealingKey::derived_from(id, secret), index: IndexKey::derived_from(id, secret) }
    }
}

/// A new current key, as storage is to keep it.
pub(crate) fn new_row(masters: &MasterKeys, purpose: KeyPurpose) -> Result<KeyRow> {
    let (id, secret) = (KeyId::random()?, SecretKey::random()?);
    let wrapped = wrap(masters, id, &purpose, &secret)?;
    let canary = seal(&canary_key(id, &secret), CANARY, &canary_binding(&id.to_bytes()))?;
    Ok(KeyRow { id, purpose, state: KeyState::Current, wrapped, canary })
}

/// The row with its key wrapped by the current master key; everything else stays.
pub(crate) fn rewrapped(masters: &MasterKeys, row: &KeyRow) -> Result<KeyRow> {
    let secret = checked_secret(masters, row)?;
    Ok(KeyRow { wrapped: wrap(masters, row.id, &row.purpose, &secret)?, ..row.clone() })
}

/// The row without its key.
pub(crate) fn destroyed(row: &KeyRow) -> KeyRow {
    let (wrapped, canary) = (Sealed::nothing(), Sealed::nothing());
    KeyRow { state: KeyState::Destroyed, wrapped, canary, ..row.clone() }
}

/// The key of a row that is not destroyed, once its canary has opened.
///
/// # Errors
/// [`Error::WrongMasterKey`] if none of `masters` wraps it; [`Error::DamagedKey`] if it or its canary does not open.
pub(crate) fn unwrap(masters: &MasterKeys, row: &KeyRow) -> Result<DataKey> {
    Ok(DataKey::derived_from(row.id, &checked_secret(masters, row)?))
}

fn checked_secret(masters: &MasterKeys, row: &KeyRow) -> Result<SecretKey> {
    let damaged = |part| Error::DamagedKey { key: row.id, part };
    let wrapped_by = row.wrapped.key_id().ok_or_else(|| damaged("wrapped form"))?;
    let master = masters.with_id(wrapped_by).ok_or(Error::WrongMasterKey { key: row.id, wrapped_by })?;
    let id = row.id.to_bytes();
    let secret = master
        .wrapping()
        .open(&row.wrapped, &key_binding(&id, &row.purpose))
        .ok()
        .and_then(|plain| SecretKey::from_slice(plain.expose_bytes()))
        .ok_or_else(|| damaged("wrapped form"))?;
    let canary = canary_key(row.id, &secret).open(&row.canary, &canary_binding(&id));
    match canary {
        Ok(plain) if plain.expose_bytes() == CANARY => Ok(secret),
        Ok(_) | Err(_) => Err(damaged("canary")),
    }
}

fn wrap(masters: &MasterKeys, id: KeyId, purpose: &KeyPurpose, secret: &SecretKey) -> Result<Sealed> {
    seal(masters.current().wrapping(), secret.expose(), &key_binding(&id.to_bytes(), purpose))
}

fn seal(key: &SealingKey, plain: &[u8], binding: &Binding<'_>) -> Result<Sealed> {
    // A key or a canary is never too long; the error names where it would have been.
    key.seal(Algorithm::XChaCha20Poly1305, plain, binding)?.ok_or_else(|| Error::TooLong {
        place: Box::new(Place::of_system("keys", "wrapped", key.id.to_string())),
    })
}

fn canary_key(id: KeyId, secret: &SecretKey) -> SealingKey {
    SealingKey::derived_from(id, &secret.derive("yingda canary 1"))
}

fn canary_binding(id: &[u8]) -> Binding<'_> {
    Binding { domain: "yingda canary 1", parts: [Some(id), None, None, None, None] }
}

fn key_binding<'a>(id: &'a [u8], purpose: &'a KeyPurpose) -> Binding<'a> {
    let contact = purpose.contact().map(|contact| contact.as_str().as_bytes());
    Binding {
        domain: "yingda key 1",
        parts: [Some(id), Some(purpose.kind().as_bytes()), contact, None, None],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ContactId, MasterKey};

    fn masters() -> MasterKeys {
        MasterKeys::new(MasterKey::generate().unwrap())
    }

    fn purpose(contact: &str) -> KeyPurpose {
        KeyPurpose::Contact(ContactId::new(contact).unwrap())
    }

    #[test]
    fn a_wrapped_key_belongs_to_its_id_and_its_purpose() {
        let masters = masters();
        let row = new_row(&masters, purpose("1")).unwrap();
        assert!(unwrap(&masters, &row).is_ok());
        let other = new_row(&masters, purpose("2")).unwrap();
        let moved = [
            KeyRow { purpose: purpose("2"), ..row.clone() },
            KeyRow { purpose: KeyPurpose::System, ..row.clone() },
            KeyRow { id: other.id, ..row.clone() },
            KeyRow { wrapped: other.wrapped.clone(), ..row.clone() },
            destroyed(&row),
        ];
        for row in moved {
            let error = unwrap(&masters, &row).err().unwrap();
            assert!(matches!(error, Error::DamagedKey { part: "wrapped form", .. }), "{error}");
        }
        let error = unwrap(&masters, &KeyRow { canary: other.canary, ..row }).err().unwrap();
        assert!(matches!(error, Error::DamagedKey { part: "canary", .. }), "{error}");
    }

    #[test]
    fn a_key_wrapped_anew_is_the_same_key() {
        let old = MasterKey::generate().unwrap();
        let row = new_row(&MasterKeys::new(old.clone()), KeyPurpose::System).unwrap();
        let both = masters().and(old);
        let anew = rewrapped(&both, &row).unwrap();
        assert_eq!(anew.wrapped.key_id(), Some(both.current().id()));
        let place = Place::of_system("t", "c", "1");
        let sealed = seal(&unwrap(&both, &row).unwrap().sealing, b"text", &place.binding()).unwrap();
        let opened = unwrap(&both, &anew).unwrap().sealing.open(&sealed, &place.binding()).unwrap();
        assert_eq!(opened.expose_bytes(), b"text");
    }

    #[test]
    fn another_master_key_is_named() {
        let owner = masters();
        let row = new_row(&owner, KeyPurpose::System).unwrap();
        let Err(Error::WrongMasterKey { key, wrapped_by }) = unwrap(&masters(), &row) else {
            panic!("not refused");
        };
        assert_eq!((key, wrapped_by), (row.id, owner.current().id()));
    }
}
