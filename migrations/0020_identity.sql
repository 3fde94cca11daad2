-- +goose Up
-- What the bundled identity service keeps.
-- extra is a JSON object with the fields that clients send and no column has;
-- options is one with the options of Keystone, such as immutable.
CREATE TABLE identity_domains (
    id          TEXT    NOT NULL PRIMARY KEY,
    name        TEXT    NOT NULL UNIQUE,
    description TEXT,
    enabled     BOOLEAN NOT NULL,
    tags        TEXT    NOT NULL,
    options     TEXT    NOT NULL,
    extra       TEXT    NOT NULL
);

CREATE TABLE identity_projects (
    id          TEXT    NOT NULL PRIMARY KEY,
    domain_id   TEXT    NOT NULL REFERENCES identity_domains (id) ON DELETE CASCADE,
    parent_id   TEXT    REFERENCES identity_projects (id) ON DELETE CASCADE, -- NULL: right under the domain
    name        TEXT    NOT NULL,
    description TEXT,
    enabled     BOOLEAN NOT NULL,
    tags        TEXT    NOT NULL,
    options     TEXT    NOT NULL,
    extra       TEXT    NOT NULL,
    UNIQUE (domain_id, name)
);
CREATE INDEX identity_projects_parent ON identity_projects (parent_id);

CREATE TABLE identity_users (
    id                 TEXT    NOT NULL PRIMARY KEY,
    domain_id          TEXT    NOT NULL REFERENCES identity_domains (id) ON DELETE CASCADE,
    name               TEXT    NOT NULL,
    enabled            BOOLEAN NOT NULL,
    password_hash      TEXT    NOT NULL, -- bcrypt; empty: no password fits
    default_project_id TEXT, -- no reference: it need not exist
    options            TEXT    NOT NULL,
    extra              TEXT    NOT NULL, -- email, description and whatever else
    UNIQUE (domain_id, name)
);

CREATE TABLE identity_roles (
    id          TEXT    NOT NULL PRIMARY KEY,
    name        TEXT    NOT NULL UNIQUE,
    description TEXT,
    options     TEXT NOT NULL,
    extra       TEXT NOT NULL
);

-- Who holds prior_id holds implied_id too.
CREATE TABLE identity_implied_roles (
    prior_id   TEXT NOT NULL REFERENCES identity_roles (id) ON DELETE CASCADE,
    implied_id TEXT NOT NULL REFERENCES identity_roles (id) ON DELETE CASCADE,
    PRIMARY KEY (prior_id, implied_id)
);
CREATE INDEX identity_implied_roles_implied ON identity_implied_roles (implied_id);

-- scope says what target_id is: a project, a domain, or the system ("all").
CREATE TABLE identity_assignments (
    user_id   TEXT NOT NULL REFERENCES identity_users (id) ON DELETE CASCADE,
    scope     TEXT NOT NULL,
    target_id TEXT NOT NULL,
    role_id   TEXT NOT NULL REFERENCES identity_roles (id) ON DELETE CASCADE,
    PRIMARY KEY (user_id, scope, target_id, role_id)
);
CREATE INDEX identity_assignments_target ON identity_assignments (scope, target_id);
CREATE INDEX identity_assignments_role ON identity_assignments (role_id);

-- Tokens are known by their SHA-256 only.
CREATE TABLE identity_tokens (
    hash       TEXT  NOT NULL PRIMARY KEY,
    user_id    TEXT  NOT NULL REFERENCES identity_users (id) ON DELETE CASCADE,
    scope      TEXT  NOT NULL, -- as in identity_assignments; empty: unscoped
    target_id  TEXT  NOT NULL,
    methods    TEXT  NOT NULL, -- how its holder proved who it is, with spaces between
    audit_ids  TEXT  NOT NULL, -- its own and its first ancestor's, with a space between
    issued_at  $time NOT NULL,
    expires_at $time NOT NULL
);
CREATE INDEX identity_tokens_user ON identity_tokens (user_id, issued_at);
CREATE INDEX identity_tokens_target ON identity_tokens (scope, target_id);
CREATE INDEX identity_tokens_expiry ON identity_tokens (expires_at);

-- The log of revocations, which all processes read to forget what they know of
-- tokens. The newest rows are enough; older ones are deleted.
CREATE TABLE identity_revocations (
    number     BIGINT NOT NULL PRIMARY KEY,
    user_id    TEXT   NOT NULL, -- empty: of all users; no reference, since the user may be gone
    created_at $time  NOT NULL
);

-- One row with the last number given out. Whoever takes the next number holds
-- the row until the end of its transaction, so that revocations become visible
-- in the order of their numbers.
CREATE TABLE identity_revocation_counter (
    number BIGINT NOT NULL
);
INSERT INTO identity_revocation_counter (number) VALUES (0);

CREATE TABLE identity_regions (
    id               TEXT NOT NULL PRIMARY KEY,
    description      TEXT NOT NULL,
    parent_region_id TEXT REFERENCES identity_regions (id) ON DELETE CASCADE,
    extra            TEXT NOT NULL
);

CREATE TABLE identity_services (
    id          TEXT    NOT NULL PRIMARY KEY,
    type        TEXT    NOT NULL,
    name        TEXT    NOT NULL,
    enabled     BOOLEAN NOT NULL,
    extra       TEXT    NOT NULL -- the description among others
);

CREATE TABLE identity_endpoints (
    id         TEXT    NOT NULL PRIMARY KEY,
    service_id TEXT    NOT NULL REFERENCES identity_services (id) ON DELETE CASCADE,
    interface  TEXT    NOT NULL,
    region_id  TEXT    REFERENCES identity_regions (id),
    url        TEXT    NOT NULL, -- with {base}, $(project_id)s and the like in it
    enabled    BOOLEAN NOT NULL,
    extra      TEXT    NOT NULL
);
CREATE INDEX identity_endpoints_service ON identity_endpoints (service_id);
CREATE INDEX identity_endpoints_region ON identity_endpoints (region_id);
