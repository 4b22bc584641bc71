-- Threat image projection: what was projected into whose picture. Nothing of it is a fact about the parcel.
CREATE TABLE tips (
    id INTEGER PRIMARY KEY,
    parcel_id INTEGER NOT NULL REFERENCES parcels (id),
    scan_id TEXT NOT NULL,
    officer TEXT NOT NULL CHECK (officer <> ''),
    lane TEXT NOT NULL,
    category TEXT NOT NULL CHECK (category <> ''),
    threat TEXT NOT NULL CHECK (threat <> ''),
    placement TEXT NOT NULL,
    boxes TEXT NOT NULL,
    is_helped INTEGER NOT NULL CHECK (is_helped IN (0, 1)),
    is_boxed INTEGER NOT NULL CHECK (is_boxed IN (0, 1)),
    shown_us INTEGER NOT NULL,
    event_seq INTEGER NOT NULL
) STRICT;
CREATE INDEX tips_of_parcel ON tips (parcel_id);
CREATE INDEX tips_by_time ON tips (shown_us);

-- What became of it; a tip without a row here is before an officer now, or the power was cut.
CREATE TABLE tip_results (
    tip_id INTEGER PRIMARY KEY REFERENCES tips (id),
    outcome TEXT NOT NULL CHECK (outcome IN ('hit', 'miss', 'late', 'void')),
    why TEXT NOT NULL,
    is_located INTEGER CHECK (is_located IN (0, 1)),
    resolved_us INTEGER NOT NULL,
    event_seq INTEGER NOT NULL
) STRICT;

-- How often, by lane and officer; the newest row of a pair holds.
CREATE TABLE tip_rates (
    id INTEGER PRIMARY KEY,
    lane TEXT NOT NULL,
    officer TEXT NOT NULL,
    share REAL NOT NULL CHECK (share BETWEEN 0 AND 1),
    set_by TEXT NOT NULL CHECK (set_by <> ''),
    set_us INTEGER NOT NULL,
    event_seq INTEGER NOT NULL
) STRICT;
