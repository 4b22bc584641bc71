-- Pictures as vectors (float16), to find what is alike; made from the pictures again at any time, and gone with them.
CREATE TABLE embedding_models (
    id INTEGER PRIMARY KEY,
    sha256 TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE embeddings (
    id INTEGER PRIMARY KEY,
    model_id INTEGER NOT NULL REFERENCES embedding_models (id),
    capture_id INTEGER NOT NULL REFERENCES captures (id),
    parcel_id INTEGER NOT NULL REFERENCES parcels (id),
    kind TEXT NOT NULL,
    taken_us INTEGER NOT NULL,
    vector BLOB NOT NULL,
    UNIQUE (model_id, capture_id)
) STRICT;
CREATE INDEX embeddings_of_parcel ON embeddings (parcel_id, model_id, capture_id);
CREATE INDEX embeddings_of_capture ON embeddings (capture_id);

-- The same of the photographs that are registered as references of identities, by the sha256 of the file.
CREATE TABLE photograph_vectors (
    model_id INTEGER NOT NULL REFERENCES embedding_models (id),
    sha256 TEXT NOT NULL,
    vector BLOB NOT NULL,
    PRIMARY KEY (model_id, sha256)
) STRICT, WITHOUT ROWID;

-- The photographs of registered identities and of their checks, as files in the folder of photographs.
CREATE TABLE identity_pictures (
    id INTEGER PRIMARY KEY,
    path TEXT NOT NULL UNIQUE,
    sha256 TEXT NOT NULL
) STRICT;
