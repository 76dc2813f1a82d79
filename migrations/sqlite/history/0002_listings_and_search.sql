-- What people look for: the same as in PostgreSQL (migrations/postgres/history). Rows that are there already get theirs
-- here, so that a history that was migrated and one that is built anew hold the same.

-- Messages with a number of their own: the index of words refers to it, and a row without one may get another by VACUUM.
CREATE TABLE numbered (
    number      INTEGER PRIMARY KEY,
    room_id     BLOB    NOT NULL,
    seq         INTEGER NOT NULL,
    ordinal     INTEGER NOT NULL,
    id          BLOB    NOT NULL,
    author_id   BLOB    NOT NULL,
    author_name TEXT    NOT NULL,
    at          INTEGER NOT NULL,
    text        TEXT    NOT NULL,
    edited_at   INTEGER,
    deleted     INTEGER NOT NULL,
    reply_to    INTEGER,
    mentions    BLOB    NOT NULL,
    UNIQUE (room_id, seq)
) STRICT;
INSERT INTO numbered (room_id, seq, ordinal, id, author_id, author_name, at, text, edited_at, deleted, reply_to, mentions)
    SELECT room_id, seq, ordinal, id, author_id, author_name, at, text, edited_at, deleted, reply_to, mentions
    FROM messages ORDER BY rowid;
DROP TABLE messages;
ALTER TABLE numbered RENAME TO messages;
CREATE INDEX messages_by_reply ON messages (room_id, reply_to, seq) WHERE reply_to IS NOT NULL;
-- Newest first over all rooms.
CREATE INDEX messages_by_time ON messages (at, room_id, seq);

-- The words of messages. Accents count, as they do in PostgreSQL's configuration `simple`.
CREATE VIRTUAL TABLE words USING fts5 (
    text, content = 'messages', content_rowid = 'number', tokenize = 'unicode61 remove_diacritics 0'
);
INSERT INTO words (words) VALUES ('rebuild');
CREATE TRIGGER words_of_a_message AFTER INSERT ON messages BEGIN
    INSERT INTO words (rowid, text) VALUES (new.number, new.text);
END;
CREATE TRIGGER words_of_an_edit AFTER UPDATE OF text ON messages BEGIN
    INSERT INTO words (words, rowid, text) VALUES ('delete', old.number, old.text);
    INSERT INTO words (rowid, text) VALUES (new.number, new.text);
END;

-- Whom a message mentions as it stands; nobody once it is deleted.
CREATE TABLE mentions (
    user_id BLOB    NOT NULL,
    room_id BLOB    NOT NULL,
    seq     INTEGER NOT NULL,
    PRIMARY KEY (user_id, room_id, seq)
) STRICT, WITHOUT ROWID;
INSERT OR IGNORE INTO mentions (user_id, room_id, seq)
    WITH RECURSIVE named (room_id, seq, mentions, place) AS (
        SELECT room_id, seq, mentions, 1 FROM messages WHERE length(mentions) > 0
        UNION ALL
        SELECT room_id, seq, mentions, place + 16 FROM named WHERE place + 16 <= length(mentions)
    )
    SELECT substr(mentions, place, 16), room_id, seq FROM named;

CREATE INDEX reads_by_user ON reads (user_id, room_id);

-- Rooms that anybody may find, by name.
CREATE INDEX rooms_by_name ON rooms (lower(name), room_id) WHERE kind IN ('open', 'public') AND NOT deleted;
