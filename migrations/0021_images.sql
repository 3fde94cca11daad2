-- +goose Up
-- What the bundled image service keeps; the images' data is in files.

-- Every ID that an image has or had. An ID is never given twice: whoever
-- creates an image by its ID, again after a crash, gets no second one.
CREATE TABLE image_ids (
    id TEXT NOT NULL PRIMARY KEY
);

-- The projects that have uploaded data. An upload locks its project's row while
-- it counts what the project has.
CREATE TABLE image_owners (
    owner TEXT NOT NULL PRIMARY KEY
);

CREATE TABLE image_images (
    serial           $serial,
    id               TEXT    NOT NULL UNIQUE,
    name             TEXT,
    owner            TEXT    NOT NULL,
    status           TEXT    NOT NULL,
    visibility       TEXT    NOT NULL,
    disk_format      TEXT,
    container_format TEXT,
    min_disk         BIGINT  NOT NULL, -- GB
    min_ram          BIGINT  NOT NULL, -- MB
    protected        BOOLEAN NOT NULL,
    os_hidden        BOOLEAN NOT NULL,
    size             BIGINT,           -- bytes; this and the sums are NULL until there is data
    checksum         TEXT,             -- MD5
    os_hash_value    TEXT,             -- SHA-512
    upload           TEXT,             -- the upload that may end the status saving
    reserved         BIGINT  NOT NULL DEFAULT 0, -- bytes that the upload may hold, counted against the owner's quota
    created_at       $time   NOT NULL,
    updated_at       $time   NOT NULL
);
CREATE INDEX image_images_created ON image_images (created_at, serial);
CREATE INDEX image_images_owner ON image_images (owner);
CREATE INDEX image_images_name ON image_images (name);

CREATE TABLE image_properties (
    image_id TEXT NOT NULL REFERENCES image_images (id) ON DELETE CASCADE,
    name     TEXT NOT NULL,
    value    TEXT NOT NULL,
    PRIMARY KEY (image_id, name)
);

CREATE TABLE image_tags (
    image_id TEXT NOT NULL REFERENCES image_images (id) ON DELETE CASCADE,
    tag      TEXT NOT NULL,
    PRIMARY KEY (image_id, tag)
);

CREATE TABLE image_members (
    image_id   TEXT  NOT NULL REFERENCES image_images (id) ON DELETE CASCADE,
    member_id  TEXT  NOT NULL, -- a project
    status     TEXT  NOT NULL, -- pending, accepted or rejected
    created_at $time NOT NULL,
    updated_at $time NOT NULL,
    PRIMARY KEY (image_id, member_id)
);
CREATE INDEX image_members_member ON image_members (member_id);
