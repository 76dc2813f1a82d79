-- The same columns and tables as in PostgreSQL (migrations/postgres/people/0002_accounts.sql), where each is explained.

ALTER TABLE users ADD COLUMN is_admin INTEGER NOT NULL DEFAULT FALSE;
ALTER TABLE users ADD COLUMN disabled_at INTEGER;
UPDATE users SET disabled_at = created_at WHERE disabled;
CREATE INDEX users_disabled ON users (disabled_at) WHERE disabled;

ALTER TABLE logins ADD COLUMN check_key BLOB;
ALTER TABLE logins ADD COLUMN user_agent TEXT;
ALTER TABLE logins ADD COLUMN address TEXT;
ALTER TABLE logins ADD COLUMN ended_at INTEGER;
UPDATE logins SET ended_at = rotated_at WHERE revoked;
CREATE INDEX logins_over ON logins (COALESCE(ended_at, expires_at));
CREATE INDEX logins_ended ON logins (ended_at) WHERE revoked;

CREATE INDEX erased_lately ON erased (erased_at);

CREATE TABLE retired_usernames (
    digest BLOB NOT NULL,
    PRIMARY KEY (digest)
) STRICT, WITHOUT ROWID;

CREATE TABLE audit (
    audit_id  BLOB    NOT NULL,
    at        INTEGER NOT NULL,
    actor_id  BLOB    NOT NULL,
    action    TEXT    NOT NULL,
    target_id BLOB,
    detail    TEXT    NOT NULL,
    PRIMARY KEY (audit_id)
) STRICT, WITHOUT ROWID;
