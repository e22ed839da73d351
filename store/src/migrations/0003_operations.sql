CREATE TABLE jobs (
    id BLOB NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'done', 'failed')),
    input TEXT NOT NULL,
    done INTEGER NOT NULL,
    total INTEGER,
    cursor TEXT,
    attempt INTEGER NOT NULL,
    not_before INTEGER NOT NULL,
    claimed_by TEXT,
    claimed_until INTEGER,
    failure TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX jobs_open ON jobs (kind, created_at) WHERE state IN ('waiting', 'running');

CREATE TABLE settings (
    name TEXT NOT NULL PRIMARY KEY,
    plain TEXT,
    sealed BLOB,
    revision INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    CHECK ((plain IS NULL) <> (sealed IS NULL))
) STRICT;

CREATE TABLE audit_entries (
    sequence INTEGER NOT NULL PRIMARY KEY,
    created_at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    object TEXT NOT NULL,
    reason TEXT,
    detail TEXT,
    previous_hash BLOB NOT NULL,
    hash BLOB NOT NULL
) STRICT;
