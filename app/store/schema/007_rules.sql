-- Every version of every risk rule, and when which of them was switched on or, with version 0, off.
CREATE TABLE rules (
    id TEXT NOT NULL CHECK (id <> ''),
    version INTEGER NOT NULL CHECK (version > 0),
    body TEXT NOT NULL,
    author TEXT NOT NULL CHECK (author <> ''),
    written_us INTEGER NOT NULL,
    event_seq INTEGER NOT NULL,
    PRIMARY KEY (id, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE rule_switches (
    id INTEGER PRIMARY KEY,
    rule_id TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version >= 0),
    officer TEXT NOT NULL CHECK (officer <> ''),
    switched_us INTEGER NOT NULL,
    event_seq INTEGER NOT NULL
) STRICT;
CREATE INDEX switches_of_rule ON rule_switches (rule_id, id);

-- The secret of each day's random control. The log holds its hash from the start, and the key once the day is over.
CREATE TABLE day_keys (
    day TEXT PRIMARY KEY,
    key BLOB NOT NULL CHECK (length(key) = 32),
    made_us INTEGER NOT NULL,
    event_seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE revealed_keys (
    day TEXT PRIMARY KEY REFERENCES day_keys (day),
    revealed_us INTEGER NOT NULL,
    event_seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Which rule in which version selected which parcel, once for each; `is_drawn`: by the rule's random floor.
CREATE TABLE selections (
    id INTEGER PRIMARY KEY,
    parcel_id INTEGER NOT NULL REFERENCES parcels (id),
    rule_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    is_drawn INTEGER NOT NULL CHECK (is_drawn IN (0, 1)),
    lane TEXT NOT NULL,
    selected_us INTEGER NOT NULL,
    event_seq INTEGER NOT NULL
) STRICT;
CREATE INDEX selections_of_rule ON selections (rule_id, id);
CREATE INDEX selections_of_parcel ON selections (parcel_id);

-- What a rule asks of a consignee's earlier parcels.
CREATE INDEX declarations_by_consignee ON declarations (consignee, id) WHERE consignee <> '';
