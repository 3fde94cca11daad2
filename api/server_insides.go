package api

import (
	"context"
	"net/http"

	"github.com/nova-api/nova-api/api/rest"
	"github.com/nova-api/nova-api/api/schema"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/policy"
	"github.com/nova-api/nova-api/views"
)

// ServerDiagnostics answers for /servers/{server_id}/diagnostics: what the server's
// host counts.
type ServerDiagnostics struct{ ofServer }

// Operations are the operations on diagnostics.
func (c *ServerDiagnostics) Operations() rest.Operations {
	return rest.Operations{"index": rest.On(c.load, c.index).Needs(policy.ServerDiagnostics).Query(schema.NoQuery)}
}

// index asks the host for the counters of a server that runs.
func (c *ServerDiagnostics) index(ctx context.Context, r *rest.Request, s nova.Server) (any, error) {
	all, err := c.Compute.Diagnostics(ctx, s)
	if err != nil {
		return nil, err
	}
	return views.Diagnostics(r, all), nil
}

// ServerTopology answers for /servers/{server_id}/topology, since 2.78: how the
// server is spread over NUMA nodes.
type ServerTopology struct{ ofServer }

// Operations are the operations on topologies.
func (c *ServerTopology) Operations() rest.Operations {
	return rest.Operations{"index": rest.On(c.load, c.index).Needs(policy.ServerTopologyIndex).Since(78).Query(schema.NoQuery)}
}

// index answers with the nodes that flavor and image want.
func (c *ServerTopology) index(_ context.Context, r *rest.Request, s nova.Server) (any, error) {
	return views.Topology(r, s.Topology()), nil
}

// ServerPassword answers for /servers/{server_id}/os-server-password: the password
// of the server's administrator, for whoever has the private key.
type ServerPassword struct{ ofServer }

// Operations are the operations on the encrypted password.
func (c *ServerPassword) Operations() rest.Operations {
	return rest.Operations{
		"index": rest.On(c.load, c.index).Needs(policy.ServerPasswordShow).Query(schema.NoQuery),
		"clear": rest.On(c.load, c.clear).Needs(policy.ServerPasswordClear).Status(http.StatusNoContent),
	}
}

// index answers with the encrypted password, or an empty one.
func (c *ServerPassword) index(_ context.Context, _ *rest.Request, s nova.Server) (any, error) {
	return views.ServerPassword(s.AdminPassword), nil
}

// clear forgets the encrypted password. The server's own stays.
func (c *ServerPassword) clear(ctx context.Context, _ *rest.Request, s nova.Server) (any, error) {
	return nil, c.Compute.ForgetPassword(ctx, s)
}
