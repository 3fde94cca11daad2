-- +goose Up
-- The outbox: what a message bus is to be told of, written in the transaction of the
-- change itself. A row goes once the bus has confirmed it.
CREATE TABLE notifications (
    id         $serial,
    subject    TEXT  NOT NULL, -- such as instance:UUID; what is told of one subject is told in order
    event_type TEXT  NOT NULL,
    priority   TEXT  NOT NULL, -- INFO or ERROR
    message    TEXT  NOT NULL, -- JSON
    created_at $time NOT NULL
);

-- Who sends them: one process at a time, until its lease ends.
CREATE TABLE notification_senders (
    id          BIGINT PRIMARY KEY, -- 1: there is one row at the most
    owner       TEXT   NOT NULL,
    lease_until $time  NOT NULL
);
