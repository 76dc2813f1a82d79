-- History in one file: the same rows as in PostgreSQL (migrations/postgres/history). Derived: the file may be deleted.

CREATE TABLE checkpoints (
    projection  TEXT    NOT NULL,
    partition   INTEGER NOT NULL,
    epoch       BLOB    NOT NULL,
    owner_epoch INTEGER NOT NULL,
    next_offset INTEGER NOT NULL,
    PRIMARY KEY (projection, partition)
) STRICT, WITHOUT ROWID;

CREATE TABLE rooms (
    room_id    BLOB    NOT NULL,
    partition  INTEGER NOT NULL,
    kind       TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    topic      TEXT    NOT NULL,
    owner      BLOB,
    deleted    INTEGER NOT NULL,
    head_seq   INTEGER NOT NULL,
    messages   INTEGER NOT NULL,
    rules      INTEGER NOT NULL,
    digest     BLOB    NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (room_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX rooms_by_partition ON rooms (partition, room_id);

CREATE TABLE members (
    room_id   BLOB    NOT NULL,
    user_id   BLOB    NOT NULL,
    role      TEXT    NOT NULL,
    joined_at INTEGER NOT NULL,
    PRIMARY KEY (room_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX members_by_user ON members (user_id, room_id);

CREATE TABLE invitations (
    room_id    BLOB NOT NULL,
    user_id    BLOB NOT NULL,
    invited_by BLOB NOT NULL,
    PRIMARY KEY (room_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX invitations_by_user ON invitations (user_id, room_id);

CREATE TABLE bans (
    room_id BLOB NOT NULL,
    user_id BLOB NOT NULL,
    until   INTEGER,
    PRIMARY KEY (room_id, user_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE mutes (
    room_id BLOB NOT NULL,
    user_id BLOB NOT NULL,
    until   INTEGER,
    PRIMARY KEY (room_id, user_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE journal (
    room_id     BLOB    NOT NULL,
    seq         INTEGER NOT NULL,
    log_offset  INTEGER NOT NULL,
    appended_at INTEGER NOT NULL,
    digest      BLOB    NOT NULL,
    fingerprint BLOB    NOT NULL,
    datum       BLOB    NOT NULL,
    author_id   BLOB    NOT NULL,
    cid         BLOB    NOT NULL,
    PRIMARY KEY (room_id, seq)
) STRICT;
CREATE INDEX journal_by_command ON journal (room_id, author_id, cid);

-- mentions: the user ids, 16 bytes each, one after the other.
CREATE TABLE messages (
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
    PRIMARY KEY (room_id, seq)
) STRICT;
CREATE INDEX messages_by_reply ON messages (room_id, reply_to, seq) WHERE reply_to IS NOT NULL;

CREATE TABLE reactions (
    room_id     BLOB    NOT NULL,
    seq         INTEGER NOT NULL,
    emoji       TEXT    NOT NULL,
    user_id     BLOB    NOT NULL,
    emoji_since INTEGER NOT NULL,
    since       INTEGER NOT NULL,
    PRIMARY KEY (room_id, seq, emoji, user_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE reads (
    room_id BLOB    NOT NULL,
    user_id BLOB    NOT NULL,
    seq     INTEGER NOT NULL,
    PRIMARY KEY (room_id, user_id)
) STRICT, WITHOUT ROWID;
