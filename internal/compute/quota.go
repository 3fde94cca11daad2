package compute

import (
	"context"
	"maps"

	"github.com/nova-api/nova-api/internal/nova"
)

// outside is what other services count. The API still names it in old
// versions, as having no limit.
var outside = nova.Quota{
	nova.QuotaFixedIPs:           nova.QuotaUnlimited,
	nova.QuotaFloatingIPs:        nova.QuotaUnlimited,
	nova.QuotaSecurityGroups:     nova.QuotaUnlimited,
	nova.QuotaSecurityGroupRules: nova.QuotaUnlimited,
}

// Quota is what a project may have, and what one user may have of that. What
// was set for the user goes before what was set for the project, that before
// what was set for the default class, and that before the configuration.
// Either ID may be empty, which leaves out what was set for it.
func (a *API) Quota(ctx context.Context, project, user string) (ofProject, ofUser nova.Quota, err error) {
	set, err := a.store.QuotaLayers(ctx, project, user)
	if err != nil {
		return nil, nil, err
	}
	ofProject = layered(outside, a.defaults, set.Class, set.Project)
	return ofProject, layered(ofProject, set.User), nil
}

// DefaultQuota is what a project may have for which nothing was set.
func (a *API) DefaultQuota(ctx context.Context) (nova.Quota, error) {
	return a.ClassQuota(ctx, nova.DefaultQuotaClass)
}

// ClassQuota is the quota of a class. Only the default class has any effect.
func (a *API) ClassQuota(ctx context.Context, class string) (nova.Quota, error) {
	set, err := a.store.ClassQuota(ctx, class)
	if err != nil {
		return nil, err
	}
	return layered(outside, a.defaults, set), nil
}

// layered is a quota in which later layers go before earlier ones.
func layered(layers ...nova.Quota) nova.Quota {
	quota := nova.Quota{}
	for _, layer := range layers {
		maps.Copy(quota, layer)
	}
	return quota
}
