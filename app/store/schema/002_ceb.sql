-- Records of messages from other systems, each whole as JSON, with what it is found by and what was wrong with it.
CREATE TABLE messages (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind <> ''),
    guid TEXT NOT NULL,
    number TEXT NOT NULL,
    order_no TEXT NOT NULL,
    inventory_no TEXT NOT NULL,
    body TEXT NOT NULL,
    faults TEXT NOT NULL,
    received_us INTEGER NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 16),
    event_seq INTEGER NOT NULL
) STRICT;
-- One index for two uses: guids are found by it, and a record that comes twice.
CREATE UNIQUE INDEX messages_by_guid ON messages (guid, digest);
CREATE INDEX messages_by_number ON messages (number) WHERE number <> '';
CREATE INDEX messages_by_order ON messages (order_no) WHERE order_no <> '';
CREATE INDEX messages_by_inventory ON messages (inventory_no) WHERE inventory_no <> '';
