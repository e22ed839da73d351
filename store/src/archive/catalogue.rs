//! Every table, in an order in which no row comes before one that it refers to.

/// A table as an archive holds it.
pub(super) struct Table {
    pub(super) name: &'static str,
    /// The columns, those of the key first.
    pub(super) columns: &'static [&'static str],
    /// How many columns the key has; rows are in its order.
    pub(super) key: usize,
}

macro_rules! tables {
    ($($name:ident ($($key:ident),+; $($column:ident),*),)+) => {
        pub(super) const TABLES: &[Table] = &[$(
            Table {
                name: stringify!($name),
                columns: &[$(stringify!($key),)+ $(stringify!($column),)*],
                key: [$(stringify!($key)),+].len(),
            },
        )+];
    };
}

tables! {
    counters (name; value),
    keys (id; kind, contact_id, state, wrapped, canary),
    contacts (id; profile, revision, created_at, updated_at),
    channel_identities (channel, identity; contact_id, external_id, created_at),
    contact_lookups (field, value, contact_id;),
    consents (id; contact_id, purpose, text_version, granted, channel, recorded_by, created_at),
    conversations (
        id; contact_id, channel, status, agent_id, owner_epoch, priority, last_sequence, bot_cursor, hand_off_reason,
        summary, queued_at, created_at, updated_at
    ),
    // In the order of a conversation, so that a reply comes after what it answers.
    messages (
        conversation_id, sequence; id, channel, dedupe_key, author, agent_id, reply_to, kind, body, created_at
    ),
    outbox (
        message_id; conversation_id, sequence, channel, state, attempt, not_before, claimed_by, claimed_until,
        platform_reference, failure, updated_at
    ),
    decision_receipts (
        message_id; snapshot_version, model_fingerprint, entry_id, matched_phrasing, features, probability, band,
        created_at
    ),
    events (sequence; conversation_id, kind, payload, created_at),
    knowledge_bases (id; name, revision, last_version, published_version, created_at, updated_at),
    entries (
        knowledge_base_id, id; position, question, category, enabled, content, content_hash, revision, updated_at
    ),
    phrasings (knowledge_base_id, entry_id, kind, position; text),
    labels (id; knowledge_base_id, text, entry_id, source, note, labelled_by, created_at),
    entry_contents (hash; content),
    versions (knowledge_base_id, version; entries, labels, published_by, created_at),
    version_entries (knowledge_base_id, version, entry_id; position, content_hash),
    version_labels (knowledge_base_id, version, label_id; text, entry_id, source, note),
    embeddings (model_fingerprint, content_hash; vector, created_at),
    jobs (
        id; kind, state, input, done, total, cursor, attempt, not_before, claimed_by, claimed_until, failure,
        created_at, updated_at
    ),
    settings (name; plain, sealed, revision, updated_at),
    audit_anchors (sequence; hash),
    audit_entries (sequence; created_at, actor, action, object, reason, detail, previous_hash, hash),
}

impl Table {
    /// The first rows in the order of the key: `$1` is how many.
    pub(super) fn first_page(&self) -> String {
        let key = self.columns[..self.key].join(", ");
        format!("SELECT {} FROM {} ORDER BY {key} LIMIT $1", self.columns.join(", "), self.name)
    }

    /// The rows after a key: its values, then how many.
    pub(super) fn next_page(&self) -> String {
        let key = self.columns[..self.key].join(", ");
        format!(
            "SELECT {} FROM {} WHERE ({key}) > ({}) ORDER BY {key} LIMIT ${}",
            self.columns.join(", "),
            self.name,
            parameters(self.key),
            self.key + 1
        )
    }
}

/// `$1, $2, …`
pub(super) fn parameters(count: usize) -> String {
    (1..=count).map(|number| format!("${number}")).collect::<Vec<_>>().join(", ")
}
