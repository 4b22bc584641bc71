-- What a model found that officers are not shown: it is tried beside the one that they work with.
CREATE TABLE shadows (
    id INTEGER PRIMARY KEY,
    capture_id INTEGER NOT NULL REFERENCES captures (id),
    model TEXT NOT NULL,
    ms REAL,
    found TEXT NOT NULL,
    error TEXT NOT NULL,
    is_drill INTEGER NOT NULL CHECK (is_drill IN (0, 1)),
    event_seq INTEGER NOT NULL
) STRICT;
CREATE INDEX shadows_by_model ON shadows (model, id);

-- Which model officers work with, is tried, or rests; the last one counts, before what the settings say.
CREATE TABLE model_switches (
    id INTEGER PRIMARY KEY,
    model TEXT NOT NULL,
    mode TEXT NOT NULL CHECK (mode IN ('on', 'shadow', 'off')),
    officer TEXT NOT NULL CHECK (officer <> ''),
    switched_us INTEGER NOT NULL,
    event_seq INTEGER NOT NULL
) STRICT;
