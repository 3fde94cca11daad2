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

// FlavorAccess answers for /flavors/{id}/os-flavor-access: the projects that
// may use a flavor which is not public.
type FlavorAccess struct {
	store *db.Store
	view  views.Flavors
}

// Operations is what can be done with a flavor's list of projects.
func (c *FlavorAccess) Operations() rest.Operations {
	return rest.Operations{
		"index": rest.Do(c.index).Query(schema.NoQuery).Needs(policy.FlavorAccessIndex),
	}
}

func (c *FlavorAccess) index(ctx context.Context, r *rest.Request) (any, error) {
	flavor, err := visibleFlavor(ctx, c.store, r, r.Param("flavor_id"))
	if err != nil {
		return nil, err
	}
	if flavor.Public {
		return nil, nova.Errorf(nova.NotFound, "Access list not available for public flavors.")
	}
	return accessOf(ctx, c.store, c.view, flavor)
}

// MemberActions is what can be asked of one flavor.
func (c *Flavors) MemberActions() rest.Operations {
	return rest.Operations{
		"addTenantAccess":    rest.DoWith(schema.AddTenantAccess, c.addAccess).Needs(policy.FlavorAccessAdd),
		"removeTenantAccess": rest.DoWith(schema.RemoveTenantAccess, c.removeAccess).Needs(policy.FlavorAccessRemove),
	}
}

func (c *Flavors) addAccess(ctx context.Context, r *rest.Request, in schema.AddTenantAccessBody) (any, error) {
	project := in.Access.Tenant
	if err := c.projects.known(ctx, project); err != nil {
		return nil, err
	}
	flavor, err := visibleFlavor(ctx, c.store, r, r.ID())
	if err != nil {
		return nil, err
	}
	publicRefused := r.AtLeast(7)
	if publicRefused && flavor.Public {
		return nil, nova.Errorf(nova.Conflict, "Can not add access to a public flavor.")
	}
	if err := c.store.AddFlavorAccess(ctx, flavor, project); err != nil {
		return nil, err
	}
	return accessOf(ctx, c.store, c.view, flavor)
}

func (c *Flavors) removeAccess(ctx context.Context, r *rest.Request, in schema.RemoveTenantAccessBody) (any, error) {
	flavor, err := visibleFlavor(ctx, c.store, r, r.ID())
	if err != nil {
		return nil, err
	}
	// The project isn't asked after: one that was deleted must be removable.
	if err := c.store.RemoveFlavorAccess(ctx, flavor, in.Access.Tenant); err != nil {
		return nil, err
	}
	return accessOf(ctx, c.store, c.view, flavor)
}

func accessOf(ctx context.Context, store *db.Store, view views.Flavors, flavor nova.Flavor) (any, error) {
	projects, err := store.FlavorAccess(ctx, flavor)
	if err != nil {
		return nil, err
	}
	return view.Access(flavor.ID, projects), nil
}
