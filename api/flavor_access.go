package api

import (
	"context"

	"github.com/nova-api/nova-api/api/rest"
	"github.com/nova-api/nova-api/api/schema"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/policy"
	"github.com/nova-api/nova-api/views"
)

// FlavorAccess answers for /flavors/{flavor_id}/os-flavor-access: the projects
// that may use a private flavor.
type FlavorAccess struct{ Options }

// Operations are the operations on a flavor's list of projects.
func (c *FlavorAccess) Operations() rest.Operations {
	return rest.Operations{
		"index": rest.Do(c.index).Query(schema.NoQuery).Needs(policy.FlavorAccessIndex),
	}
}

// index lists the projects that may use a private flavor. A public flavor has
// no such list.
func (c *FlavorAccess) index(ctx context.Context, r *rest.Request) (any, error) {
	flavor, err := c.Store.FlavorFor(ctx, r.Caller, r.Param("flavor_id"))
	if err != nil {
		return nil, err
	}
	if flavor.Public {
		return nil, nova.Errorf(nova.NotFound, "Access list not available for public flavors.")
	}
	return c.showAccess(ctx, flavor)
}

// MemberActions are the actions of POST /flavors/{id}/action.
func (c *Flavors) MemberActions() rest.Operations {
	return rest.Operations{
		"addTenantAccess":    rest.DoWith(schema.AddTenantAccess, c.addAccess).Needs(policy.FlavorAccessAdd),
		"removeTenantAccess": rest.DoWith(schema.RemoveTenantAccess, c.removeAccess).Needs(policy.FlavorAccessRemove),
	}
}

// addAccess opens a flavor to a project that exists. Since 2.7 a public flavor
// refuses that, as everybody may use it.
func (c *Flavors) addAccess(ctx context.Context, r *rest.Request, in schema.AddTenantAccessBody) (any, error) {
	id := in.Access.Tenant
	if err := c.checkProject(ctx, project(id)); err != nil {
		return nil, err
	}
	flavor, err := c.Store.FlavorFor(ctx, r.Caller, r.ID())
	if err != nil {
		return nil, err
	}
	if flavor.Public && r.AtLeast(7) {
		return nil, nova.Errorf(nova.Conflict, "Can not add access to a public flavor.")
	}
	if err := c.Compute.AddFlavorAccess(ctx, flavor, id); err != nil {
		return nil, err
	}
	return c.showAccess(ctx, flavor)
}

// removeAccess does not ask whether the project exists: the access of a deleted
// project must be removable.
func (c *Flavors) removeAccess(ctx context.Context, r *rest.Request, in schema.RemoveTenantAccessBody) (any, error) {
	flavor, err := c.Store.FlavorFor(ctx, r.Caller, r.ID())
	if err != nil {
		return nil, err
	}
	if err := c.Compute.RemoveFlavorAccess(ctx, flavor, in.Access.Tenant); err != nil {
		return nil, err
	}
	return c.showAccess(ctx, flavor)
}

// showAccess answers with all projects that may use the flavor.
func (o Options) showAccess(ctx context.Context, flavor nova.Flavor) (any, error) {
	projects, err := o.Store.FlavorAccess(ctx, flavor)
	if err != nil {
		return nil, err
	}
	return views.Flavors{}.Access(flavor.ID, projects), nil
}
