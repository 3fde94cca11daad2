package api

import (
	"context"

	"github.com/nova-api/nova-api/api/rest"
	"github.com/nova-api/nova-api/internal/nova"
)

// ofServer is the part that all resources below a server share: they find the
// server, and policy is asked about its project.
type ofServer struct{ Options }

// load finds the server that the path names.
func (c ofServer) load(ctx context.Context, r *rest.Request) (nova.Server, error) {
	return findServerOfCaller(ctx, r, r.Param("server_id"), c.Store.Server)
}

// findServerOfCaller finds a server in the caller's project. Administrators
// find those of all projects; to others, another project's server does not exist.
func findServerOfCaller(ctx context.Context, r *rest.Request, id string, find func(context.Context, string) (nova.Server, error)) (nova.Server, error) {
	server, err := find(ctx, id)
	if err == nil && server.ProjectID != r.Caller.ProjectID && !r.IsAdmin() {
		return server, nova.Errorf(nova.NotFound, "Instance %s could not be found.", id)
	}
	return server, err
}
