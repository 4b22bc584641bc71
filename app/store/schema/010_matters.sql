-- Matters (事项) at the counters: a mail item's case, a return, a refund form, a sample, a vehicle.
CREATE TABLE matters (
    id INTEGER PRIMARY KEY,
    area TEXT NOT NULL CHECK (area <> ''),
    key TEXT NOT NULL CHECK (key <> ''),
    other_key TEXT NOT NULL,
    parcel_id INTEGER REFERENCES parcels (id),
    event_seq INTEGER NOT NULL
) STRICT;
CREATE INDEX matters_by_key ON matters (area, key, id);
CREATE INDEX matters_by_other_key ON matters (area, other_key, id) WHERE other_key <> '';
CREATE INDEX matters_of_parcel ON matters (parcel_id, area) WHERE parcel_id IS NOT NULL;

-- What happened in a matter; `stand` is where it stands after the step, '' once it is settled, `body` is JSON.
CREATE TABLE steps (
    id INTEGER PRIMARY KEY,
    matter_id INTEGER NOT NULL REFERENCES matters (id),
    kind TEXT NOT NULL CHECK (kind <> ''),
    actor TEXT NOT NULL CHECK (actor <> ''),
    at_us INTEGER NOT NULL,
    stand TEXT NOT NULL,
    body TEXT NOT NULL,
    reference TEXT NOT NULL,
    event_seq INTEGER NOT NULL
) STRICT;
CREATE INDEX steps_of_matter ON steps (matter_id, id);
-- A message from outside is taken once, however often its file comes.
CREATE UNIQUE INDEX steps_by_reference ON steps (reference) WHERE reference <> '';

-- Which matters are open now; it follows from the steps, and keeps their queues fast.
CREATE TABLE open_matters (
    matter_id INTEGER PRIMARY KEY REFERENCES matters (id),
    area TEXT NOT NULL,
    stand TEXT NOT NULL,
    since_us INTEGER NOT NULL
) STRICT;
CREATE INDEX open_matters_by_age ON open_matters (area, since_us, matter_id);
CREATE INDEX open_matters_by_stand ON open_matters (area, stand, since_us, matter_id);
