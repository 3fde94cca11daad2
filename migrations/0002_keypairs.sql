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
