//! Many at once: retries, races between bot and people, several processes.

use std::{collections::HashSet, sync::Arc};

use futures::future::join_all;
use store::{AgentId, Author, Error, Event, EventKind, Owner, Store};

use crate::{
    records::{
        agent_message, bot_reply, claim_request, conversation, hand_off, handling, message, new_id, seconds,
    },
    support::{Database, on_both_engines},
};

/// Runs all futures on the runtime's threads.
async fn at_once<T: Send + 'static>(
    calls: impl Iterator<Item = impl Future<Output = T> + Send + 'static>,
) -> Vec<T> {
    let calls: Vec<_> = calls.map(tokio::spawn).collect();
    join_all(calls).await.into_iter().map(|outcome| outcome.unwrap()).collect()
}

/// The store of the test, and one that another process would have.
async fn two_processes(database: Database) -> (Database, [Arc<Store>; 2]) {
    let (first, second) = (database.opened_again().await, database.opened_again().await);
    (database, [Arc::new(first), Arc::new(second)])
}

fn position(events: &[Event], wanted: impl Fn(&Event) -> bool) -> Option<usize> {
    events.iter().position(wanted)
}

on_both_engines! {
    async fn a_storm_of_repeats_stores_each_message_once(database) {
        let (_database, stores) = two_processes(database).await;
        let opened = conversation(&stores[0], "wechat").await.id;
        let deliveries = (0..180).map(|number| {
            let store = Arc::clone(&stores[number % 2]);
            let delivered = message(opened, &format!("msg-{}", number / 9));
            async move { store.ingest(delivered).await.unwrap() }
        });
        let ingested = at_once(deliveries).await;
        let ids: HashSet<_> = ingested.iter().map(|found| found.message.id).collect();
        assert_eq!(ids.len(), 20, "each of the 9 deliveries of a message brings back the same one");
        assert_eq!(ingested.iter().filter(|found| !found.repeated).count(), 20);
        let stored = stores[0].messages_of(opened, 0, 1000).await.unwrap();
        assert_eq!(stored.iter().map(|found| found.sequence).collect::<Vec<_>>(), (1..=20).collect::<Vec<_>>());
    }

    async fn fifteen_people_with_the_same_message_number_are_all_heard(database) {
        let store = Arc::new(database.store);
        let mut conversations = Vec::new();
        for _ in 0..15 {
            conversations.push(conversation(&store, "wechat").await.id);
        }
        let deliveries = conversations.into_iter().map(|opened| {
            let store = Arc::clone(&store);
            async move { store.ingest(message(opened, &format!("{opened} 1"))).await.unwrap().repeated }
        });
        assert_eq!(at_once(deliveries).await, vec![false; 15]);
    }

    async fn a_person_whose_program_sends_twice_at_once_has_said_it_once(database) {
        let store = Arc::new(database.store);
        let opened = conversation(&store, "web").await;
        let agent = new_id();
        store.take_over(handling(&opened, agent)).await.unwrap();
        let sends = (0..16).map(|_| {
            let store = Arc::clone(&store);
            let sent = agent_message(opened.id, agent, "client id 1");
            async move { store.say_as_agent(sent).await.unwrap() }
        });
        let said = at_once(sends).await;
        assert_eq!(said.iter().filter(|found| !found.repeated).count(), 1);
        assert!(said.iter().all(|found| found.message == said[0].message));
        assert_eq!(store.claim_outbox(claim_request("web", seconds(1))).await.unwrap().len(), 1);
    }

    async fn no_bot_reply_is_stored_after_a_person_took_over(database) {
        let (_database, stores) = two_processes(database).await;
        let mut raced = 0;
        for round in 0..60 {
            let opened = conversation(&stores[0], "web").await;
            let (bot, person) = (Arc::clone(&stores[round % 2]), Arc::clone(&stores[(round + 1) % 2]));
            let reply = bot_reply(&opened, &format!("reply {round}"));
            let taking = handling(&opened, new_id());
            let replying = tokio::spawn(async move { bot.reply(reply).await });
            let taking = tokio::spawn(async move { person.take_over(taking).await });
            let (reply, taken) = (replying.await.unwrap(), taking.await.unwrap());
            assert!(matches!(taken.unwrap().owner, Owner::Agent(_)));
            let events = stores[0].events_of(opened.id).await.unwrap();
            let taken_at = position(&events, |event| event.kind == EventKind::TakenOver).unwrap();
            let said_at = position(&events, |event| event.payload.contains("\"bot\""));
            match reply {
                Ok(_) => assert!(said_at.unwrap() < taken_at),
                Err(Error::StaleOwner { owner_epoch: 2, .. }) => {
                    raced += 1;
                    assert_eq!(said_at, None);
                }
                Err(other) => panic!("{other}"),
            }
            let said = stores[0].messages_of(opened.id, 0, 10).await.unwrap();
            assert!(said.iter().all(|found| found.author == Author::Bot));
        }
        eprintln!("the person was first in {raced} of 60 rounds");
    }

    async fn whoever_takes_over_at_once_one_has_it_and_no_conversation_is_orphaned(database) {
        let (_database, stores) = two_processes(database).await;
        for _ in 0..20 {
            let opened = conversation(&stores[0], "web").await;
            let queued = at_once((0..4).map(|number| {
                let store = Arc::clone(&stores[number % 2]);
                let giving_up = hand_off(&opened);
                async move { store.hand_off(giving_up).await }
            }))
            .await;
            let queued: Vec<_> = queued.into_iter().flatten().collect();
            assert_eq!(queued.len(), 1, "it is handed over once");
            let agents: Vec<AgentId> = (0..6).map(|_| new_id()).collect();
            let taken = at_once(agents.clone().into_iter().enumerate().map(|(number, agent)| {
                let store = Arc::clone(&stores[number % 2]);
                let taking = handling(&queued[0], agent);
                async move { (agent, store.take_over(taking).await) }
            }))
            .await;
            let winners: Vec<AgentId> =
                taken.iter().filter(|(_, outcome)| outcome.is_ok()).map(|(agent, _)| *agent).collect();
            assert_eq!(winners.len(), 1);
            assert_eq!(stores[1].conversation(opened.id).await.unwrap().owner, Owner::Agent(winners[0]));
            let events = stores[0].events_of(opened.id).await.unwrap();
            let count = |kind| events.iter().filter(|event| event.kind == kind).count();
            assert_eq!((count(EventKind::HandedOff), count(EventKind::TakenOver)), (1, 1));
        }
    }

    async fn writers_of_two_processes_wait_for_each_other_and_none_fails(database) {
        let (_database, stores) = two_processes(database).await;
        let writes = (0..200).map(|number| {
            let store = Arc::clone(&stores[number % 2]);
            async move {
                let opened = conversation(&store, "web").await;
                store.ingest(message(opened.id, &format!("from {number}"))).await
            }
        });
        let failures: Vec<Error> = at_once(writes).await.into_iter().filter_map(Result::err).collect();
        assert_eq!(failures, []);
        let store::EventPage::Next(events) = stores[0].events_after(0, 1000).await.unwrap() else { panic!("a gap") };
        assert_eq!(events.iter().map(|event| event.sequence).collect::<Vec<_>>(), (1..=400).collect::<Vec<_>>());
    }

    async fn who_follows_events_while_others_write_misses_none(database) {
        let (_database, stores) = two_processes(database).await;
        let follower = Arc::clone(&stores[0]);
        let following = tokio::spawn(async move {
            let mut seen: Vec<i64> = Vec::new();
            while seen.len() < 150 {
                let last = seen.last().copied().unwrap_or(0);
                let store::EventPage::Next(page) = follower.events_after(last, 50).await.unwrap() else {
                    panic!("a gap after {last}")
                };
                seen.extend(page.iter().map(|event| event.sequence));
            }
            seen
        });
        at_once((0..150).map(|number| {
            let store = Arc::clone(&stores[number % 2]);
            async move { conversation(&store, "web").await }
        }))
        .await;
        assert_eq!(following.await.unwrap(), (1..=150).collect::<Vec<_>>());
    }

    async fn a_unit_that_fails_does_not_take_its_neighbours_with_it(database) {
        let store = Arc::new(database.store);
        let opened = conversation(&store, "web").await.id;
        let outcomes = at_once((0..64).map(|number| {
            let store = Arc::clone(&store);
            let missing = number % 4 == 0;
            let delivered = message(if missing { new_id() } else { opened }, &format!("msg {number}"));
            async move { (missing, store.ingest(delivered).await) }
        }))
        .await;
        for (missing, outcome) in outcomes {
            assert_eq!(outcome.is_err(), missing);
        }
        assert_eq!(store.messages_of(opened, 0, 100).await.unwrap().len(), 48);
    }
}
