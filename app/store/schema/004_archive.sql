-- What the archive is searched by: time of arrival, and the sender of a declaration.

CREATE INDEX parcels_by_arrival ON parcels (arrived_us, id);
CREATE INDEX parcels_by_declaration ON parcels (declaration_id, arrived_us) WHERE declaration_id IS NOT NULL;
CREATE INDEX declarations_by_sender ON declarations (sender, id) WHERE sender <> '';
