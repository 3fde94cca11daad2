-- +goose Up
-- Ports that servers are about to take at the network service. The row is
-- there while a worker asks for the port, so that two servers of this cloud
-- never ask for one at the same time.
CREATE TABLE port_holds (
    port_id     TEXT NOT NULL PRIMARY KEY,
    server_uuid TEXT NOT NULL
);
