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

// Operations are the operations on limits. There is one, which everybody with a
// token may do.
func (c *Limits) Operations() rest.Operations {
	return rest.Operations{
		"index": rest.Do(c.index).Query(schema.LimitsQuery).Needs(policy.Limits),
	}
}

// index shows limits and usage of a project together: novaclient and Horizon
// compute the rest from the two.
func (c *Limits) index(ctx context.Context, r *rest.Request) (any, error) {
	project, err := limitsProject(r)
	if err != nil {
		return nil, err
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

// limitsProject is the project that the query names, or the caller's own. A
// caller who names a project needs another rule, even for the own project.
func limitsProject(r *rest.Request) (string, error) {
	if !r.Has("tenant_id") {
		return r.Caller.ProjectID, nil
	}
	return r.Last("tenant_id"), r.EnforceOwn(policy.LimitsOtherProject)
}
