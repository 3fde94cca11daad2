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

// InstanceActions answers for /servers/{server_id}/os-instance-actions: the
// record of what was done to a server.
type InstanceActions struct{ ofServer }

// Operations are the operations on the record.
func (c *InstanceActions) Operations() rest.Operations {
	return rest.Operations{
		"index": rest.On(c.load, c.index).Needs(policy.InstanceActionsList).Query(schema.InstanceActionsQuery),
		"show":  rest.On(c.load, c.show).Needs(policy.InstanceActionsShow).Query(schema.NoQuery),
	}
}

// load finds the server. Since 2.21 it finds a deleted server, too.
func (c *InstanceActions) load(ctx context.Context, r *rest.Request) (nova.Server, error) {
	if !r.AtLeast(21) {
		return c.ofServer.load(ctx, r)
	}
	return findServerOfCaller(ctx, r, r.Param("server_id"), c.Store.AnyServer)
}

// index lists the actions, the latest first.
func (c *InstanceActions) index(ctx context.Context, r *rest.Request, s nova.Server) (any, error) {
	filter, page, err := actionPage(r)
	if err != nil {
		return nil, err
	}
	actions, err := c.Store.Actions(ctx, s.ID, filter, page)
	if err != nil {
		return nil, err
	}
	return views.Actions{}.Index(r, s.ID, actions), nil
}

// show shows the action that a request began, with its events. How much of an
// event is shown depends on version and policy.
func (c *InstanceActions) show(ctx context.Context, r *rest.Request, s nova.Server) (any, error) {
	action, err := c.Store.Action(ctx, s.ID, r.ID())
	if err != nil {
		return nil, err
	}
	return views.Actions{}.Show(r, s, action), nil
}

// actionPage reads which part of the record the client asks for. Before 2.58
// there were neither pages nor filters.
func actionPage(r *rest.Request) (db.ActionFilter, nova.Page, error) {
	const everything = 1 << 30
	if !r.AtLeast(58) {
		return db.ActionFilter{}, nova.Page{Limit: everything}, nil
	}
	if r.Has("marker") && r.Last("marker") == "" { // an empty one is looked for like any other
		return db.ActionFilter{}, nova.Page{}, db.ErrNoActionMarker
	}
	var servers db.ServerFilter // lists of servers are filtered by the same two times
	err := filterTimes(r, true, &servers)
	return db.ActionFilter{ChangedSince: servers.ChangedSince, ChangedBefore: servers.ChangedBefore}, r.Page(), err
}
