-- +goose Up
-- Which servers have a volume, to be found by the volume: an index of
-- servers.block_devices, written with it.
CREATE TABLE server_volumes (
    volume_id   TEXT NOT NULL,
    server_uuid TEXT NOT NULL REFERENCES servers (uuid) ON DELETE CASCADE,
    PRIMARY KEY (volume_id, server_uuid)
);
CREATE INDEX server_volumes_server ON server_volumes (server_uuid);

-- Volumes that servers had, and that may still be attached to them: the servers are
-- gone, their host was down, or the block storage service was away. What is there when
-- the row is due is detached, and once more when the last request of a worker that was
-- broken off has come to its end.
CREATE TABLE volume_leftovers (
    server_uuid TEXT    NOT NULL,
    volume_id   TEXT    NOT NULL, -- empty while nobody knows it
    device_uuid TEXT    NOT NULL, -- the block device that the volume was made for; empty if the volume is known
    remove      BOOLEAN NOT NULL, -- the volume itself goes as well
    due         $time   NOT NULL,
    until       $time   NOT NULL, -- when to look for the last time
    PRIMARY KEY (server_uuid, volume_id, device_uuid)
);
CREATE INDEX volume_leftovers_due ON volume_leftovers (due);
