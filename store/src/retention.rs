//! What is kept for a while only. Conversations that are not over are left alone, and what is counted stays countable for as
//! long as its conversation is kept: messages keep their places, events and audit entries go from the oldest on.

mod classes;

use futures::FutureExt;
use serde_json::json;

use self::classes::{Form, OfConversations, Standing, form};
use crate::{
    Act, AuditHead, AuditState, Conversation, ConversationId, Error, EventKind, Owner, Result, Store,
    Timestamp, audit, conversations,
    engine::{Transaction, Value, values},
    events, hand_off,
    words::words,
};

words! {
    /// A kind of data with a retention period of its own.
    DataClass {
        /// Bodies of messages, and summaries, of conversations that are over.
        MessageBodies = "message_bodies",
        /// Decision receipts of conversations that are over.
        Receipts = "receipts",
        /// What became of sent messages of conversations that are over.
        Deliveries = "deliveries",
        /// Conversations that are over and in which nothing waits to be sent, with everything said in them.
        Conversations = "conversations",
        /// What people said about a purpose, once they said something else about it.
        Consents = "consents",
        /// People of whom no conversation is left.
        Contacts = "contacts",
        /// Events, up to the first one of a conversation that is not over.
        Events = "events",
        /// Vectors computed before.
        Embeddings = "embeddings",
        /// Jobs that have ended.
        Jobs = "jobs",
        /// The audit log, from its oldest entry on.
        Audit = "audit",
    }
}

/// What one step of forgetting did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forgotten {
    /// Rows of the class that were emptied or removed.
    pub rows: u64,
    /// After which conversation the next step continues, for data of conversations.
    pub after: Option<ConversationId>,
    /// Whether there is nothing left to forget.
    pub finished: bool,
}

/// What the log says when its oldest entries were given up.
pub(crate) const SHORTENED: &str = "audit.shorten";

impl Store {
    /// How many rows of a class are older than `before`. Data of a conversation is as old as the last change of the
    /// conversation; a statement on a purpose as old as the one that took its place; a person as the last change of it, of
    /// its identities or its consents.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn overdue(&self, class: DataClass, before: Timestamp) -> Result<i64> {
        self.read(move |transaction| {
            async move {
                let sql = match form(class) {
                    Form::OfConversations(OfConversations { count, .. }) => count,
                    Form::Standing(Standing { count, .. }) | Form::Contacts { count } => count,
                    Form::Audit => return overdue_entries(transaction, before).await,
                };
                transaction.scalar(class.word(), sql, values![before]).await
            }
            .boxed()
        })
        .await
    }

    /// Forgets some more of a class that is older than `before`: `limit` rows, or the data of `limit` conversations after
    /// `after`. Not the audit log, see [`shorten_audit`](Self::shorten_audit), and not people, see
    /// [`expire_contacts`](Self::expire_contacts): of these nothing goes.
    ///
    /// # Errors
    /// When the engine fails: repeat it.
    pub async fn forget(
        &self,
        class: DataClass,
        before: Timestamp,
        after: Option<ConversationId>,
        limit: u32,
    ) -> Result<Forgotten> {
        self.write(move |transaction| {
            async move {
                match form(class) {
                    Form::OfConversations(of) => {
                        forget_of_conversations(transaction, of, before, after, limit).await
                    }
                    Form::Standing(Standing { forget, .. }) => {
                        let rows = transaction.execute(forget, values![before, limit]).await?;
                        Ok(Forgotten { rows, after: None, finished: rows < u64::from(limit) })
                    }
                    Form::Contacts { .. } | Form::Audit => {
                        Ok(Forgotten { rows: 0, after: None, finished: true })
                    }
                }
            }
            .boxed()
        })
        .await
    }

    /// Gives up the audit entries before `before` and says so in the log; how many there were. Entries go from the oldest
    /// on, up to the first one that is young enough, and the newest stays. The chain is followed from where it begins now.
    ///
    /// # Errors
    /// [`Error::Schema`] when the chain is broken: then nothing is removed; when the engine fails.
    pub async fn shorten_audit(&self, before: Timestamp, act: Act) -> Result<u64> {
        if let AuditState::Broken { first_bad } = self.verify_audit(None).await? {
            return Err(Error::Schema { reason: format!("the audit log is broken at entry {first_bad}") });
        }
        self.write(move |transaction| async move { shorten(transaction, before, &act).await }.boxed()).await
    }

    /// Ends conversations that the bot answers and in which nothing has happened since `before`, at most `limit`; how
    /// many.
    ///
    /// # Errors
    /// When the engine fails: repeat it.
    pub async fn end_idle_conversations(&self, before: Timestamp, limit: u32, at: Timestamp) -> Result<u64> {
        self.write(move |transaction| end_idle(transaction, before, limit, at).boxed()).await
    }
}

async fn forget_of_conversations(
    transaction: &mut Transaction<'_>,
    of: OfConversations,
    before: Timestamp,
    after: Option<ConversationId>,
    limit: u32,
) -> Result<Forgotten> {
    let sql = "SELECT id FROM conversations WHERE status = 'resolved' AND updated_at < $1 AND id > $2 \
               ORDER BY id LIMIT $3";
    let start = after.map_or(Value::Bytes(Vec::new()), Value::from);
    let found = transaction.rows(sql, &[before.into(), start, limit.into()]).await?;
    let found: Vec<ConversationId> =
        found.into_iter().map(|row| row.only("conversations")).collect::<Result<_>>()?;
    let mut rows = 0;
    for conversation in &found {
        for sql in of.beside {
            transaction.execute(sql, values![*conversation]).await?;
        }
        rows += transaction.execute(of.forget, values![*conversation]).await?;
    }
    let finished = found.len() < limit as usize;
    Ok(Forgotten { rows, after: found.last().copied().or(after), finished })
}

/// The last entry that may go: those before the first one that is young enough, but never the newest.
const LAST_OLD_ENTRY: &str = "SELECT sequence, hash FROM audit_entries WHERE sequence < \
    (SELECT COALESCE(MIN(sequence), (SELECT MAX(sequence) FROM audit_entries)) FROM audit_entries \
    WHERE created_at >= $1) ORDER BY sequence DESC LIMIT 1";

async fn last_old_entry(transaction: &mut Transaction<'_>, before: Timestamp) -> Result<Option<AuditHead>> {
    let Some(row) = transaction.row(LAST_OLD_ENTRY, values![before]).await? else { return Ok(None) };
    let mut fields = row.fields("audit_entries");
    Ok(Some(AuditHead { sequence: fields.next()?, hash: fields.next()? }))
}

async fn overdue_entries(transaction: &mut Transaction<'_>, before: Timestamp) -> Result<i64> {
    let Some(last) = last_old_entry(transaction, before).await? else { return Ok(0) };
    let sql = "SELECT COUNT(*) FROM audit_entries WHERE sequence <= $1";
    transaction.scalar("audit_entries", sql, values![last.sequence]).await
}

async fn shorten(transaction: &mut Transaction<'_>, before: Timestamp, act: &Act) -> Result<u64> {
    let Some(last) = last_old_entry(transaction, before).await? else { return Ok(0) };
    let sql = "DELETE FROM audit_entries WHERE sequence <= $1";
    let removed = transaction.execute(sql, values![last.sequence]).await?;
    transaction.execute("DELETE FROM audit_anchors", &[]).await?;
    let sql = "INSERT INTO audit_anchors (sequence, hash) VALUES ($1, $2)";
    transaction.execute(sql, values![last.sequence, &last.hash[..]]).await?;
    let detail = json!({ "entries": removed }).to_string();
    audit::append(transaction, act, SHORTENED, &audit::anchor_name(last), Some(detail)).await?;
    Ok(removed)
}

async fn end_idle(
    transaction: &mut Transaction<'_>,
    before: Timestamp,
    limit: u32,
    at: Timestamp,
) -> Result<u64> {
    let idle = conversations::idle(transaction, before, limit).await?;
    for found in &idle {
        end_one(transaction, found, at).await?;
    }
    Ok(idle.len() as u64)
}

async fn end_one(transaction: &mut Transaction<'_>, found: &Conversation, at: Timestamp) -> Result<()> {
    hand_off::change_owner(transaction, found, Owner::Nobody, found.bot_cursor, at).await?;
    let payload = json!({
        "agent": null,
        "owner_epoch": found.owner_epoch + 1,
        "last_sequence": found.last_sequence,
    });
    events::append(transaction, EventKind::Resolved, Some(found.id), &payload, at).await
}
