//! Values sealed anew with another key.

use store::{
    Cell, ContactId, Error, HandOff, KeyId, KeyPurpose, NewConversation, NewIdentity, NewMessage,
    ProfileChange, SealedCell, SettingValue, Store,
};

use crate::{
    records::{KEY, NOW, act, hand_off, identity, key, message, new_id, sealed, sealed_with},
    support::on_both_engines,
};

const OWN: KeyId = KeyId(5);
const SUCCESSOR: KeyId = KeyId(6);

/// A person with a value of every kind, and seven messages, under a key of its own.
async fn person(store: &Store) -> ContactId {
    let contact = new_id::<ContactId>();
    assert!(store.add_key(key(OWN, KeyPurpose::Contact(contact)), None).await.unwrap());
    let own = |text: &str| sealed_with(OWN, text);
    let known = NewIdentity { contact, external_id: own("openid"), ..identity("web", "openid") };
    store.contact_of_identity(known).await.unwrap();
    let profile = Some(own("profile"));
    let change = ProfileChange { contact, revision: 1, profile, lookups: Vec::new(), changed: Vec::new() };
    store.change_profile(change, act()).await.unwrap();
    let id = new_id();
    let new = NewConversation { id, contact, channel: String::from("web"), priority: 0, at: NOW };
    let opened = store.open_conversation(new).await.unwrap();
    for number in 0..7 {
        let text = number.to_string();
        store.ingest(NewMessage { body: own(&text), ..message(id, &text) }).await.unwrap();
    }
    store.hand_off(HandOff { summary: Some(own("summary")), ..hand_off(&opened) }).await.unwrap();
    contact
}

async fn every_cell(store: &Store, key: KeyId) -> Vec<SealedCell> {
    let (mut cells, mut after) = (Vec::new(), None);
    loop {
        let page = store.cells_sealed_by(key, after, 2).await.unwrap();
        assert!(page.len() <= 2);
        let Some(last) = page.last() else { return cells };
        after = Some(last.cursor.clone());
        cells.extend(page);
    }
}

on_both_engines! {
    async fn everything_that_a_persons_key_sealed_is_found_and_sealed_anew(database) {
        let store = &database.store;
        let contact = person(store).await;
        store.change_setting("token", SettingValue::Sealed(sealed("token")), 0, act()).await.unwrap();
        let cells = every_cell(store, OWN).await;
        assert_eq!(cells.len(), 1 + 1 + 1 + 7);
        let profile = cells.iter().find(|found| found.cell == Cell::Profile(contact)).unwrap();
        assert_eq!(profile.sealed, sealed_with(OWN, "profile"));
        assert!(store.add_key(key(SUCCESSOR, KeyPurpose::Contact(contact)), Some(OWN)).await.unwrap());
        for SealedCell { sealed: old, cursor, .. } in cells {
            let refused = store.reseal(cursor.clone(), old.clone(), old.clone()).await.unwrap_err();
            assert_eq!(refused, Error::KeyNotCurrent { key: OWN }, "the fence stands here too");
            let anew = sealed_with(SUCCESSOR, "anew");
            assert!(!store.reseal(cursor.clone(), sealed("another"), anew.clone()).await.unwrap());
            assert!(store.reseal(cursor, old, anew).await.unwrap());
        }
        assert_eq!(every_cell(store, OWN).await, []);
        assert_eq!(every_cell(store, SUCCESSOR).await.len(), 10);
    }

    async fn a_secret_of_the_business_is_found_by_the_systems_key(database) {
        let store = &database.store;
        store.change_setting("token", SettingValue::Sealed(sealed("token")), 0, act()).await.unwrap();
        store.change_setting("hours", SettingValue::Plain(String::from("[9]")), 0, act()).await.unwrap();
        let cell = Cell::Setting(String::from("token"));
        let found = every_cell(store, KEY).await;
        assert_eq!(found.iter().map(|found| &found.cell).collect::<Vec<_>>(), [&cell]);
        let cursor = found[0].cursor.clone();
        assert!(store.add_key(key(SUCCESSOR, KeyPurpose::System), Some(KEY)).await.unwrap());
        assert!(store.reseal(cursor, sealed("token"), sealed_with(SUCCESSOR, "token")).await.unwrap());
        assert_eq!(every_cell(store, KEY).await, []);
    }
}
