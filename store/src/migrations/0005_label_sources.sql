-- Who says what is right decides how much a label counts; a note is for people.
ALTER TABLE labels ADD COLUMN source TEXT NOT NULL DEFAULT 'labelled';
ALTER TABLE labels ADD COLUMN note TEXT;
ALTER TABLE version_labels ADD COLUMN source TEXT NOT NULL DEFAULT 'labelled';
ALTER TABLE version_labels ADD COLUMN note TEXT;
