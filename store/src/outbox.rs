//! What is to be sent to the customer, and what became of it.
//!
//! A message is claimed before the platform is called, and what the platform said is recorded afterwards. Who disappears in
//! between leaves a claim that runs out: then nobody knows whether the message was sent. It is not sent again by itself,
//! because the platform would not recognise the repeat; a person is shown it and decides.

use std::time::Duration;

use futures::FutureExt;
use serde_json::json;

use crate::{
    Act, ConversationId, Error, EventKind, Message, MessageId, Result, Store, Timestamp, audit,
    engine::{Row, Transaction, values},
    events, messages,
    words::words,
};

words! {
    /// What became of a message that is to be sent.
    DeliveryState {
        /// It waits to be sent.
        Pending = "pending",
        /// Somebody is sending it.
        Claimed = "claimed",
        /// The platform accepted it.
        Sent = "sent",
        /// It was given up.
        Failed = "failed",
        /// Whoever was sending it disappeared: it may have been sent.
        DeliveryUnknown = "delivery_unknown",
    }
}

/// A message in the outbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxEntry {
    /// The message.
    pub message: MessageId,
    /// Its conversation.
    pub conversation: ConversationId,
    /// What became of it.
    pub state: DeliveryState,
    /// How often it was claimed.
    pub attempt: i64,
    /// What the platform calls it.
    pub platform_reference: Option<String>,
    /// Why the last attempt failed; never what was said.
    pub failure: Option<String>,
}

/// The right to send a message, until it runs out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// What to send.
    pub message: Message,
    /// Which attempt this is, from 1. What an earlier one reports late is not recorded.
    pub attempt: i64,
}

/// Who sends, and for how long nobody else may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimRequest {
    /// Who sends, for people who look.
    pub worker: String,
    /// On which channel.
    pub channel: String,
    /// How long the right lasts: longer than the platform's call can take.
    pub lease: Duration,
    /// At most this many.
    pub limit: u32,
    /// Now.
    pub at: Timestamp,
}

/// What the platform said to an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attempted {
    /// Accepted; what it calls the message, if it does.
    Sent(Option<String>),
    /// Certainly not accepted; try again from then on.
    Retry {
        /// What it said.
        failure: String,
        /// From when on.
        not_before: Timestamp,
    },
    /// Certainly not accepted, and trying again is useless.
    Failed(String),
    /// The answer was lost.
    Unknown(String),
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT message_id, conversation_id, state, attempt, platform_reference, failure FROM outbox ",
            $rest
        )
    };
}

impl Store {
    /// Takes messages to send. Of a conversation only the first that is not sent, so that they arrive in order.
    ///
    /// # Errors
    /// When the engine fails or a row is corrupt.
    pub async fn claim_outbox(&self, request: ClaimRequest) -> Result<Vec<Claim>> {
        self.write(move |transaction| claim(transaction, request).boxed()).await
    }

    /// Records what the platform said. `false` when it is recorded already or somebody else has the message by now: then
    /// nothing changes.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn record_attempt(&self, claim: &Claim, attempted: Attempted, at: Timestamp) -> Result<bool> {
        let (message, conversation, attempt) = (claim.message.id, claim.message.conversation, claim.attempt);
        self.write(move |transaction| {
            async move {
                let outcome = Outcome::of(attempted, at);
                let sql = "UPDATE outbox SET state = $3, platform_reference = $4, failure = $5, not_before = $6, \
                           updated_at = $7, claimed_by = NULL, claimed_until = NULL \
                           WHERE message_id = $1 AND attempt = $2 AND state IN ('claimed', 'delivery_unknown')";
                let values = values![
                    message, attempt, outcome.state, outcome.reference, outcome.failure, outcome.not_before, at
                ];
                if transaction.execute(sql, values).await? == 0 {
                    return Ok(false);
                }
                if let Some(kind) = outcome.event {
                    announce(transaction, kind, conversation, message, at).await?;
                }
                Ok(true)
            }
            .boxed()
        })
        .await
    }

    /// Marks what was claimed and not recorded in time as [`DeliveryState::DeliveryUnknown`]; which messages those are.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn expire_claims(&self, at: Timestamp) -> Result<Vec<MessageId>> {
        self.write(move |transaction| expire(transaction, at).boxed()).await
    }

    /// Sends a message again that was given up or of which nobody knows, because a person says so.
    ///
    /// # Errors
    /// [`Error::Conflict`] when it is in another state; [`Error::NotFound`]; when the engine fails.
    pub async fn send_again(&self, message: MessageId, act: Act) -> Result<()> {
        self.write(move |transaction| {
            async move {
                let found =
                    read(transaction, message).await?.ok_or_else(|| Error::not_found("outbox", message))?;
                let sql = "UPDATE outbox SET state = 'pending', not_before = $2, updated_at = $2 \
                           WHERE message_id = $1 AND state IN ('failed', 'delivery_unknown')";
                if transaction.execute(sql, values![message, act.at]).await? == 0 {
                    return Err(Error::conflict(format!("the message is {}", found.state.word())));
                }
                audit::append(transaction, &act, "message.send_again", &message.to_string(), None).await
            }
            .boxed()
        })
        .await
    }

    /// What became of a message; `None` when it does not go through the outbox.
    ///
    /// # Errors
    /// When the engine fails or the row is corrupt.
    pub async fn delivery_of(&self, message: MessageId) -> Result<Option<OutboxEntry>> {
        self.read(move |transaction| read(transaction, message).boxed()).await
    }
}

/// Puts a message into the outbox, due at once.
pub(crate) async fn append(transaction: &mut Transaction<'_>, message: &Message) -> Result<()> {
    let sql = "INSERT INTO outbox (message_id, conversation_id, sequence, channel, state, attempt, not_before, \
               updated_at) VALUES ($1, $2, $3, $4, 'pending', 0, $5, $5)";
    let channel = message.channel.as_str();
    let values = values![message.id, message.conversation, message.sequence, channel, message.at];
    transaction.execute(sql, values).await?;
    Ok(())
}

async fn claim(transaction: &mut Transaction<'_>, request: ClaimRequest) -> Result<Vec<Claim>> {
    let sql = "UPDATE outbox SET state = 'claimed', attempt = attempt + 1, claimed_by = $1, claimed_until = $2, \
               updated_at = $3 WHERE message_id IN (\
                   SELECT due.message_id FROM outbox due \
                   WHERE due.state = 'pending' AND due.channel = $4 AND due.not_before <= $3 AND NOT EXISTS (\
                       SELECT 1 FROM outbox earlier WHERE earlier.conversation_id = due.conversation_id \
                       AND earlier.sequence < due.sequence AND earlier.state IN ('pending', 'claimed')) \
                   ORDER BY due.not_before, due.message_id LIMIT $5) RETURNING message_id, attempt";
    let until = request.at.plus(request.lease);
    let values = values![request.worker, until, request.at, request.channel, request.limit];
    let mut claims = Vec::new();
    for row in transaction.rows(sql, values).await? {
        let mut fields = row.fields("outbox");
        let message = messages::read(transaction, fields.next()?).await?;
        claims.push(Claim { message, attempt: fields.next()? });
    }
    claims.sort_by_key(|claim| (claim.message.at, claim.message.id));
    Ok(claims)
}

async fn expire(transaction: &mut Transaction<'_>, at: Timestamp) -> Result<Vec<MessageId>> {
    let sql = "UPDATE outbox SET state = 'delivery_unknown', updated_at = $1 \
               WHERE state = 'claimed' AND claimed_until <= $1 RETURNING message_id, conversation_id";
    let mut expired = Vec::new();
    for row in transaction.rows(sql, values![at]).await? {
        let mut fields = row.fields("outbox");
        let (message, conversation) = (fields.next()?, fields.next()?);
        announce(transaction, EventKind::DeliveryUnknown, conversation, message, at).await?;
        expired.push(message);
    }
    Ok(expired)
}

async fn announce(
    transaction: &mut Transaction<'_>,
    kind: EventKind,
    conversation: ConversationId,
    message: MessageId,
    at: Timestamp,
) -> Result<()> {
    let payload = json!({ "message": message.to_string() });
    events::append(transaction, kind, Some(conversation), &payload, at).await
}

/// What an attempt leaves in the row.
struct Outcome {
    state: DeliveryState,
    reference: Option<String>,
    failure: Option<String>,
    not_before: Timestamp,
    event: Option<EventKind>,
}

impl Outcome {
    fn of(attempted: Attempted, at: Timestamp) -> Self {
        let (state, event) = match attempted {
            Attempted::Sent(_) => (DeliveryState::Sent, Some(EventKind::MessageSent)),
            Attempted::Retry { .. } => (DeliveryState::Pending, None),
            Attempted::Failed(_) => (DeliveryState::Failed, Some(EventKind::MessageFailed)),
            Attempted::Unknown(_) => (DeliveryState::DeliveryUnknown, Some(EventKind::DeliveryUnknown)),
        };
        let (reference, failure, not_before) = match attempted {
            Attempted::Sent(reference) => (reference, None, at),
            Attempted::Retry { failure, not_before } => (None, Some(failure), not_before),
            Attempted::Failed(failure) | Attempted::Unknown(failure) => (None, Some(failure), at),
        };
        Self { state, reference, failure, not_before, event }
    }
}

/// What became of the messages of a conversation, in their order.
pub(crate) async fn of_conversation(
    transaction: &mut Transaction<'_>,
    id: ConversationId,
) -> Result<Vec<OutboxEntry>> {
    let sql = select!("WHERE conversation_id = $1 ORDER BY sequence");
    transaction.rows(sql, values![id]).await?.into_iter().map(entry).collect()
}

async fn read(transaction: &mut Transaction<'_>, message: MessageId) -> Result<Option<OutboxEntry>> {
    transaction.row(select!("WHERE message_id = $1"), values![message]).await?.map(entry).transpose()
}

fn entry(row: Row) -> Result<OutboxEntry> {
    let mut fields = row.fields("outbox");
    Ok(OutboxEntry {
        message: fields.next()?,
        conversation: fields.next()?,
        state: fields.next()?,
        attempt: fields.next()?,
        platform_reference: fields.next()?,
        failure: fields.next()?,
    })
}
