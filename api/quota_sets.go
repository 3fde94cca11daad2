package api

import (
	"context"
	"net/http"

	"github.com/nova-api/nova-api/api/rest"
	"github.com/nova-api/nova-api/api/schema"
	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/compute"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/policy"
	"github.com/nova-api/nova-api/views"
)

// QuotaSets answers for /os-quota-sets: what a project may have, or a user of
// it.
type QuotaSets struct {
	store    *db.Store
	compute  *compute.Servers
	projects projects
	view     views.QuotaSets
}

// Operations is what can be done with the quotas of projects. Policy is asked
// about the project in the path, so none of them names its rule here.
func (c *QuotaSets) Operations() rest.Operations {
	return rest.Operations{
		"show":     rest.Do(c.show).Query(schema.QuotaSetQuery),
		"detail":   rest.Do(c.detail).Query(schema.QuotaSetQuery),
		"defaults": rest.Do(c.defaults).Query(schema.IgnoredQuery),
		"update":   rest.DoWith(schema.QuotaSetUpdate, c.update).Query(schema.QuotaSetQuery),
		"delete":   rest.Do(c.delete).Query(schema.QuotaSetQuery).Status(http.StatusAccepted),
	}
}

func (c *QuotaSets) show(ctx context.Context, r *rest.Request) (any, error) {
	if err := c.check(ctx, r, policy.QuotaSetShow); err != nil {
		return nil, err
	}
	_, quota, err := c.compute.Quota(ctx, r.ID(), last(r, "user_id"))
	if err != nil {
		return nil, err
	}
	return c.view.Show(r, r.ID(), quota), nil
}

func (c *QuotaSets) detail(ctx context.Context, r *rest.Request) (any, error) {
	if err := c.check(ctx, r, policy.QuotaSetDetail); err != nil {
		return nil, err
	}
	user := last(r, "user_id")
	_, quota, err := c.compute.Quota(ctx, r.ID(), user)
	if err != nil {
		return nil, err
	}
	used, err := c.store.Usage(ctx, r.ID(), user)
	if err != nil {
		return nil, err
	}
	return c.view.Detail(r, r.ID(), quota, used), nil
}

func (c *QuotaSets) defaults(ctx context.Context, r *rest.Request) (any, error) {
	if err := r.Enforce(policy.QuotaSetDefaults, policy.Target{ProjectID: r.ID()}); err != nil {
		return nil, err
	}
	if r.IsAdmin() { // others are not told which projects there are
		if err := c.projects.known(ctx, r.ID()); err != nil {
			return nil, err
		}
	}
	quota, err := c.compute.DefaultQuota(ctx)
	if err != nil {
		return nil, err
	}
	return c.view.Show(r, r.ID(), quota), nil
}

func (c *QuotaSets) update(ctx context.Context, r *rest.Request, in schema.QuotaSetUpdateBody) (any, error) {
	if err := c.check(ctx, r, policy.QuotaSetUpdate); err != nil {
		return nil, err
	}
	user := last(r, "user_id")
	if err := c.compute.SetQuota(ctx, r.ID(), user, limits(in.QuotaSet), in.QuotaSet.Force); err != nil {
		return nil, err
	}
	_, quota, err := c.compute.Quota(ctx, r.ID(), user)
	if err != nil {
		return nil, err
	}
	return c.view.Updated(r, quota), nil
}

func (c *QuotaSets) delete(ctx context.Context, r *rest.Request) (any, error) {
	if err := r.Enforce(policy.QuotaSetDelete, policy.Target{ProjectID: r.ID()}); err != nil {
		return nil, err
	}
	// The project isn't asked after: what was set for one that is gone must be
	// removable.
	return nil, c.store.ResetQuota(ctx, r.ID(), last(r, "user_id"))
}

// check asks policy about the project in the path, and then whether there is
// one.
func (c *QuotaSets) check(ctx context.Context, r *rest.Request, rule policy.Rule) error {
	if err := r.Enforce(rule, policy.Target{ProjectID: r.ID()}); err != nil {
		return err
	}
	return c.projects.known(ctx, r.ID())
}

func limits(in schema.QuotaLimits) nova.Quota {
	quota := make(nova.Quota, len(in.Limits))
	for name, limit := range in.Limits {
		quota[nova.QuotaResource(name)] = limit
	}
	return quota
}
