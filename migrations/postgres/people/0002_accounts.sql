-- What people may do with their accounts, and what admins did. Added to what older binaries know, which run on beside it.

-- disabled_at: since when an account is disabled, so that edges can ask for the latest alone.
ALTER TABLE users
    ADD COLUMN is_admin    boolean NOT NULL DEFAULT false,
    ADD COLUMN disabled_at bigint;
UPDATE users SET disabled_at = created_at WHERE disabled;
CREATE INDEX users_by_username ON users (username COLLATE "C");
CREATE INDEX users_disabled ON users (disabled_at) WHERE disabled;

-- check_key tells a refresh token that was used before from one that was made up. Where somebody signed in from is what
-- they said of themselves. ended_at: when a login was signed out or revoked.
ALTER TABLE logins
    ADD COLUMN check_key  bytea,
    ADD COLUMN user_agent text,
    ADD COLUMN address    text,
    ADD COLUMN ended_at   bigint;
UPDATE logins SET ended_at = rotated_at WHERE revoked;
-- When a login was over, or will be: what is long over is removed. And what has ended a moment ago, for every edge.
CREATE INDEX logins_over ON logins (COALESCE(ended_at, expires_at));
CREATE INDEX logins_ended ON logins (ended_at) WHERE revoked;

CREATE INDEX erased_lately ON erased (erased_at);

-- BLAKE3 of the usernames of those who are erased: nobody gets one of them again, and nobody can read them here.
CREATE TABLE retired_usernames (
    digest bytea NOT NULL,
    PRIMARY KEY (digest)
);

-- Every act of an admin; audit_id is a UUIDv7, so its order is that of the acts.
CREATE TABLE audit (
    audit_id  uuid   NOT NULL,
    at        bigint NOT NULL,
    actor_id  uuid   NOT NULL,
    action    text   NOT NULL,
    target_id uuid,
    detail    jsonb  NOT NULL,
    PRIMARY KEY (audit_id)
);
