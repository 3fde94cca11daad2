package api

import (
	"context"
	"net/http"

	"github.com/nova-api/nova-api/api/rest"
	"github.com/nova-api/nova-api/api/schema"
	"github.com/nova-api/nova-api/internal/compute"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/policy"
	"github.com/nova-api/nova-api/views"
)

// ServerShares answers for /servers/{server_id}/shares, since 2.97: folders of a file
// service that are mounted in a server. No hypervisor here does that, so no server has
// any.
type ServerShares struct{ ofMappedServer }

// Operations are the operations on a server's shares.
func (c *ServerShares) Operations() rest.Operations {
	return rest.Operations{
		"index":  rest.On(c.load, c.index).Needs(policy.ServerShareIndex).Query(schema.ServerSharesQuery).Since(97),
		"show":   rest.On(c.load, c.show).Needs(policy.ServerShareShow).Query(schema.ServerSharesQuery).Since(97),
		"create": rest.OnWith(c.load, schema.ServerShareCreate, c.create).Needs(policy.ServerShareCreate).Since(97).Status(http.StatusCreated),
		"delete": rest.On(c.load, c.delete).Needs(policy.ServerShareDelete).Since(97),
	}
}

func (c *ServerShares) index(_ context.Context, _ *rest.Request, s nova.Server) (any, error) {
	if err := checkNotDeleted(s); err != nil {
		return nil, err
	}
	return views.Shares(), nil
}

func (c *ServerShares) show(_ context.Context, r *rest.Request, s nova.Server) (any, error) {
	if err := checkNotDeleted(s); err != nil {
		return nil, err
	}
	return nil, compute.NoShare(r.ID())
}

// create asks no file service for the share: Nova looks at the host first.
func (c *ServerShares) create(_ context.Context, _ *rest.Request, s nova.Server, _ schema.ServerShareCreateBody) (any, error) {
	if err := checkNotDeleted(s); err != nil {
		return nil, err
	}
	return nil, compute.AttachShare(s)
}

func (c *ServerShares) delete(_ context.Context, r *rest.Request, s nova.Server) (any, error) {
	if err := checkNotDeleted(s); err != nil {
		return nil, err
	}
	return nil, compute.DetachShare(s, r.ID())
}
