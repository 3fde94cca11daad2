-- +goose Up
-- A server is in one group at the most: servers.group_uuid.
CREATE TABLE server_groups (
    id                  $serial,
    uuid                TEXT   NOT NULL UNIQUE,
    name                TEXT   NOT NULL,
    policy              TEXT   NOT NULL,
    max_server_per_host BIGINT, -- NULL for no such rule
    project_id          TEXT   NOT NULL,
    user_id             TEXT   NOT NULL,
    created_at          $time  NOT NULL
);
CREATE INDEX server_groups_of_project ON server_groups (project_id, id);
