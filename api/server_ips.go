package api

import (
	"context"

	"github.com/nova-api/nova-api/api/rest"
	"github.com/nova-api/nova-api/api/schema"
	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/policy"
	"github.com/nova-api/nova-api/views"
)

// ServerIPs answers for /servers/{server_id}/ips.
type ServerIPs struct {
	store *db.Store
	view  views.Servers
}

// Operations is what can be done with a server's addresses.
func (c *ServerIPs) Operations() rest.Operations {
	return rest.Operations{
		"index": rest.On(c.load, c.index).Needs(policy.IPsIndex).Query(schema.NoQuery),
		"show":  rest.On(c.load, c.show).Needs(policy.IPsShow).Query(schema.NoQuery),
	}
}

func (c *ServerIPs) load(ctx context.Context, r *rest.Request) (nova.Server, error) {
	return loadServer(ctx, c.store, r, r.Param("server_id"))
}

func (c *ServerIPs) index(_ context.Context, _ *rest.Request, s nova.Server) (any, error) {
	return c.view.Addresses(s), nil
}

func (c *ServerIPs) show(_ context.Context, r *rest.Request, s nova.Server) (any, error) {
	addresses, ok := c.view.AddressesOn(s, r.ID())
	if !ok {
		return nil, nova.Errorf(nova.NotFound, "Instance is not a member of specified network")
	}
	return addresses, nil
}
