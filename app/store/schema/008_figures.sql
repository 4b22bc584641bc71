-- What each parcel adds to the figures of its days, summed. `grain` is h, d, m or y; `slot` the local hour or day
-- since 1970, the month as year * 12 + month - 1, or the year. `is_drill` sets exercises and demonstrations apart.
CREATE TABLE figures (
    grain TEXT NOT NULL,
    dim TEXT NOT NULL,
    slot INTEGER NOT NULL,
    is_drill INTEGER NOT NULL,
    key TEXT NOT NULL,
    what TEXT NOT NULL,
    n INTEGER NOT NULL,
    amount INTEGER NOT NULL,
    PRIMARY KEY (grain, dim, slot, is_drill, key, what)
) STRICT, WITHOUT ROWID;

-- Parcels in which officers found something, and when first.
CREATE TABLE finds (
    parcel_id INTEGER PRIMARY KEY,
    found_us INTEGER NOT NULL
) STRICT;

-- Up to which event the figures go (seq), and the post's local time that they are summed by (offset_s).
CREATE TABLE figures_state (
    name TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO figures_state VALUES ('seq', 0), ('offset_s', 28800);
