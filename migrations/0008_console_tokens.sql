-- +goose Up
-- Who may open which console. Tokens are known by their SHA-256 only.
CREATE TABLE console_tokens (
    hash                 TEXT   NOT NULL PRIMARY KEY,
    server_uuid          TEXT   NOT NULL REFERENCES servers (uuid) ON DELETE CASCADE,
    console_type         TEXT   NOT NULL,
    host                 TEXT   NOT NULL,
    port                 BIGINT NOT NULL,
    tls_port             BIGINT NOT NULL, -- 0 for none
    internal_access_path TEXT   NOT NULL, -- '' for none
    expires_at           $time  NOT NULL
);
CREATE INDEX console_tokens_server ON console_tokens (server_uuid);
CREATE INDEX console_tokens_expiry ON console_tokens (expires_at);
