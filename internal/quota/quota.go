// Package quota says which limits count for a project and its users, and
// between which bounds a limit can be set. It asks nobody: the store has what
// was set and what is used.
package quota

import (
	"maps"
	"slices"

	"github.com/nova-api/nova-api/internal/nova"
)

// unlimited is the quota without any limit. It names resources that other
// services count, since old versions of the API show them.
var unlimited = nova.Quota{
	nova.QuotaInstances: -1, nova.QuotaCores: -1, nova.QuotaRAM: -1, nova.QuotaMetadataItems: -1,
	nova.QuotaInjectedFiles: -1, nova.QuotaInjectedFileBytes: -1, nova.QuotaInjectedPathBytes: -1,
	nova.QuotaKeyPairs: -1, nova.QuotaServerGroups: -1, nova.QuotaServerGroupMembers: -1,
	nova.QuotaFixedIPs: -1, nova.QuotaFloatingIPs: -1, nova.QuotaSecurityGroups: -1, nova.QuotaSecurityGroupRules: -1,
}

// Effective is the quota that layers of limits add up to. A later layer goes
// before an earlier one; a resource in no layer has no limit.
func Effective(layers ...nova.Quota) nova.Quota {
	quota := maps.Clone(unlimited)
	for _, layer := range layers {
		maps.Copy(quota, layer)
	}
	return quota
}

// A Record is the state of a project's quota that bounds new limits.
type Record struct {
	OfProject nova.Quota // the limits that count for the project
	OfUser    nova.Quota // what was set for the user alone; empty for a project's own limits
	Allocated nova.Quota // what the project's users were promised in all
	Used      nova.Usage // by the project, or by the user
}

// CheckProject refuses limits of a project below its use, and below what
// its users were promised. The error is Invalid.
func (r Record) CheckProject(limits nova.Quota) error {
	return check(limits, func(resource nova.QuotaResource) bounds {
		used, limit := r.Used.Of(resource), r.OfProject[resource]
		if limit < 0 {
			return bounds{used, nova.QuotaUnlimited}
		}
		return bounds{max(used, min(limit, r.Allocated[resource])), nova.QuotaUnlimited}
	})
}

// CheckUser refuses limits of a user below what the user has, and above what is
// left of the project's beside the promises to its other users. The error is
// Invalid.
func (r Record) CheckUser(limits nova.Quota) error {
	return check(limits, func(resource nova.QuotaResource) bounds {
		used, limit, own := r.Used.Of(resource), r.OfProject[resource], r.OfUser[resource]
		if limit < 0 || own < 0 {
			return bounds{used, nova.QuotaUnlimited}
		}
		return bounds{used, max(limit-r.Allocated[resource], 0) + own}
	})
}

// bounds are the least and the most that a limit can be set to. A limit below
// 0 is none, which only most bounds; most is -1 for no bound.
type bounds struct{ least, most int }

func check(limits nova.Quota, boundsOf func(nova.QuotaResource) bounds) error {
	for _, resource := range slices.Sorted(maps.Keys(limits)) {
		limit, b := limits[resource], boundsOf(resource)
		if limit >= 0 && limit < b.least {
			return nova.Errorf(nova.Invalid, "Quota limit %d for %s must be greater than or equal to already used and reserved %d.",
				limit, resource, b.least)
		}
		if b.most >= 0 && (limit < 0 || limit > b.most) {
			return nova.Errorf(nova.Invalid, "Quota limit %d for %s must be less than or equal to %d.", limit, resource, b.most)
		}
	}
	return nil
}
