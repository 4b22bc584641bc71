-- Decisions of officers elsewhere that came through the hub, and what became of them here; none is applied twice.
CREATE TABLE hub_verdicts (
    verdict TEXT PRIMARY KEY CHECK (verdict <> ''),
    parcel_id INTEGER NOT NULL,
    seat TEXT NOT NULL CHECK (seat <> ''),
    officer TEXT NOT NULL CHECK (officer <> ''),
    action TEXT NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('applied', 'refused', 'conflict')),
    detail TEXT NOT NULL,
    decision_id INTEGER REFERENCES decisions (id),
    event_seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
