-- What people look for: their rooms, rooms to join, messages by their words and by whom they mention. Rows that are
-- there already get theirs here, so that a history that was migrated and one that is built anew hold the same.

-- The words of a message, for full-text search. What would make words of several kinds into one (a host name, a path, an
-- address, a tag, a number with a sign) becomes a space first: a word is letters and digits, as in every other store.
-- (translate() would say it in one call, and take as long as all the rest.)
ALTER TABLE messages ADD COLUMN words tsvector NOT NULL GENERATED ALWAYS AS (to_tsvector('simple',
    replace(replace(replace(replace(replace(replace(replace(replace(
        text, '.', ' '), '/', ' '), '@', ' '), '-', ' '), '+', ' '), '&', ' '), '<', ' '), '~', ' ')
)) STORED;
CREATE INDEX messages_by_words ON messages USING gin (words);
-- Newest first over all rooms: a search for a common word ends after a few rows.
CREATE INDEX messages_by_time ON messages (at, room_id, seq);

-- Whom a message mentions as it stands; nobody once it is deleted.
CREATE TABLE mentions (
    user_id uuid   NOT NULL,
    room_id uuid   NOT NULL,
    seq     bigint NOT NULL,
    PRIMARY KEY (user_id, room_id, seq)
);
INSERT INTO mentions (user_id, room_id, seq)
    SELECT DISTINCT named, room_id, seq FROM messages CROSS JOIN LATERAL unnest(mentions) AS named;

CREATE INDEX reads_by_user ON reads (user_id, room_id);

-- Rooms that anybody may find, by name. Bytewise: the order and the range of a prefix are the same in every locale.
CREATE INDEX rooms_by_name ON rooms ((lower(name) COLLATE "C"), room_id)
    WHERE kind IN ('open', 'public') AND NOT deleted;
