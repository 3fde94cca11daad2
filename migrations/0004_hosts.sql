-- +goose Up
CREATE TABLE services (
    id              $serial,
    uuid            TEXT    NOT NULL UNIQUE,
    host            TEXT    NOT NULL,
    binary_name     TEXT    NOT NULL,
    disabled        BOOLEAN NOT NULL,
    disabled_reason TEXT,
    forced_down     BOOLEAN NOT NULL,
    holder          TEXT    NOT NULL, -- the process that runs the host; '' for none, and for services without one
    seen_at         $time   NOT NULL, -- by the database's clock
    created_at      $time   NOT NULL,
    UNIQUE (host, binary_name)
);

CREATE TABLE hosts (
    id                 $serial,
    uuid               TEXT   NOT NULL UNIQUE,
    service_uuid       TEXT   NOT NULL REFERENCES services (uuid),
    host               TEXT   NOT NULL,
    node               TEXT   NOT NULL UNIQUE,
    hypervisor_type    TEXT   NOT NULL,
    hypervisor_version BIGINT NOT NULL,
    host_ip            TEXT   NOT NULL,
    cpu_info           TEXT   NOT NULL,
    vcpus              BIGINT NOT NULL,
    memory_mb          BIGINT NOT NULL,
    local_gb           BIGINT NOT NULL,
    vcpus_used         BIGINT NOT NULL DEFAULT 0,
    memory_mb_used     BIGINT NOT NULL DEFAULT 0,
    local_gb_used      BIGINT NOT NULL DEFAULT 0,
    running_vms        BIGINT NOT NULL DEFAULT 0,
    cpu_ratio          $float NOT NULL,
    ram_ratio          $float NOT NULL,
    disk_ratio         $float NOT NULL
);
CREATE INDEX hosts_host ON hosts (host);
