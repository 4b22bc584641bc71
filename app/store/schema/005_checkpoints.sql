-- Signed roots of the tree over the events' hashes; `size` is how many events it covers, `note` what was signed.
CREATE TABLE checkpoints (
    size INTEGER PRIMARY KEY CHECK (size > 0),
    root BLOB NOT NULL CHECK (length(root) = 32),
    signed_us INTEGER NOT NULL,
    note TEXT NOT NULL
) STRICT;

-- Roots of whole subtrees, so that a checkpoint or a proof need not read the log from its start.
CREATE TABLE tiles (
    level INTEGER NOT NULL,
    number INTEGER NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (level, number)
) STRICT, WITHOUT ROWID;

-- Pictures that were removed after their time, by which rule; their captures stay.
CREATE TABLE removals (
    capture_id INTEGER PRIMARY KEY REFERENCES captures (id),
    rule TEXT NOT NULL CHECK (rule <> ''),
    keep_days INTEGER NOT NULL CHECK (keep_days >= 0),
    since_us INTEGER NOT NULL,
    removed_us INTEGER NOT NULL,
    event_seq INTEGER NOT NULL
) STRICT;
