-- +goose Up
-- Moves of servers between hosts, or to another size, as operators look at them.
CREATE TABLE migrations (
    id                $serial,
    uuid              TEXT   NOT NULL UNIQUE,
    server_uuid       TEXT   NOT NULL,
    migration_type    TEXT   NOT NULL, -- resize, migration, live-migration or evacuation
    status            TEXT   NOT NULL,
    source_host       TEXT   NOT NULL,
    source_node       TEXT   NOT NULL,
    target_host       TEXT   NOT NULL,
    target_node       TEXT   NOT NULL,
    target_ip         TEXT   NOT NULL,
    old_flavor        BIGINT NOT NULL, -- flavors.id, which the flavor outlives; 0 for none
    new_flavor        BIGINT NOT NULL,
    user_id           TEXT   NOT NULL,
    project_id        TEXT   NOT NULL,
    memory_total      BIGINT, -- bytes, as the following; NULL but for live migrations
    memory_processed  BIGINT,
    memory_remaining  BIGINT,
    disk_total        BIGINT,
    disk_processed    BIGINT,
    disk_remaining    BIGINT,
    hurried           BOOLEAN NOT NULL, -- of a live migration: it is to end soon, at the server's cost
    created_at        $time  NOT NULL,
    updated_at        $time
);
CREATE INDEX migrations_of_server ON migrations (server_uuid, id);
CREATE INDEX migrations_by_age ON migrations (created_at DESC, id DESC);
