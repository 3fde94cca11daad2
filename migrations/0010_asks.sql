-- +goose Up
-- Questions that only the process of a host can answer. A question is deleted by
-- whoever asked it, or once its deadline has passed.
CREATE TABLE asks (
    id          $serial,
    host        TEXT  NOT NULL, -- the host that is asked
    question    TEXT  NOT NULL,
    server_uuid TEXT  NOT NULL,
    args        TEXT  NOT NULL, -- JSON
    asker       TEXT  NOT NULL, -- the queue that is woken by the answer
    answerer    TEXT  NOT NULL, -- the process that answers; '' for none yet
    deadline    $time NOT NULL, -- by the database's clock
    reply       TEXT,           -- JSON
    fault       TEXT,           -- JSON
    trace       TEXT  NOT NULL DEFAULT '' -- where in its trace the request is, as W3C's traceparent has it
);
CREATE INDEX asks_of_host ON asks (host, id);
CREATE INDEX asks_by_deadline ON asks (deadline);
