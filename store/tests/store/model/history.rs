//! Steps of a history, performed on the store and on the model.

use std::fmt::Debug;

use proptest::prelude::{Just, Strategy, prop_oneof};
use store::{
    AgentId, Attempted, Author, Claim, Conversation as Stored, DeliveryState, Error, HandOff, Handling,
    Owner, Result, Store,
};

use super::reference::{Answer, Conversation, Holder, Sending};
use crate::records::{self, NOW, new_id, seconds};

const CONVERSATIONS: usize = 2;
const PEOPLE: usize = 2;

/// Something that happens to a conversation. `stale` acts on what was true one change of hands ago.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Deliver { conversation: usize, key: u8 },
    Reply { conversation: usize, key: u8, stale: bool },
    Speak { conversation: usize, key: u8, person: usize },
    HandOff { conversation: usize, stale: bool },
    TakeOver { conversation: usize, person: usize, stale: bool },
    GiveBack { conversation: usize, person: usize, stale: bool },
    Resolve { conversation: usize, person: usize, stale: bool },
    End { conversation: usize },
    Claim,
    Record { outcome: usize },
    LetClaimsRunOut,
}

pub(super) fn step() -> impl Strategy<Value = Step> {
    let at = || (0..CONVERSATIONS, 0..PEOPLE, proptest::bool::weighted(0.2));
    let said = || (0..CONVERSATIONS, 0..12_u8);
    prop_oneof![
        5 => said().prop_map(|(conversation, key)| Step::Deliver { conversation, key }),
        5 => (said(), proptest::bool::weighted(0.2))
            .prop_map(|((conversation, key), stale)| Step::Reply { conversation, key, stale }),
        4 => (said(), 0..PEOPLE).prop_map(|((conversation, key), person)| Step::Speak { conversation, key, person }),
        2 => at().prop_map(|(conversation, _, stale)| Step::HandOff { conversation, stale }),
        3 => at().prop_map(|(conversation, person, stale)| Step::TakeOver { conversation, person, stale }),
        2 => at().prop_map(|(conversation, person, stale)| Step::GiveBack { conversation, person, stale }),
        1 => at().prop_map(|(conversation, person, stale)| Step::Resolve { conversation, person, stale }),
        1 => (0..CONVERSATIONS).prop_map(|conversation| Step::End { conversation }),
        3 => Just(Step::Claim),
        3 => (0..4_usize).prop_map(|outcome| Step::Record { outcome }),
        1 => Just(Step::LetClaimsRunOut),
    ]
}

/// The store's conversations beside the model's.
struct History<'a> {
    store: &'a Store,
    channel: String,
    stored: Vec<Stored>,
    model: Vec<Conversation>,
    people: Vec<AgentId>,
    claims: Vec<Claim>,
}

/// Performs all steps and compares after each.
pub(super) async fn run(store: &Store, steps: &[Step]) {
    let channel = uuid::Uuid::now_v7().to_string();
    let mut stored = Vec::new();
    for _ in 0..CONVERSATIONS {
        stored.push(records::conversation(store, &channel).await);
    }
    let model = vec![Conversation::new(); CONVERSATIONS];
    let people = (0..PEOPLE).map(|_| new_id()).collect();
    let mut history = History { store, channel, stored, model, people, claims: Vec::new() };
    for step in steps {
        history.perform(step).await;
        history.compare(step).await;
    }
    // The next history finds no claim of this one.
    history.let_claims_run_out().await;
}

impl History<'_> {
    async fn perform(&mut self, step: &Step) {
        match *step {
            Step::Deliver { conversation, key } => self.deliver(conversation, key).await,
            Step::Reply { conversation, key, stale } => self.reply(conversation, key, stale).await,
            Step::Speak { conversation, key, person } => self.speak(conversation, key, person).await,
            Step::HandOff { conversation, stale } => {
                let owner_epoch = self.epoch(conversation, stale);
                let call = HandOff { owner_epoch, ..records::hand_off(&self.stored[conversation]) };
                let outcome = self.store.hand_off(call).await;
                let expected = self.model[conversation].hand_off(owner_epoch);
                settle(&outcome, expected, step);
            }
            Step::TakeOver { conversation, person, stale } => {
                let call = self.handling(conversation, person, stale);
                let outcome = self.store.take_over(call).await;
                let expected = self.model[conversation].take_over(person, call.owner_epoch);
                settle(&outcome, expected, step);
            }
            Step::GiveBack { conversation, person, stale } => {
                let call = self.handling(conversation, person, stale);
                let outcome = self.store.return_to_bot(call).await;
                let expected = self.model[conversation].give_back(person, call.owner_epoch);
                settle(&outcome, expected, step);
            }
            Step::Resolve { conversation, person, stale } => {
                let call = self.handling(conversation, person, stale);
                let outcome = self.store.resolve(call).await;
                let expected = self.model[conversation].resolve(person, call.owner_epoch);
                settle(&outcome, expected, step);
            }
            Step::End { conversation } => {
                let outcome = self.store.end(self.stored[conversation].id, NOW).await;
                let expected = self.model[conversation].end();
                settle(&outcome, expected, step);
            }
            Step::Claim => self.claim().await,
            Step::Record { outcome } => self.record(outcome).await,
            Step::LetClaimsRunOut => self.let_claims_run_out().await,
        }
    }

    fn epoch(&self, conversation: usize, stale: bool) -> i64 {
        self.model[conversation].epoch - i64::from(stale)
    }

    fn handling(&self, conversation: usize, person: usize, stale: bool) -> Handling {
        let owner_epoch = self.epoch(conversation, stale);
        Handling { owner_epoch, ..records::handling(&self.stored[conversation], self.people[person]) }
    }

    /// Keys are the same on both sides and belong to one conversation.
    fn key(conversation: usize, key: u8) -> String {
        format!("{conversation} {key}")
    }

    async fn deliver(&mut self, conversation: usize, key: u8) {
        let key = format!("customer {}", Self::key(conversation, key));
        let outcome = self.store.ingest(records::message(self.stored[conversation].id, &key)).await;
        let expected = self.model[conversation].deliver(&key);
        assert_eq!(answer(outcome.map(|found| found.repeated)), expected);
    }

    async fn reply(&mut self, conversation: usize, key: u8, stale: bool) {
        let key = format!("bot {}", Self::key(conversation, key));
        let owner_epoch = self.epoch(conversation, stale);
        let reply = store::BotReply { owner_epoch, ..records::bot_reply(&self.stored[conversation], &key) };
        let outcome = self.store.reply(reply).await;
        let expected = self.model[conversation].reply(&key, owner_epoch);
        assert_eq!(answer(outcome.map(|said| said.repeated)), expected);
    }

    async fn speak(&mut self, conversation: usize, key: u8, person: usize) {
        let key = format!("agent {}", Self::key(conversation, key));
        let said = records::agent_message(self.stored[conversation].id, self.people[person], &key);
        let outcome = self.store.say_as_agent(said).await;
        let expected = self.model[conversation].speak(&key, person);
        assert_eq!(answer(outcome.map(|said| said.repeated)), expected);
    }

    async fn claim(&mut self) {
        let claimed = self.store.claim_outbox(records::claim_request(&self.channel, NOW)).await.unwrap();
        let mut keys: Vec<String> = claimed.iter().map(|claim| text(&claim.message.dedupe_key.0)).collect();
        let mut expected: Vec<String> = self.model.iter_mut().filter_map(Conversation::claim).collect();
        keys.sort();
        expected.sort();
        assert_eq!(keys, expected);
        self.claims.extend(claimed);
    }

    async fn record(&mut self, outcome: usize) {
        let failure = || String::from("the platform said no");
        let (attempted, sending, event) = match outcome {
            0 => (Attempted::Sent(None), Sending::Sent, Some("message_sent")),
            1 => (Attempted::Retry { failure: failure(), not_before: NOW }, Sending::Pending, None),
            2 => (Attempted::Failed(failure()), Sending::Failed, Some("message_failed")),
            _ => (Attempted::Unknown(failure()), Sending::Unknown, Some("delivery_unknown")),
        };
        let Some(claim) = self.claims.pop() else { return };
        assert!(self.store.record_attempt(&claim, attempted, NOW).await.unwrap());
        let of = self.stored.iter().position(|stored| stored.id == claim.message.conversation).unwrap();
        self.model[of].settle(sending, event);
    }

    async fn let_claims_run_out(&mut self) {
        let expired = self.store.expire_claims(seconds(30)).await.unwrap();
        assert_eq!(expired.len(), self.claims.len());
        self.claims.clear();
        for conversation in &mut self.model {
            conversation.settle(Sending::Unknown, Some("delivery_unknown"));
        }
    }

    async fn compare(&self, step: &Step) {
        for (stored, model) in self.stored.iter().zip(&self.model) {
            let found = self.store.conversation(stored.id).await.unwrap();
            assert_eq!(
                (self.holder(found.owner), found.owner_epoch),
                (model.holder, model.epoch),
                "{step:?}"
            );
            let messages = self.store.messages_of(stored.id, 0, 1000).await.unwrap();
            assert_eq!(found.last_sequence, messages.len() as i64, "{step:?}");
            assert_eq!(messages.len(), model.said.len(), "{step:?}");
            for ((message, said), place) in messages.iter().zip(&model.said).zip(1..) {
                assert_eq!(message.sequence, place);
                assert_eq!(
                    (text(&message.dedupe_key.0), message.author.word()),
                    (said.key.clone(), said.author)
                );
                let sending =
                    self.store.delivery_of(message.id).await.unwrap().map(|entry| sending(entry.state));
                assert_eq!(
                    (sending, message.author == Author::Customer),
                    (said.sending, said.sending.is_none())
                );
            }
            let events = self.store.events_of(stored.id).await.unwrap();
            assert_eq!(
                events.iter().map(|event| event.kind.word()).collect::<Vec<_>>(),
                model.events,
                "{step:?}"
            );
        }
    }

    fn holder(&self, owner: Owner) -> Holder {
        match owner {
            Owner::Bot => Holder::Bot,
            Owner::Queue { .. } => Holder::Queue,
            Owner::Agent(agent) => {
                Holder::Person(self.people.iter().position(|person| *person == agent).unwrap())
            }
            Owner::Nobody => Holder::Nobody,
        }
    }
}

fn settle<T: Debug>(outcome: &Result<T>, expected: Answer, step: &Step) {
    assert_eq!(outcome.is_ok(), expected != Answer::Refused, "{step:?}: {outcome:?}");
}

fn answer(outcome: Result<bool>) -> Answer {
    match outcome {
        Ok(true) => Answer::Repeated,
        Ok(false) => Answer::New,
        Err(Error::StaleOwner { .. } | Error::Conflict { .. }) => Answer::Refused,
        Err(other) => panic!("{other}"),
    }
}

fn sending(state: DeliveryState) -> Sending {
    match state {
        DeliveryState::Pending => Sending::Pending,
        DeliveryState::Claimed => Sending::Claimed,
        DeliveryState::Sent => Sending::Sent,
        DeliveryState::Failed => Sending::Failed,
        DeliveryState::DeliveryUnknown => Sending::Unknown,
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}
