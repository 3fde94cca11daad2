package compute

import (
	"context"
	"maps"

	"github.com/nova-api/nova-api/internal/nova"
)

// unlimited is the quota of who has none. What other services count has no
// limit here; old versions of the API still name it.
var unlimited = nova.Quota{
	nova.QuotaInstances: -1, nova.QuotaCores: -1, nova.QuotaRAM: -1, nova.QuotaMetadataItems: -1,
	nova.QuotaInjectedFiles: -1, nova.QuotaInjectedFileBytes: -1, nova.QuotaInjectedPathBytes: -1,
	nova.QuotaKeyPairs: -1, nova.QuotaServerGroups: -1, nova.QuotaServerGroupMembers: -1,
	nova.QuotaFixedIPs: -1, nova.QuotaFloatingIPs: -1, nova.QuotaSecurityGroups: -1, nova.QuotaSecurityGroupRules: -1,
}

// Quota is what a project may have, and what one user may have of that. What
// was set for the user goes before what was set for the project, that before
// what was set for the default class, and that before the configuration.
// Either ID may be empty, which leaves out what was set for it.
func (a *Servers) Quota(ctx context.Context, project, user string) (ofProject, ofUser nova.Quota, err error) {
	set, err := a.store.QuotaLayers(ctx, project, user)
	if err != nil {
		return nil, nil, err
	}
	ofProject = layered(unlimited, a.defaults, set.Class, set.Project)
	return ofProject, layered(ofProject, set.User), nil
}

// DefaultQuota is what a project may have for which nothing was set.
func (a *Servers) DefaultQuota(ctx context.Context) (nova.Quota, error) {
	return a.ClassQuota(ctx, nova.DefaultQuotaClass)
}

// ClassQuota is the quota of a class. Only the default class has any effect.
func (a *Servers) ClassQuota(ctx context.Context, class string) (nova.Quota, error) {
	set, err := a.store.ClassQuota(ctx, class)
	if err != nil {
		return nil, err
	}
	return layered(unlimited, a.defaults, set), nil
}

// layered is a quota in which later layers go before earlier ones.
func layered(layers ...nova.Quota) nova.Quota {
	quota := nova.Quota{}
	for _, layer := range layers {
		maps.Copy(quota, layer)
	}
	return quota
}
