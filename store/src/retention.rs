//! What is kept for a while only. Conversations that are not over are left alone, and what is counted stays countable:
//! messages keep their places, events and audit entries go from the oldest on.

use futures::FutureExt;
use serde_json::json;

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
    /// Rows that were emptied or removed.
    pub rows: u64,
    /// After which conversation the next step continues, for data of conversations.
    pub after: Option<ConversationId>,
    /// Whether there is nothing left to forget.
    pub finished: bool,
}

/// A class of data that belongs to conversations: what counts its rows of all that are over, and what forgets those of
/// one.
struct OfConversations {
    count: &'static str,
    forget: &'static [&'static str],
}

const BODIES: OfConversations = OfConversations {
    count: "SELECT COUNT(*) FROM messages WHERE length(body) > 0 AND conversation_id IN \
            (SELECT id FROM conversations WHERE status = 'resolved' AND updated_at < $1)",
    forget: &[
        "UPDATE messages SET body = substr(body, 1, 0) WHERE conversation_id = $1 AND length(body) > 0",
        "UPDATE conversations SET summary = NULL WHERE id = $1 AND summary IS NOT NULL",
    ],
};

const RECEIPTS: OfConversations = OfConversations {
    count: "SELECT COUNT(*) FROM decision_receipts WHERE message_id IN (SELECT said.id FROM messages said \
            JOIN conversations held ON held.id = said.conversation_id WHERE held.status = 'resolved' \
            AND held.updated_at < $1)",
    forget: &[
        "DELETE FROM decision_receipts WHERE message_id IN (SELECT id FROM messages WHERE conversation_id = $1)",
    ],
};

const DELIVERIES: OfConversations = OfConversations {
    count: "SELECT COUNT(*) FROM outbox WHERE state NOT IN ('pending', 'claimed') AND conversation_id IN \
            (SELECT id FROM conversations WHERE status = 'resolved' AND updated_at < $1)",
    forget: &["DELETE FROM outbox WHERE state NOT IN ('pending', 'claimed') AND message_id IN \
               (SELECT id FROM messages WHERE conversation_id = $1)"],
};

/// A class of data whose rows stand alone: what counts those before a moment, and what forgets `$2` of them.
struct Standing {
    count: &'static str,
    forget: &'static str,
}

const EVENTS: Standing = Standing {
    count: "SELECT COUNT(*) FROM events WHERE sequence < (SELECT COALESCE(MIN(sequence), 9223372036854775807) \
            FROM events WHERE created_at >= $1 OR conversation_id IN \
            (SELECT id FROM conversations WHERE status <> 'resolved'))",
    forget: "DELETE FROM events WHERE sequence IN (SELECT sequence FROM events WHERE sequence < \
             (SELECT COALESCE(MIN(sequence), 9223372036854775807) FROM events WHERE created_at >= $1 \
             OR conversation_id IN (SELECT id FROM conversations WHERE status <> 'resolved')) \
             ORDER BY sequence LIMIT $2)",
};

const EMBEDDINGS: Standing = Standing {
    count: "SELECT COUNT(*) FROM embeddings WHERE created_at < $1",
    forget: "DELETE FROM embeddings WHERE (model_fingerprint, content_hash) IN \
             (SELECT model_fingerprint, content_hash FROM embeddings WHERE created_at < $1 LIMIT $2)",
};

const JOBS: Standing = Standing {
    count: "SELECT COUNT(*) FROM jobs WHERE state IN ('done', 'failed') AND updated_at < $1",
    forget: "DELETE FROM jobs WHERE id IN (SELECT id FROM jobs WHERE state IN ('done', 'failed') \
             AND updated_at < $1 LIMIT $2)",
};

/// The last entry that may go: those before the first one that is young enough, but never the newest.
const LAST_OLD_ENTRY: &str = "SELECT sequence, hash FROM audit_entries WHERE sequence < \
    (SELECT COALESCE(MIN(sequence), (SELECT MAX(sequence) FROM audit_entries)) FROM audit_entries \
    WHERE created_at >= $1) ORDER BY sequence DESC LIMIT 1";

/// What the log says when its oldest entries were given up.
pub(crate) const SHORTENED: &str = "audit.shorten";

enum Form {
    OfConversations(OfConversations),
    Standing(Standing),
    Audit,
}

fn form(class: DataClass) -> Form {
    match class {
        DataClass::MessageBodies => Form::OfConversations(BODIES),
        DataClass::Receipts => Form::OfConversations(RECEIPTS),
        DataClass::Deliveries => Form::OfConversations(DELIVERIES),
        DataClass::Events => Form::Standing(EVENTS),
        DataClass::Embeddings => Form::Standing(EMBEDDINGS),
        DataClass::Jobs => Form::Standing(JOBS),
        DataClass::Audit => Form::Audit,
    }
}

impl Store {
    /// How many rows of a class are older than `before`. Data of a conversation is as old as the last change of the
    /// conversation.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn overdue(&self, class: DataClass, before: Timestamp) -> Result<i64> {
        self.read(move |transaction| {
            async move {
                let sql = match form(class) {
                    Form::OfConversations(OfConversations { count, .. }) => count,
                    Form::Standing(Standing { count, .. }) => count,
                    Form::Audit => return overdue_entries(transaction, before).await,
                };
                transaction.scalar(class.word(), sql, values![before]).await
            }
            .boxed()
        })
        .await
    }

    /// Forgets some more of a class that is older than `before`: `limit` rows, or the data of `limit` conversations after
    /// `after`. Not the audit log: see [`shorten_audit`](Self::shorten_audit).
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
                    Form::Audit => Ok(Forgotten { rows: 0, after: None, finished: true }),
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
        for sql in of.forget {
            rows += transaction.execute(sql, values![*conversation]).await?;
        }
    }
    let finished = found.len() < limit as usize;
    Ok(Forgotten { rows, after: found.last().copied().or(after), finished })
}

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
