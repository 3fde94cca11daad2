package db

import (
	"context"
	"fmt"

	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/internal/nova"
)

// The tags of nova.KeyPair name its columns.
var (
	keyPairColumns = rows.List[nova.KeyPair]()
	insertKeyPair  = rows.Insert[nova.KeyPair]("keypairs", "id")
)

// KeyPairs lists the key pairs of a user by name, with their public keys, which
// the list shows. The marker is a name: Invalid if the user has no such key pair.
func (s *Store) KeyPairs(ctx context.Context, user string, p nova.Page) ([]nova.KeyPair, error) {
	if p.Marker != "" {
		_, err := s.KeyPair(ctx, user, p.Marker)
		if nova.Is(err, nova.NotFound) {
			return nil, nova.Errorf(nova.Invalid, "Marker %s could not be found.", p.Marker)
		}
		if err != nil {
			return nil, err
		}
	}
	pairs, err := rows.All[nova.KeyPair](ctx, s.DB, `
		SELECT `+keyPairColumns+`
		FROM keypairs
		WHERE user_id = ? AND name > ?
		ORDER BY name
		LIMIT ?`, user, p.Marker, p.Limit)
	if err != nil {
		return nil, fmt.Errorf("list key pairs: %w", err)
	}
	return pairs, nil
}

// KeyPair finds a key pair of a user by its name: NotFound if there is none.
func (s *Store) KeyPair(ctx context.Context, user, name string) (nova.KeyPair, error) {
	pair, err := rows.Get[nova.KeyPair](ctx, s.DB, "SELECT "+keyPairColumns+" FROM keypairs WHERE user_id = ? AND name = ?", user, name)
	return pair, rows.NotFound(err, "Keypair %s not found for user %s", name, user)
}

// KeyPairCount counts the key pairs of a user.
func (s *Store) KeyPairCount(ctx context.Context, user string) (int, error) {
	return rows.Get[int](ctx, s.DB, "SELECT COUNT(*) FROM keypairs WHERE user_id = ?", user)
}

// CreateKeyPair writes a key pair: OverQuota if its user has as many as the limit
// (-1 for none), Conflict if the name is taken. The limit holds for any number of
// concurrent callers.
func (s *Store) CreateKeyPair(ctx context.Context, k nova.KeyPair, limit int) (nova.KeyPair, error) {
	var created nova.KeyPair
	err := s.Tx(ctx, func(tx *Store) error {
		if err := tx.lockKeyPairs(ctx, k.UserID); err != nil {
			return err
		}
		count, err := tx.KeyPairCount(ctx, k.UserID)
		if err != nil {
			return err
		}
		if limit >= 0 && count >= limit {
			return nova.Errorf(nova.OverQuota, "Quota exceeded, too many key pairs.")
		}
		created, err = tx.insertKeyPair(ctx, k)
		return err
	})
	return created, err
}

// lockKeyPairs makes other transactions that add key pairs of a user wait for the end
// of this one.
func (s *Store) lockKeyPairs(ctx context.Context, user string) error {
	_, err := rows.Exec(ctx, s.DB, `
		INSERT INTO keypair_users (user_id) VALUES (?)
		ON CONFLICT (user_id) DO UPDATE SET user_id = excluded.user_id`, user)
	return err
}

func (s *Store) insertKeyPair(ctx context.Context, k nova.KeyPair) (nova.KeyPair, error) {
	k.CreatedAt = s.Now()
	q, args, err := rows.Named(insertKeyPair+" ON CONFLICT DO NOTHING RETURNING "+keyPairColumns, k)
	if err != nil {
		return k, err
	}
	created, err := rows.Put[nova.KeyPair](ctx, s.DB, q, args...)
	if nova.Is(err, nova.NotFound) {
		return k, nova.Errorf(nova.Conflict, "Key pair '%s' already exists.", k.Name)
	}
	return created, err
}

// DeleteKeyPair deletes a key pair of a user: NotFound if there is none. Servers keep
// copies of their public keys.
func (s *Store) DeleteKeyPair(ctx context.Context, user, name string) error {
	changed, err := rows.Exec(ctx, s.DB, "DELETE FROM keypairs WHERE user_id = ? AND name = ?", user, name)
	if err == nil && changed == 0 {
		return nova.Errorf(nova.NotFound, "Keypair %s not found for user %s", name, user)
	}
	return err
}
