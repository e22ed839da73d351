-- Keys, each wrapped by one that is kept elsewhere. A destroyed key keeps its row, without its secret.
CREATE TABLE keys (
    id INTEGER NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('contact', 'system', 'index')),
    contact_id BLOB,
    state TEXT NOT NULL CHECK (state IN ('current', 'retiring', 'destroyed')),
    wrapped BLOB NOT NULL,
    canary BLOB NOT NULL,
    CHECK ((kind = 'contact') = (contact_id IS NOT NULL))
) STRICT;
CREATE UNIQUE INDEX keys_current_of_contact ON keys (contact_id) WHERE state = 'current' AND contact_id IS NOT NULL;
CREATE UNIQUE INDEX keys_current_of_kind ON keys (kind) WHERE state = 'current' AND contact_id IS NULL;
CREATE INDEX keys_of_purpose ON keys (kind, contact_id);
