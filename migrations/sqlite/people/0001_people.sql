-- People in one file: the same rows as in PostgreSQL (migrations/postgres/people). Not derived: keep it, back it up.

CREATE TABLE users (
    user_id      BLOB    NOT NULL,
    username     TEXT    UNIQUE,
    display_name TEXT    NOT NULL,
    password     TEXT,
    disabled     INTEGER NOT NULL,
    created_at   INTEGER NOT NULL,
    PRIMARY KEY (user_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE logins (
    login_id        BLOB    NOT NULL,
    user_id         BLOB    NOT NULL REFERENCES users (user_id) ON DELETE CASCADE,
    refresh_digest  BLOB    NOT NULL,
    previous_digest BLOB,
    created_at      INTEGER NOT NULL,
    rotated_at      INTEGER NOT NULL,
    expires_at      INTEGER NOT NULL,
    revoked         INTEGER NOT NULL,
    PRIMARY KEY (login_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX logins_by_user ON logins (user_id);

CREATE TABLE signing_keys (
    key_id     BLOB    NOT NULL,
    pkcs8      BLOB    NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (key_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE erased (
    user_id   BLOB    NOT NULL,
    texts     INTEGER NOT NULL,
    erased_at INTEGER NOT NULL,
    PRIMARY KEY (user_id)
) STRICT, WITHOUT ROWID;
