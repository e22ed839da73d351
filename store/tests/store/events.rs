//! Whoever watches misses nothing.

use store::{EventKind, EventPage, NewMessage};

use crate::{
    records::{conversation, message, seconds},
    support::on_both_engines,
};

on_both_engines! {
    async fn events_are_numbered_without_gaps_and_resumed_from_any_of_them(database) {
        let store = &database.store;
        assert_eq!(store.events_after(0, 10).await.unwrap(), EventPage::Next(Vec::new()));
        let opened = conversation(store, "web").await;
        for key in ["a", "b", "c"] {
            store.ingest(message(opened.id, key)).await.unwrap();
        }
        store.ingest(message(opened.id, "a")).await.unwrap();
        let EventPage::Next(all) = store.events_after(0, 10).await.unwrap() else { panic!("a gap") };
        assert_eq!(all.iter().map(|event| event.sequence).collect::<Vec<_>>(), [1, 2, 3, 4]);
        assert_eq!(all[0].kind, EventKind::ConversationOpened);
        assert!(all[3].payload.contains("\"author\":\"customer\""), "{}", all[3].payload);
        assert_eq!(store.events_after(2, 10).await.unwrap(), EventPage::Next(all[2..].to_vec()));
        assert_eq!(store.events_after(1, 2).await.unwrap(), EventPage::Next(all[1..3].to_vec()));
        assert_eq!(store.events_after(4, 10).await.unwrap(), EventPage::Next(Vec::new()));
        assert_eq!(store.latest_event().await.unwrap(), 4);
    }

    async fn who_was_away_too_long_is_told_to_read_everything_anew(database) {
        let store = &database.store;
        let opened = conversation(store, "web").await;
        for (key, at) in [("a", 10), ("b", 20), ("c", 30)] {
            store.ingest(NewMessage { at: seconds(at), ..message(opened.id, key) }).await.unwrap();
        }
        assert_eq!(store.forget_events_before(seconds(20)).await.unwrap(), 2);
        assert_eq!(store.events_after(0, 10).await.unwrap(), EventPage::Resync { latest: 4 });
        assert_eq!(store.events_after(1, 10).await.unwrap(), EventPage::Resync { latest: 4 });
        let EventPage::Next(kept) = store.events_after(2, 10).await.unwrap() else { panic!("a gap") };
        assert_eq!(kept.len(), 2);
        store.forget_events_before(seconds(100)).await.unwrap();
        assert_eq!(store.events_after(3, 10).await.unwrap(), EventPage::Resync { latest: 4 });
        assert_eq!(store.events_after(4, 10).await.unwrap(), EventPage::Next(Vec::new()));
    }

    async fn who_has_seen_more_than_there_is_reads_everything_anew(database) {
        let store = &database.store;
        conversation(store, "web").await;
        assert_eq!(store.events_after(900, 10).await.unwrap(), EventPage::Resync { latest: 1 });
    }
}
