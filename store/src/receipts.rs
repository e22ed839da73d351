//! Decision receipts: what the engine decided on a message, and with which knowledge and model.

use futures::FutureExt;
use serde_json::json;

use crate::{
    Conversation, ConversationId, Error, EventKind, MessageId, Result, Store, Timestamp, conversations,
    engine::{Row, Transaction, values},
    events, messages,
};

/// A decision, in full.
#[derive(Clone, Debug, PartialEq)]
pub struct DecisionReceipt {
    /// The customer's message that was decided on.
    pub message: MessageId,
    /// The knowledge that was served.
    pub snapshot_version: String,
    /// The model that embedded the question.
    pub model_fingerprint: String,
    /// The best entry, if there was a candidate.
    pub entry_id: Option<String>,
    /// Its phrasing closest to what was asked.
    pub matched_phrasing: Option<String>,
    /// The best candidate's features by name, a JSON object.
    pub features: String,
    /// The chance that the best entry is right, 0 to 1.
    pub probability: f64,
    /// What the engine does: answer, clarify, hand over.
    pub band: String,
    /// When it was decided.
    pub at: Timestamp,
}

impl Store {
    /// Stores a decision that comes without a reply and without a hand-off. Repeating it changes nothing.
    ///
    /// # Errors
    /// [`Error::Conflict`] when something else has been decided on the message; [`Error::NotFound`] when there is no such message; when
    /// the engine fails.
    pub async fn record_decision(&self, receipt: DecisionReceipt) -> Result<()> {
        self.write(move |transaction| {
            async move {
                let message = messages::read(transaction, receipt.message).await?;
                let conversation = conversations::read(transaction, message.conversation).await?;
                append(transaction, &conversation, receipt).await
            }
            .boxed()
        })
        .await
    }

    /// What was decided on a message; `None` when nothing was.
    ///
    /// # Errors
    /// When the engine fails or the row is corrupt.
    pub async fn decision_on(&self, message: MessageId) -> Result<Option<DecisionReceipt>> {
        self.read(move |transaction| read(transaction, message).boxed()).await
    }
}

/// Stores a receipt for a message of `conversation`, with its event.
pub(crate) async fn append(
    transaction: &mut Transaction<'_>,
    conversation: &Conversation,
    receipt: DecisionReceipt,
) -> Result<()> {
    let sql = "SELECT conversation_id FROM messages WHERE id = $1";
    let of = transaction.row(sql, values![receipt.message]).await?;
    if of.map(|row| row.only("messages")).transpose()? != Some(conversation.id) {
        return Err(Error::not_found("messages", receipt.message));
    }
    let payload = json!({
        "message": receipt.message.to_string(),
        "band": receipt.band,
        "entry": receipt.entry_id,
        "probability": receipt.probability,
        "snapshot": receipt.snapshot_version,
    });
    let sql = "INSERT INTO decision_receipts (message_id, snapshot_version, model_fingerprint, entry_id, \
               matched_phrasing, features, probability, band, created_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (message_id) DO NOTHING";
    let new = receipt.clone();
    let values = values![
        new.message,
        new.snapshot_version,
        new.model_fingerprint,
        new.entry_id,
        new.matched_phrasing,
        new.features,
        new.probability,
        new.band,
        new.at
    ];
    if transaction.execute(sql, values).await? == 0 {
        let same = read(transaction, receipt.message).await?.as_ref() == Some(&receipt);
        return if same { Ok(()) } else { Err(Error::conflict("something else was decided on the message")) };
    }
    events::append(transaction, EventKind::DecisionRecorded, Some(conversation.id), &payload, receipt.at)
        .await
}

/// Everything decided in a conversation, in the order of its messages.
pub(crate) async fn of_conversation(
    transaction: &mut Transaction<'_>,
    id: ConversationId,
) -> Result<Vec<DecisionReceipt>> {
    let sql = "SELECT decided.message_id, snapshot_version, model_fingerprint, entry_id, matched_phrasing, features, \
               probability, band, decided.created_at FROM decision_receipts decided \
               JOIN messages said ON said.id = decided.message_id WHERE said.conversation_id = $1 \
               ORDER BY said.sequence";
    transaction.rows(sql, values![id]).await?.into_iter().map(receipt).collect()
}

async fn read(transaction: &mut Transaction<'_>, message: MessageId) -> Result<Option<DecisionReceipt>> {
    let sql = "SELECT message_id, snapshot_version, model_fingerprint, entry_id, matched_phrasing, features, \
               probability, band, created_at FROM decision_receipts WHERE message_id = $1";
    transaction.row(sql, values![message]).await?.map(receipt).transpose()
}

fn receipt(row: Row) -> Result<DecisionReceipt> {
    let mut fields = row.fields("decision_receipts");
    Ok(DecisionReceipt {
        message: fields.next()?,
        snapshot_version: fields.next()?,
        model_fingerprint: fields.next()?,
        entry_id: fields.next()?,
        matched_phrasing: fields.next()?,
        features: fields.next()?,
        probability: fields.next()?,
        band: fields.next()?,
        at: fields.next()?,
    })
}
