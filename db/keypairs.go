package db

import (
	"context"

	"github.com/nova-api/nova-api/internal/nova"
)

const keyPairColumns = `id, user_id, name, type, fingerprint, public_key, created_at`

// KeyPair finds a key pair of a user by its name.
func (s *Store) KeyPair(ctx context.Context, user, name string) (nova.KeyPair, error) {
	pair, err := get[nova.KeyPair](ctx, s, "SELECT "+keyPairColumns+" FROM keypairs WHERE user_id = ? AND name = ?", user, name)
	return pair, notFound(err, "Keypair %s not found for user %s", name, user)
}
