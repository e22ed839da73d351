//! The people on the other side.

use store::{ContactId, Error, Everybody, NewIdentity, ProfileChange};

use crate::{
    records::{act, identity, index, new_id, sealed},
    support::on_both_engines,
};

fn change(contact: ContactId, revision: i64, phone: &str) -> ProfileChange {
    ProfileChange {
        contact,
        revision,
        profile: Some(sealed("profile")),
        lookups: vec![(String::from("phone"), index(phone))],
        changed: vec![String::from("phone")],
    }
}

on_both_engines! {
    async fn a_person_is_the_same_each_time_a_channel_names_it(database) {
        let store = &database.store;
        let first = store.contact_of_identity(identity("wechat", "openid-1")).await.unwrap();
        let again = store.contact_of_identity(identity("wechat", "openid-1")).await.unwrap();
        let other = store.contact_of_identity(identity("wechat", "openid-2")).await.unwrap();
        let elsewhere = store.contact_of_identity(identity("web", "openid-1")).await.unwrap();
        assert_eq!(first, again);
        assert_ne!(first.id, other.id);
        assert_ne!(first.id, elsewhere.id);
        let known = store.identities_of(first.id).await.unwrap();
        assert_eq!(known.len(), 1);
        assert_eq!(known[0].external_id, sealed("openid-1"));
    }

    async fn a_person_is_found_by_what_its_profile_says_now(database) {
        let store = &database.store;
        let contact = store.contact_of_identity(identity("web", "visitor")).await.unwrap();
        let changed = store.change_profile(change(contact.id, 1, "hash of 138"), act()).await.unwrap();
        assert_eq!((changed.revision, changed.profile.is_some()), (2, true));
        let with = |value| store.contacts_with("phone", vec![index("nobody's"), index(value)]);
        assert_eq!(with("hash of 138").await.unwrap(), [changed]);
        store.change_profile(change(contact.id, 2, "hash of 139"), act()).await.unwrap();
        assert_eq!(with("hash of 138").await.unwrap(), []);
        assert_eq!(with("hash of 139").await.unwrap().len(), 1);
        let entries = store.audit_entries_after(0, 9).await.unwrap();
        let said = entries.iter().map(|entry| (entry.action.as_str(), entry.detail.as_deref().unwrap()));
        assert_eq!(said.collect::<Vec<_>>(), [("profile.change", r#"{"fields":["phone"]}"#); 2]);
    }

    async fn people_with_the_same_value_are_all_found_and_each_once_under_two_keys(database) {
        let store = &database.store;
        let mut known = Vec::new();
        for (visitor, phone) in [("1", "hash of 138"), ("2", "hash of 138"), ("3", "the same, another key")] {
            let contact = store.contact_of_identity(identity("web", visitor)).await.unwrap();
            known.push(store.change_profile(change(contact.id, 1, phone), act()).await.unwrap());
        }
        known.sort_by_key(|contact| contact.id);
        let both = ["hash of 138", "the same, another key", "hash of 138"].map(index).to_vec();
        assert_eq!(store.contacts_with("phone", both).await.unwrap(), known);
        assert_eq!(store.contacts_with("phone", Vec::new()).await.unwrap(), []);
    }

    async fn what_a_person_is_found_by_stands_in_the_profile_and_once(database) {
        let store = &database.store;
        let contact = store.contact_of_identity(identity("web", "visitor")).await.unwrap();
        let lookup = |value| (String::from("phone"), index(value));
        let nowhere = ProfileChange { profile: None, ..change(contact.id, 1, "138") };
        let twice = ProfileChange { lookups: vec![lookup("138"), lookup("139")], ..change(contact.id, 1, "") };
        for refused in [nowhere, twice] {
            let error = store.change_profile(refused, act()).await.unwrap_err();
            assert!(matches!(error, Error::Invalid { .. }), "{error}");
        }
        assert_eq!(store.contact(contact.id).await.unwrap(), contact);
    }

    async fn of_two_changes_of_a_profile_as_it_was_read_one_is_refused(database) {
        let store = &database.store;
        let contact = store.contact_of_identity(identity("web", "visitor")).await.unwrap();
        store.change_profile(change(contact.id, 1, "a"), act()).await.unwrap();
        let refused = store.change_profile(change(contact.id, 1, "b"), act()).await.unwrap_err();
        assert!(matches!(refused, Error::Conflict { .. }), "{refused}");
        let nobody = store.change_profile(change(new_id(), 1, "b"), act()).await.unwrap_err();
        assert!(matches!(nobody, Error::NotFound { table: "contacts", .. }), "{nobody}");
    }

    async fn everybody_is_visited_once_in_pages(database) {
        let store = &database.store;
        assert_eq!(store.everybody().await.unwrap(), Everybody { people: 0, last: None });
        let mut everybody = Vec::new();
        for visitor in 0..7 {
            everybody.push(store.contact_of_identity(identity("web", &visitor.to_string())).await.unwrap().id);
        }
        everybody.sort();
        let there = store.everybody().await.unwrap();
        assert_eq!(there, Everybody { people: 7, last: everybody.last().copied() });
        let (mut visited, mut after) = (Vec::new(), None);
        loop {
            let page = store.contacts_after(after, 3).await.unwrap();
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            visited.extend(page.iter().map(|contact| contact.id));
        }
        assert_eq!(visited, everybody);
    }

    async fn a_person_is_found_under_the_index_of_a_key_that_is_being_replaced(database) {
        let store = &database.store;
        let stored = store.contact_of_identity(identity("web", "under the old key")).await.unwrap();
        let earlier = vec![index("under the old key")];
        let known = store.contact_identified("web", [vec![index("under the new key")], earlier.clone()].concat());
        assert_eq!(known.await.unwrap(), Some(stored.id));
        let again = NewIdentity { earlier_identities: earlier, ..identity("web", "under the new key") };
        assert_eq!(store.contact_of_identity(again).await.unwrap().id, stored.id);
        assert_eq!(store.contact_identified("web", vec![index("nobody")]).await.unwrap(), None);
    }
}
