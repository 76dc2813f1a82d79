-- Rooms as they stood, kept at a spacing by the projector in the transaction of its batch: a room's past is folded from the
-- nearest of them. They are a shortcut and hold nothing that the journal doesn't; every row may be deleted. A history
-- that is older than this table has none of before, and gets them from here on.
--
-- log_offset and appended_at are those of the event at seq; state is a version byte and JSON.
CREATE TABLE snapshots (
    room_id     uuid   NOT NULL,
    seq         bigint NOT NULL,
    log_offset  bigint NOT NULL,
    appended_at bigint NOT NULL,
    state       bytea  NOT NULL,
    PRIMARY KEY (room_id, log_offset)
);
CREATE UNIQUE INDEX snapshots_by_seq ON snapshots (room_id, seq);
