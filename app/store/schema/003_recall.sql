-- Every scan of a trace code: a copied label verifies like its original, and only shows here.
CREATE TABLE sightings (
    id INTEGER PRIMARY KEY,
    trace_id TEXT NOT NULL,
    place TEXT NOT NULL CHECK (place <> ''),
    verdict TEXT NOT NULL,
    seen_us INTEGER NOT NULL,
    event_seq INTEGER NOT NULL
) STRICT;
CREATE INDEX sightings_of_trace ON sightings (trace_id, id);

-- Recalls (召回) and intercepts (拦截); `sought` is what was looked for, as JSON.
CREATE TABLE notices (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('recall', 'intercept')),
    reason TEXT NOT NULL CHECK (reason <> ''),
    sought TEXT NOT NULL,
    officer TEXT NOT NULL CHECK (officer <> ''),
    issued_us INTEGER NOT NULL,
    event_seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE notice_codes (
    notice_id TEXT NOT NULL REFERENCES notices (id),
    code TEXT NOT NULL CHECK (code <> ''),
    event_seq INTEGER NOT NULL,
    PRIMARY KEY (notice_id, code)
) STRICT, WITHOUT ROWID;

CREATE TABLE lifted_notices (
    notice_id TEXT PRIMARY KEY REFERENCES notices (id),
    officer TEXT NOT NULL CHECK (officer <> ''),
    lifted_us INTEGER NOT NULL,
    event_seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Each time a label went to a printer: copy 0 is the first print, every later one a reprint (补打).
CREATE TABLE prints (
    trace_id TEXT NOT NULL REFERENCES labels (trace_id),
    copy INTEGER NOT NULL CHECK (copy >= 0),
    officer TEXT NOT NULL,
    printer TEXT NOT NULL,
    printed_us INTEGER NOT NULL,
    event_seq INTEGER NOT NULL,
    PRIMARY KEY (trace_id, copy)
) STRICT, WITHOUT ROWID;
