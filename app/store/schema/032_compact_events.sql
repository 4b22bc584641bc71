-- Events without what can be said in fewer bytes: the machine's start once for all of its events, no copy of the hash of
-- the event before, and the fingerprint of the parcel's row as bytes, for which `"row":""` stands in the body.
-- What is hashed stays the same to the letter: the view `log` gives it back.
CREATE TABLE boots (
    id INTEGER PRIMARY KEY,
    boot TEXT NOT NULL UNIQUE
) STRICT;
INSERT INTO boots (boot) SELECT boot FROM events GROUP BY boot ORDER BY min(seq);

CREATE TABLE compact_events (
    seq INTEGER PRIMARY KEY,
    at_us INTEGER NOT NULL,
    monotonic_us INTEGER NOT NULL,
    boot INTEGER NOT NULL REFERENCES boots (id),
    ahead_us INTEGER NOT NULL,
    kind TEXT NOT NULL,
    parcel_id INTEGER,
    body TEXT NOT NULL,
    row BLOB CHECK (length(row) = 32),
    hash BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;
-- A body stays as it is where the view would not give it back to the letter, as an altered one may not.
INSERT INTO compact_events
    SELECT seq, at_us, monotonic_us, id, hlc - at_us, kind, parcel_id, iif(is_split, short, body),
        iif(is_split, unhex(said), NULL), hash
    FROM (
        SELECT *, coalesce(length(unhex(said)) = 32
            AND replace(short, '"row":""', '"row":"' || lower(hex(unhex(said))) || '"') = body, 0) AS is_split
        FROM (
            SELECT *, replace(body, '"row":"' || said || '"', '"row":""') AS short
            FROM (
                SELECT e.*, b.id, CASE WHEN parcel_id IS NOT NULL AND kind NOT IN ('shown', 'noted')
                    AND json_valid(body) AND json_type(body, '$.row') = 'text' THEN body ->> '$.row' END AS said
                FROM events e JOIN boots b ON b.boot = e.boot
            )
        )
    )
    ORDER BY seq;
DROP TABLE events;
ALTER TABLE compact_events RENAME TO events;
CREATE INDEX events_of_parcel ON events (parcel_id, seq) WHERE parcel_id IS NOT NULL;

CREATE VIEW log AS
    SELECT seq, at_us, monotonic_us, b.boot AS boot, at_us + ahead_us AS hlc, kind, parcel_id,
        iif(row IS NULL, body, replace(body, '"row":""', '"row":"' || lower(hex(row)) || '"')) AS body, hash, row
    FROM events e CROSS JOIN boots b ON b.id = e.boot;
