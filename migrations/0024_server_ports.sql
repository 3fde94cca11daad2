-- +goose Up
-- Ports that servers are about to take at the network service. The row is
-- there while a worker asks for the port, so that two servers of this cloud
-- never ask for one at the same time.
CREATE TABLE port_holds (
    port_id     TEXT NOT NULL PRIMARY KEY,
    server_uuid TEXT NOT NULL
);

-- Servers that are gone, whose ports may not be: a worker that was broken off
-- may still have created one, or the network service refused to delete one.
-- What is there when the row is due is removed, and once more when the last
-- request of such a worker has come to its end.
CREATE TABLE port_leftovers (
    server_uuid TEXT  NOT NULL PRIMARY KEY,
    project_id  TEXT  NOT NULL,
    noted       TEXT  NOT NULL, -- JSON: the ports that the server had; true for those that are kept
    due         $time NOT NULL,
    until       $time NOT NULL -- when to look for the last time
);
CREATE INDEX port_leftovers_due ON port_leftovers (due);
