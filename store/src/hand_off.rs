//! A conversation changes hands: each change is one transaction with its event, and starts a new owner epoch.

use futures::FutureExt;
use serde_json::json;

use crate::{
    AgentId, Conversation, ConversationId, DecisionReceipt, Error, EventKind, Owner, Result, Sealed, Store,
    Timestamp, conversations,
    engine::{Transaction, values},
    events, receipts,
};

/// The bot gives up.
#[derive(Clone, Debug, PartialEq)]
pub struct HandOff {
    /// Which conversation.
    pub conversation: ConversationId,
    /// The owner epoch in which this was decided.
    pub owner_epoch: i64,
    /// Why, as a word for reports.
    pub reason: String,
    /// The higher, the sooner a person should look.
    pub priority: i64,
    /// What the person should know; `None` keeps the earlier summary.
    pub summary: Option<Sealed>,
    /// The decision that led to it, for the message that it was made on.
    pub receipt: Option<DecisionReceipt>,
    /// Now.
    pub at: Timestamp,
}

/// Somebody's act on a conversation as he saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handling {
    /// Which conversation.
    pub conversation: ConversationId,
    /// The owner epoch that the person saw.
    pub owner_epoch: i64,
    /// Who.
    pub agent: AgentId,
    /// Now.
    pub at: Timestamp,
}

impl Store {
    /// Puts a conversation that the bot answers into the queue, and stores the decision that led to it.
    ///
    /// # Errors
    /// [`Error::StaleOwner`] when it has changed hands since, so that it is not handed over twice; [`Error::Conflict`]
    /// when the bot does not answer it; [`Error::NotFound`]; when the engine fails.
    pub async fn hand_off(&self, hand_off: HandOff) -> Result<Conversation> {
        self.write(move |transaction| queue(transaction, hand_off).boxed()).await
    }

    /// The person answers from now on, whoever did before. Repeating it changes nothing.
    ///
    /// # Errors
    /// [`Error::StaleOwner`] when it has changed hands since; [`Error::Conflict`] when it is over;
    /// [`Error::NotFound`]; when the engine fails.
    pub async fn take_over(&self, handling: Handling) -> Result<Conversation> {
        self.write(move |transaction| {
            async move {
                let found = conversations::read(transaction, handling.conversation).await?;
                if found.owner == Owner::Agent(handling.agent) {
                    return Ok(found);
                }
                if found.owner == Owner::Nobody {
                    return Err(Error::conflict("the conversation is over"));
                }
                let change = Change { owner: Owner::Agent(handling.agent), kind: EventKind::TakenOver };
                change.apply(transaction, &found, handling).await
            }
            .boxed()
        })
        .await
    }

    /// The bot answers from now on, but only what comes after the last message.
    ///
    /// # Errors
    /// [`Error::StaleOwner`] when it has changed hands since; [`Error::Conflict`] when the person does not answer it;
    /// [`Error::NotFound`]; when the engine fails.
    pub async fn return_to_bot(&self, handling: Handling) -> Result<Conversation> {
        self.write(move |transaction| {
            async move {
                let found = conversations::read(transaction, handling.conversation).await?;
                refuse_others(&found, handling)?;
                let change = Change { owner: Owner::Bot, kind: EventKind::ReturnedToBot };
                change.apply(transaction, &found, handling).await
            }
            .boxed()
        })
        .await
    }

    /// A person ends the conversation that he answers. Repeating it changes nothing.
    ///
    /// # Errors
    /// [`Error::StaleOwner`] when it has changed hands since; [`Error::Conflict`] when the person does not answer it;
    /// [`Error::NotFound`]; when the engine fails.
    pub async fn resolve(&self, handling: Handling) -> Result<Conversation> {
        self.write(move |transaction| {
            async move {
                let found = conversations::read(transaction, handling.conversation).await?;
                if found.owner == Owner::Nobody {
                    return Ok(found);
                }
                refuse_others(&found, handling)?;
                let change = Change { owner: Owner::Nobody, kind: EventKind::Resolved };
                change.apply(transaction, &found, handling).await
            }
            .boxed()
        })
        .await
    }

    /// Ends a conversation from the customer's side, whoever answers it. Repeating it changes nothing.
    ///
    /// # Errors
    /// [`Error::NotFound`]; when the engine fails.
    pub async fn end(&self, id: ConversationId, at: Timestamp) -> Result<Conversation> {
        self.write(move |transaction| {
            async move {
                let found = conversations::read(transaction, id).await?;
                if found.owner == Owner::Nobody {
                    return Ok(found);
                }
                change_owner(transaction, &found, Owner::Nobody, found.bot_cursor, at).await?;
                let payload =
                    json!({ "owner_epoch": found.owner_epoch + 1, "last_sequence": found.last_sequence });
                events::append(transaction, EventKind::Resolved, Some(id), &payload, at).await?;
                conversations::read(transaction, id).await
            }
            .boxed()
        })
        .await
    }

    /// Says anew how urgent a conversation is; the higher, the sooner a person should look.
    ///
    /// # Errors
    /// [`Error::NotFound`]; when the engine fails.
    pub async fn set_priority(
        &self,
        id: ConversationId,
        priority: i64,
        at: Timestamp,
    ) -> Result<Conversation> {
        self.write(move |transaction| {
            async move {
                let sql = "UPDATE conversations SET priority = $2, updated_at = $3 WHERE id = $1";
                if transaction.execute(sql, values![id, priority, at]).await? == 0 {
                    return Err(Error::not_found("conversations", id));
                }
                let payload = json!({ "priority": priority });
                events::append(transaction, EventKind::PriorityChanged, Some(id), &payload, at).await?;
                conversations::read(transaction, id).await
            }
            .boxed()
        })
        .await
    }
}

/// Whoever saw an earlier epoch is told so, also if he caused the present one himself and its answer was lost.
fn refuse_others(found: &Conversation, handling: Handling) -> Result<()> {
    if found.owner_epoch != handling.owner_epoch {
        return Err(stale(found));
    }
    if found.owner != Owner::Agent(handling.agent) {
        return Err(Error::conflict("the conversation is not assigned to this person"));
    }
    Ok(())
}

/// Puts a conversation that the bot answers into the queue, as this transaction sees it.
pub(crate) async fn queue(transaction: &mut Transaction<'_>, hand_off: HandOff) -> Result<Conversation> {
    let found = conversations::read(transaction, hand_off.conversation).await?;
    if found.owner_epoch != hand_off.owner_epoch {
        return Err(stale(&found));
    }
    if found.owner != Owner::Bot {
        return Err(Error::conflict("the bot does not answer this conversation"));
    }
    if let Some(receipt) = hand_off.receipt {
        receipts::append(transaction, &found, receipt).await?;
    }
    let owner = Owner::Queue { since: hand_off.at };
    change_owner(transaction, &found, owner, found.bot_cursor, hand_off.at).await?;
    let sql = "UPDATE conversations SET priority = $2, hand_off_reason = $3, summary = COALESCE($4, summary) \
               WHERE id = $1";
    let values = values![found.id, hand_off.priority, hand_off.reason.as_str(), hand_off.summary];
    transaction.execute(sql, values).await?;
    let payload = json!({ "reason": hand_off.reason, "priority": hand_off.priority, "owner_epoch": found.owner_epoch + 1 });
    events::append(transaction, EventKind::HandedOff, Some(found.id), &payload, hand_off.at).await?;
    conversations::read(transaction, found.id).await
}

/// A person's act that changes who answers.
struct Change {
    owner: Owner,
    kind: EventKind,
}

impl Change {
    async fn apply(
        self,
        transaction: &mut Transaction<'_>,
        found: &Conversation,
        handling: Handling,
    ) -> Result<Conversation> {
        if found.owner_epoch != handling.owner_epoch {
            return Err(stale(found));
        }
        let bot_cursor = if self.owner == Owner::Bot { found.last_sequence } else { found.bot_cursor };
        change_owner(transaction, found, self.owner, bot_cursor, handling.at).await?;
        let payload = json!({
            "agent": handling.agent.to_string(),
            "owner_epoch": found.owner_epoch + 1,
            "last_sequence": found.last_sequence,
        });
        events::append(transaction, self.kind, Some(found.id), &payload, handling.at).await?;
        conversations::read(transaction, found.id).await
    }
}

/// Compare and set: nothing happens unless the epoch is still the one that was read.
pub(crate) async fn change_owner(
    transaction: &mut Transaction<'_>,
    found: &Conversation,
    owner: Owner,
    bot_cursor: i64,
    at: Timestamp,
) -> Result<()> {
    let sql = "UPDATE conversations SET status = $3, agent_id = $4, queued_at = $5, bot_cursor = $6, \
               updated_at = $7, owner_epoch = owner_epoch + 1 WHERE id = $1 AND owner_epoch = $2";
    let (status, agent, queued_at) = (owner.status(), owner.agent(), owner.queued_at());
    let values = values![found.id, found.owner_epoch, status, agent, queued_at, bot_cursor, at];
    if transaction.execute(sql, values).await? == 1 { Ok(()) } else { Err(stale(found)) }
}

/// The refusal of whoever decided in an earlier epoch.
pub(crate) fn stale(found: &Conversation) -> Error {
    Error::StaleOwner { conversation: found.id, owner_epoch: found.owner_epoch }
}
