package db

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/internal/nova"
)

// CreateConsoleToken lets whoever has the token open a console for some time. It
// also forgets some tokens that have expired, so that they don't pile up.
func (s *Store) CreateConsoleToken(ctx context.Context, token string, to nova.ConsoleAddress, ttl time.Duration) error {
	const most = 100 // expired tokens that one call forgets
	now := s.Now()
	if _, err := rows.Exec(ctx, s.DB, `
		DELETE FROM console_tokens
		WHERE hash IN (SELECT hash FROM console_tokens WHERE expires_at <= ? LIMIT ?)`, now, most); err != nil {
		return fmt.Errorf("forget console tokens: %w", err)
	}
	q, args, err := rows.Named(`
		INSERT INTO console_tokens (hash, server_uuid, console_type, host, port, tls_port, internal_access_path, expires_at)
		VALUES (:hash, :server_uuid, :console_type, :host, :port, :tls_port, :internal_access_path, :expires_at)`, consoleToken{tokenHash(token), now.Add(ttl), to})
	if err != nil {
		return err
	}
	if _, err = rows.Exec(ctx, s.DB, q, args...); err != nil {
		return fmt.Errorf("write console token: %w", err)
	}
	return nil
}

type consoleToken struct {
	Hash      string    `db:"hash"`
	ExpiresAt time.Time `db:"expires_at"`
	nova.ConsoleAddress
}

// ConsoleOfToken finds the console that a token opens: NotFound if the token is
// unknown or has expired, or if its server is gone.
func (s *Store) ConsoleOfToken(ctx context.Context, token string) (nova.ConsoleAddress, error) {
	address, err := rows.Get[nova.ConsoleAddress](ctx, s.DB, `
		SELECT server_uuid, console_type, console_tokens.host, port, tls_port, internal_access_path
		FROM console_tokens JOIN servers ON servers.uuid = server_uuid
		WHERE hash = ? AND expires_at > ? AND deleted_at IS NULL`, tokenHash(token), s.Now())
	return address, rows.NotFound(err, "Token not found")
}

// DeleteConsoleTokens ends what tokens of a server allow, as when the server
// moves to another host.
func (s *Store) DeleteConsoleTokens(ctx context.Context, serverID string) error {
	_, err := rows.Exec(ctx, s.DB, "DELETE FROM console_tokens WHERE server_uuid = ?", serverID)
	return err
}

func tokenHash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}
