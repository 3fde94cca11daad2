-- +goose Up
CREATE TABLE flavors (
    id           $serial,
    flavorid     TEXT    NOT NULL UNIQUE,
    name         TEXT    NOT NULL UNIQUE,
    memory_mb    BIGINT  NOT NULL,
    vcpus        BIGINT  NOT NULL,
    root_gb      BIGINT  NOT NULL,
    ephemeral_gb BIGINT  NOT NULL,
    swap         BIGINT  NOT NULL,
    rxtx_factor  $float  NOT NULL,
    vcpu_weight  BIGINT  NOT NULL DEFAULT 0,
    disabled     BOOLEAN NOT NULL,
    is_public    BOOLEAN NOT NULL,
    description  TEXT,
    created_at   $time   NOT NULL,
    updated_at   $time
);

CREATE TABLE flavor_extra_specs (
    flavor_id BIGINT NOT NULL REFERENCES flavors (id) ON DELETE CASCADE,
    name      TEXT   NOT NULL,
    value     TEXT   NOT NULL,
    PRIMARY KEY (flavor_id, name)
);

CREATE TABLE flavor_access (
    flavor_id  BIGINT NOT NULL REFERENCES flavors (id) ON DELETE CASCADE,
    project_id TEXT   NOT NULL,
    PRIMARY KEY (flavor_id, project_id)
);
CREATE INDEX flavor_access_project ON flavor_access (project_id);
