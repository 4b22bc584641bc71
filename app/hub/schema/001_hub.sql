-- The hub of a post. Stations reach it only through functions.sql; they have no right on a table.

CREATE TABLE stations (
    station text PRIMARY KEY CHECK (station ~ '^[0-9]{4}/[A-Za-z0-9_-]{1,32}$'),
    role name NOT NULL UNIQUE,
    store uuid UNIQUE,
    may_supervise boolean NOT NULL DEFAULT false,
    enrolled_at timestamptz NOT NULL DEFAULT now(),
    seen_at timestamptz,
    backlog bigint NOT NULL DEFAULT 0,
    version text NOT NULL DEFAULT ''
);

-- One log a store: how far it is here. Whoever sends locks this row, so that a log grows in one place only.
CREATE TABLE logs (
    store uuid PRIMARY KEY,
    station text NOT NULL REFERENCES stations,
    last_seq bigint NOT NULL DEFAULT 0,
    last_hash bytea NOT NULL,
    received_at timestamptz
) WITH (fillfactor = 50);

-- Months are parts, so that old ones are detached whole. That an event is here once follows from logs.last_seq.
CREATE TABLE events (
    store uuid NOT NULL,
    seq bigint NOT NULL,
    at_us bigint NOT NULL,
    monotonic_us bigint NOT NULL,
    boot text NOT NULL,
    hlc bigint NOT NULL,
    kind text NOT NULL,
    parcel_id bigint,
    body text NOT NULL,
    hash bytea NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (store, seq, received_at)
) PARTITION BY RANGE (received_at);

CREATE TABLE checkpoints (
    store uuid NOT NULL REFERENCES logs,
    size bigint NOT NULL,
    root bytea NOT NULL,
    note text NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (store, size)
);

-- What is known of every parcel, for contradictions between stations.
CREATE TABLE parcels (
    store uuid NOT NULL,
    parcel_id bigint NOT NULL,
    version int NOT NULL,
    number text NOT NULL,
    state text NOT NULL,
    arrived_us bigint NOT NULL,
    PRIMARY KEY (store, parcel_id)
) WITH (fillfactor = 80);
CREATE INDEX parcels_by_number ON parcels (number) WHERE number <> '';

CREATE SEQUENCE fences;

-- What waits, and nothing else: rows come and go, and the index stays small. `offered` is the owner's will that others
-- may take it, `verdict` one that its owner has not answered yet.
CREATE TABLE queue (
    store uuid NOT NULL,
    parcel_id bigint NOT NULL,
    version int NOT NULL,
    lane text NOT NULL,
    state text NOT NULL,
    priority smallint NOT NULL,
    urgency smallint NOT NULL DEFAULT 0,
    arrived_us bigint NOT NULL,
    offered boolean NOT NULL,
    verdict uuid,
    officer text NOT NULL DEFAULT '',
    seat text NOT NULL DEFAULT '',
    fence bigint NOT NULL DEFAULT 0,
    lease_until timestamptz NOT NULL DEFAULT '-infinity',
    PRIMARY KEY (store, parcel_id)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 2000);
CREATE INDEX queue_next ON queue (urgency DESC, priority DESC, arrived_us)
    WHERE offered AND verdict IS NULL AND officer = '';
CREATE INDEX queue_leases ON queue (lease_until) WHERE officer <> '' AND verdict IS NULL;

-- The whole record of what is offered, apart from the rows that claims change.
CREATE TABLE records (
    store uuid NOT NULL,
    parcel_id bigint NOT NULL,
    record text NOT NULL,
    PRIMARY KEY (store, parcel_id),
    FOREIGN KEY (store, parcel_id) REFERENCES queue ON DELETE CASCADE
);

CREATE TYPE put AS (
    parcel_id bigint, version int, number text, state text, lane text, arrived_us bigint, priority smallint,
    waits boolean, offered boolean, record text
);

CREATE TABLE claims (
    fence bigint PRIMARY KEY,
    store uuid NOT NULL,
    parcel_id bigint NOT NULL,
    officer text NOT NULL,
    seat text NOT NULL,
    how text NOT NULL,
    claimed_at timestamptz NOT NULL DEFAULT now()
);

-- Decisions taken elsewhere than at the owner; he applies them by his own rules and answers.
CREATE TABLE verdicts (
    verdict uuid PRIMARY KEY,
    store uuid NOT NULL,
    parcel_id bigint NOT NULL,
    fence bigint NOT NULL UNIQUE,
    seat text NOT NULL,
    officer text NOT NULL CHECK (officer <> ''),
    second_officer text NOT NULL CHECK (second_officer <> officer),
    action text NOT NULL,
    reason text NOT NULL,
    note text NOT NULL,
    annotations text NOT NULL,
    seen_version int NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now(),
    outcome text CHECK (outcome IN ('applied', 'refused', 'conflict')),
    detail text NOT NULL DEFAULT '',
    answered_at timestamptz
);
CREATE INDEX verdicts_open ON verdicts (store, made_at) WHERE outcome IS NULL;

-- Two stations said contrary things. Both events stay; the parcel that was let go is to be held until resolved.
CREATE TABLE conflicts (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('verdict', 'number')),
    store uuid NOT NULL,
    parcel_id bigint NOT NULL,
    number text NOT NULL,
    state text NOT NULL,
    other_station text NOT NULL,
    other_state text NOT NULL,
    found_at timestamptz NOT NULL DEFAULT now(),
    outcome text,
    resolved_at timestamptz,
    resolved_by text,
    note text
);
CREATE INDEX conflicts_of_parcel ON conflicts (store, parcel_id);

-- Pictures on their way between a lane and an officer elsewhere; the lane keeps the original, so a crash may empty these.
CREATE UNLOGGED TABLE wanted_pictures (
    store uuid NOT NULL,
    sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    parcel_id bigint NOT NULL,
    wanted_at timestamptz NOT NULL DEFAULT now(),
    failed text NOT NULL DEFAULT '',
    parts int,
    sidecar bytea,
    PRIMARY KEY (store, sha256)
);
CREATE UNLOGGED TABLE picture_parts (
    store uuid NOT NULL,
    sha256 text NOT NULL,
    part int NOT NULL,
    bytes bytea NOT NULL,
    PRIMARY KEY (store, sha256, part),
    FOREIGN KEY (store, sha256) REFERENCES wanted_pictures ON DELETE CASCADE
);
ALTER TABLE picture_parts ALTER COLUMN bytes SET STORAGE EXTERNAL;
