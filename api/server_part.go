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

// findMapped finds a server of any project, be it deleted. Nova looks for the
// server's mapping to a cell before starting, stopping and tagging it, and the
// mapping is in no project and outlives the server. So these operations have
// a sentence of their own for a server that never was.
func (o Options) findMapped(ctx context.Context, id string) (nova.Server, error) {
	server, err := o.Store.AnyServer(ctx, id)
	if nova.Is(err, nova.NotFound) {
		return server, nova.Errorf(nova.NotFound, "Instance %s has no mapping to a cell.", id)
	}
	return server, err
}

// ofMappedServer is ofServer for resources whose server Nova finds by its mapping:
// policy, which is asked next, refuses another project's server, so that it is 403
// there and 404 elsewhere.
type ofMappedServer struct{ Options }

// load finds the server that the path names, be it deleted.
func (c ofMappedServer) load(ctx context.Context, r *rest.Request) (nova.Server, error) {
	return c.findMapped(ctx, r.Param("server_id"))
}

// checkNotDeleted refuses a deleted server, which findMapped still finds.
func checkNotDeleted(s nova.Server) error {
	if s.DeletedAt != nil {
		return errNoServer(s.ID)
	}
	return nil
}

// errNoServer is NotFound in the words of InstanceNotFound in
// nova/exception.py.
func errNoServer(id string) error {
	return nova.Errorf(nova.NotFound, "Instance %s could not be found.", id)
}

// findServerOfCaller finds a server in the caller's project. Administrators
// find those of all projects; to others, another project's server does not exist.
func findServerOfCaller(ctx context.Context, r *rest.Request, id string, find func(context.Context, string) (nova.Server, error)) (nova.Server, error) {
	server, err := find(ctx, id)
	if err == nil && server.ProjectID != r.Caller.ProjectID && !r.IsAdmin() {
		return server, errNoServer(id)
	}
	return server, err
}
