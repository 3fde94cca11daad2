-- +goose Up
-- Images that were being made when the making was broken off. What has no data
-- when it is due won't get any, and is removed. So are the images of shelved servers that are gone.
CREATE TABLE image_leftovers (
    image_id TEXT  NOT NULL PRIMARY KEY,
    due      $time NOT NULL,
    finished BOOLEAN NOT NULL -- it is removed even if it has data
);
CREATE INDEX image_leftovers_due ON image_leftovers (due);
