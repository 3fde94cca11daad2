package api

import (
	"cmp"
	"context"
	"math"
	"net/http"
	"strings"

	"github.com/nova-api/nova-api/api/rest"
	"github.com/nova-api/nova-api/api/schema"
	"github.com/nova-api/nova-api/internal/compute"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/policy"
	"github.com/nova-api/nova-api/views"
)

// KeyPairs answers for /os-keypairs: the keys that users log in to servers
// with. They belong to users and not to projects. Since 2.10 a request may name
// a user other than the caller, and policy is asked about that user.
type KeyPairs struct{ Options }

// Operations are the operations on key pairs. The user of create is in its
// body, so create asks policy itself.
func (c *KeyPairs) Operations() rest.Operations {
	return rest.Operations{
		"index":  rest.On(keyOwner, c.index).Query(schema.KeyPairsQuery).Needs(policy.KeypairIndex),
		"show":   rest.On(keyOwner, c.show).Query(schema.KeyPairQuery).Needs(policy.KeypairShow),
		"create": rest.DoWith(schema.KeyPairCreate, c.create).StatusSince(2, http.StatusCreated),
		"delete": rest.On(keyOwner, c.delete).Query(schema.KeyPairQuery).Needs(policy.KeypairDelete).
			Status(http.StatusAccepted).StatusSince(2, http.StatusNoContent),
	}
}

// A user is the ID of a user whose key pairs a request is about.
type user string

// Owner is the user itself; key pairs belong to no project.
func (u user) Owner() (projectID, userID string) { return "", string(u) }

// keyOwner loads the user that the query names: the first of several, as in
// _get_user_id in nova/api/openstack/compute/keypairs.py. Without one it is the
// caller.
func keyOwner(_ context.Context, r *rest.Request) (user, error) {
	return user(cmp.Or(r.Query().Get("user_id"), r.Caller.UserID)), nil
}

// index lists the keys without their IDs and times, which only show has.
func (c *KeyPairs) index(ctx context.Context, r *rest.Request, owner user) (any, error) {
	page, err := keyPairPage(r)
	if err != nil {
		return nil, err
	}
	pairs, err := c.Store.KeyPairs(ctx, string(owner), page)
	if err != nil {
		return nil, err
	}
	return views.KeyPairs{}.Index(r, pairs), nil
}

// keyPairPage is the page that the client asks for. Before 2.35 there were no
// pages. An empty marker is not the same as none.
func keyPairPage(r *rest.Request) (nova.Page, error) {
	page := r.Page()
	if paged := r.AtLeast(35); !paged {
		page.Limit = math.MaxInt32
	}
	if page.Marker == "" && r.Has("marker") {
		return page, nova.Errorf(nova.Invalid, "Marker  could not be found.")
	}
	return page, nil
}

// show answers NotFound for a key pair of another user, unless the query names
// that user.
func (c *KeyPairs) show(ctx context.Context, r *rest.Request, owner user) (any, error) {
	pair, err := c.Store.KeyPair(ctx, string(owner), r.ID())
	if err != nil {
		return nil, err
	}
	return views.KeyPairs{}.Show(r, pair), nil
}

// create imports a key pair, or generates one if the body has no public key.
// The private key is in this reply and nowhere else. Since 2.92 keys are only
// imported.
func (c *KeyPairs) create(ctx context.Context, r *rest.Request, in schema.KeyPairCreateBody) (any, error) {
	owner := cmp.Or(in.KeyPair.UserID, r.Caller.UserID)
	if err := r.Enforce(policy.KeypairCreate, policy.Target{UserID: owner}); err != nil {
		return nil, err
	}
	pair, private, err := c.Compute.CreateKeyPair(ctx, compute.NewKeyPair{
		UserID:    owner,
		Name:      strings.TrimSpace(in.KeyPair.Name), // /v2 lets spaces around it pass
		Type:      cmp.Or(in.KeyPair.Type, nova.KeyPairSSH),
		PublicKey: in.KeyPair.PublicKey,
	})
	if err != nil {
		return nil, err
	}
	return views.KeyPairs{}.Created(r, pair, private), nil
}

// delete removes a key pair. Servers keep the public key that they were made
// with.
func (c *KeyPairs) delete(ctx context.Context, r *rest.Request, owner user) (any, error) {
	return nil, c.Compute.DeleteKeyPair(ctx, string(owner), r.ID())
}
