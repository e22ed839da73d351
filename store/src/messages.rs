//! Messages: each is stored once, however often it is delivered, and has its place in its conversation.

use futures::FutureExt;
use serde_json::json;

use crate::{
    AgentId, Conversation, ConversationId, DedupeKey, Error, EventKind, MessageId, Owner, Result, Sealed,
    Store, Timestamp, conversations,
    engine::{Fields, Row, Transaction, values},
    events,
};

/// Who wrote a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Author {
    /// The contact.
    Customer,
    /// The engine.
    Bot,
    /// A person of the business.
    Agent(AgentId),
}

impl Author {
    /// The word that rows and events hold.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Bot => "bot",
            Self::Agent(_) => "agent",
        }
    }

    fn agent(self) -> Option<AgentId> {
        if let Self::Agent(agent) = self { Some(agent) } else { None }
    }
}

/// A stored message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its identifier.
    pub id: MessageId,
    /// Where it was said.
    pub conversation: ConversationId,
    /// Its place there, from 1, without gaps.
    pub sequence: i64,
    /// The configured account on a platform.
    pub channel: String,
    /// By which a repeated delivery is recognised.
    pub dedupe_key: DedupeKey,
    /// Who wrote it.
    pub author: Author,
    /// The message that it answers.
    pub reply_to: Option<MessageId>,
    /// What the body is: text, image, …
    pub kind: String,
    /// What was said; without bytes once it is [no longer kept](crate::DataClass::MessageBodies).
    pub body: Sealed,
    /// When.
    pub at: Timestamp,
}

/// A message that may have been stored before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMessage {
    /// Its identifier, to which the body is bound.
    pub id: MessageId,
    /// Where it was said.
    pub conversation: ConversationId,
    /// The same for every delivery of this message, within the conversation's channel.
    pub dedupe_key: DedupeKey,
    /// The message that it answers.
    pub reply_to: Option<MessageId>,
    /// What the body is: text, image, …
    pub kind: String,
    /// What was said.
    pub body: Sealed,
    /// Now.
    pub at: Timestamp,
}

/// What became of a delivered message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ingested {
    /// As it was stored, now or when it was first delivered.
    pub message: Message,
    /// Whether it had been stored before.
    pub repeated: bool,
    /// The replies that it already has, in order.
    pub replies: Vec<Message>,
    /// The conversation afterwards, with the owner epoch in which a reply is to be decided.
    pub conversation: Conversation,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, conversation_id, sequence, channel, dedupe_key, author, agent_id, reply_to, kind, body, \
             created_at FROM messages ",
            $rest
        )
    };
}

impl Store {
    /// Stores a customer's message. A repeated delivery changes nothing and brings back what the first one stored, and
    /// what has been replied to it.
    ///
    /// # Errors
    /// [`Error::Conflict`] when the conversation is over: open another; [`Error::NotFound`] when there is none; when the
    /// engine fails.
    pub async fn ingest(&self, new: NewMessage) -> Result<Ingested> {
        self.write(move |transaction| ingest(transaction, new).boxed()).await
    }

    /// One message.
    ///
    /// # Errors
    /// [`Error::NotFound`]; when the engine fails.
    pub async fn message(&self, id: MessageId) -> Result<Message> {
        self.read(move |transaction| read(transaction, id).boxed()).await
    }

    /// Up to `limit` messages of a conversation after the one with sequence `after`, in order.
    ///
    /// # Errors
    /// When the engine fails or a row is corrupt.
    pub async fn messages_of(&self, id: ConversationId, after: i64, limit: u32) -> Result<Vec<Message>> {
        let sql = select!("WHERE conversation_id = $1 AND sequence > $2 ORDER BY sequence LIMIT $3");
        self.read(move |transaction| {
            async move {
                transaction.rows(sql, values![id, after, limit]).await?.into_iter().map(message).collect()
            }
            .boxed()
        })
        .await
    }

    /// What has been replied to a message, in order; empty when nothing has.
    ///
    /// # Errors
    /// When the engine fails or a row is corrupt.
    pub async fn replies_to(&self, id: MessageId) -> Result<Vec<Message>> {
        self.read(move |transaction| replies(transaction, id).boxed()).await
    }
}

async fn ingest(transaction: &mut Transaction<'_>, new: NewMessage) -> Result<Ingested> {
    let conversation = conversations::read(transaction, new.conversation).await?;
    if let Some(message) = stored(transaction, &conversation.channel, &new.dedupe_key).await? {
        let replies = replies(transaction, message.id).await?;
        let conversation = conversations::read(transaction, message.conversation).await?;
        return Ok(Ingested { message, repeated: true, replies, conversation });
    }
    if conversation.owner == Owner::Nobody {
        return Err(Error::conflict("the conversation is over"));
    }
    let message = append(transaction, &conversation, new, Author::Customer).await?;
    let conversation =
        Conversation { last_sequence: message.sequence, updated_at: message.at, ..conversation };
    Ok(Ingested { message, repeated: false, replies: Vec::new(), conversation })
}

/// The message that was stored under this key, if one was.
pub(crate) async fn stored(
    transaction: &mut Transaction<'_>,
    channel: &str,
    dedupe_key: &DedupeKey,
) -> Result<Option<Message>> {
    let sql = select!("WHERE channel = $1 AND dedupe_key = $2");
    transaction.row(sql, values![channel, dedupe_key.clone()]).await?.map(message).transpose()
}

/// Gives a new message its place and stores it, with its event.
pub(crate) async fn append(
    transaction: &mut Transaction<'_>,
    conversation: &Conversation,
    new: NewMessage,
    author: Author,
) -> Result<Message> {
    let sql = "UPDATE conversations SET last_sequence = last_sequence + 1, updated_at = $2 WHERE id = $1 \
               RETURNING last_sequence";
    let sequence: i64 = transaction.scalar("conversations", sql, values![conversation.id, new.at]).await?;
    let sql = "INSERT INTO messages (id, conversation_id, sequence, channel, dedupe_key, author, agent_id, reply_to, \
               kind, body, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    let channel = conversation.channel.as_str();
    let values = values![
        new.id,
        conversation.id,
        sequence,
        channel,
        new.dedupe_key.clone(),
        author.word(),
        author.agent(),
        new.reply_to,
        new.kind.as_str(),
        new.body.clone(),
        new.at
    ];
    transaction.execute(sql, values).await?;
    let payload = json!({ "message": new.id.to_string(), "sequence": sequence, "author": author.word() });
    events::append(transaction, EventKind::MessageStored, Some(conversation.id), &payload, new.at).await?;
    Ok(Message {
        id: new.id,
        conversation: conversation.id,
        sequence,
        channel: conversation.channel.clone(),
        dedupe_key: new.dedupe_key,
        author,
        reply_to: new.reply_to,
        kind: new.kind,
        body: new.body,
        at: new.at,
    })
}

/// A message as this transaction sees it.
pub(crate) async fn read(transaction: &mut Transaction<'_>, id: MessageId) -> Result<Message> {
    let row = transaction.row(select!("WHERE id = $1"), values![id]).await?;
    message(row.ok_or_else(|| Error::not_found("messages", id))?)
}

/// Everything said in a conversation, in order.
pub(crate) async fn of_conversation(
    transaction: &mut Transaction<'_>,
    id: ConversationId,
) -> Result<Vec<Message>> {
    let sql = select!("WHERE conversation_id = $1 ORDER BY sequence");
    transaction.rows(sql, values![id]).await?.into_iter().map(message).collect()
}

async fn replies(transaction: &mut Transaction<'_>, id: MessageId) -> Result<Vec<Message>> {
    let sql = select!("WHERE reply_to = $1 ORDER BY sequence");
    transaction.rows(sql, values![id]).await?.into_iter().map(message).collect()
}

fn message(row: Row) -> Result<Message> {
    let mut fields = row.fields("messages");
    Ok(Message {
        id: fields.next()?,
        conversation: fields.next()?,
        sequence: fields.next()?,
        channel: fields.next()?,
        dedupe_key: fields.next()?,
        author: author(&mut fields)?,
        reply_to: fields.next()?,
        kind: fields.next()?,
        body: fields.next()?,
        at: fields.next()?,
    })
}

fn author(fields: &mut Fields) -> Result<Author> {
    let word: String = fields.next()?;
    fields.next_as(|agent: Option<AgentId>| match (word.as_str(), agent) {
        ("customer", None) => Some(Author::Customer),
        ("bot", None) => Some(Author::Bot),
        ("agent", Some(agent)) => Some(Author::Agent(agent)),
        _ => None,
    })
}
