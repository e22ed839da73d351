//! For each class of data, what counts what is old and what forgets it.

use super::DataClass;
use crate::erasure::COUNT_EXPIRED;

/// How a class is counted and forgotten.
pub(super) enum Form {
    /// What belongs to conversations.
    OfConversations(OfConversations),
    /// Rows that stand alone.
    Standing(Standing),
    /// People, who are erased.
    Contacts {
        /// Counts whom nothing has kept since `$1`.
        count: &'static str,
    },
    /// The audit log, which is shortened.
    Audit,
}

/// A class of data that belongs to conversations.
pub(super) struct OfConversations {
    /// Counts its rows of all conversations that are over and were last changed before `$1`.
    pub(super) count: &'static str,
    /// Statements on what goes with the rows of the conversation `$1`, before these.
    pub(super) beside: &'static [&'static str],
    /// Forgets its rows of the conversation `$1`.
    pub(super) forget: &'static str,
}

/// A class of data whose rows stand alone.
pub(super) struct Standing {
    /// Counts those before the moment `$1`.
    pub(super) count: &'static str,
    /// Forgets `$2` of them.
    pub(super) forget: &'static str,
}

const BODIES: OfConversations = OfConversations {
    count: "SELECT COUNT(*) FROM messages WHERE length(body) > 0 AND conversation_id IN \
            (SELECT id FROM conversations WHERE status = 'resolved' AND updated_at < $1)",
    beside: &["UPDATE conversations SET summary = NULL WHERE id = $1 AND summary IS NOT NULL"],
    forget: "UPDATE messages SET body = substr(body, 1, 0) WHERE conversation_id = $1 AND length(body) > 0",
};

const RECEIPTS: OfConversations = OfConversations {
    count: "SELECT COUNT(*) FROM decision_receipts WHERE message_id IN (SELECT said.id FROM messages said \
            JOIN conversations held ON held.id = said.conversation_id WHERE held.status = 'resolved' \
            AND held.updated_at < $1)",
    beside: &[],
    forget: "DELETE FROM decision_receipts WHERE message_id IN \
             (SELECT id FROM messages WHERE conversation_id = $1)",
};

const DELIVERIES: OfConversations = OfConversations {
    count: "SELECT COUNT(*) FROM outbox WHERE state NOT IN ('pending', 'claimed') AND conversation_id IN \
            (SELECT id FROM conversations WHERE status = 'resolved' AND updated_at < $1)",
    beside: &[],
    forget: "DELETE FROM outbox WHERE state NOT IN ('pending', 'claimed') AND message_id IN \
             (SELECT id FROM messages WHERE conversation_id = $1)",
};

/// A statement on a conversation `$1`, unless a message of it waits to be sent.
macro_rules! unless_it_sends {
    ($statement:literal) => {
        concat!(
            $statement,
            " AND NOT EXISTS (SELECT 1 FROM outbox waiting WHERE waiting.conversation_id = $1 \
             AND waiting.state IN ('pending', 'claimed'))"
        )
    };
}

/// What refers to a row goes before it. Events keep their numbers, as after an erasure.
const CONVERSATIONS: OfConversations = OfConversations {
    count: "SELECT COUNT(*) FROM conversations held WHERE held.status = 'resolved' AND held.updated_at < $1 \
            AND NOT EXISTS (SELECT 1 FROM outbox waiting WHERE waiting.conversation_id = held.id \
            AND waiting.state IN ('pending', 'claimed'))",
    beside: &[
        unless_it_sends!("DELETE FROM outbox WHERE conversation_id = $1"),
        unless_it_sends!(
            "DELETE FROM decision_receipts WHERE message_id IN (SELECT id FROM messages WHERE conversation_id = $1)"
        ),
        unless_it_sends!("DELETE FROM messages WHERE conversation_id = $1"),
        unless_it_sends!(
            "UPDATE events SET conversation_id = NULL, payload = '{}' WHERE conversation_id = $1"
        ),
    ],
    forget: unless_it_sends!("DELETE FROM conversations WHERE id = $1"),
};

/// Statements after which the person said something else about the same purpose, before `$1`.
macro_rules! replaced_consents {
    () => {
        "FROM consents earlier WHERE EXISTS (SELECT 1 FROM consents later \
         WHERE later.contact_id = earlier.contact_id AND later.purpose = earlier.purpose \
         AND later.created_at < $1 AND (later.created_at > earlier.created_at \
         OR (later.created_at = earlier.created_at AND later.id > earlier.id)))"
    };
}

const CONSENTS: Standing = Standing {
    count: concat!("SELECT COUNT(*) ", replaced_consents!()),
    forget: concat!(
        "DELETE FROM consents WHERE id IN (SELECT earlier.id ",
        replaced_consents!(),
        " LIMIT $2)"
    ),
};

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

pub(super) fn form(class: DataClass) -> Form {
    match class {
        DataClass::MessageBodies => Form::OfConversations(BODIES),
        DataClass::Receipts => Form::OfConversations(RECEIPTS),
        DataClass::Deliveries => Form::OfConversations(DELIVERIES),
        DataClass::Conversations => Form::OfConversations(CONVERSATIONS),
        DataClass::Consents => Form::Standing(CONSENTS),
        DataClass::Contacts => Form::Contacts { count: COUNT_EXPIRED },
        DataClass::Events => Form::Standing(EVENTS),
        DataClass::Embeddings => Form::Standing(EMBEDDINGS),
        DataClass::Jobs => Form::Standing(JOBS),
        DataClass::Audit => Form::Audit,
    }
}
