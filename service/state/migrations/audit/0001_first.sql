-- Rows are only ever added. What retention takes away leaves a stub, and nothing above a stub can be deleted.

CREATE TABLE entries (
    number INTEGER PRIMARY KEY CHECK (number >= 1),
    entry_json TEXT NOT NULL,
    link BLOB NOT NULL CHECK (length(link) = 32)
) STRICT;

CREATE TABLE stubs (
    through INTEGER PRIMARY KEY CHECK (through >= 1),
    stub_json TEXT NOT NULL,
    mac BLOB NOT NULL CHECK (length(mac) = 32)
) STRICT;

CREATE TRIGGER entries_are_not_changed BEFORE UPDATE ON entries
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;

CREATE TRIGGER entries_are_not_deleted BEFORE DELETE ON entries
WHEN OLD.number > (SELECT coalesce(max(through), 0) FROM stubs)
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;

CREATE TRIGGER stubs_are_not_changed BEFORE UPDATE ON stubs
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;

CREATE TRIGGER stubs_are_not_deleted BEFORE DELETE ON stubs
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;
