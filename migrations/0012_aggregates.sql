-- +goose Up
CREATE TABLE aggregates (
    id         $serial,
    uuid       TEXT  NOT NULL UNIQUE,
    name       TEXT  NOT NULL UNIQUE,
    metadata   TEXT  NOT NULL, -- JSON: an object of texts
    zone       TEXT,           -- the metadata's availability_zone; NULL for none
    created_at $time NOT NULL,
    updated_at $time
);
CREATE TABLE aggregate_hosts (
    id           $serial, -- hosts are listed in the order in which they came
    aggregate_id BIGINT NOT NULL REFERENCES aggregates (id),
    host         TEXT   NOT NULL,
    UNIQUE (aggregate_id, host)
);
CREATE INDEX aggregate_hosts_host ON aggregate_hosts (host);
