-- The description beside a picture (millimetres, voltages, codes, views) by its hash; pictures kept before have none.
CREATE TABLE sidecars (
    scan_id TEXT PRIMARY KEY REFERENCES captures (scan_id),
    sha256 TEXT NOT NULL,
    event_seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
