package api

import (
	"context"
	"math"
	"net/http"
	"strings"

	"github.com/nova-api/nova-api/api/rest"
	"github.com/nova-api/nova-api/api/schema"
	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/compute"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/policy"
	"github.com/nova-api/nova-api/views"
)

// KeyPairs answers for /os-keypairs: the keys that users log in to servers
// with. They belong to users, not to projects; since 2.10 the request may name
// a user, and policy is asked about that one.
type KeyPairs struct {
	store   *db.Store
	compute *compute.Servers
	view    views.KeyPairs
}

// Operations is what can be done with key pairs.
func (c *KeyPairs) Operations() rest.Operations {
	return rest.Operations{
		"index":  rest.Do(c.index).Query(schema.KeyPairsQuery),
		"show":   rest.Do(c.show).Query(schema.KeyPairQuery),
		"create": rest.DoWith(schema.KeyPairCreate, c.create).StatusSince(2, http.StatusCreated),
		"delete": rest.Do(c.delete).Query(schema.KeyPairQuery).Status(http.StatusAccepted).StatusSince(2, http.StatusNoContent),
	}
}

func (c *KeyPairs) index(ctx context.Context, r *rest.Request) (any, error) {
	user, err := keyOwner(r, policy.KeypairIndex, last(r, "user_id"))
	if err != nil {
		return nil, err
	}
	page, err := keyPairPage(r)
	if err != nil {
		return nil, err
	}
	pairs, err := c.store.KeyPairs(ctx, user, page)
	if err != nil {
		return nil, err
	}
	return c.view.Index(r, pairs), nil
}

// keyPairPage is all there is, until 2.34. An empty marker is not the same as
// none.
func keyPairPage(r *rest.Request) (nova.Page, error) {
	page := r.Page()
	if paged := r.AtLeast(35); !paged {
		page.Limit = math.MaxInt32
	}
	if page.Marker == "" && r.Query().Has("marker") {
		return page, nova.Errorf(nova.Invalid, "Marker  could not be found.")
	}
	return page, nil
}

func (c *KeyPairs) show(ctx context.Context, r *rest.Request) (any, error) {
	user, err := keyOwner(r, policy.KeypairShow, last(r, "user_id"))
	if err != nil {
		return nil, err
	}
	pair, err := c.store.KeyPair(ctx, user, r.ID())
	if err != nil {
		return nil, err
	}
	return c.view.Show(r, pair), nil
}

func (c *KeyPairs) create(ctx context.Context, r *rest.Request, in schema.KeyPairCreateBody) (any, error) {
	user, err := keyOwner(r, policy.KeypairCreate, in.KeyPair.UserID)
	if err != nil {
		return nil, err
	}
	pair, private, err := c.compute.CreateKeyPair(ctx, compute.NewKeyPair{
		UserID:    user,
		Name:      strings.TrimSpace(in.KeyPair.Name), // /v2 lets spaces around it pass
		Type:      orElse(in.KeyPair.Type, nova.KeyPairSSH),
		PublicKey: in.KeyPair.PublicKey,
	})
	if err != nil {
		return nil, err
	}
	return c.view.Created(r, pair, private), nil
}

func (c *KeyPairs) delete(ctx context.Context, r *rest.Request) (any, error) {
	user, err := keyOwner(r, policy.KeypairDelete, last(r, "user_id"))
	if err != nil {
		return nil, err
	}
	return nil, c.store.DeleteKeyPair(ctx, user, r.ID())
}

// keyOwner is whose key pairs a request is about: a user that it names, or the
// caller. Policy is asked about that user.
func keyOwner(r *rest.Request, rule policy.Rule, named string) (string, error) {
	user := orElse(named, r.Caller.UserID)
	return user, r.Enforce(rule, policy.Target{UserID: user})
}
