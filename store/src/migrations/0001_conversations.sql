-- The last number that was given out, by what is counted.
CREATE TABLE counters (
    name TEXT NOT NULL PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT;

-- Everything personal is sealed with the contact's key; without it the person is erased.
CREATE TABLE contacts (
    id BLOB NOT NULL PRIMARY KEY,
    profile BLOB,
    revision INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE channel_identities (
    channel TEXT NOT NULL,
    identity BLOB NOT NULL,
    contact_id BLOB NOT NULL REFERENCES contacts (id),
    external_id BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (channel, identity)
) STRICT;
CREATE INDEX channel_identities_of_contact ON channel_identities (contact_id);

CREATE TABLE contact_lookups (
    field TEXT NOT NULL,
    value BLOB NOT NULL,
    contact_id BLOB NOT NULL REFERENCES contacts (id),
    PRIMARY KEY (field, value, contact_id)
) STRICT;
CREATE INDEX contact_lookups_of_contact ON contact_lookups (contact_id);

CREATE TABLE conversations (
    id BLOB NOT NULL PRIMARY KEY,
    contact_id BLOB NOT NULL REFERENCES contacts (id),
    channel TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('bot', 'queued', 'assigned', 'resolved')),
    agent_id BLOB,
    owner_epoch INTEGER NOT NULL,
    priority INTEGER NOT NULL,
    last_sequence INTEGER NOT NULL,
    bot_cursor INTEGER NOT NULL,
    hand_off_reason TEXT,
    summary BLOB,
    queued_at INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    CHECK ((status = 'assigned') = (agent_id IS NOT NULL)),
    CHECK ((status = 'queued') = (queued_at IS NOT NULL))
) STRICT;
CREATE UNIQUE INDEX conversations_open ON conversations (contact_id, channel) WHERE status <> 'resolved';
CREATE INDEX conversations_of_contact ON conversations (contact_id, created_at);
CREATE INDEX conversations_queue ON conversations (status, priority, queued_at);
CREATE INDEX conversations_of_agent ON conversations (agent_id);

CREATE TABLE messages (
    id BLOB NOT NULL PRIMARY KEY,
    conversation_id BLOB NOT NULL REFERENCES conversations (id),
    sequence INTEGER NOT NULL,
    channel TEXT NOT NULL,
    dedupe_key BLOB NOT NULL,
    author TEXT NOT NULL CHECK (author IN ('customer', 'bot', 'agent')),
    agent_id BLOB,
    reply_to BLOB REFERENCES messages (id),
    kind TEXT NOT NULL,
    body BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (channel, dedupe_key),
    UNIQUE (conversation_id, sequence),
    CHECK ((author = 'agent') = (agent_id IS NOT NULL))
) STRICT;
CREATE INDEX messages_replies ON messages (reply_to) WHERE reply_to IS NOT NULL;

CREATE TABLE outbox (
    message_id BLOB NOT NULL PRIMARY KEY REFERENCES messages (id),
    conversation_id BLOB NOT NULL REFERENCES conversations (id),
    sequence INTEGER NOT NULL,
    channel TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'claimed', 'sent', 'failed', 'delivery_unknown')),
    attempt INTEGER NOT NULL,
    not_before INTEGER NOT NULL,
    claimed_by TEXT,
    claimed_until INTEGER,
    platform_reference TEXT,
    failure TEXT,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX outbox_due ON outbox (channel, not_before) WHERE state = 'pending';
CREATE INDEX outbox_claimed ON outbox (claimed_until) WHERE state = 'claimed';
CREATE INDEX outbox_unsent ON outbox (conversation_id, sequence) WHERE state IN ('pending', 'claimed');

CREATE TABLE decision_receipts (
    message_id BLOB NOT NULL PRIMARY KEY REFERENCES messages (id),
    snapshot_version TEXT NOT NULL,
    model_fingerprint TEXT NOT NULL,
    entry_id TEXT,
    matched_phrasing TEXT,
    features TEXT NOT NULL,
    probability REAL NOT NULL CHECK (probability >= 0 AND probability <= 1),
    band TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE events (
    sequence INTEGER NOT NULL PRIMARY KEY,
    conversation_id BLOB REFERENCES conversations (id),
    kind TEXT NOT NULL,
    payload TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX events_of_conversation ON events (conversation_id, sequence);
