//! Mixed writes: messages, replies, hand-offs, the outbox, knowledge. Whatever fails for the moment is repeated with the
//! same identifiers until it is acknowledged.

#[path = "../../tests/store/support/stand_in.rs"]
pub(crate) mod stand_in;

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    path::Path,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use store::{
    Act, AgentId, AgentMessage, Attempted, BotReply, ClaimRequest, ContactId, Conversation, ConversationId,
    DecisionReceipt, DedupeKey, Delivery, Error, HandOff, Handling, KeyPurpose, KnowledgeBaseId, MessageId,
    NewConversation, NewEntry, NewIdentity, NewMessage, Result, Sealed, Store, Timestamp,
};
use uuid::Uuid;

use stand_in::{KEY, index, key, sealed_with};

/// How long to wait before a write is repeated.
const PAUSE: Duration = Duration::from_millis(20);

/// What the store takes for sealed; `length` bytes and nine more.
fn sealed(length: usize) -> Sealed {
    sealed_with(KEY, &"3".repeat(length))
}

/// What was acknowledged, one line each, on a disk that is not the database's.
pub(crate) struct Ledger {
    file: Mutex<File>,
    refusals: AtomicU64,
    failed_reads: AtomicU64,
}

impl Ledger {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        Ok(Self { file: Mutex::new(file), refusals: AtomicU64::new(0), failed_reads: AtomicU64::new(0) })
    }

    fn note(&self, line: &str) -> Result<()> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let written = file.write_all(format!("{line}\n").as_bytes());
        written.map_err(|error| Error::Unavailable { reason: format!("the ledger: {error}") })
    }

    /// Writes that were refused for the moment, and reads that failed right after.
    #[allow(dead_code, clippy::allow_attributes, reason = "the program itself does not ask")]
    pub(crate) fn trouble(&self) -> (u64, u64) {
        (self.refusals.load(Ordering::Relaxed), self.failed_reads.load(Ordering::Relaxed))
    }
}

/// Writes for as long as `go_on` says so.
pub(crate) async fn work(
    store: &Store,
    ledger: &Ledger,
    number: usize,
    go_on: impl Fn() -> bool + Send + Sync,
) -> Result<()> {
    let mut worker = Worker::begin(store, ledger, number).await?;
    let mut round = 0;
    while go_on() {
        round += 1;
        worker.round(round).await?;
    }
    Ok(())
}

struct Worker<'a> {
    store: &'a Store,
    ledger: &'a Ledger,
    channel: String,
    conversation: Conversation,
    knowledge_base: KnowledgeBaseId,
    agent: AgentId,
}

fn new_id<T: From<Uuid>>() -> T {
    Uuid::now_v7().into()
}

fn now(round: u64) -> Timestamp {
    Timestamp(1_800_000_000_000).plus(Duration::from_millis(round))
}

impl<'a> Worker<'a> {
    async fn begin(store: &'a Store, ledger: &'a Ledger, number: usize) -> Result<Self> {
        let channel = format!("channel {number}");
        // False for all but the first.
        repeated(ledger, || store.add_key(key(KEY, KeyPurpose::System), None)).await?;
        let identity = NewIdentity {
            channel: channel.clone(),
            identity: index(&Uuid::now_v7().to_string()),
            earlier_identities: Vec::new(),
            external_id: sealed(40),
            contact: new_id::<ContactId>(),
            at: now(0),
        };
        let contact = repeated(ledger, || store.contact_of_identity(identity.clone())).await?.id;
        let id = new_id::<ConversationId>();
        let new = NewConversation { id, contact, channel: channel.clone(), priority: 0, at: now(0) };
        let conversation = repeated(ledger, || store.open_conversation(new.clone())).await?;
        let name = Uuid::now_v7().to_string();
        let (id, act) = (new_id(), act(0));
        let made = repeated(ledger, || store.knowledge_base_named(&name, id, act.clone())).await?;
        Ok(Self { store, ledger, channel, conversation, knowledge_base: made.id, agent: new_id() })
    }

    async fn round(&mut self, round: u64) -> Result<()> {
        let asked = self.ask(round).await?;
        if round.is_multiple_of(2) {
            self.reply(round, asked).await?;
        }
        if round.is_multiple_of(5) {
            self.hand_over_and_back(round).await?;
        }
        if round.is_multiple_of(7) {
            self.send(round).await?;
        }
        if round.is_multiple_of(9) {
            self.edit_and_publish(round).await?;
        }
        Ok(())
    }

    fn message(&self, round: u64, author: &str) -> NewMessage {
        let id = new_id::<MessageId>();
        NewMessage {
            id,
            conversation: self.conversation.id,
            dedupe_key: DedupeKey(format!("{} {author} {round}", self.conversation.id).into_bytes()),
            reply_to: None,
            kind: String::from("text"),
            body: sealed(200),
            at: now(round),
        }
    }

    fn note_message(&self, message: &store::Message) -> Result<()> {
        self.ledger.note(&format!("message {} {} {}", message.id, message.conversation, message.sequence))
    }

    async fn ask(&self, round: u64) -> Result<MessageId> {
        let asked = self.message(round, "customer");
        let stored = self.insist(|| self.store.ingest(asked.clone())).await?;
        self.note_message(&stored.message)?;
        Ok(stored.message.id)
    }

    async fn reply(&self, round: u64, asked: MessageId) -> Result<()> {
        let receipt = DecisionReceipt {
            message: asked,
            snapshot_version: String::from("1"),
            model_fingerprint: String::from("ab12"),
            entry_id: Some(String::from("refund")),
            matched_phrasing: None,
            features: String::from("{}"),
            probability: 0.9,
            band: String::from("answer"),
            at: now(round),
        };
        let message = NewMessage { reply_to: Some(asked), ..self.message(round, "bot") };
        let owner_epoch = self.conversation.owner_epoch;
        let reply = BotReply {
            message,
            owner_epoch,
            receipt: Some(receipt),
            delivery: Delivery::Outbox,
            hand_off: None,
        };
        let said = self.insist(|| self.store.reply(reply.clone())).await?;
        self.note_message(&said.message)
    }

    async fn hand_over_and_back(&mut self, round: u64) -> Result<()> {
        let hand_off = HandOff {
            conversation: self.conversation.id,
            owner_epoch: self.conversation.owner_epoch,
            reason: String::from("requested"),
            priority: 1,
            summary: None,
            receipt: None,
            at: now(round),
        };
        self.conversation = self.changed_hands(|| self.store.hand_off(hand_off.clone())).await?;
        let taking = self.handling(round);
        self.conversation = self.changed_hands(|| self.store.take_over(taking)).await?;
        let message = self.message(round, "agent");
        let said = AgentMessage { message, agent: self.agent, delivery: Delivery::Outbox };
        let said = self.insist(|| self.store.say_as_agent(said.clone())).await?;
        self.note_message(&said.message)?;
        let returning = self.handling(round);
        self.conversation = self.changed_hands(|| self.store.return_to_bot(returning)).await?;
        Ok(())
    }

    fn handling(&self, round: u64) -> Handling {
        let Conversation { id, owner_epoch, .. } = self.conversation;
        Handling { conversation: id, owner_epoch, agent: self.agent, at: now(round) }
    }

    /// A change of hands whose answer was lost is found done when it is repeated.
    async fn changed_hands<F: Future<Output = Result<Conversation>>>(
        &self,
        call: impl Fn() -> F,
    ) -> Result<Conversation> {
        let before = self.conversation.owner_epoch;
        let changed = match self.insist(call).await {
            Err(Error::StaleOwner { owner_epoch, .. }) if owner_epoch == before + 1 => {
                self.insist(|| self.store.conversation(self.conversation.id)).await?
            }
            outcome => outcome?,
        };
        self.ledger.note(&format!("owner {} {}", changed.id, changed.owner_epoch))?;
        Ok(changed)
    }

    async fn send(&self, round: u64) -> Result<()> {
        let request = ClaimRequest {
            worker: String::from("writer"),
            channel: self.channel.clone(),
            lease: Duration::from_secs(60),
            limit: 10,
            at: now(round),
        };
        for claim in self.insist(|| self.store.claim_outbox(request.clone())).await? {
            let id = claim.message.id;
            self.insist(|| self.store.record_attempt(&claim, Attempted::Sent(None), now(round))).await?;
            self.ledger.note(&format!("sent {id}"))?;
        }
        Ok(())
    }

    /// An answer that was lost shows as a newer revision; then the edit is made on that one.
    async fn edit_and_publish(&self, round: u64) -> Result<()> {
        let (id, act) = (self.knowledge_base, act(round));
        let found = self.insist(|| self.store.knowledge_base(id)).await?;
        let entry =
            NewEntry::from_json(format!(r#"{{"id":"entry {}","question":"question {round}"}}"#, round % 50))?;
        let put = self.insist(|| self.store.put_entry(id, found.revision, entry.clone(), act.clone())).await;
        let revision = match put {
            Err(Error::Conflict { .. }) => self.insist(|| self.store.knowledge_base(id)).await?.revision,
            outcome => outcome?,
        };
        self.ledger.note(&format!("revision {id} {revision}"))?;
        let published = match self.insist(|| self.store.publish(id, revision, act.clone())).await {
            Err(Error::Conflict { .. }) => {
                self.insist(|| self.store.versions_of(id)).await?.into_iter().next()
            }
            outcome => Some(outcome?),
        };
        let Some(version) = published else {
            return Err(Error::NotFound { table: "versions", id: id.to_string() });
        };
        self.ledger.note(&format!("version {id} {} {}", version.version, version.entries))
    }

    /// Repeats a call, and reads whenever it is refused: reads have to go on.
    async fn insist<T, F: Future<Output = Result<T>>>(&self, call: impl Fn() -> F) -> Result<T> {
        repeated_with(self.ledger, call, || async {
            if self.store.conversation(self.conversation.id).await.is_err() {
                self.ledger.failed_reads.fetch_add(1, Ordering::Relaxed);
            }
        })
        .await
    }
}

fn act(round: u64) -> Act {
    Act { actor: String::from("editor"), reason: None, at: now(round) }
}

async fn repeated<T, F: Future<Output = Result<T>>>(ledger: &Ledger, call: impl Fn() -> F) -> Result<T> {
    repeated_with(ledger, call, || async {}).await
}

async fn repeated_with<T, F: Future<Output = Result<T>>, R: Future<Output = ()>>(
    ledger: &Ledger,
    call: impl Fn() -> F,
    refused: impl Fn() -> R,
) -> Result<T> {
    loop {
        match call().await {
            Err(error) if error.is_temporary() => {
                ledger.refusals.fetch_add(1, Ordering::Relaxed);
                ledger.note(&format!("refused {error}"))?;
                refused().await;
                tokio::time::sleep(PAUSE).await;
            }
            outcome => return outcome,
        }
    }
}
