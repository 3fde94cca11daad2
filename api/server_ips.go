package api

import (
	"context"

	"github.com/nova-api/nova-api/api/rest"
	"github.com/nova-api/nova-api/api/schema"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/policy"
	"github.com/nova-api/nova-api/views"
)

// ServerIPs answers for /servers/{server_id}/ips: the addresses of a server, by
// network.
type ServerIPs struct{ ofServer }

// Operations are the operations on a server's addresses.
func (c *ServerIPs) Operations() rest.Operations {
	return rest.Operations{
		"index": rest.On(c.load, c.index).Needs(policy.IPsIndex).Query(schema.NoQuery),
		"show":  rest.On(c.load, c.show).Needs(policy.IPsShow).Query(schema.NoQuery),
	}
}

// index answers with all addresses, without what show of a server says of their
// kind.
func (c *ServerIPs) index(_ context.Context, _ *rest.Request, s nova.Server) (any, error) {
	return views.Servers{}.Addresses(s), nil
}

// show answers with the addresses on the network that has the name in the path.
// It is NotFound if the server has none there.
func (c *ServerIPs) show(_ context.Context, r *rest.Request, s nova.Server) (any, error) {
	addresses, ok := views.Servers{}.AddressesOn(s, r.ID())
	if !ok {
		return nil, nova.Errorf(nova.NotFound, "Instance is not a member of specified network")
	}
	return addresses, nil
}
