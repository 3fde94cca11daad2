-- +goose Up
-- Limits that differ from the configured ones. A class has limits of its own
-- (class 'default' is everybody's); a user's are within the project's.
CREATE TABLE quota_limits (
    project_id TEXT   NOT NULL, -- '' for a class
    user_id    TEXT   NOT NULL, -- '' for the whole project; the class's name for a class
    resource   TEXT   NOT NULL,
    hard_limit BIGINT NOT NULL,
    PRIMARY KEY (project_id, user_id, resource)
);

-- What is used: a row for a project (user_id '') and one for each of its
-- users. It is changed in the transaction that makes or removes the thing
-- that is counted, so there is nothing to reserve and nothing to heal.
CREATE TABLE quota_usages (
    project_id TEXT   NOT NULL,
    user_id    TEXT   NOT NULL,
    instances  BIGINT NOT NULL DEFAULT 0,
    cores      BIGINT NOT NULL DEFAULT 0,
    ram        BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (project_id, user_id)
);
