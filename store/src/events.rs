//! What happened, in order. Everybody who watches resumes from the last event that he has seen.

use futures::FutureExt;

use crate::{
    ConversationId, Result, Store, Timestamp, counters,
    engine::{Row, Transaction, values},
    words::words,
};

words! {
    /// What happened. Payloads are JSON objects and hold identifiers and numbers, never what was said.
    EventKind {
        /// A conversation began.
        ConversationOpened = "conversation_opened",
        /// A message was stored.
        MessageStored = "message_stored",
        /// A decision was recorded for a message.
        DecisionRecorded = "decision_recorded",
        /// The conversation waits for a person.
        HandedOff = "handed_off",
        /// A person answers from now on.
        TakenOver = "taken_over",
        /// The bot answers from now on.
        ReturnedToBot = "returned_to_bot",
        /// The conversation is over.
        Resolved = "resolved",
        /// The priority changed.
        PriorityChanged = "priority_changed",
        /// The platform accepted a message.
        MessageSent = "message_sent",
        /// A message was given up.
        MessageFailed = "message_failed",
        /// Nobody knows whether a message was sent.
        DeliveryUnknown = "delivery_unknown",
        /// A version of a knowledge base is published.
        KnowledgePublished = "knowledge_published",
    }
}

/// An event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Strictly increasing over all conversations, without gaps.
    pub sequence: i64,
    /// The conversation, if it is about one that is still there.
    pub conversation: Option<ConversationId>,
    /// What happened.
    pub kind: EventKind,
    /// A JSON object; empty once the person was erased.
    pub payload: String,
    /// When.
    pub at: Timestamp,
}

/// What follows after an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventPage {
    /// The next events, oldest first; empty when there is nothing new.
    Next(Vec<Event>),
    /// The events that follow are no longer kept: read everything anew, then resume from this sequence.
    Resync {
        /// The last event.
        latest: i64,
    },
}

const COUNTER: &str = "events";

/// Writes an event within the transaction of what it tells.
pub(crate) async fn append(
    transaction: &mut Transaction<'_>,
    kind: EventKind,
    conversation: Option<ConversationId>,
    payload: &serde_json::Value,
    at: Timestamp,
) -> Result<()> {
    let sequence = counters::next(transaction, COUNTER).await?;
    let sql = "INSERT INTO events (sequence, conversation_id, kind, payload, created_at) VALUES ($1, $2, $3, $4, $5)";
    transaction.execute(sql, values![sequence, conversation, kind, payload.to_string(), at]).await?;
    Ok(())
}

impl Store {
    /// The sequence of the last event; 0 before the first.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn latest_event(&self) -> Result<i64> {
        self.read(|transaction| counters::last(transaction, COUNTER).boxed()).await
    }

    /// Up to `limit` events after the one with sequence `last`; 0 asks from the beginning.
    ///
    /// # Errors
    /// When the engine fails or a row is corrupt.
    pub async fn events_after(&self, last: i64, limit: u32) -> Result<EventPage> {
        self.read(move |transaction| page(transaction, last, limit).boxed()).await
    }

    /// The events of a conversation, oldest first.
    ///
    /// # Errors
    /// When the engine fails or a row is corrupt.
    pub async fn events_of(&self, conversation: ConversationId) -> Result<Vec<Event>> {
        self.read(move |transaction| of_conversation(transaction, conversation).boxed()).await
    }

    /// Forgets events before `moment`; how many there were. Whoever has not seen them reads everything anew.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn forget_events_before(&self, moment: Timestamp) -> Result<u64> {
        // Up to an event and not by time alone: a clock that was set back must not tear a hole into the sequence.
        let sql = "DELETE FROM events WHERE sequence < \
                   (SELECT COALESCE(MIN(sequence), 9223372036854775807) FROM events WHERE created_at >= $1)";
        self.write(move |transaction| async move { transaction.execute(sql, values![moment]).await }.boxed())
            .await
    }
}

/// The events of a conversation, oldest first, as this transaction sees it.
pub(crate) async fn of_conversation(
    transaction: &mut Transaction<'_>,
    conversation: ConversationId,
) -> Result<Vec<Event>> {
    let sql = "SELECT sequence, conversation_id, kind, payload, created_at FROM events \
               WHERE conversation_id = $1 ORDER BY sequence";
    transaction.rows(sql, values![conversation]).await?.into_iter().map(event).collect()
}

async fn page(transaction: &mut Transaction<'_>, last: i64, limit: u32) -> Result<EventPage> {
    let latest = counters::last(transaction, COUNTER).await?;
    let sql = "SELECT sequence, conversation_id, kind, payload, created_at FROM events \
               WHERE sequence > $1 ORDER BY sequence LIMIT $2";
    let rows = transaction.rows(sql, values![last, limit]).await?;
    let events: Vec<Event> = rows.into_iter().map(event).collect::<Result<_>>()?;
    let expected = last.saturating_add(1);
    let follows = events.first().map_or(last == latest || limit == 0, |first| first.sequence == expected);
    Ok(if follows { EventPage::Next(events) } else { EventPage::Resync { latest } })
}

fn event(row: Row) -> Result<Event> {
    let mut fields = row.fields("events");
    Ok(Event {
        sequence: fields.next()?,
        conversation: fields.next()?,
        kind: fields.next()?,
        payload: fields.next()?,
        at: fields.next()?,
    })
}
