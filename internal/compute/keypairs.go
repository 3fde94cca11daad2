package compute

import (
	"context"

	"github.com/nova-api/nova-api/internal/nova"
)

// A NewKeyPair is what a key pair is made of.
type NewKeyPair struct {
	UserID    string
	Name      string
	Type      string  // nova.KeyPairSSH or nova.KeyPairX509
	PublicKey *string // nil: generate both halves
}

// CreateKeyPair imports a key pair, or generates one. The private half of a
// generated one is given to the caller and kept nowhere; it is empty for one
// that was imported. How many key pairs a user may have is said by the quota
// of the caller.
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
	made, err := makeKeys(n, a.store.Now())
	if err != nil {
		return pair, "", err
	}
	limit, ok := quota[nova.QuotaKeyPairs]
	if !ok {
		limit = nova.QuotaUnlimited
	}
	pair, err = a.store.CreateKeyPair(ctx, nova.KeyPair{
		UserID: n.UserID, Name: n.Name, Type: n.Type, PublicKey: made.public, Fingerprint: made.fingerprint,
	}, limit)
	return pair, made.private, err
}
