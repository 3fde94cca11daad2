package api

import (
	"context"
	"unicode/utf8"

	"github.com/nova-api/nova-api/api/rest"
	"github.com/nova-api/nova-api/api/schema"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/policy"
	"github.com/nova-api/nova-api/views"
)

// QuotaClassSets answers for /os-quota-class-sets: the quota of projects for
// which nothing was set. Only the class "default" has an effect.
type QuotaClassSets struct{ Options }

// Operations are the operations on the quotas of classes.
func (c *QuotaClassSets) Operations() rest.Operations {
	return rest.Operations{
		"show":   rest.Do(c.show).Query(schema.NoQuery).Needs(policy.QuotaClassSetShow),
		"update": rest.DoWith(schema.QuotaClassSetUpdate, c.update).Needs(policy.QuotaClassSetUpdate),
	}
}

// show answers for any name: a class that was never set has the configured
// quota.
func (c *QuotaClassSets) show(ctx context.Context, r *rest.Request) (any, error) {
	quota, err := c.Compute.ClassQuota(ctx, r.ID())
	if err != nil {
		return nil, err
	}
	return views.QuotaClassSets{}.Show(r, r.ID(), quota), nil
}

// update sets limits of a class. The length of the name is checked here because
// it is in the path, where no schema looks.
func (c *QuotaClassSets) update(ctx context.Context, r *rest.Request, in schema.QuotaClassSetUpdateBody) (any, error) {
	const longest = 255
	class := r.ID()
	if n := utf8.RuneCountInString(class); n > longest {
		return nil, nova.Errorf(nova.Invalid, "quota_class_name has %d characters, more than %d.", n, longest)
	}
	if err := c.Store.SetClassQuota(ctx, class, limits(in.QuotaClassSet)); err != nil {
		return nil, err
	}
	quota, err := c.Compute.ClassQuota(ctx, class)
	if err != nil {
		return nil, err
	}
	return views.QuotaClassSets{}.Updated(r, quota), nil
}
