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

// FlavorExtraSpecs answers for /flavors/{flavor_id}/os-extra_specs: what servers
// of a flavor need beyond its size.
type FlavorExtraSpecs struct{ Options }

// Operations are the operations on a flavor's extra specs.
func (c *FlavorExtraSpecs) Operations() rest.Operations {
	return rest.Operations{
		"index":  rest.Do(c.index).Query(schema.NoQuery).Needs(policy.FlavorExtraSpecsIndex),
		"show":   rest.Do(c.show).Query(schema.NoQuery).Needs(policy.FlavorExtraSpecsShow),
		"create": rest.DoWith(schema.FlavorExtraSpecsCreate, c.create).Needs(policy.FlavorExtraSpecsCreate),
		"update": rest.DoWith(schema.FlavorExtraSpecUpdate, c.update).Needs(policy.FlavorExtraSpecsUpdate),
		"delete": rest.Do(c.delete).Needs(policy.FlavorExtraSpecsDelete),
	}
}

func (c *FlavorExtraSpecs) index(ctx context.Context, r *rest.Request) (any, error) {
	flavor, err := c.flavor(ctx, r)
	if err != nil {
		return nil, err
	}
	return views.Flavors{}.ExtraSpecs(flavor.ExtraSpecs), nil
}

func (c *FlavorExtraSpecs) show(ctx context.Context, r *rest.Request) (any, error) {
	flavor, err := c.flavor(ctx, r)
	if err != nil {
		return nil, err
	}
	value, ok := flavor.ExtraSpecs[r.ID()]
	if !ok {
		return nil, db.NoExtraSpec(flavor, r.ID())
	}
	return views.Flavors{}.ExtraSpec(r.ID(), value), nil
}

// create adds extra specs to the flavor, or replaces those of the same names.
// It answers with the specs of the request as they were given, numbers
// included, and not with all specs of the flavor.
func (c *FlavorExtraSpecs) create(ctx context.Context, r *rest.Request, in schema.FlavorExtraSpecsCreateBody) (any, error) {
	if err := checkExtraSpecs(r, in.ExtraSpecs); err != nil {
		return nil, err
	}
	if err := c.set(ctx, r, in.ExtraSpecs); err != nil {
		return nil, err
	}
	return views.Flavors{}.GivenExtraSpecs(in.ExtraSpecs.Given()), nil
}

// update sets one extra spec. The body must hold the key that the path names.
func (c *FlavorExtraSpecs) update(ctx context.Context, r *rest.Request, in schema.FlavorExtraSpecUpdateBody) (any, error) {
	if err := checkExtraSpecs(r, in); err != nil {
		return nil, err
	}
	given, ok := in.Given()[r.ID()]
	if !ok {
		return nil, nova.Errorf(nova.Invalid, "Request body and URI mismatch")
	}
	if err := c.set(ctx, r, in); err != nil {
		return nil, err
	}
	return views.Flavors{}.ExtraSpec(r.ID(), given), nil
}

// delete removes one extra spec. The error is NotFound if the flavor has none
// of the name.
func (c *FlavorExtraSpecs) delete(ctx context.Context, r *rest.Request) (any, error) {
	flavor, err := c.flavor(ctx, r)
	if err != nil {
		return nil, err
	}
	return nil, c.Compute.DeleteExtraSpec(ctx, flavor, r.ID())
}

// set adds extra specs to the flavor, or replaces them. Numbers become texts.
func (c *FlavorExtraSpecs) set(ctx context.Context, r *rest.Request, specs schema.ExtraSpecs) error {
	flavor, err := c.flavor(ctx, r)
	if err != nil {
		return err
	}
	return c.Compute.SetExtraSpecs(ctx, flavor, specs.Texts())
}

// checkExtraSpecs refuses values that extra specs with a meaning can't have.
// Before 2.86 any text passed.
func checkExtraSpecs(r *rest.Request, specs schema.ExtraSpecs) error {
	meaningChecked := r.AtLeast(86)
	if !meaningChecked {
		return nil
	}
	return specs.Check()
}

// flavor finds the flavor that the path names, if the caller may see it.
func (c *FlavorExtraSpecs) flavor(ctx context.Context, r *rest.Request) (nova.Flavor, error) {
	return c.Store.FlavorFor(ctx, r.Caller, r.Param("flavor_id"))
}
