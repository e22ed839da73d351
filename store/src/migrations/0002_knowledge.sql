CREATE TABLE knowledge_bases (
    id BLOB NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    revision INTEGER NOT NULL,
    last_version INTEGER NOT NULL,
    published_version INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

-- The draft, which editors change.
CREATE TABLE entries (
    knowledge_base_id BLOB NOT NULL REFERENCES knowledge_bases (id),
    id TEXT NOT NULL,
    position INTEGER NOT NULL,
    question TEXT NOT NULL,
    category TEXT,
    enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    content TEXT NOT NULL,
    content_hash BLOB NOT NULL,
    revision INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (knowledge_base_id, id)
) STRICT;
CREATE INDEX entries_in_order ON entries (knowledge_base_id, position);

CREATE TABLE phrasings (
    knowledge_base_id BLOB NOT NULL,
    entry_id TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('standard', 'similar', 'negative')),
    position INTEGER NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (knowledge_base_id, entry_id, kind, position),
    FOREIGN KEY (knowledge_base_id, entry_id) REFERENCES entries (knowledge_base_id, id) ON DELETE CASCADE
) STRICT;
CREATE INDEX phrasings_by_text ON phrasings (knowledge_base_id, text);

CREATE TABLE labels (
    id BLOB NOT NULL PRIMARY KEY,
    knowledge_base_id BLOB NOT NULL REFERENCES knowledge_bases (id),
    text TEXT NOT NULL,
    entry_id TEXT,
    labelled_by TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (knowledge_base_id, text)
) STRICT;

-- What was published, never changed. Versions share what did not change between them.
CREATE TABLE entry_contents (
    hash BLOB NOT NULL PRIMARY KEY,
    content TEXT NOT NULL
) STRICT;

CREATE TABLE versions (
    knowledge_base_id BLOB NOT NULL REFERENCES knowledge_bases (id),
    version INTEGER NOT NULL,
    entries INTEGER NOT NULL,
    labels INTEGER NOT NULL,
    published_by TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (knowledge_base_id, version)
) STRICT;

CREATE TABLE version_entries (
    knowledge_base_id BLOB NOT NULL,
    version INTEGER NOT NULL,
    position INTEGER NOT NULL,
    entry_id TEXT NOT NULL,
    content_hash BLOB NOT NULL REFERENCES entry_contents (hash),
    PRIMARY KEY (knowledge_base_id, version, entry_id),
    FOREIGN KEY (knowledge_base_id, version) REFERENCES versions (knowledge_base_id, version)
) STRICT;
CREATE INDEX version_entries_of_content ON version_entries (content_hash);

CREATE TABLE version_labels (
    knowledge_base_id BLOB NOT NULL,
    version INTEGER NOT NULL,
    label_id BLOB NOT NULL,
    text TEXT NOT NULL,
    entry_id TEXT,
    PRIMARY KEY (knowledge_base_id, version, label_id),
    FOREIGN KEY (knowledge_base_id, version) REFERENCES versions (knowledge_base_id, version)
) STRICT;

CREATE TABLE embeddings (
    model_fingerprint TEXT NOT NULL,
    content_hash BLOB NOT NULL,
    vector BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (model_fingerprint, content_hash)
) STRICT;
