-- +goose Up
-- Where it is tried whether anything can be written again, after a write has
-- failed. It is empty otherwise.
CREATE TABLE write_checks (
    id      BIGINT NOT NULL PRIMARY KEY,
    content $blob  NOT NULL
);
