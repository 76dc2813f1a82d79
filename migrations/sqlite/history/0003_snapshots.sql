-- Rooms as they stood: the same as in PostgreSQL (migrations/postgres/history).
CREATE TABLE snapshots (
    room_id     BLOB    NOT NULL,
    seq         INTEGER NOT NULL,
    log_offset  INTEGER NOT NULL,
    appended_at INTEGER NOT NULL,
    state       BLOB    NOT NULL,
    PRIMARY KEY (room_id, log_offset)
) STRICT;
CREATE UNIQUE INDEX snapshots_by_seq ON snapshots (room_id, seq);
