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

// InstanceActions answers for /servers/{server_id}/os-instance-actions: what
// was done to a server.
type InstanceActions struct {
	store *db.Store
	view  views.Actions
}

// Operations is what can be done with the record: look at it.
func (c *InstanceActions) Operations() rest.Operations {
	return rest.Operations{
		"index": rest.On(c.load, c.index).Needs(policy.InstanceActionsList).Query(schema.InstanceActionsQuery),
		"show":  rest.On(c.load, c.show).Needs(policy.InstanceActionsShow).Query(schema.NoQuery),
	}
}

// load finds the server: also one that has been deleted, since 2.21.
func (c *InstanceActions) load(ctx context.Context, r *rest.Request) (nova.Server, error) {
	id := r.Param("server_id")
	if !r.AtLeast(21) {
		return loadServer(ctx, c.store, r, id)
	}
	server, err := c.store.AnyServer(ctx, id)
	return server, seen(r, server, id, err)
}

func (c *InstanceActions) index(ctx context.Context, r *rest.Request, s nova.Server) (any, error) {
	filter, page, err := actionPage(r)
	if err != nil {
		return nil, err
	}
	actions, err := c.store.Actions(ctx, s.ID, filter, page)
	if err != nil {
		return nil, err
	}
	return c.view.Index(r, s.ID, actions), nil
}

func (c *InstanceActions) show(ctx context.Context, r *rest.Request, s nova.Server) (any, error) {
	action, err := c.store.Action(ctx, s.ID, r.ID())
	if err != nil {
		return nil, err
	}
	return c.view.Show(r, s, action), nil
}

// actionPage reads which part of the record is wanted: all of it, until 2.57.
func actionPage(r *rest.Request) (db.ActionFilter, nova.Page, error) {
	const everything = 1 << 30
	if !r.AtLeast(58) {
		return db.ActionFilter{}, nova.Page{Limit: everything}, nil
	}
	var servers db.ServerFilter // which reads the same two times
	err := filterTimes(r, true, &servers)
	return db.ActionFilter{ChangedSince: servers.ChangedSince, ChangedBefore: servers.ChangedBefore}, r.Page(), err
}
