package api

import (
	"context"
	"net/http"
	"strings"

	"github.com/google/uuid"

	"github.com/nova-api/nova-api/api/rest"
	"github.com/nova-api/nova-api/api/schema"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/policy"
	"github.com/nova-api/nova-api/views"
)

// ServerGroups answers for /os-server-groups: sets of servers that are to run
// on one host, or each on a host of its own.
type ServerGroups struct{ Options }

// Operations are the operations on server groups. A group of another project is
// found before policy refuses it.
func (c *ServerGroups) Operations() rest.Operations {
	return rest.Operations{
		"index":  rest.Do(c.index).Needs(policy.ServerGroupIndex).Query(schema.ServerGroupsQuery),
		"show":   rest.On(c.load, c.show).Needs(policy.ServerGroupShow).Query(schema.NoQuery),
		"create": rest.DoWith(schema.ServerGroupCreate, c.create).Needs(policy.ServerGroupCreate),
		"delete": rest.On(c.load, c.delete).Needs(policy.ServerGroupDelete).Status(http.StatusNoContent),
	}
}

// load finds a group of the caller's project: another project's is not found
// before policy is asked, unless the caller is an administrator.
func (c *ServerGroups) load(ctx context.Context, r *rest.Request) (nova.ServerGroup, error) {
	return c.Store.ServerGroupFor(ctx, r.Caller, r.ID())
}

// index lists the groups of the caller's project. Only administrators can ask
// for all projects; for others, the parameter is without effect.
func (c *ServerGroups) index(ctx context.Context, r *rest.Request) (any, error) {
	project := r.Caller.ProjectID
	if r.Has("all_projects") && r.IsAdmin() {
		if err := r.EnforceOwn(policy.ServerGroupAllProjects); err != nil {
			return nil, err
		}
		project = ""
	}
	page := r.Page()
	page.Limit = r.LimitOrAll()
	groups, err := c.Store.ServerGroups(ctx, project, page)
	if err != nil {
		return nil, err
	}
	return views.ServerGroups{}.Index(r, groups), nil
}

// show shows a group with its members that still exist.
func (c *ServerGroups) show(_ context.Context, r *rest.Request, g nova.ServerGroup) (any, error) {
	return views.ServerGroups{}.Show(r, g), nil
}

// create makes an empty group. Servers join it when they are created, by a
// scheduler hint.
func (c *ServerGroups) create(ctx context.Context, r *rest.Request, in schema.ServerGroupCreateBody) (any, error) {
	group, err := newServerGroup(r, in)
	if err != nil {
		return nil, err
	}
	created, err := c.Compute.CreateServerGroup(ctx, group)
	if err != nil {
		return nil, err
	}
	return views.ServerGroups{}.Show(r, created), nil
}

// newServerGroup is the group that a body describes. Before 2.64 a group had a
// list of one policy, and no rules.
func newServerGroup(r *rest.Request, in schema.ServerGroupCreateBody) (nova.ServerGroup, error) {
	group := nova.ServerGroup{
		ID: uuid.NewString(), Name: strings.TrimSpace(in.Group.Name), Policy: in.Group.Policy,
		ProjectID: r.Caller.ProjectID, UserID: r.Caller.UserID,
	}
	if singlePolicy := r.AtLeast(64); !singlePolicy {
		group.Policy = in.Group.Policies[0]
	}
	if most := in.Group.Rules.MaxServerPerHost; most != nil {
		if group.Policy != nova.AntiAffinity {
			return group, nova.Errorf(nova.Invalid, "Only anti-affinity policy supports rules.")
		}
		group.MaxServerPerHost = new(int(*most))
	}
	return group, nil
}

// delete removes a group. Its servers stay where they are.
func (c *ServerGroups) delete(ctx context.Context, _ *rest.Request, g nova.ServerGroup) (any, error) {
	return nil, c.Compute.DeleteServerGroup(ctx, g)
}
