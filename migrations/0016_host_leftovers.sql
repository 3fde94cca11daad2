-- +goose Up
-- What hosts have of servers that are not theirs any more: servers that were
-- evacuated or deleted while their hosts were down. The host's process removes it
-- as soon as it is back.
CREATE TABLE host_leftovers (
    id          $serial,
    server_uuid TEXT NOT NULL,
    host        TEXT NOT NULL,
    migration   TEXT NOT NULL, -- that of the evacuation; '' for none
    UNIQUE (server_uuid, host)
);
CREATE INDEX host_leftovers_of_host ON host_leftovers (host, id);
