package compute

import (
	"context"
	"time"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/keys"
	"github.com/nova-api/nova-api/internal/nova"
)

// A NewKeyPair asks for a key pair of a user.
type NewKeyPair struct {
	UserID    string
	Name      string
	Type      string  // nova.KeyPairSSH or nova.KeyPairX509
	PublicKey *string // nil: generate both halves
}

// CreateKeyPair imports or generates a key pair. It returns the private half of
// a generated pair, which is stored nowhere. The caller's quota bounds how many
// key pairs the user may have, as in Nova.
//
// The error is Invalid for a bad key, Conflict for a name that the user has
// used, OverQuota if the user has too many.
func (a *Servers) CreateKeyPair(ctx context.Context, n NewKeyPair) (pair nova.KeyPair, private string, err error) {
	caller := nova.CallerOf(ctx)
	_, quota, err := a.Quota(ctx, caller.ProjectID, caller.UserID)
	if err != nil {
		return pair, "", err
	}
	count, err := a.store.KeyPairCount(ctx, n.UserID)
	if err != nil {
		return pair, "", err
	}
	if !quota.Within(nova.QuotaKeyPairs, count+1) { // before keys are made for nothing; the store looks again
		return pair, "", nova.Errorf(nova.OverQuota, "Quota exceeded, too many key pairs.")
	}
	made, err := n.keys(a.store.Now())
	if err != nil {
		return pair, "", err
	}
	limit, ok := quota[nova.QuotaKeyPairs]
	if !ok {
		limit = nova.QuotaUnlimited
	}
	err = a.store.Tx(ctx, func(tx *db.Store) error {
		pair, err = tx.CreateKeyPair(ctx, nova.KeyPair{
			UserID: n.UserID, Name: n.Name, Type: n.Type, PublicKey: made.Public, Fingerprint: made.Fingerprint,
		}, limit)
		if err != nil {
			return err
		}
		return a.tellKeyPair(ctx, tx, n, pair)
	})
	return pair, made.Private, err
}

// tellKeyPair tells that a key pair was imported or generated.
func (a *Servers) tellKeyPair(ctx context.Context, tx *db.Store, n NewKeyPair, pair nova.KeyPair) error {
	before, action := nova.KeyPair{UserID: n.UserID, Name: n.Name, Type: n.Type}, "create"
	if n.PublicKey != nil {
		before.PublicKey, action = *n.PublicKey, "import"
	}
	return a.notify.KeyPair(ctx, tx, action, before, pair)
}

// DeleteKeyPair deletes a key pair of a user: NotFound if there is none. Servers keep the
// public key that they were made with.
func (a *Servers) DeleteKeyPair(ctx context.Context, user, name string) error {
	if a.notify == nil {
		return a.store.DeleteKeyPair(ctx, user, name)
	}
	return a.store.Tx(ctx, func(tx *db.Store) error {
		pair, err := tx.KeyPair(ctx, user, name)
		if err != nil {
			return err
		}
		if err := tx.DeleteKeyPair(ctx, user, name); err != nil {
			return err
		}
		return a.notify.KeyPair(ctx, tx, "delete", pair, pair)
	})
}

// keys imports the public half, or generates both halves if there is none.
func (n NewKeyPair) keys(now time.Time) (keys.Pair, error) {
	if n.PublicKey != nil {
		return keys.Import(n.Type, *n.PublicKey)
	}
	return keys.Generate(n.Type, n.UserID, now)
}
