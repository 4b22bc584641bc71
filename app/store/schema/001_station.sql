-- Times are microseconds UTC, money is in 1e-5 units, weights are grams, codes are text.

CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The log and the outbox: gapless, each event holds the hash of the one before it.
CREATE TABLE events (
    seq INTEGER PRIMARY KEY,
    at_us INTEGER NOT NULL,
    monotonic_us INTEGER NOT NULL,
    boot TEXT NOT NULL,
    hlc INTEGER NOT NULL,
    kind TEXT NOT NULL,
    parcel_id INTEGER,
    body TEXT NOT NULL,
    previous BLOB NOT NULL CHECK (length(previous) = 32),
    hash BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;
CREATE INDEX events_of_parcel ON events (parcel_id, seq) WHERE parcel_id IS NOT NULL;

CREATE TABLE deliveries (
    target TEXT PRIMARY KEY,
    sent_seq INTEGER NOT NULL,
    sent_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE declarations (
    id INTEGER PRIMARY KEY,
    number TEXT NOT NULL,
    channel TEXT NOT NULL,
    sender TEXT NOT NULL,
    consignee TEXT NOT NULL,
    origin TEXT NOT NULL,
    gross_weight_g INTEGER,
    value INTEGER,
    currency TEXT NOT NULL,
    declared_us INTEGER,
    source TEXT NOT NULL,
    received_us INTEGER NOT NULL,
    digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 16),
    event_seq INTEGER NOT NULL
) STRICT;
CREATE INDEX declarations_by_number ON declarations (number, id);

CREATE TABLE goods (
    declaration_id INTEGER NOT NULL REFERENCES declarations (id),
    line INTEGER NOT NULL,
    name TEXT NOT NULL,
    hs_code TEXT NOT NULL,
    quantity TEXT NOT NULL,
    unit TEXT NOT NULL,
    weight_g INTEGER,
    value INTEGER,
    origin TEXT NOT NULL,
    PRIMARY KEY (declaration_id, line)
) STRICT, WITHOUT ROWID;

CREATE TABLE parcels (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('parcel', 'container')),
    number TEXT NOT NULL,
    arrived_us INTEGER NOT NULL,
    state TEXT NOT NULL,
    return_state TEXT,
    lane TEXT NOT NULL CHECK (lane IN ('red', 'yellow', 'blue', 'green')),
    lane_reasons TEXT NOT NULL,
    findings TEXT NOT NULL,
    declaration_id INTEGER REFERENCES declarations (id),
    goods TEXT NOT NULL,
    top_label TEXT NOT NULL,
    top_score REAL NOT NULL,
    has_alarm INTEGER NOT NULL CHECK (has_alarm IN (0, 1)),
    is_cleared INTEGER NOT NULL CHECK (is_cleared IN (0, 1)),
    detained_by TEXT NOT NULL,
    trace_id TEXT,
    is_waiting INTEGER NOT NULL CHECK (is_waiting IN (0, 1)),
    version INTEGER NOT NULL,
    event_seq INTEGER NOT NULL
) STRICT;
CREATE INDEX parcels_by_number ON parcels (number, arrived_us);
CREATE INDEX parcels_waiting ON parcels (arrived_us, id) WHERE is_waiting = 1;
CREATE INDEX parcels_by_state ON parcels (state, arrived_us, id);

CREATE TABLE codes (
    id INTEGER PRIMARY KEY,
    parcel_id INTEGER NOT NULL REFERENCES parcels (id),
    text TEXT NOT NULL,
    event_seq INTEGER NOT NULL
) STRICT;
CREATE INDEX codes_by_text ON codes (text, parcel_id);
CREATE INDEX codes_of_parcel ON codes (parcel_id);

CREATE TABLE captures (
    id INTEGER PRIMARY KEY,
    scan_id TEXT NOT NULL UNIQUE,
    parcel_id INTEGER NOT NULL REFERENCES parcels (id),
    path TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    device TEXT NOT NULL,
    taken_us INTEGER NOT NULL,
    event_seq INTEGER NOT NULL
) STRICT;
CREATE INDEX captures_of_parcel ON captures (parcel_id);

-- What a model said of a capture; a later screening of the same capture replaces an earlier one.
CREATE TABLE screenings (
    id INTEGER PRIMARY KEY,
    capture_id INTEGER NOT NULL REFERENCES captures (id),
    model TEXT NOT NULL,
    ms REAL,
    event_seq INTEGER NOT NULL
) STRICT;
CREATE INDEX screenings_of_capture ON screenings (capture_id);

CREATE TABLE detections (
    id INTEGER PRIMARY KEY,
    screening_id INTEGER NOT NULL REFERENCES screenings (id),
    label TEXT NOT NULL,
    score REAL NOT NULL,
    level TEXT NOT NULL,
    x0 INTEGER NOT NULL,
    y0 INTEGER NOT NULL,
    x1 INTEGER NOT NULL,
    y1 INTEGER NOT NULL,
    view INTEGER NOT NULL,
    event_seq INTEGER NOT NULL
) STRICT;
CREATE INDEX detections_of_screening ON detections (screening_id);

CREATE TABLE decisions (
    id INTEGER PRIMARY KEY,
    parcel_id INTEGER NOT NULL REFERENCES parcels (id),
    action TEXT NOT NULL,
    before TEXT NOT NULL,
    after TEXT NOT NULL,
    return_state TEXT,
    officer TEXT NOT NULL CHECK (officer <> ''),
    second_officer TEXT NOT NULL CHECK (second_officer <> officer),
    reason TEXT NOT NULL,
    note TEXT NOT NULL,
    decided_us INTEGER NOT NULL,
    trace_id TEXT,
    event_seq INTEGER NOT NULL
) STRICT;
CREATE INDEX decisions_of_parcel ON decisions (parcel_id);

CREATE TABLE undos (
    decision_id INTEGER PRIMARY KEY REFERENCES decisions (id),
    officer TEXT NOT NULL,
    undone_us INTEGER NOT NULL,
    event_seq INTEGER NOT NULL
) STRICT;

CREATE TABLE labels (
    trace_id TEXT PRIMARY KEY,
    decision_id INTEGER NOT NULL UNIQUE REFERENCES decisions (id),
    payload TEXT NOT NULL,
    event_seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What happened in each hour UTC, so that a local day of any zone is a sum of rows.
CREATE TABLE hours (
    hour INTEGER NOT NULL,
    what TEXT NOT NULL,
    n INTEGER NOT NULL,
    PRIMARY KEY (hour, what)
) STRICT, WITHOUT ROWID;

-- How many parcels there are in each state.
CREATE TABLE states (
    state TEXT PRIMARY KEY,
    n INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Words and pairs of Chinese characters of number and goods; rowid is the parcel.
CREATE VIRTUAL TABLE search USING fts5 (words, content = '', contentless_delete = 1, detail = none);
