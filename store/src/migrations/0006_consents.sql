-- What a person agreed to and withdrew, never changed. The last row of a purpose says how it stands.
CREATE TABLE consents (
    id BLOB NOT NULL PRIMARY KEY,
    contact_id BLOB NOT NULL REFERENCES contacts (id),
    purpose TEXT NOT NULL,
    text_version TEXT NOT NULL,
    granted INTEGER NOT NULL CHECK (granted IN (0, 1)),
    channel TEXT NOT NULL,
    recorded_by TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX consents_of_contact ON consents (contact_id, created_at);

-- Where the chain of audit entries begins, once its oldest entries were given up; at most one row.
CREATE TABLE audit_anchors (
    sequence INTEGER NOT NULL PRIMARY KEY,
    hash BLOB NOT NULL
) STRICT;
