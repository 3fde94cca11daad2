-- +goose Up
-- What the bundled block storage service keeps; the volumes' data is in files.
CREATE TABLE volume_qos (
    serial     $serial,
    id         TEXT  NOT NULL UNIQUE,
    name       TEXT  NOT NULL UNIQUE,
    consumer   TEXT  NOT NULL, -- front-end, back-end or both
    created_at $time NOT NULL,
    updated_at $time
);

CREATE TABLE volume_qos_specs (
    owner_id TEXT NOT NULL REFERENCES volume_qos (id) ON DELETE CASCADE,
    name     TEXT NOT NULL,
    value    TEXT NOT NULL,
    PRIMARY KEY (owner_id, name)
);

CREATE TABLE volume_types (
    serial      $serial,
    id          TEXT    NOT NULL UNIQUE,
    name        TEXT    NOT NULL UNIQUE,
    description TEXT,
    is_public   BOOLEAN NOT NULL,
    qos_id      TEXT    REFERENCES volume_qos (id),
    encryption  TEXT    NOT NULL, -- JSON; empty: volumes aren't to be encrypted
    created_at  $time   NOT NULL,
    updated_at  $time
);

CREATE TABLE volume_type_specs (
    owner_id TEXT NOT NULL REFERENCES volume_types (id) ON DELETE CASCADE,
    name     TEXT NOT NULL,
    value    TEXT NOT NULL,
    PRIMARY KEY (owner_id, name)
);

-- The projects that may use a type that isn't public.
CREATE TABLE volume_type_projects (
    type_id    TEXT NOT NULL REFERENCES volume_types (id) ON DELETE CASCADE,
    project_id TEXT NOT NULL,
    PRIMARY KEY (type_id, project_id)
);

CREATE TABLE volume_volumes (
    serial            $serial,
    id                TEXT    NOT NULL UNIQUE,
    project_id        TEXT    NOT NULL,
    user_id           TEXT    NOT NULL,
    name              TEXT,
    description       TEXT,
    status            TEXT    NOT NULL,
    previous_status   TEXT    NOT NULL, -- to which it returns after an upload or a retype
    attach_status     TEXT    NOT NULL,
    migration_status  TEXT,
    size              BIGINT  NOT NULL, -- GB, and what the quota counts
    reserved          BIGINT  NOT NULL, -- GB more that it is being extended by, counted as well
    availability_zone TEXT    NOT NULL,
    type_id           TEXT    NOT NULL REFERENCES volume_types (id),
    snapshot_id       TEXT,             -- of which it was made; it may be gone
    source_id         TEXT,             -- the volume of which it was made
    bootable          BOOLEAN NOT NULL,
    multiattach       BOOLEAN NOT NULL,
    readonly          BOOLEAN,          -- NULL until somebody has said so
    folder            TEXT    NOT NULL, -- where the data is
    created_at        $time   NOT NULL,
    updated_at        $time
);
CREATE INDEX volume_volumes_project ON volume_volumes (project_id, created_at, serial);
CREATE INDEX volume_volumes_type ON volume_volumes (type_id);

CREATE TABLE volume_metadata (
    owner_id TEXT NOT NULL REFERENCES volume_volumes (id) ON DELETE CASCADE,
    name     TEXT NOT NULL,
    value    TEXT NOT NULL,
    PRIMARY KEY (owner_id, name)
);

-- What the image says of which the volume was made.
CREATE TABLE volume_image_metadata (
    owner_id TEXT NOT NULL REFERENCES volume_volumes (id) ON DELETE CASCADE,
    name     TEXT NOT NULL,
    value    TEXT NOT NULL,
    PRIMARY KEY (owner_id, name)
);

CREATE TABLE volume_snapshots (
    serial      $serial,
    id          TEXT   NOT NULL UNIQUE,
    project_id  TEXT   NOT NULL,
    user_id     TEXT   NOT NULL,
    name        TEXT,
    description TEXT,
    status      TEXT   NOT NULL,
    volume_id   TEXT   NOT NULL REFERENCES volume_volumes (id),
    type_id     TEXT   NOT NULL REFERENCES volume_types (id),
    size        BIGINT NOT NULL, -- GB of the volume at that time
    progress    TEXT   NOT NULL,
    folder      TEXT   NOT NULL,
    created_at  $time  NOT NULL,
    updated_at  $time
);
CREATE INDEX volume_snapshots_project ON volume_snapshots (project_id, created_at, serial);
CREATE INDEX volume_snapshots_volume ON volume_snapshots (volume_id);
CREATE INDEX volume_snapshots_type ON volume_snapshots (type_id);

CREATE TABLE volume_snapshot_metadata (
    owner_id TEXT NOT NULL REFERENCES volume_snapshots (id) ON DELETE CASCADE,
    name     TEXT NOT NULL,
    value    TEXT NOT NULL,
    PRIMARY KEY (owner_id, name)
);

CREATE TABLE volume_attachments (
    serial          $serial,
    id              TEXT  NOT NULL UNIQUE,
    volume_id       TEXT  NOT NULL REFERENCES volume_volumes (id) ON DELETE CASCADE,
    project_id      TEXT  NOT NULL, -- the volume's
    server_id       TEXT,
    host            TEXT,
    device          TEXT,
    mode            TEXT  NOT NULL,
    status          TEXT  NOT NULL, -- reserved, attaching, attached or detaching
    connector       TEXT  NOT NULL, -- JSON, as the one below
    connection_info TEXT  NOT NULL,
    attached_at     $time,
    created_at      $time NOT NULL,
    updated_at      $time
);
CREATE INDEX volume_attachments_volume ON volume_attachments (volume_id);
CREATE INDEX volume_attachments_project ON volume_attachments (project_id);

-- What is to be done to the data. A row is written with the status that
-- announces the work, and removed with the status that the work ends in.
CREATE TABLE volume_tasks (
    serial      $serial,
    resource_id TEXT NOT NULL, -- of a volume or a snapshot
    verb        TEXT NOT NULL,
    needs_id    TEXT NOT NULL, -- the volume or snapshot that is read meanwhile, or empty
    arguments   TEXT NOT NULL, -- JSON
    folder      TEXT NOT NULL,
    request_id  TEXT NOT NULL  -- of the request that announced it
);
CREATE INDEX volume_tasks_resource ON volume_tasks (resource_id);
CREATE INDEX volume_tasks_needs ON volume_tasks (needs_id);

CREATE TABLE volume_quotas (
    project_id TEXT   NOT NULL,
    resource   TEXT   NOT NULL,
    hard_limit BIGINT NOT NULL,
    PRIMARY KEY (project_id, resource)
);

-- The limits of projects that have none of their own. The class is "default":
-- others can be written and read, as in Cinder, and mean nothing.
CREATE TABLE volume_quota_classes (
    class      TEXT   NOT NULL,
    resource   TEXT   NOT NULL,
    hard_limit BIGINT NOT NULL,
    PRIMARY KEY (class, resource)
);

-- The types that a project's volumes have if nobody says which.
CREATE TABLE volume_default_types (
    project_id TEXT NOT NULL PRIMARY KEY,
    type_id    TEXT NOT NULL REFERENCES volume_types (id)
);
CREATE INDEX volume_default_types_type ON volume_default_types (type_id);

-- A row is locked while something with a limit is made for the project.
CREATE TABLE volume_projects (
    project_id TEXT NOT NULL PRIMARY KEY
);

-- Volumes that are offered to whoever knows the key.
CREATE TABLE volume_transfers (
    serial       $serial,
    id           TEXT    NOT NULL UNIQUE,
    volume_id    TEXT    NOT NULL UNIQUE REFERENCES volume_volumes (id) ON DELETE CASCADE,
    project_id   TEXT    NOT NULL, -- that offers it
    name         TEXT,
    key_hash     TEXT    NOT NULL, -- SHA-256 of the key, in hexadecimal digits
    no_snapshots BOOLEAN NOT NULL, -- whether the snapshots stay
    created_at   $time   NOT NULL,
    updated_at   $time
);
CREATE INDEX volume_transfers_project ON volume_transfers (project_id, created_at, serial);

-- What went wrong with a project's volumes, for its users.
CREATE TABLE volume_messages (
    serial        $serial,
    id            TEXT  NOT NULL UNIQUE,
    project_id    TEXT  NOT NULL,
    request_id    TEXT  NOT NULL,
    resource_type TEXT  NOT NULL,
    resource_id   TEXT  NOT NULL,
    event_id      TEXT  NOT NULL,
    text          TEXT  NOT NULL,
    created_at    $time NOT NULL,
    updated_at    $time,
    expires_at    $time NOT NULL
);
CREATE INDEX volume_messages_project ON volume_messages (project_id, created_at, serial);
CREATE INDEX volume_messages_expiry ON volume_messages (expires_at);
