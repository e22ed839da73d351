//! What the bot and people say: stored only by whoever owns the conversation at that moment.

use futures::FutureExt;

use crate::{
    AgentId, Author, Conversation, DecisionReceipt, Error, HandOff, Message, NewMessage, Owner, Result,
    Store, conversations,
    engine::Transaction,
    hand_off::{self, stale},
    messages, outbox, receipts,
};

/// How a message reaches the customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// Within the answer to the customer's own request, by whoever stores it.
    Response,
    /// Through the outbox.
    Outbox,
}

/// What the bot says.
#[derive(Clone, Debug, PartialEq)]
pub struct BotReply {
    /// The message; its key makes it one reply, however often this is tried.
    pub message: NewMessage,
    /// The owner epoch in which it was decided.
    pub owner_epoch: i64,
    /// Why it says that, for the message that it answers.
    pub receipt: Option<DecisionReceipt>,
    /// How it reaches the customer.
    pub delivery: Delivery,
    /// Hands the conversation over with this reply, unless it waits for a person already. Its owner epoch is the reply's.
    pub hand_off: Option<HandOff>,
}

/// What a person says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentMessage {
    /// The message; its key is the one that the person's own program made for it.
    pub message: NewMessage,
    /// Who.
    pub agent: AgentId,
    /// How it reaches the customer.
    pub delivery: Delivery,
}

/// What became of something said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// As it was stored, now or when it was first tried.
    pub message: Message,
    /// Whether it had been stored before.
    pub repeated: bool,
}

impl Store {
    /// Stores the bot's reply with its receipt, its place in the outbox and its hand-off, unless the conversation has changed hands
    /// since `owner_epoch` was read. A repeat brings back what was stored first.
    ///
    /// # Errors
    /// [`Error::StaleOwner`] when it has changed hands or a person answers; [`Error::NotFound`]; when the engine fails.
    pub async fn reply(&self, reply: BotReply) -> Result<Said> {
        self.write(move |transaction| store_reply(transaction, reply).boxed()).await
    }

    /// Stores a person's message and its place in the outbox. A repeat brings back what was stored first.
    ///
    /// # Errors
    /// [`Error::StaleOwner`] when the conversation is not assigned to this person; [`Error::NotFound`]; when the engine
    /// fails.
    pub async fn say_as_agent(&self, said: AgentMessage) -> Result<Said> {
        self.write(move |transaction| store_agent_message(transaction, said).boxed()).await
    }
}

async fn store_reply(transaction: &mut Transaction<'_>, reply: BotReply) -> Result<Said> {
    let conversation = conversations::read(transaction, reply.message.conversation).await?;
    if let Some(said) = said_before(transaction, &conversation, &reply.message).await? {
        return Ok(said);
    }
    let may_speak = matches!(conversation.owner, Owner::Bot | Owner::Queue { .. });
    if conversation.owner_epoch != reply.owner_epoch || !may_speak {
        return Err(stale(&conversation));
    }
    if let Some(receipt) = reply.receipt {
        receipts::append(transaction, &conversation, receipt).await?;
    }
    let said = say(transaction, &conversation, reply.message, Author::Bot, reply.delivery).await?;
    if let Some(hand_off) = reply.hand_off
        && conversation.owner == Owner::Bot
    {
        hand_off::queue(transaction, hand_off).await?;
    }
    Ok(said)
}

async fn store_agent_message(transaction: &mut Transaction<'_>, said: AgentMessage) -> Result<Said> {
    let conversation = conversations::read(transaction, said.message.conversation).await?;
    if let Some(said) = said_before(transaction, &conversation, &said.message).await? {
        return Ok(said);
    }
    if conversation.owner != Owner::Agent(said.agent) {
        return Err(stale(&conversation));
    }
    say(transaction, &conversation, said.message, Author::Agent(said.agent), said.delivery).await
}

async fn said_before(
    transaction: &mut Transaction<'_>,
    conversation: &Conversation,
    new: &NewMessage,
) -> Result<Option<Said>> {
    let Some(message) = messages::stored(transaction, &conversation.channel, &new.dedupe_key).await? else {
        return Ok(None);
    };
    if message.conversation != conversation.id || message.author == Author::Customer {
        return Err(Error::conflict("the key belongs to another message"));
    }
    Ok(Some(Said { message, repeated: true }))
}

async fn say(
    transaction: &mut Transaction<'_>,
    conversation: &Conversation,
    new: NewMessage,
    author: Author,
    delivery: Delivery,
) -> Result<Said> {
    let message = messages::append(transaction, conversation, new, author).await?;
    match delivery {
        Delivery::Response => {}
        Delivery::Outbox => outbox::append(transaction, &message).await?,
    }
    Ok(Said { message, repeated: false })
}
