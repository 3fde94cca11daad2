package api

import (
	"context"

	"github.com/nova-api/nova-api/api/rest"
	"github.com/nova-api/nova-api/api/schema"
	"github.com/nova-api/nova-api/internal/policy"
	"github.com/nova-api/nova-api/views"
)

// Limits answers for /limits: how much the caller's project may use, and how
// much it uses.
type Limits struct{ Options }

// Operations are the operations on limits.
func (c *Limits) Operations() rest.Operations {
	return rest.Operations{
		"index": rest.Do(c.index).Query(schema.LimitsQuery).Needs(policy.Limits),
	}
}

func (c *Limits) index(ctx context.Context, r *rest.Request) (any, error) {
	project := r.Caller.ProjectID
	if r.Has("tenant_id") { // Nova asks the rule even for the caller's own project
		if err := r.EnforceOwn(policy.LimitsOtherProject); err != nil {
			return nil, err
		}
		project = r.Last("tenant_id")
	}
	quota, _, err := c.Compute.Quota(ctx, project, "")
	if err != nil {
		return nil, err
	}
	used, err := c.Store.Usage(ctx, project, "")
	if err != nil {
		return nil, err
	}
	return views.Limits{}.Show(r, quota, used), nil
}
