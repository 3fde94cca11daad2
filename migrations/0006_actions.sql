-- +goose Up
-- What was done to servers: the record that the API shows, and the queues that
-- workers claim from.
CREATE TABLE actions (
    id          $serial,
    server_uuid TEXT    NOT NULL,
    action      TEXT    NOT NULL,
    request_id  TEXT    NOT NULL,
    user_id     TEXT    NOT NULL,
    project_id  TEXT    NOT NULL,
    start_time  $time   NOT NULL,
    updated_at  $time,
    finish_time $time,
    message     TEXT,
    verb        TEXT    NOT NULL, -- what a worker does; action is what the API shows
    exclusive   BOOLEAN NOT NULL, -- false: goes on beside others, as attaching a port does
    queue       TEXT    NOT NULL, -- a host's name, or 'schedule'
    step        TEXT    NOT NULL, -- the step that has been begun; '' at first
    args        TEXT    NOT NULL, -- JSON: what the verb was told; it never changes
    progress    TEXT    NOT NULL, -- JSON: what its steps have come to
    owner       TEXT    NOT NULL, -- the worker that has it; '' for nobody
    lease_until $time,
    attempt     BIGINT  NOT NULL,
    trace       TEXT    NOT NULL DEFAULT '' -- where in its trace the request is, as W3C's traceparent has it
);
CREATE UNIQUE INDEX actions_unfinished ON actions (server_uuid) WHERE finish_time IS NULL AND exclusive;
CREATE INDEX actions_under_way ON actions (server_uuid) WHERE finish_time IS NULL;
CREATE INDEX actions_queue ON actions (queue, id) WHERE finish_time IS NULL;
CREATE INDEX actions_of_server ON actions (server_uuid, start_time, id);

CREATE TABLE action_events (
    id          $serial,
    action_id   BIGINT NOT NULL REFERENCES actions (id) ON DELETE CASCADE,
    event       TEXT   NOT NULL,
    host        TEXT   NOT NULL,
    start_time  $time  NOT NULL,
    finish_time $time,
    result      TEXT,
    traceback   TEXT,
    details     TEXT
);
CREATE INDEX action_events_of_action ON action_events (action_id, id);
CREATE UNIQUE INDEX action_events_unfinished ON action_events (action_id, event) WHERE finish_time IS NULL;
