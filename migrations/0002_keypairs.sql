-- +goose Up
CREATE TABLE keypairs (
    id          $serial,
    user_id     TEXT  NOT NULL,
    name        TEXT  NOT NULL,
    type        TEXT  NOT NULL,
    fingerprint TEXT  NOT NULL,
    public_key  TEXT  NOT NULL,
    created_at  $time NOT NULL,
    UNIQUE (user_id, name)
);

-- A row for each user who ever had a key pair. Whoever adds one locks it first,
-- so that counting the others is exact.
CREATE TABLE keypair_users (
    user_id TEXT NOT NULL PRIMARY KEY
);
