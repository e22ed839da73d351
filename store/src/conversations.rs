//! Conversations: who answers, since which change of hands, and how urgent it is.

use futures::FutureExt;
use serde_json::json;

use crate::{
    AgentId, ContactId, ConversationId, Error, EventKind, Result, Sealed, Store, Timestamp,
    engine::{Fields, Row, Transaction, values},
    events,
    words::words,
};

words! {
    /// Where a conversation stands.
    Status {
        /// The bot answers.
        Bot = "bot",
        /// It waits for a person; the bot still may.
        Queued = "queued",
        /// A person answers, and the bot must not.
        Assigned = "assigned",
        /// It is over; whatever comes next is a new conversation.
        Resolved = "resolved",
    }
}

/// Where a conversation stands, and who answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// The bot answers.
    Bot,
    /// It waits for a person; the bot still may.
    Queue {
        /// Since when.
        since: Timestamp,
    },
    /// A person answers, and the bot must not.
    Agent(AgentId),
    /// Nobody: it is over.
    Nobody,
}

impl Owner {
    /// The status that goes with it.
    #[must_use]
    pub fn status(self) -> Status {
        match self {
            Self::Bot => Status::Bot,
            Self::Queue { .. } => Status::Queued,
            Self::Agent(_) => Status::Assigned,
            Self::Nobody => Status::Resolved,
        }
    }

    pub(crate) fn agent(self) -> Option<AgentId> {
        if let Self::Agent(agent) = self { Some(agent) } else { None }
    }

    pub(crate) fn queued_at(self) -> Option<Timestamp> {
        if let Self::Queue { since } = self { Some(since) } else { None }
    }
}

/// A conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversation {
    /// Its identifier.
    pub id: ConversationId,
    /// With whom.
    pub contact: ContactId,
    /// The configured account on a platform.
    pub channel: String,
    /// Who answers.
    pub owner: Owner,
    /// Grows with every change of hands, from 1. A reply is stored only if it was decided on in the current one.
    pub owner_epoch: i64,
    /// The higher, the sooner a person should look.
    pub priority: i64,
    /// The sequence of the last message; 0 without one.
    pub last_sequence: i64,
    /// The bot answers only messages after this one.
    pub bot_cursor: i64,
    /// Why it was last handed over, if it was.
    pub hand_off_reason: Option<String>,
    /// What the next person should know.
    pub summary: Option<Sealed>,
    /// When it began.
    pub created_at: Timestamp,
    /// When anything last happened in it.
    pub updated_at: Timestamp,
}

/// What a conversation becomes if none is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewConversation {
    /// Its identifier.
    pub id: ConversationId,
    /// With whom.
    pub contact: ContactId,
    /// The configured account on a platform.
    pub channel: String,
    /// The higher, the sooner a person should look.
    pub priority: i64,
    /// Now.
    pub at: Timestamp,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, contact_id, channel, status, agent_id, queued_at, owner_epoch, priority, last_sequence, \
             bot_cursor, hand_off_reason, summary, created_at, updated_at FROM conversations ",
            $rest
        )
    };
}

impl Store {
    /// The open conversation of a person on a channel; begun if there is none. A person has at most one.
    ///
    /// # Errors
    /// [`Error::Invalid`] when there is no such contact; [`Error::Conflict`] when the new identifier is another
    /// conversation's; when the engine fails.
    pub async fn open_conversation(&self, new: NewConversation) -> Result<Conversation> {
        self.write(move |transaction| find_or_create(transaction, new).boxed()).await
    }

    /// One conversation.
    ///
    /// # Errors
    /// [`Error::NotFound`]; when the engine fails.
    pub async fn conversation(&self, id: ConversationId) -> Result<Conversation> {
        self.read(move |transaction| read(transaction, id).boxed()).await
    }

    /// Everything a person has written about, newest first.
    ///
    /// # Errors
    /// When the engine fails or a row is corrupt.
    pub async fn conversations_of(&self, contact: ContactId) -> Result<Vec<Conversation>> {
        self.read(move |transaction| of_contact(transaction, contact).boxed()).await
    }

    /// Who waits for a person: the most urgent first, then who has waited longest. At most `limit`.
    ///
    /// # Errors
    /// When the engine fails or a row is corrupt.
    pub async fn queue(&self, limit: u32) -> Result<Vec<Conversation>> {
        let sql = select!("WHERE status = 'queued' ORDER BY priority DESC, queued_at, id LIMIT $1");
        self.read(move |transaction| {
            async move { transaction.rows(sql, values![limit]).await?.into_iter().map(conversation).collect() }
                .boxed()
        })
        .await
    }

    /// What a person is answering, oldest first.
    ///
    /// # Errors
    /// When the engine fails or a row is corrupt.
    pub async fn conversations_of_agent(&self, agent: AgentId) -> Result<Vec<Conversation>> {
        let sql = select!("WHERE agent_id = $1 ORDER BY created_at, id");
        self.read(move |transaction| {
            async move { transaction.rows(sql, values![agent]).await?.into_iter().map(conversation).collect() }
                .boxed()
        })
        .await
    }
}

async fn find_or_create(transaction: &mut Transaction<'_>, new: NewConversation) -> Result<Conversation> {
    let sql = select!("WHERE contact_id = $1 AND channel = $2 AND status <> 'resolved'");
    if let Some(row) = transaction.row(sql, values![new.contact, new.channel.as_str()]).await? {
        return conversation(row);
    }
    let sql = "INSERT INTO conversations (id, contact_id, channel, status, owner_epoch, priority, last_sequence, \
               bot_cursor, created_at, updated_at) VALUES ($1, $2, $3, 'bot', 1, $4, 0, 0, $5, $5)";
    transaction
        .execute(sql, values![new.id, new.contact, new.channel.as_str(), new.priority, new.at])
        .await?;
    let payload = json!({ "contact": new.contact.to_string(), "channel": new.channel });
    events::append(transaction, EventKind::ConversationOpened, Some(new.id), &payload, new.at).await?;
    read(transaction, new.id).await
}

/// Everything a person has written about, newest first, as this transaction sees it.
pub(crate) async fn of_contact(
    transaction: &mut Transaction<'_>,
    contact: ContactId,
) -> Result<Vec<Conversation>> {
    let sql = select!("WHERE contact_id = $1 ORDER BY created_at DESC, id DESC");
    transaction.rows(sql, values![contact]).await?.into_iter().map(conversation).collect()
}

/// Conversations that the bot answers and that last changed before a moment, the oldest change first.
pub(crate) async fn idle(
    transaction: &mut Transaction<'_>,
    before: Timestamp,
    limit: u32,
) -> Result<Vec<Conversation>> {
    let sql = select!("WHERE status = 'bot' AND updated_at < $1 ORDER BY updated_at, id LIMIT $2");
    transaction.rows(sql, values![before, limit]).await?.into_iter().map(conversation).collect()
}

/// A conversation as this transaction sees it.
pub(crate) async fn read(transaction: &mut Transaction<'_>, id: ConversationId) -> Result<Conversation> {
    let row = transaction.row(select!("WHERE id = $1"), values![id]).await?;
    conversation(row.ok_or_else(|| Error::not_found("conversations", id))?)
}

fn conversation(row: Row) -> Result<Conversation> {
    let mut fields = row.fields("conversations");
    Ok(Conversation {
        id: fields.next()?,
        contact: fields.next()?,
        channel: fields.next()?,
        owner: owner(&mut fields)?,
        owner_epoch: fields.next()?,
        priority: fields.next()?,
        last_sequence: fields.next()?,
        bot_cursor: fields.next()?,
        hand_off_reason: fields.next()?,
        summary: fields.next()?,
        created_at: fields.next()?,
        updated_at: fields.next()?,
    })
}

fn owner(fields: &mut Fields) -> Result<Owner> {
    let status: Status = fields.next()?;
    let agent: Option<AgentId> = fields.next()?;
    fields.next_as(|queued_at: Option<Timestamp>| match status {
        Status::Bot => Some(Owner::Bot),
        Status::Queued => queued_at.map(|since| Owner::Queue { since }),
        Status::Assigned => agent.map(Owner::Agent),
        Status::Resolved => Some(Owner::Nobody),
    })
}
