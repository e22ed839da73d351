//! Knowledge: a draft, its versions, and what was embedded before.

use store::{Error, KnowledgeBase, KnowledgeBaseId, Label, NewEntry, PhrasingKind, Store};

use crate::{
    records::{NOW, act, new_id},
    support::on_both_engines,
};

const REFUND: &str = r#"{"id":"refund","question":"怎么退货","similar":["想退货"],"negative":["怎么换货"],"answers":["七天内可退"],"enabled":true}"#;
const INVOICE: &str = r#"{"id":"invoice","question":"怎么开发票","category":"财务","enabled":false}"#;

fn entry(content: &str) -> NewEntry {
    NewEntry::from_json(content).unwrap()
}

async fn shop(store: &Store) -> KnowledgeBase {
    store.knowledge_base_named("shop", new_id(), act()).await.unwrap()
}

fn label(knowledge_base: KnowledgeBaseId, text: &str, entry_id: Option<&str>) -> Label {
    let labelled_by = String::from("editor-1");
    let (text, entry_id) = (text.to_owned(), entry_id.map(str::to_owned));
    let source = String::from("labelled");
    Label { id: new_id(), knowledge_base, text, entry_id, source, note: None, labelled_by, at: NOW }
}

on_both_engines! {
    async fn a_knowledge_base_is_made_once_for_its_name(database) {
        let store = &database.store;
        let shop = shop(store).await;
        assert_eq!(store.knowledge_base_named("shop", new_id(), act()).await.unwrap(), shop);
        store.knowledge_base_named("bank", new_id(), act()).await.unwrap();
        let names: Vec<String> = store.knowledge_bases().await.unwrap().into_iter().map(|found| found.name).collect();
        assert_eq!(names, ["bank", "shop"]);
    }

    async fn entries_come_back_as_they_were_given_and_in_their_order(database) {
        let store = &database.store;
        let shop = shop(store).await;
        let revision = store.replace_entries(shop.id, 1, vec![entry(REFUND), entry(INVOICE)], act()).await.unwrap();
        assert_eq!(revision, 2);
        let entries = store.entries_of(shop.id).await.unwrap();
        assert_eq!(entries.iter().map(|found| found.content.as_str()).collect::<Vec<_>>(), [REFUND, INVOICE]);
        assert_eq!((entries[1].category.as_deref(), entries[1].enabled), (Some("财务"), false));
        let phrased = |kind, text| store.entries_phrased(shop.id, kind, text);
        assert_eq!(phrased(PhrasingKind::Standard, "怎么退货").await.unwrap(), ["refund"]);
        assert_eq!(phrased(PhrasingKind::Similar, "想退货").await.unwrap(), ["refund"]);
        assert_eq!(phrased(PhrasingKind::Negative, "怎么换货").await.unwrap(), ["refund"]);
        assert!(phrased(PhrasingKind::Similar, "怎么退货").await.unwrap().is_empty());
    }

    async fn an_entry_keeps_its_place_when_it_is_changed(database) {
        let store = &database.store;
        let shop = shop(store).await;
        store.replace_entries(shop.id, 1, vec![entry(REFUND), entry(INVOICE)], act()).await.unwrap();
        let changed = r#"{"id":"refund","question":"如何退货"}"#;
        assert_eq!(store.put_entry(shop.id, 2, entry(changed), act()).await.unwrap(), 3);
        let added = r#"{"id":"hours","question":"几点关门"}"#;
        store.put_entry(shop.id, 3, entry(added), act()).await.unwrap();
        let ids: Vec<String> = store.entries_of(shop.id).await.unwrap().into_iter().map(|found| found.id).collect();
        assert_eq!(ids, ["refund", "invoice", "hours"]);
        assert!(store.entries_phrased(shop.id, PhrasingKind::Similar, "想退货").await.unwrap().is_empty());
        store.remove_entry(shop.id, 4, "invoice", act()).await.unwrap();
        assert_eq!(store.entries_of(shop.id).await.unwrap().len(), 2);
        assert!(matches!(store.remove_entry(shop.id, 5, "invoice", act()).await.unwrap_err(), Error::NotFound { .. }));
        assert_eq!(store.knowledge_base(shop.id).await.unwrap().revision, 5, "a refused change counts no revision");
    }

    async fn who_edits_an_older_draft_is_refused(database) {
        let store = &database.store;
        let shop = shop(store).await;
        store.put_entry(shop.id, 1, entry(REFUND), act()).await.unwrap();
        let refused = store.put_entry(shop.id, 1, entry(INVOICE), act()).await.unwrap_err();
        assert!(matches!(refused, Error::Conflict { .. }), "{refused}");
        assert!(matches!(store.publish(shop.id, 1, act()).await.unwrap_err(), Error::Conflict { .. }));
        let twice = store.replace_entries(shop.id, 2, vec![entry(REFUND), entry(REFUND)], act()).await.unwrap_err();
        assert!(matches!(twice, Error::Invalid { .. }), "{twice}");
    }

    async fn a_version_never_changes_and_can_be_served_again(database) {
        let store = &database.store;
        let shop = shop(store).await;
        store.replace_entries(shop.id, 1, vec![entry(REFUND), entry(INVOICE)], act()).await.unwrap();
        store.store_labels(vec![label(shop.id, "退货怎么弄", Some("refund"))]).await.unwrap();
        let first = store.publish(shop.id, 2, act()).await.unwrap();
        assert_eq!((first.version, first.entries, first.labels), (1, 2, 1));
        assert!(matches!(store.publish(shop.id, 2, act()).await.unwrap_err(), Error::Conflict { .. }), "a repeat");
        store.remove_entry(shop.id, 3, "refund", act()).await.unwrap();
        store.store_labels(vec![label(shop.id, "退货怎么弄", None)]).await.unwrap();
        let second = store.publish(shop.id, 4, act()).await.unwrap();
        assert_eq!(store.version_content(shop.id, second.version).await.unwrap().entries, [INVOICE]);
        let old = store.version_content(shop.id, 1).await.unwrap();
        assert_eq!(old.entries, [REFUND, INVOICE]);
        assert_eq!(old.labels[0].entry_id.as_deref(), Some("refund"));
        assert_eq!(store.knowledge_base(shop.id).await.unwrap().published_version, Some(2));
        store.publish_again(shop.id, 1, act()).await.unwrap();
        assert_eq!(store.knowledge_base(shop.id).await.unwrap().published_version, Some(1));
        assert_eq!(store.entries_of(shop.id).await.unwrap().len(), 1, "the draft stays as it is");
        assert_eq!(store.versions_of(shop.id).await.unwrap(), [second, first]);
        assert!(matches!(store.publish_again(shop.id, 9, act()).await.unwrap_err(), Error::NotFound { .. }));
    }

    async fn a_version_that_lost_an_entry_is_not_served(database) {
        let store = &database.store;
        let shop = shop(store).await;
        store.replace_entries(shop.id, 1, vec![entry(REFUND), entry(INVOICE)], act()).await.unwrap();
        store.publish(shop.id, 2, act()).await.unwrap();
        database.tamper("DELETE FROM version_entries WHERE entry_id = 'invoice'").await;
        let damaged = store.version_content(shop.id, 1).await.unwrap_err();
        assert!(matches!(damaged, Error::Corrupt { table: "versions", .. }), "{damaged}");
    }

    async fn every_change_of_knowledge_is_audited(database) {
        let store = &database.store;
        let shop = shop(store).await;
        store.put_entry(shop.id, 1, entry(REFUND), act()).await.unwrap();
        store.publish(shop.id, 2, act()).await.unwrap();
        store.publish_again(shop.id, 1, act()).await.unwrap();
        store.put_entry(shop.id, 1, entry(REFUND), act()).await.unwrap_err();
        let entries = store.audit_entries_after(0, 10).await.unwrap();
        let actions: Vec<&str> = entries.iter().map(|found| found.action.as_str()).collect();
        assert_eq!(
            actions,
            ["knowledge_base.create", "entry.put", "knowledge_base.publish", "knowledge_base.publish_again"]
        );
    }

    async fn a_question_has_one_label(database) {
        let store = &database.store;
        let shop = shop(store).await;
        let first = label(shop.id, "几点关门", Some("hours"));
        store.store_labels(vec![first.clone(), label(shop.id, "几点关门", None)]).await.unwrap();
        let labels = store.labels_of(shop.id).await.unwrap();
        assert_eq!((labels.len(), labels[0].id, labels[0].entry_id.as_deref()), (1, first.id, None));
        assert!(store.remove_label(first.id).await.unwrap());
        assert!(!store.remove_label(first.id).await.unwrap());
        let nowhere = store.store_labels(vec![label(new_id(), "?", None)]).await.unwrap_err();
        assert!(matches!(nowhere, Error::Invalid { .. }), "{nowhere}");
    }

    async fn all_labels_are_replaced_at_once_and_published_as_they_are(database) {
        let store = &database.store;
        let shop = shop(store).await;
        store.store_labels(vec![label(shop.id, "几点关门", Some("hours"))]).await.unwrap();
        let thumb = Label {
            source: String::from("thumb"),
            note: Some(String::from("a customer's")),
            ..label(shop.id, "退货怎么弄", Some("refund"))
        };
        let revision = store.replace_labels(shop.id, 1, vec![thumb.clone()], act()).await.unwrap();
        assert_eq!(store.labels_of(shop.id).await.unwrap(), [thumb]);
        let stale = store.replace_labels(shop.id, 1, Vec::new(), act()).await.unwrap_err();
        assert!(matches!(stale, Error::Conflict { .. }), "{stale}");
        store.publish(shop.id, revision, act()).await.unwrap();
        let published = store.version_content(shop.id, 1).await.unwrap().labels;
        assert_eq!((published[0].source.as_str(), published[0].note.as_deref()), ("thumb", Some("a customer's")));
    }

    async fn what_cannot_be_published_leaves_the_draft_as_it_was(database) {
        let store = &database.store;
        let shop = shop(store).await;
        let published = store.publish_entries(shop.id, 1, vec![entry(REFUND)], act()).await.unwrap();
        assert_eq!((published.version, published.entries), (1, 1));
        let kept = label(shop.id, "退货怎么弄", Some("refund"));
        let published = store.publish_labels(shop.id, 3, vec![kept.clone()], act()).await.unwrap();
        assert_eq!((published.version, published.labels), (2, 1));
        database.tamper("UPDATE knowledge_bases SET last_version = 1").await;
        store.publish_entries(shop.id, 5, vec![entry(INVOICE)], act()).await.unwrap_err();
        store.publish_labels(shop.id, 5, Vec::new(), act()).await.unwrap_err();
        let entries = store.entries_of(shop.id).await.unwrap();
        assert_eq!(entries.iter().map(|found| found.content.as_str()).collect::<Vec<_>>(), [REFUND]);
        assert_eq!(store.labels_of(shop.id).await.unwrap(), [kept]);
        assert_eq!(store.knowledge_base(shop.id).await.unwrap().revision, 5);
    }

    async fn a_text_is_embedded_once_by_each_model(database) {
        let store = &database.store;
        let (known, unknown) = ([1; 32], [2; 32]);
        store.cache_embeddings("model-a", vec![(known, vec![9; 64])], NOW).await.unwrap();
        store.cache_embeddings("model-a", vec![(known, vec![8; 64])], NOW).await.unwrap();
        let found = store.cached_embeddings("model-a", vec![unknown, known]).await.unwrap();
        assert_eq!(found, [None, Some(vec![9; 64])]);
        assert_eq!(store.cached_embeddings("model-b", vec![known]).await.unwrap(), [None]);
        store.cache_embeddings("model-b", vec![(known, vec![7; 64])], NOW).await.unwrap();
        assert_eq!(store.forget_embeddings_except("model-b").await.unwrap(), 1);
        assert_eq!(store.cached_embeddings("model-b", vec![known]).await.unwrap(), [Some(vec![7; 64])]);
    }
}

#[test]
fn an_entry_without_an_id_or_a_question_is_refused() {
    for wrong in ["{}", r#"{"id":"a"}"#, r#"{"question":"b"}"#, "[]", "not json"] {
        assert!(matches!(NewEntry::from_json(wrong).unwrap_err(), Error::Invalid { .. }), "{wrong}");
    }
    assert_eq!(entry(REFUND).id(), "refund");
}
