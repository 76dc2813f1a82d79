-- People: the one thing that is not derived from the log. Keep it, back it up.
--
-- Times are milliseconds since 1970. A password is an argon2id hash in PHC form; refresh tokens are BLAKE3 digests.

CREATE TABLE users (
    user_id      uuid    NOT NULL,
    username     text    UNIQUE,
    display_name text    NOT NULL,
    password     text,
    disabled     boolean NOT NULL,
    created_at   bigint  NOT NULL,
    PRIMARY KEY (user_id)
);

-- One row a signed-in device. previous_digest is the token before the one that is good now: shown again, it is stolen.
CREATE TABLE logins (
    login_id        uuid    NOT NULL,
    user_id         uuid    NOT NULL REFERENCES users ON DELETE CASCADE,
    refresh_digest  bytea   NOT NULL,
    previous_digest bytea,
    created_at      bigint  NOT NULL,
    rotated_at      bigint  NOT NULL,
    expires_at      bigint  NOT NULL,
    revoked         boolean NOT NULL,
    PRIMARY KEY (login_id)
) WITH (fillfactor = 80);
CREATE INDEX logins_by_user ON logins (user_id);

CREATE TABLE signing_keys (
    key_id     uuid   NOT NULL,
    pkcs8      bytea  NOT NULL,
    created_at bigint NOT NULL,
    PRIMARY KEY (key_id)
);

-- Who is erased, and whether what they said is to be empty too.
CREATE TABLE erased (
    user_id   uuid    NOT NULL,
    texts     boolean NOT NULL,
    erased_at bigint  NOT NULL,
    PRIMARY KEY (user_id)
);

-- The ids that the schema registry gave: with them in hand, a registry that is down stops no start.
CREATE TABLE schema_ids (
    fingerprint bytea   NOT NULL,
    subject     text    NOT NULL,
    id          integer NOT NULL,
    PRIMARY KEY (fingerprint)
);
