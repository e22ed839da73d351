//! Who answers.

use store::{BotReply, Error, EventKind, Handling, NewConversation, Owner, Status};

use crate::{
    records::{NOW, bot_reply, conversation, hand_off, handling, identity, message, new_id, seconds},
    support::on_both_engines,
};

on_both_engines! {
    async fn a_person_has_one_open_conversation_on_a_channel(database) {
        let store = &database.store;
        let contact = store.contact_of_identity(identity("web", "visitor")).await.unwrap().id;
        let new = || NewConversation { id: new_id(), contact, channel: String::from("web"), priority: 0, at: NOW };
        let first = store.open_conversation(new()).await.unwrap();
        assert_eq!(store.open_conversation(new()).await.unwrap(), first);
        let agent = new_id();
        let taken = store.take_over(handling(&first, agent)).await.unwrap();
        store.resolve(handling(&taken, agent)).await.unwrap();
        let second = store.open_conversation(new()).await.unwrap();
        assert_ne!(second.id, first.id);
        assert_eq!(store.conversations_of(contact).await.unwrap().len(), 2);
    }

    async fn an_identifier_stands_for_one_conversation_and_its_refusal_says_so_without_naming_tables(database) {
        let store = &database.store;
        let opened = conversation(store, "web").await;
        let contact = store.contact_of_identity(identity("web", "visitor")).await.unwrap().id;
        let new = NewConversation { id: opened.id, contact, channel: String::from("web"), priority: 0, at: NOW };
        let refused = store.open_conversation(new).await.unwrap_err();
        assert!(matches!(&refused, Error::Conflict { what } if what.contains("same identifier")), "{refused}");
        assert!(!refused.to_string().contains("conversations"), "{refused}");
    }

    async fn a_conversation_goes_from_the_bot_to_a_person_and_back(database) {
        let store = &database.store;
        let agent = new_id();
        let opened = conversation(store, "web").await;
        store.ingest(message(opened.id, "first")).await.unwrap();
        assert_eq!((opened.owner, opened.owner_epoch), (Owner::Bot, 1));
        let queued = store.hand_off(hand_off(&opened)).await.unwrap();
        assert_eq!((queued.owner, queued.owner_epoch), (Owner::Queue { since: NOW }, 2));
        assert_eq!((queued.priority, queued.hand_off_reason.as_deref()), (5, Some("requested")));
        let taken = store.take_over(handling(&queued, agent)).await.unwrap();
        assert_eq!((taken.owner, taken.owner_epoch), (Owner::Agent(agent), 3));
        assert!(taken.summary.is_some());
        assert_eq!(store.conversations_of_agent(agent).await.unwrap(), std::slice::from_ref(&taken));
        let returned = store.return_to_bot(handling(&taken, agent)).await.unwrap();
        assert_eq!((returned.owner, returned.owner_epoch, returned.bot_cursor), (Owner::Bot, 4, 1));
        let again = store.return_to_bot(handling(&taken, agent)).await.unwrap_err();
        assert_eq!(again, Error::StaleOwner { conversation: opened.id, owner_epoch: 4 }, "it is done already");
        let kinds: Vec<EventKind> =
            store.events_of(opened.id).await.unwrap().into_iter().map(|event| event.kind).collect();
        let expected = [
            EventKind::ConversationOpened,
            EventKind::MessageStored,
            EventKind::HandedOff,
            EventKind::TakenOver,
            EventKind::ReturnedToBot,
        ];
        assert_eq!(kinds, expected);
    }

    async fn a_conversation_is_handed_over_once(database) {
        let store = &database.store;
        let opened = conversation(store, "web").await;
        store.hand_off(hand_off(&opened)).await.unwrap();
        let refused = store.hand_off(hand_off(&opened)).await.unwrap_err();
        assert_eq!(refused, Error::StaleOwner { conversation: opened.id, owner_epoch: 2 });
    }

    async fn a_reply_that_hands_over_is_stored_with_the_hand_off(database) {
        let store = &database.store;
        let opened = conversation(store, "web").await;
        let reply = BotReply { hand_off: Some(hand_off(&opened)), ..bot_reply(&opened, "a person will see to it") };
        assert!(!store.reply(reply.clone()).await.unwrap().repeated);
        let queued = store.conversation(opened.id).await.unwrap();
        assert_eq!((queued.owner.status(), queued.owner_epoch), (Status::Queued, opened.owner_epoch + 1));
        assert!(store.reply(reply).await.unwrap().repeated, "a repeat stores and queues nothing");
        let again = BotReply { hand_off: Some(hand_off(&queued)), ..bot_reply(&queued, "once more") };
        store.reply(again).await.unwrap();
        assert_eq!(store.conversation(opened.id).await.unwrap().owner_epoch, queued.owner_epoch);
    }

    async fn of_two_people_who_take_over_one_does(database) {
        let store = &database.store;
        let queued = store.hand_off(hand_off(&conversation(store, "web").await)).await.unwrap();
        let (first, second) = (new_id(), new_id());
        let taken = store.take_over(handling(&queued, first)).await.unwrap();
        let refused = store.take_over(handling(&queued, second)).await.unwrap_err();
        assert!(matches!(refused, Error::StaleOwner { owner_epoch: 3, .. }), "{refused}");
        assert_eq!(store.take_over(handling(&queued, first)).await.unwrap(), taken, "a repeat changes nothing");
        let seen = store.take_over(handling(&taken, second)).await.unwrap();
        assert_eq!(seen.owner, Owner::Agent(second), "who sees the present owner may take over from him");
    }

    async fn whoever_answers_a_conversation_it_is_ended_once(database) {
        let store = &database.store;
        for handed_over in [false, true] {
            let opened = conversation(store, "web").await;
            if handed_over {
                let queued = store.hand_off(hand_off(&opened)).await.unwrap();
                store.take_over(handling(&queued, new_id())).await.unwrap();
            }
            let over = store.end(opened.id, NOW).await.unwrap();
            assert_eq!(over.owner, Owner::Nobody);
            assert_eq!(store.end(opened.id, seconds(9)).await.unwrap(), over, "a repeat changes nothing");
            let events = store.events_of(opened.id).await.unwrap();
            let ended = events.iter().filter(|event| event.kind == EventKind::Resolved).count();
            assert_eq!((ended, events.last().unwrap().kind), (1, EventKind::Resolved));
            let late = store.reply(bot_reply(&opened, "too late")).await.unwrap_err();
            assert!(matches!(late, Error::StaleOwner { .. }), "{late}");
        }
        assert!(matches!(store.end(new_id(), NOW).await.unwrap_err(), Error::NotFound { .. }));
    }

    async fn the_bot_does_not_answer_what_a_person_answers(database) {
        let store = &database.store;
        let opened = conversation(store, "web").await;
        let agent = new_id();
        let taken = store.take_over(handling(&opened, agent)).await.unwrap();
        let late = store.reply(bot_reply(&opened, "late")).await.unwrap_err();
        assert!(matches!(late, Error::StaleOwner { owner_epoch: 2, .. }), "{late}");
        let knowing = store.reply(bot_reply(&taken, "knowing")).await.unwrap_err();
        assert!(matches!(knowing, Error::StaleOwner { .. }), "even with the present epoch: {knowing}");
        let returned = store.return_to_bot(handling(&taken, agent)).await.unwrap();
        store.reply(bot_reply(&returned, "again")).await.unwrap();
    }

    async fn only_who_answers_ends_a_conversation(database) {
        let store = &database.store;
        let opened = conversation(store, "web").await;
        let agent = new_id();
        let taken = store.take_over(handling(&opened, agent)).await.unwrap();
        let other = Handling { agent: new_id(), ..handling(&taken, agent) };
        assert!(matches!(store.resolve(other).await.unwrap_err(), Error::Conflict { .. }));
        let over = store.resolve(handling(&taken, agent)).await.unwrap();
        assert_eq!((over.owner, over.owner.status()), (Owner::Nobody, Status::Resolved));
        assert_eq!(store.resolve(handling(&taken, agent)).await.unwrap(), over, "a repeat changes nothing");
        assert!(matches!(store.take_over(handling(&over, agent)).await.unwrap_err(), Error::Conflict { .. }));
        assert!(matches!(store.ingest(message(opened.id, "late")).await.unwrap_err(), Error::Conflict { .. }));
    }

    async fn the_queue_begins_with_the_most_urgent_then_the_longest_waiting(database) {
        let store = &database.store;
        let mut queued = Vec::new();
        for (priority, waits_since) in [(1, 30), (9, 20), (1, 10)] {
            let opened = conversation(store, "web").await;
            let waiting = store::HandOff { priority, at: seconds(waits_since), ..hand_off(&opened) };
            queued.push(store.hand_off(waiting).await.unwrap().id);
        }
        let order = store.queue(10).await.unwrap().into_iter().map(|waiting| waiting.id).collect::<Vec<_>>();
        assert_eq!(order, [queued[1], queued[2], queued[0]]);
        store.set_priority(queued[0], 20, NOW).await.unwrap();
        assert_eq!(store.queue(1).await.unwrap()[0].id, queued[0]);
    }
}
