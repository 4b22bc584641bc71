-- Accounts: the newest version of a login is the account. PIN and badge are kept as argon2id hashes only, and the log
-- holds no more than the hashes of those.
CREATE TABLE officers (
    login TEXT NOT NULL CHECK (login <> ''),
    version INTEGER NOT NULL CHECK (version > 0),
    name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('viewer', 'officer', 'supervisor', 'admin', 'auditor')),
    is_active INTEGER NOT NULL CHECK (is_active IN (0, 1)),
    in_directory INTEGER NOT NULL CHECK (in_directory IN (0, 1)),
    is_temporary INTEGER NOT NULL CHECK (is_temporary IN (0, 1)),
    pin TEXT NOT NULL,
    badge TEXT NOT NULL,
    changed_by TEXT NOT NULL CHECK (changed_by <> ''),
    changed_us INTEGER NOT NULL,
    event_seq INTEGER NOT NULL,
    PRIMARY KEY (login, version)
) STRICT, WITHOUT ROWID;
CREATE INDEX officers_by_badge ON officers (badge) WHERE badge <> '';

-- Who came and went, and every try of a secret before its outcome is known; login '' are names that nobody has.
CREATE TABLE attendance (
    id INTEGER PRIMARY KEY,
    login TEXT NOT NULL,
    what TEXT NOT NULL CHECK (
        what IN ('tried', 'proved', 'signed_in', 'signed_out', 'locked', 'unlocked', 'approved', 'freed')
    ),
    detail TEXT NOT NULL,
    at_us INTEGER NOT NULL,
    event_seq INTEGER NOT NULL
) STRICT;
CREATE INDEX attendance_of ON attendance (login, id);
