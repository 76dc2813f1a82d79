-- History: what the log says, as rows. All of it is derived and can be built anew. The names are unqualified: the schema
-- is the connection's search_path, so that a second history can be built beside the first.
--
-- Times are milliseconds since 1970. Nothing refers to anything by foreign key: rows come from the fold, in its order, and
-- a check at every row would cost more than it could find.

-- Where each projection stands, in the transaction of its rows. Updated by every batch: room for updates in place.
CREATE TABLE checkpoints (
    projection  text     NOT NULL,
    partition   smallint NOT NULL,
    epoch       uuid     NOT NULL,
    owner_epoch bigint   NOT NULL,
    next_offset bigint   NOT NULL,
    PRIMARY KEY (projection, partition)
) WITH (fillfactor = 20);

-- One small row a room. A batch rewrites the rows of its rooms, never an indexed column but at a renaming.
CREATE TABLE rooms (
    room_id    uuid     NOT NULL,
    owner      uuid,
    head_seq   bigint   NOT NULL,
    messages   bigint   NOT NULL,
    created_at bigint   NOT NULL,
    rules      bigint   NOT NULL,
    partition  smallint NOT NULL,
    deleted    boolean  NOT NULL,
    kind       text     NOT NULL,
    digest     bytea    NOT NULL,
    name       text     NOT NULL,
    topic      text     NOT NULL,
    PRIMARY KEY (room_id)
) WITH (fillfactor = 50);
CREATE INDEX rooms_by_partition ON rooms (partition, room_id);

CREATE TABLE members (
    room_id   uuid   NOT NULL,
    user_id   uuid   NOT NULL,
    joined_at bigint NOT NULL,
    role      text   NOT NULL,
    PRIMARY KEY (room_id, user_id)
);
CREATE INDEX members_by_user ON members (user_id, room_id);

CREATE TABLE invitations (
    room_id    uuid NOT NULL,
    user_id    uuid NOT NULL,
    invited_by uuid NOT NULL,
    PRIMARY KEY (room_id, user_id)
);
CREATE INDEX invitations_by_user ON invitations (user_id, room_id);

-- until is null: for ever.
CREATE TABLE bans (
    room_id uuid NOT NULL,
    user_id uuid NOT NULL,
    until   bigint,
    PRIMARY KEY (room_id, user_id)
);

CREATE TABLE mutes (
    room_id uuid NOT NULL,
    user_id uuid NOT NULL,
    until   bigint,
    PRIMARY KEY (room_id, user_id)
);

-- Every accepted event, written once, by COPY. Fixed-width columns first: nothing is lost to alignment. A row is found by
-- its seq or by its command; the second index begins with the room, so inserts stay on the pages of rooms that are active.
CREATE TABLE journal (
    room_id     uuid   NOT NULL,
    author_id   uuid   NOT NULL,
    cid         uuid   NOT NULL,
    seq         bigint NOT NULL,
    log_offset  bigint NOT NULL,
    appended_at bigint NOT NULL,
    digest      bytea  NOT NULL,
    fingerprint bytea  NOT NULL,
    datum       bytea  NOT NULL,
    PRIMARY KEY (room_id, seq)
);
CREATE INDEX journal_by_command ON journal (room_id, author_id, cid);

-- Messages as they stand. Mostly written once, by COPY; edits and deletions update.
CREATE TABLE messages (
    room_id     uuid    NOT NULL,
    id          uuid    NOT NULL,
    author_id   uuid    NOT NULL,
    seq         bigint  NOT NULL,
    ordinal     bigint  NOT NULL,
    at          bigint  NOT NULL,
    edited_at   bigint,
    reply_to    bigint,
    deleted     boolean NOT NULL,
    author_name text    NOT NULL,
    text        text    NOT NULL,
    mentions    uuid[]  NOT NULL,
    PRIMARY KEY (room_id, seq)
) WITH (fillfactor = 95);
CREATE INDEX messages_by_reply ON messages (room_id, reply_to, seq) WHERE reply_to IS NOT NULL;

-- emoji_since is the seq at which this emoji came to the message, since the one at which this person added it: their order
-- is the order in which they are shown.
CREATE TABLE reactions (
    room_id     uuid   NOT NULL,
    user_id     uuid   NOT NULL,
    seq         bigint NOT NULL,
    emoji_since bigint NOT NULL,
    since       bigint NOT NULL,
    emoji       text   NOT NULL,
    PRIMARY KEY (room_id, seq, emoji, user_id)
);

-- How far people have read: moved forwards only.
CREATE TABLE reads (
    room_id uuid   NOT NULL,
    user_id uuid   NOT NULL,
    seq     bigint NOT NULL,
    PRIMARY KEY (room_id, user_id)
) WITH (fillfactor = 70);
