package api

import (
	"context"
	"net/http"

	"github.com/nova-api/nova-api/api/rest"
	"github.com/nova-api/nova-api/api/schema"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/policy"
	"github.com/nova-api/nova-api/views"
)

// QuotaSets answers for /os-quota-sets: how much a project may use, or a user of
// the project.
type QuotaSets struct{ Options }

// Operations are the operations on the quotas of projects. Policy is asked about
// the project in the path.
func (c *QuotaSets) Operations() rest.Operations {
	return rest.Operations{
		"show":     rest.On(projectInPath, c.show).Query(schema.QuotaSetQuery).Needs(policy.QuotaSetShow),
		"detail":   rest.On(projectInPath, c.detail).Query(schema.QuotaSetQuery).Needs(policy.QuotaSetDetail),
		"defaults": rest.On(projectInPath, c.defaults).Query(schema.IgnoredQuery).Needs(policy.QuotaSetDefaults),
		"update":   rest.OnWith(projectInPath, schema.QuotaSetUpdate, c.update).Query(schema.QuotaSetQuery).Needs(policy.QuotaSetUpdate),
		"delete":   rest.On(projectInPath, c.delete).Query(schema.QuotaSetQuery).Needs(policy.QuotaSetDelete).Status(http.StatusAccepted),
	}
}

// show shows the quota of the project, or of the user that the query names.
func (c *QuotaSets) show(ctx context.Context, r *rest.Request, p project) (any, error) {
	if err := c.checkProject(ctx, p); err != nil {
		return nil, err
	}
	_, quota, err := c.Compute.Quota(ctx, string(p), r.First("user_id"))
	if err != nil {
		return nil, err
	}
	return views.QuotaSets{}.Show(r, string(p), quota), nil
}

// detail shows the quota with its present use.
func (c *QuotaSets) detail(ctx context.Context, r *rest.Request, p project) (any, error) {
	if err := c.checkProject(ctx, p); err != nil {
		return nil, err
	}
	user := r.First("user_id")
	_, quota, err := c.Compute.Quota(ctx, string(p), user)
	if err != nil {
		return nil, err
	}
	used, err := c.Store.Usage(ctx, string(p), user)
	if err != nil {
		return nil, err
	}
	return views.QuotaSets{}.Detail(r, string(p), quota, used), nil
}

// defaults tells only administrators whether the project exists.
func (c *QuotaSets) defaults(ctx context.Context, r *rest.Request, p project) (any, error) {
	if r.IsAdmin() {
		if err := c.checkProject(ctx, p); err != nil {
			return nil, err
		}
	}
	quota, err := c.Compute.DefaultQuota(ctx)
	if err != nil {
		return nil, err
	}
	return views.QuotaSets{}.Show(r, string(p), quota), nil
}

// update sets limits. Unless forced, it refuses a limit below the present use.
// It answers with all limits, and without the ID.
func (c *QuotaSets) update(ctx context.Context, r *rest.Request, p project, in schema.QuotaSetUpdateBody) (any, error) {
	if err := c.checkProject(ctx, p); err != nil {
		return nil, err
	}
	user := r.First("user_id")
	if err := c.Compute.SetQuota(ctx, string(p), user, limits(in.QuotaSet), in.QuotaSet.Force); err != nil {
		return nil, err
	}
	_, quota, err := c.Compute.Quota(ctx, string(p), user)
	if err != nil {
		return nil, err
	}
	return views.QuotaSets{}.Updated(r, quota), nil
}

// delete does not ask whether the project exists: the quota of a deleted
// project must be removable.
func (c *QuotaSets) delete(ctx context.Context, r *rest.Request, p project) (any, error) {
	return nil, c.Store.ResetQuota(ctx, string(p), r.First("user_id"))
}

// limits are the limits that a body sets, by resource.
func limits(in schema.QuotaLimits) nova.Quota {
	quota := make(nova.Quota, len(in.Limits))
	for name, limit := range in.Limits {
		quota[nova.QuotaResource(name)] = limit
	}
	return quota
}
