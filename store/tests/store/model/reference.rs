//! What the store has to do, said in the plainest way.

/// Who answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holder {
    Bot,
    Queue,
    Person(usize),
    Nobody,
}

/// Where a message of the outbox is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sending {
    Pending,
    Claimed,
    Sent,
    Failed,
    Unknown,
}

/// A stored message: its key, its author's word, and what became of it if it is to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) key: String,
    pub(super) author: &'static str,
    pub(super) sending: Option<Sending>,
}

/// One conversation.
#[derive(Clone, Debug)]
pub(super) struct Conversation {
    pub(super) holder: Holder,
    pub(super) epoch: i64,
    pub(super) said: Vec<Said>,
    /// Kinds of events, in order.
    pub(super) events: Vec<&'static str>,
}

/// What a step has to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    New,
    Repeated,
    Changed,
    Refused,
}

impl Conversation {
    pub(super) fn new() -> Self {
        Self { holder: Holder::Bot, epoch: 1, said: Vec::new(), events: vec!["conversation_opened"] }
    }

    fn has(&self, key: &str) -> bool {
        self.said.iter().any(|said| said.key == key)
    }

    fn say(&mut self, key: &str, author: &'static str, sending: Option<Sending>) -> Answer {
        self.said.push(Said { key: key.to_owned(), author, sending });
        self.events.push("message_stored");
        Answer::New
    }

    fn give(&mut self, holder: Holder, event: &'static str) -> Answer {
        self.holder = holder;
        self.epoch += 1;
        self.events.push(event);
        Answer::Changed
    }

    pub(super) fn deliver(&mut self, key: &str) -> Answer {
        if self.has(key) {
            return Answer::Repeated;
        }
        if self.holder == Holder::Nobody { Answer::Refused } else { self.say(key, "customer", None) }
    }

    pub(super) fn reply(&mut self, key: &str, epoch: i64) -> Answer {
        if self.has(key) {
            return Answer::Repeated;
        }
        let may = epoch == self.epoch && matches!(self.holder, Holder::Bot | Holder::Queue);
        if may { self.say(key, "bot", Some(Sending::Pending)) } else { Answer::Refused }
    }

    pub(super) fn speak(&mut self, key: &str, person: usize) -> Answer {
        if self.has(key) {
            return Answer::Repeated;
        }
        let may = self.holder == Holder::Person(person);
        if may { self.say(key, "agent", Some(Sending::Pending)) } else { Answer::Refused }
    }

    pub(super) fn hand_off(&mut self, epoch: i64) -> Answer {
        if epoch != self.epoch || self.holder != Holder::Bot {
            return Answer::Refused;
        }
        self.give(Holder::Queue, "handed_off")
    }

    pub(super) fn take_over(&mut self, person: usize, epoch: i64) -> Answer {
        if self.holder == Holder::Person(person) {
            return Answer::Repeated;
        }
        if self.holder == Holder::Nobody || epoch != self.epoch {
            return Answer::Refused;
        }
        self.give(Holder::Person(person), "taken_over")
    }

    pub(super) fn give_back(&mut self, person: usize, epoch: i64) -> Answer {
        if self.holder != Holder::Person(person) || epoch != self.epoch {
            return Answer::Refused;
        }
        self.give(Holder::Bot, "returned_to_bot")
    }

    pub(super) fn resolve(&mut self, person: usize, epoch: i64) -> Answer {
        if self.holder == Holder::Nobody {
            return Answer::Repeated;
        }
        if self.holder != Holder::Person(person) || epoch != self.epoch {
            return Answer::Refused;
        }
        self.give(Holder::Nobody, "resolved")
    }

    pub(super) fn end(&mut self) -> Answer {
        if self.holder == Holder::Nobody { Answer::Repeated } else { self.give(Holder::Nobody, "resolved") }
    }

    /// The first message that is neither sent nor given up, if nobody is sending it.
    pub(super) fn claim(&mut self) -> Option<String> {
        let unsent = |said: &&mut Said| matches!(said.sending, Some(Sending::Pending | Sending::Claimed));
        let first = self.said.iter_mut().find(unsent)?;
        if first.sending == Some(Sending::Claimed) {
            return None;
        }
        first.sending = Some(Sending::Claimed);
        Some(first.key.clone())
    }

    /// What happens to the message that is being sent, if there is one.
    pub(super) fn settle(&mut self, outcome: Sending, event: Option<&'static str>) {
        let claimed = |said: &&mut Said| said.sending == Some(Sending::Claimed);
        if let Some(said) = self.said.iter_mut().find(claimed) {
            said.sending = Some(outcome);
            self.events.extend(event);
        }
    }
}
