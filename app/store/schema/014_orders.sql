-- Control orders (布控指令), the numbers they name, the parcels they hit, and what was done about each hit.
CREATE TABLE control_orders (
    id TEXT PRIMARY KEY,
    issuer TEXT NOT NULL,
    level TEXT NOT NULL CHECK (level IN ('port', 'destination', 'both', 'image_only')),
    work TEXT NOT NULL,
    destination_work TEXT NOT NULL,
    instruction TEXT NOT NULL,
    target TEXT NOT NULL,
    has_conditions INTEGER NOT NULL CHECK (has_conditions IN (0, 1)),
    valid_from_us INTEGER NOT NULL,
    valid_to_us INTEGER NOT NULL,
    issued_us INTEGER NOT NULL,
    received_us INTEGER NOT NULL,
    source TEXT NOT NULL,
    event_seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX control_orders_by_conditions ON control_orders (valid_to_us) WHERE has_conditions = 1;
CREATE INDEX control_orders_by_time ON control_orders (received_us, id);

CREATE TABLE order_numbers (
    number TEXT NOT NULL CHECK (number <> ''),
    order_id TEXT NOT NULL REFERENCES control_orders (id),
    event_seq INTEGER NOT NULL,
    PRIMARY KEY (number, order_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE revoked_orders (
    order_id TEXT PRIMARY KEY REFERENCES control_orders (id),
    issuer TEXT NOT NULL CHECK (issuer <> ''),
    reason TEXT NOT NULL,
    revoked_us INTEGER NOT NULL,
    event_seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE order_hits (
    id INTEGER PRIMARY KEY,
    order_id TEXT NOT NULL REFERENCES control_orders (id),
    parcel_id INTEGER NOT NULL REFERENCES parcels (id),
    part TEXT NOT NULL CHECK (part IN ('port', 'destination')),
    work TEXT NOT NULL,
    hit_us INTEGER NOT NULL,
    due_us INTEGER,
    event_seq INTEGER NOT NULL,
    UNIQUE (parcel_id, order_id, part)
) STRICT;
CREATE INDEX order_hits_of_order ON order_hits (order_id, id);

CREATE TABLE order_steps (
    id INTEGER PRIMARY KEY,
    hit_id INTEGER NOT NULL REFERENCES order_hits (id),
    step TEXT NOT NULL CHECK (step IN ('acknowledged', 'executed', 'lifted', 'revoked', 'settled')),
    officer TEXT NOT NULL CHECK (officer <> ''),
    second_officer TEXT NOT NULL CHECK (second_officer <> officer),
    result TEXT NOT NULL,
    note TEXT NOT NULL,
    at_us INTEGER NOT NULL,
    event_seq INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX order_steps_once ON order_steps (hit_id, step);

-- Which hits are open now; it follows from the tables above.
CREATE TABLE open_hits (
    hit_id INTEGER PRIMARY KEY REFERENCES order_hits (id),
    parcel_id INTEGER NOT NULL
) STRICT;
CREATE INDEX open_hits_of_parcel ON open_hits (parcel_id);

-- Sealed records: parcels handed over to another station, or taken over from one; `digest` is that of the record.
CREATE TABLE handovers (
    id INTEGER PRIMARY KEY,
    parcel_id INTEGER NOT NULL REFERENCES parcels (id),
    way TEXT NOT NULL CHECK (way IN ('sent', 'taken', 'closing', 'closed')),
    place TEXT NOT NULL,
    digest TEXT NOT NULL CHECK (length(digest) = 64),
    officer TEXT NOT NULL CHECK (officer <> ''),
    at_us INTEGER NOT NULL,
    event_seq INTEGER NOT NULL
) STRICT;
CREATE INDEX handovers_of_parcel ON handovers (parcel_id, id);
CREATE INDEX handovers_by_digest ON handovers (digest);

-- What senders took back (撤单): found by the number that the parcel comes with.
CREATE TABLE withdrawals (
    id INTEGER PRIMARY KEY,
    number TEXT NOT NULL CHECK (number <> ''),
    source TEXT NOT NULL,
    reason TEXT NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('early', 'marked', 'refused')),
    received_us INTEGER NOT NULL,
    event_seq INTEGER NOT NULL
) STRICT;
CREATE INDEX withdrawals_by_number ON withdrawals (number, id);

-- Examination records (查验记录) with their photographs. A corrected record is a later row, the earlier one stays.
CREATE TABLE examinations (
    id INTEGER PRIMARY KEY,
    parcel_id INTEGER NOT NULL REFERENCES parcels (id),
    body TEXT NOT NULL,
    officer TEXT NOT NULL CHECK (officer <> ''),
    second_officer TEXT NOT NULL CHECK (second_officer <> '' AND second_officer <> officer),
    signed_us INTEGER NOT NULL,
    event_seq INTEGER NOT NULL
) STRICT;
CREATE INDEX examinations_of_parcel ON examinations (parcel_id, id);

CREATE TABLE photographs (
    id INTEGER PRIMARY KEY,
    parcel_id INTEGER NOT NULL REFERENCES parcels (id),
    path TEXT NOT NULL,
    sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
    source TEXT NOT NULL,
    officer TEXT NOT NULL CHECK (officer <> ''),
    taken_us INTEGER NOT NULL,
    event_seq INTEGER NOT NULL
) STRICT;
CREATE INDEX photographs_of_parcel ON photographs (parcel_id, id);

-- Filings (备案), one row a version: the last one of a key that has begun is in force. A batch has one event.
CREATE TABLE filings (
    id INTEGER PRIMARY KEY,
    book TEXT NOT NULL,
    key TEXT NOT NULL CHECK (key <> ''),
    name TEXT NOT NULL,
    status TEXT NOT NULL,
    valid_from TEXT NOT NULL,
    valid_to TEXT NOT NULL,
    body TEXT NOT NULL,
    event_seq INTEGER NOT NULL
) STRICT;
CREATE INDEX filings_by_key ON filings (book, key, id);
CREATE INDEX filings_by_name ON filings (book, name) WHERE name <> '';

CREATE TABLE filing_imports (
    id INTEGER PRIMARY KEY,
    book TEXT NOT NULL,
    source TEXT NOT NULL,
    officer TEXT NOT NULL CHECK (officer <> ''),
    first_id INTEGER NOT NULL,
    rows INTEGER NOT NULL,
    added INTEGER NOT NULL,
    digest TEXT NOT NULL CHECK (length(digest) = 64),
    imported_us INTEGER NOT NULL,
    event_seq INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX filing_imports_of_event ON filing_imports (event_seq);

-- Parcels of one bill (总运单) come by the inventories that name it.
CREATE INDEX messages_by_bill ON messages (body ->> '$.fields.billNo')
    WHERE kind IN ('CEB621', 'CEB603') AND body ->> '$.fields.billNo' IS NOT NULL;
