-- +goose Up
-- Images that were being made when the making was broken off. What has no data
-- when it is due won't get any, and is removed.
CREATE TABLE image_leftovers (
    image_id TEXT  NOT NULL PRIMARY KEY,
    due      $time NOT NULL
);
CREATE INDEX image_leftovers_due ON image_leftovers (due);
