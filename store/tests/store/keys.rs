//! Keys, and the fence that looks at them.

use store::{ContactId, Error, Key, KeyId, KeyPurpose, KeyState, Location, NewMessage, Wrapped};

use crate::{
    records::{KEY, conversation, identity, index, key, message, new_id, sealed_with},
    support::on_both_engines,
};

const SUCCESSOR: KeyId = KeyId(i64::MAX);

fn destroyed(of: &Key) -> Key {
    let nothing = || Wrapped(Vec::new());
    Key { state: KeyState::Destroyed, wrapped: nothing(), canary: nothing(), ..of.clone() }
}

on_both_engines! {
    async fn a_key_is_found_by_its_id_and_by_its_purpose(database) {
        let store = &database.store;
        let (contact, other) = (new_id::<ContactId>(), new_id::<ContactId>());
        let own = key(KeyId(1), KeyPurpose::Contact(contact));
        assert!(store.add_key(own.clone(), None).await.unwrap());
        assert!(store.add_key(key(KeyId(2), KeyPurpose::Contact(other)), None).await.unwrap());
        assert!(store.add_key(key(KeyId(3), KeyPurpose::Index), None).await.unwrap());
        assert_eq!(store.key(KeyId(1)).await.unwrap(), Some(own.clone()));
        assert_eq!(store.key(KeyId(9)).await.unwrap(), None);
        assert_eq!(store.keys_of(KeyPurpose::Contact(contact)).await.unwrap(), [own]);
        assert_eq!(store.keys_of(KeyPurpose::System).await.unwrap(), [key(KEY, KeyPurpose::System)]);
        let (mut visited, mut after) = (Vec::new(), None);
        while let Some(last) = store.keys_after(after, 2).await.unwrap().last() {
            visited.extend(store.keys_after(after, 2).await.unwrap().iter().map(|key| key.id.0));
            after = Some(last.id);
        }
        assert_eq!(visited, [1, 2, 3, KEY.0]);
    }

    async fn a_purpose_has_one_current_key_and_the_earlier_one_retires(database) {
        let store = &database.store;
        let successor = key(SUCCESSOR, KeyPurpose::System);
        assert!(!store.add_key(successor.clone(), None).await.unwrap(), "there is a current key");
        assert!(!store.add_key(successor.clone(), Some(KeyId(9))).await.unwrap(), "it is another");
        assert!(!store.add_key(key(KEY, KeyPurpose::Index), None).await.unwrap(), "the id is taken");
        assert!(store.add_key(successor.clone(), Some(KEY)).await.unwrap());
        assert!(!store.add_key(key(KeyId(4), KeyPurpose::System), Some(KEY)).await.unwrap());
        let states = store.keys_of(KeyPurpose::System).await.unwrap();
        let states: Vec<_> = states.iter().map(|key| (key.id, key.state)).collect();
        assert_eq!(states, [(KEY, KeyState::Retiring), (SUCCESSOR, KeyState::Current)]);
    }

    async fn people_whose_key_is_being_replaced_are_listed_in_order(database) {
        let store = &database.store;
        let mut people: Vec<ContactId> = (0..4).map(|_| new_id()).collect();
        people.sort();
        for (number, contact) in (10..).zip(&people) {
            let purpose = KeyPurpose::Contact(*contact);
            assert!(store.add_key(key(KeyId(number), purpose), None).await.unwrap());
        }
        assert!(store.add_key(key(KeyId(5), KeyPurpose::System), Some(KEY)).await.unwrap());
        assert_eq!(store.contacts_with_retiring_keys(None, 9).await.unwrap(), []);
        // The third one's key is replaced twice.
        for (of, id, succeeds) in [(0, 20, 10), (2, 21, 12), (2, 22, 21)] {
            let successor = key(KeyId(id), KeyPurpose::Contact(people[of]));
            assert!(store.add_key(successor, Some(KeyId(succeeds))).await.unwrap());
        }
        let after = |after, limit| store.contacts_with_retiring_keys(after, limit);
        assert_eq!(after(None, 9).await.unwrap(), [people[0], people[2]]);
        assert_eq!(after(None, 1).await.unwrap(), [people[0]]);
        assert_eq!(after(Some(people[0]), 9).await.unwrap(), [people[2]]);
        assert_eq!(after(Some(people[2]), 9).await.unwrap(), []);
    }

    async fn a_key_is_replaced_only_if_it_is_still_what_was_read(database) {
        let store = &database.store;
        let found = store.key(KEY).await.unwrap().unwrap();
        let anew = Key { wrapped: Wrapped(b"wrapped by another".to_vec()), ..found.clone() };
        assert!(store.replace_key(found.clone(), anew.clone()).await.unwrap());
        assert!(!store.replace_key(found, destroyed(&anew)).await.unwrap());
        assert_eq!(store.key(KEY).await.unwrap(), Some(anew));
    }

    async fn of_a_destroyed_key_nothing_is_left_in_the_files(database) {
        let store = &database.store;
        let secret = b"this is the wrapped key that must not stay";
        let victim = Key { wrapped: Wrapped(secret.to_vec()), ..key(KeyId(5), KeyPurpose::Index) };
        assert!(store.add_key(victim.clone(), None).await.unwrap());
        assert!(store.replace_key(victim.clone(), destroyed(&victim)).await.unwrap());
        assert_eq!(store.key(KeyId(5)).await.unwrap(), Some(destroyed(&victim)));
        let Location::File(path) = &database.location else { return };
        let mut read = 0;
        for file in path.parent().unwrap().read_dir().unwrap() {
            let bytes = std::fs::read(file.unwrap().path()).unwrap();
            read += bytes.len();
            assert!(!bytes.windows(secret.len()).any(|window| window == secret));
        }
        assert!(read > 0, "there are files");
    }

    async fn what_a_retiring_key_sealed_is_no_longer_stored(database) {
        let store = &database.store;
        let opened = conversation(store, "web").await;
        assert!(store.add_key(key(SUCCESSOR, KeyPurpose::System), Some(KEY)).await.unwrap());
        let refused = store.ingest(message(opened.id, "a")).await.unwrap_err();
        assert_eq!(refused, Error::KeyNotCurrent { key: KEY });
        let anew = NewMessage { body: sealed_with(SUCCESSOR, "a"), ..message(opened.id, "a") };
        assert_eq!(store.ingest(anew).await.unwrap().message.sequence, 1, "the refused one took no place");
        let refused = store.contact_of_identity(identity("web", "somebody new")).await.unwrap_err();
        assert_eq!(refused, Error::KeyNotCurrent { key: KEY });
        let found = store.contact_identified("web", vec![index("somebody new")]).await.unwrap();
        assert_eq!(found, None, "nothing of the person was stored");
    }

    async fn what_an_unknown_key_sealed_is_not_stored(database) {
        let store = &database.store;
        let opened = conversation(store, "web").await;
        let strange = NewMessage { body: sealed_with(KeyId(77), "a"), ..message(opened.id, "a") };
        let refused = store.ingest(strange).await.unwrap_err();
        assert_eq!(refused, Error::KeyNotCurrent { key: KeyId(77) });
        let short = NewMessage { body: store::Sealed(vec![1; 8]), ..message(opened.id, "a") };
        assert!(matches!(store.ingest(short).await.unwrap_err(), Error::Invalid { .. }));
    }

    async fn a_key_does_not_retire_while_what_it_sealed_is_being_stored(database) {
        let store = std::sync::Arc::new(database.opened_again().await);
        let opened = conversation(&store, "web").await;
        let writing = tokio::spawn({
            let store = std::sync::Arc::clone(&store);
            async move {
                for number in 0.. {
                    if let Err(error) = store.ingest(message(opened.id, &number.to_string())).await {
                        return (number, error);
                    }
                }
                unreachable!("the key retires")
            }
        });
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        assert!(database.store.add_key(key(SUCCESSOR, KeyPurpose::System), Some(KEY)).await.unwrap());
        let before = database.store.messages_of(opened.id, 0, u32::MAX).await.unwrap().len();
        let (stored, error) = writing.await.unwrap();
        assert_eq!(error, Error::KeyNotCurrent { key: KEY });
        let after = database.store.messages_of(opened.id, 0, u32::MAX).await.unwrap().len();
        assert_eq!((before, stored), (after, after), "nothing was stored after the key had retired");
    }
}
