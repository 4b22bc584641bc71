-- What a parcel waits for from somebody outside; what was begun or ended by a decision goes with its undoing.
CREATE TABLE waitings (
    id INTEGER PRIMARY KEY,
    parcel_id INTEGER NOT NULL REFERENCES parcels (id),
    kind TEXT NOT NULL CHECK (kind <> ''),
    officer TEXT NOT NULL CHECK (officer <> ''),
    note TEXT NOT NULL,
    since_us INTEGER NOT NULL,
    due_us INTEGER,
    decision_id INTEGER REFERENCES decisions (id),
    event_seq INTEGER NOT NULL
) STRICT;
CREATE INDEX waitings_of_parcel ON waitings (parcel_id);
CREATE INDEX waitings_of_decision ON waitings (decision_id) WHERE decision_id IS NOT NULL;

CREATE TABLE settlements (
    id INTEGER PRIMARY KEY,
    waiting_id INTEGER NOT NULL REFERENCES waitings (id),
    outcome TEXT NOT NULL CHECK (outcome <> ''),
    officer TEXT NOT NULL CHECK (officer <> ''),
    settled_us INTEGER NOT NULL,
    decision_id INTEGER REFERENCES decisions (id),
    event_seq INTEGER NOT NULL
) STRICT;
CREATE INDEX settlements_of_waiting ON settlements (waiting_id);
CREATE INDEX settlements_of_decision ON settlements (decision_id) WHERE decision_id IS NOT NULL;

-- Which of them are open now; it follows from the tables above, and keeps the list of them fast.
CREATE TABLE open_waitings (
    waiting_id INTEGER PRIMARY KEY REFERENCES waitings (id),
    parcel_id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    since_us INTEGER NOT NULL
) STRICT;
CREATE INDEX open_waitings_of_parcel ON open_waitings (parcel_id);
CREATE INDEX open_waitings_by_age ON open_waitings (since_us, waiting_id);
