//! Blind indexes made anew with another key.

use store::{
    BlindIndex, Cell, ContactId, Error, IndexedCell, KeyId, KeyPurpose, ProfileChange, Sealed, Store,
};

use crate::{
    records::{KEY, act, identity, index, key, sealed},
    support::{on_both_engines, stand_in::index_with},
};

const SUCCESSOR: KeyId = KeyId(6);

/// A person whose profile holds these fields, each under the index of its value.
async fn person(store: &Store, visitor: &str, fields: &[(&str, &str)]) -> ContactId {
    let contact = store.contact_of_identity(identity("web", visitor)).await.unwrap();
    let change = change(contact.id, contact.revision, fields);
    store.change_profile(change, act()).await.unwrap().id
}

fn change(contact: ContactId, revision: i64, fields: &[(&str, &str)]) -> ProfileChange {
    let lookups = fields.iter().map(|(field, value)| ((*field).to_owned(), index(value))).collect();
    let profile = Some(profile_of(contact));
    ProfileChange { contact, revision, profile, lookups, changed: Vec::new() }
}

fn profile_of(contact: ContactId) -> Sealed {
    sealed(&format!("profile of {contact}"))
}

/// Every index under the key, read a few at a time.
async fn every_index(store: &Store, key: KeyId) -> Vec<IndexedCell> {
    let (mut cells, mut after) = (Vec::new(), None);
    loop {
        let page = store.cells_indexed_by(key, after, 2).await.unwrap();
        assert!(page.len() <= 2);
        let Some(last) = page.last() else { return cells };
        after = Some(last.cursor.clone());
        cells.extend(page);
    }
}

fn anew(text: &str) -> BlindIndex {
    index_with(SUCCESSOR, text)
}

async fn begin(store: &Store) {
    assert!(store.add_key(key(SUCCESSOR, KeyPurpose::Index), None).await.unwrap());
}

on_both_engines! {
    async fn an_index_of_a_channel_is_made_anew(database) {
        let store = &database.store;
        let contact = store.contact_of_identity(identity("web", "openid")).await.unwrap().id;
        store.contact_of_identity(identity("wechat", "somebody else")).await.unwrap();
        let found = every_index(store, KEY).await;
        let channels: Vec<&Cell> = found.iter().map(|found| &found.source).collect();
        assert_eq!(channels[0], &Cell::ExternalId { channel: String::from("web"), contact });
        assert_eq!((channels.len(), &found[0].field), (2, &None));
        begin(store).await;
        let (first, at) = (&found[0], || found[0].cursor.clone());
        assert!(!store.reindex(at(), sealed("another"), anew("openid")).await.unwrap());
        assert!(store.reindex(at(), first.sealed.clone(), anew("openid")).await.unwrap());
        assert!(!store.reindex(at(), first.sealed.clone(), anew("openid")).await.unwrap(), "it is no longer what was read");
        assert_eq!(store.contact_identified("web", vec![anew("openid")]).await.unwrap(), Some(contact));
        assert_eq!(store.contact_identified("web", vec![index("openid")]).await.unwrap(), None);
    }

    async fn indexes_of_profiles_are_found_after_those_of_channels_and_made_anew(database) {
        let store = &database.store;
        let shared = [("phone", "138")];
        let people = [
            person(store, "1", &shared).await,
            person(store, "2", &shared).await,
            person(store, "3", &[("email", "a@b"), ("phone", "139")]).await,
        ];
        let found = every_index(store, KEY).await;
        let (of_channels, of_profiles) = found.split_at(3);
        assert!(of_channels.iter().all(|found| found.field.is_none()));
        let named: Vec<_> = of_profiles.iter().map(|found| (found.field.as_deref().unwrap(), &found.source)).collect();
        let phone = |number: usize| ("phone", Cell::Profile(people[number]));
        let email = ("email", Cell::Profile(people[2]));
        for expected in [email, phone(0), phone(1), phone(2)] {
            assert!(named.contains(&(expected.0, &expected.1)), "{expected:?} is missing");
        }
        assert_eq!(named.len(), 4, "two people with one number are two");
        for found in of_profiles {
            let Cell::Profile(contact) = found.source else { panic!("{found:?}") };
            assert_eq!(found.sealed, profile_of(contact));
        }
        begin(store).await;
        for found in found {
            let value = anew(found.field.as_deref().unwrap_or(&format!("{:?}", found.source)));
            assert!(store.reindex(found.cursor, found.sealed, value).await.unwrap());
        }
        assert_eq!(every_index(store, KEY).await, []);
        assert_eq!(every_index(store, SUCCESSOR).await.len(), 7);
        assert_eq!(store.contacts_with("phone", vec![index("138")]).await.unwrap(), []);
        assert_eq!(store.contacts_with("phone", vec![anew("phone")]).await.unwrap().len(), 3);
    }

    async fn an_index_of_a_profile_that_was_changed_meanwhile_is_left_to_the_next_look(database) {
        let store = &database.store;
        let contact = person(store, "1", &[("phone", "138")]).await;
        let was = every_index(store, KEY).await.pop().unwrap();
        begin(store).await;
        let later = ProfileChange { profile: Some(sealed("later")), ..change(contact, 2, &[("phone", "138")]) };
        store.change_profile(later, act()).await.unwrap();
        assert!(!store.reindex(was.cursor.clone(), was.sealed, anew("138")).await.unwrap());
        let is = every_index(store, KEY).await.pop().unwrap();
        assert_eq!((&is.cursor, &is.sealed), (&was.cursor, &sealed("later")));
        let refused = store.reindex(is.cursor.clone(), is.sealed.clone(), index_with(KeyId(99), "138")).await;
        assert_eq!(refused.unwrap_err(), Error::KeyNotCurrent { key: KeyId(99) }, "the fence stands here too");
        assert!(store.reindex(is.cursor, is.sealed, anew("138")).await.unwrap());
    }
}
