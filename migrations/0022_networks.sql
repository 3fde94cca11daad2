-- +goose Up
-- What the bundled network service keeps.
CREATE TABLE network_networks (
    serial            $serial,
    id                TEXT    NOT NULL UNIQUE,
    project_id        TEXT    NOT NULL,
    name              TEXT    NOT NULL,
    description       TEXT    NOT NULL,
    admin_state_up    BOOLEAN NOT NULL,
    shared            BOOLEAN NOT NULL,
    external          BOOLEAN NOT NULL,
    is_default        BOOLEAN NOT NULL,
    port_security     BOOLEAN NOT NULL,
    mtu               BIGINT  NOT NULL,
    provider_type     TEXT    NOT NULL,
    provider_physical TEXT,
    provider_segment  BIGINT,
    revision          BIGINT  NOT NULL,
    created_at        $time   NOT NULL,
    updated_at        $time   NOT NULL
);
CREATE INDEX network_networks_project ON network_networks (project_id);

CREATE TABLE network_subnets (
    serial            $serial,
    id                TEXT    NOT NULL UNIQUE,
    network_id        TEXT    NOT NULL REFERENCES network_networks (id) ON DELETE CASCADE,
    project_id        TEXT    NOT NULL,
    name              TEXT    NOT NULL,
    description       TEXT    NOT NULL,
    ip_version        BIGINT  NOT NULL,
    cidr              TEXT    NOT NULL,
    gateway_ip        TEXT,
    enable_dhcp       BOOLEAN NOT NULL,
    allocation_pools  TEXT    NOT NULL, -- JSON, as the three below
    dns_nameservers   TEXT    NOT NULL,
    host_routes       TEXT    NOT NULL,
    service_types     TEXT    NOT NULL,
    ipv6_ra_mode      TEXT,
    ipv6_address_mode TEXT,
    revision          BIGINT  NOT NULL,
    created_at        $time   NOT NULL,
    updated_at        $time   NOT NULL
);
CREATE INDEX network_subnets_network ON network_subnets (network_id);
CREATE INDEX network_subnets_project ON network_subnets (project_id);

CREATE TABLE network_ports (
    serial                $serial,
    id                    TEXT    NOT NULL UNIQUE,
    network_id            TEXT    NOT NULL REFERENCES network_networks (id),
    project_id            TEXT    NOT NULL,
    name                  TEXT    NOT NULL,
    description           TEXT    NOT NULL,
    mac_address           TEXT    NOT NULL,
    admin_state_up        BOOLEAN NOT NULL,
    status                TEXT    NOT NULL,
    device_id             TEXT    NOT NULL,
    device_owner          TEXT    NOT NULL,
    host                  TEXT    NOT NULL,
    vnic_type             TEXT    NOT NULL,
    profile               TEXT    NOT NULL, -- JSON, as the two below
    allowed_address_pairs TEXT    NOT NULL,
    extra_dhcp_opts       TEXT    NOT NULL,
    dns_name              TEXT    NOT NULL,
    port_security         BOOLEAN NOT NULL,
    revision              BIGINT  NOT NULL,
    created_at            $time   NOT NULL,
    updated_at            $time   NOT NULL,
    UNIQUE (network_id, mac_address)
);
CREATE INDEX network_ports_project ON network_ports (project_id);
CREATE INDEX network_ports_device ON network_ports (device_id);

-- position counts from the subnet's first address; it is NULL if that is
-- further away than a BIGINT reaches, in IPv6.
CREATE TABLE network_addresses (
    serial    $serial,
    subnet_id TEXT   NOT NULL REFERENCES network_subnets (id),
    port_id   TEXT   NOT NULL REFERENCES network_ports (id) ON DELETE CASCADE,
    address   TEXT   NOT NULL,
    position  BIGINT,
    UNIQUE (subnet_id, address)
);
CREATE INDEX network_addresses_position ON network_addresses (subnet_id, position);
CREATE INDEX network_addresses_port ON network_addresses (port_id);

CREATE TABLE network_security_groups (
    serial      $serial,
    id          TEXT    NOT NULL UNIQUE,
    project_id  TEXT    NOT NULL,
    name        TEXT    NOT NULL,
    description TEXT    NOT NULL,
    stateful    BOOLEAN NOT NULL,
    revision    BIGINT  NOT NULL,
    created_at  $time   NOT NULL,
    updated_at  $time   NOT NULL
);
CREATE INDEX network_security_groups_project ON network_security_groups (project_id);
CREATE UNIQUE INDEX network_security_groups_default ON network_security_groups (project_id) WHERE name = 'default';

CREATE TABLE network_security_group_rules (
    serial            $serial,
    id                TEXT   NOT NULL UNIQUE,
    security_group_id TEXT   NOT NULL REFERENCES network_security_groups (id) ON DELETE CASCADE,
    project_id        TEXT   NOT NULL,
    description       TEXT   NOT NULL,
    direction         TEXT   NOT NULL,
    ethertype         TEXT   NOT NULL,
    protocol          TEXT,
    port_range_min    BIGINT,
    port_range_max    BIGINT,
    remote_ip_prefix  TEXT,
    remote_group_id   TEXT REFERENCES network_security_groups (id) ON DELETE CASCADE,
    revision          BIGINT NOT NULL,
    created_at        $time  NOT NULL,
    updated_at        $time  NOT NULL
);
CREATE INDEX network_security_group_rules_group ON network_security_group_rules (security_group_id);
CREATE INDEX network_security_group_rules_project ON network_security_group_rules (project_id);
CREATE INDEX network_security_group_rules_remote ON network_security_group_rules (remote_group_id);

CREATE TABLE network_port_groups (
    port_id  TEXT NOT NULL REFERENCES network_ports (id) ON DELETE CASCADE,
    group_id TEXT NOT NULL REFERENCES network_security_groups (id),
    PRIMARY KEY (port_id, group_id)
);
CREATE INDEX network_port_groups_group ON network_port_groups (group_id);

CREATE TABLE network_routers (
    serial             $serial,
    id                 TEXT    NOT NULL UNIQUE,
    project_id         TEXT    NOT NULL,
    name               TEXT    NOT NULL,
    description        TEXT    NOT NULL,
    admin_state_up     BOOLEAN NOT NULL,
    enable_snat        BOOLEAN NOT NULL,
    routes             TEXT    NOT NULL, -- JSON
    gateway_network_id TEXT REFERENCES network_networks (id),
    gateway_port_id    TEXT REFERENCES network_ports (id),
    revision           BIGINT  NOT NULL,
    created_at         $time   NOT NULL,
    updated_at         $time   NOT NULL
);
CREATE INDEX network_routers_project ON network_routers (project_id);
CREATE INDEX network_routers_gateway ON network_routers (gateway_network_id);
CREATE INDEX network_routers_gateway_port ON network_routers (gateway_port_id);

-- The ports by which routers are joined to networks. A row is written when a
-- router is given an interface: what a port says of its device doesn't count,
-- since any user may write it.
CREATE TABLE network_router_ports (
    port_id   TEXT NOT NULL PRIMARY KEY REFERENCES network_ports (id),
    router_id TEXT NOT NULL REFERENCES network_routers (id)
);
CREATE INDEX network_router_ports_router ON network_router_ports (router_id);

-- own_port_id keeps the address; port_id is the port that it leads to.
CREATE TABLE network_floatingips (
    serial           $serial,
    id               TEXT   NOT NULL UNIQUE,
    project_id       TEXT   NOT NULL,
    description      TEXT   NOT NULL,
    network_id       TEXT   NOT NULL REFERENCES network_networks (id),
    address          TEXT   NOT NULL,
    own_port_id      TEXT   NOT NULL REFERENCES network_ports (id),
    port_id          TEXT REFERENCES network_ports (id) ON DELETE SET NULL,
    fixed_ip_address TEXT   NOT NULL, -- of port_id
    router_id        TEXT REFERENCES network_routers (id),
    revision         BIGINT NOT NULL,
    created_at       $time  NOT NULL,
    updated_at       $time  NOT NULL,
    UNIQUE (port_id, fixed_ip_address, network_id)
);
CREATE INDEX network_floatingips_project ON network_floatingips (project_id);
CREATE INDEX network_floatingips_network ON network_floatingips (network_id);
CREATE INDEX network_floatingips_own_port ON network_floatingips (own_port_id);
CREATE INDEX network_floatingips_router ON network_floatingips (router_id);

CREATE TABLE network_quotas (
    project_id TEXT   NOT NULL,
    resource   TEXT   NOT NULL,
    hard_limit BIGINT NOT NULL,
    PRIMARY KEY (project_id, resource)
);

-- A row is locked while something with a limit is made for the project.
CREATE TABLE network_projects (
    project_id TEXT NOT NULL PRIMARY KEY
);
