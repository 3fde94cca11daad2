-- +goose Up
-- Columns that hold JSON are empty for nothing.
CREATE TABLE servers (
    id              $serial,
    uuid            TEXT    NOT NULL UNIQUE,
    name            TEXT    NOT NULL,
    hostname        TEXT    NOT NULL,
    description     TEXT,
    project_id      TEXT    NOT NULL,
    user_id         TEXT    NOT NULL,
    vm_state        TEXT    NOT NULL,
    task_state      TEXT    NOT NULL, -- '' for none
    power_state     BIGINT  NOT NULL,
    progress        BIGINT  NOT NULL,
    host            TEXT    NOT NULL, -- '' until scheduled
    node            TEXT    NOT NULL,
    zone            TEXT    NOT NULL, -- of its host; the requested one until it has a host
    requested_zone  TEXT    NOT NULL,
    pinned_zone     TEXT,
    elsewhere       TEXT    NOT NULL, -- JSON: another host that has something of the server
    flavor_id       TEXT    NOT NULL,
    flavor          TEXT    NOT NULL, -- JSON: as it was when the server was created
    before_resize   TEXT    NOT NULL, -- JSON: what the server was, until the resize is confirmed or reverted
    image_id        TEXT    NOT NULL,
    image_props     TEXT    NOT NULL, -- JSON
    kernel_id       TEXT    NOT NULL,
    ramdisk_id      TEXT    NOT NULL,
    key_name        TEXT,
    public_key      TEXT    NOT NULL,
    user_data       TEXT,
    metadata        TEXT    NOT NULL, -- JSON
    config_drive    BOOLEAN NOT NULL,
    access_ip_v4    TEXT    NOT NULL,
    access_ip_v6    TEXT    NOT NULL,
    disk_config     TEXT    NOT NULL,
    root_device     TEXT,
    trusted_certs   TEXT    NOT NULL, -- JSON
    hints           TEXT    NOT NULL, -- JSON
    boot            TEXT    NOT NULL, -- JSON: what the images of the server say of its creation
    admin_password  TEXT    NOT NULL, -- encrypted with the server's key, in base64; '' for none
    group_uuid      TEXT    NOT NULL, -- '' for none
    reservation_id  TEXT    NOT NULL,
    launch_index    BIGINT  NOT NULL,
    addresses       TEXT    NOT NULL, -- JSON
    ips             TEXT    NOT NULL, -- the addresses alone, one a line, for filters
    security_groups TEXT    NOT NULL, -- JSON
    block_devices   TEXT    NOT NULL, -- JSON
    network_revision BIGINT NOT NULL, -- grows with each change of the addresses, and with each word of a change at the network service
    network_stale   BOOLEAN NOT NULL, -- the network service has changed what the addresses and groups are a copy of
    locked_by       TEXT    NOT NULL, -- '' for nobody
    locked_reason   TEXT,
    fault           TEXT    NOT NULL, -- JSON
    shelved_image   TEXT    NOT NULL, -- the image of a shelved server; '' for none
    waits_since     $time, -- when the server was soft-deleted, shelved or resized, while it is so
    created_at      $time   NOT NULL,
    updated_at      $time,
    launched_at     $time,
    terminated_at   $time,
    deleted_at      $time
);
CREATE INDEX servers_of_project ON servers (project_id, created_at DESC, id DESC) WHERE deleted_at IS NULL;
CREATE INDEX servers_by_age ON servers (created_at DESC, id DESC) WHERE deleted_at IS NULL;
CREATE INDEX servers_in_state ON servers (vm_state, created_at DESC, id DESC) WHERE deleted_at IS NULL AND vm_state <> 'active';
CREATE INDEX servers_gone ON servers (created_at DESC, id DESC) WHERE deleted_at IS NOT NULL OR vm_state = 'soft-delete';
CREATE INDEX servers_on_host ON servers (host DESC, created_at DESC, id DESC) WHERE deleted_at IS NULL;
CREATE INDEX servers_busy ON servers (host) WHERE task_state <> '' AND deleted_at IS NULL;
CREATE INDEX servers_with_stale_network ON servers (host) WHERE network_stale AND deleted_at IS NULL;
CREATE INDEX servers_by_change ON servers ((COALESCE(updated_at, created_at)) DESC, created_at DESC, id DESC);
CREATE INDEX servers_of_group ON servers (group_uuid) WHERE group_uuid <> '' AND deleted_at IS NULL;
CREATE INDEX servers_of_reservation ON servers (reservation_id);
CREATE INDEX servers_waiting ON servers (vm_state, waits_since) WHERE deleted_at IS NULL AND vm_state IN ('soft-delete', 'shelved', 'resized');
CREATE INDEX servers_in_use ON servers (project_id, uuid) WHERE terminated_at IS NULL;
CREATE INDEX servers_by_end ON servers (terminated_at, project_id) WHERE terminated_at IS NOT NULL;

CREATE TABLE server_tags (
    server_uuid TEXT NOT NULL REFERENCES servers (uuid) ON DELETE CASCADE,
    tag         TEXT NOT NULL,
    PRIMARY KEY (server_uuid, tag)
);
CREATE INDEX server_tags_tag ON server_tags (tag);
