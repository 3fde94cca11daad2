package api

import (
	"context"

	"github.com/nova-api/nova-api/api/rest"
	"github.com/nova-api/nova-api/api/schema"
	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/compute"
	"github.com/nova-api/nova-api/internal/policy"
	"github.com/nova-api/nova-api/views"
)

// Limits answers for /limits: what the caller's project may have, and has.
type Limits struct {
	store   *db.Store
	compute *compute.Servers
	view    views.Limits
}

// Operations is what can be done with limits.
func (c *Limits) Operations() rest.Operations {
	return rest.Operations{
		"index": rest.Do(c.index).Query(schema.LimitsQuery).Needs(policy.Limits),
	}
}

func (c *Limits) index(ctx context.Context, r *rest.Request) (any, error) {
	project := r.Caller.ProjectID
	if r.Query().Has("tenant_id") { // even if it is the caller's own
		if err := r.EnforceOwn(policy.LimitsOtherProject); err != nil {
			return nil, err
		}
		project = last(r, "tenant_id")
	}
	quota, _, err := c.compute.Quota(ctx, project, "")
	if err != nil {
		return nil, err
	}
	used, err := c.store.Usage(ctx, project, "")
	if err != nil {
		return nil, err
	}
	return c.view.Show(r, quota, used), nil
}
