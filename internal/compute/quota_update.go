package compute

import (
	"context"
	"maps"
	"slices"

	"github.com/nova-api/nova-api/internal/nova"
)

// SetQuota sets limits of a project, or of a user of it; others stay. Unless it
// is forced, a limit must leave room for what is used, and those of a project's
// users must fit into the project's: Invalid if not.
func (a *Servers) SetQuota(ctx context.Context, project, user string, limits nova.Quota, force bool) error {
	if !force {
		if err := a.checkLimits(ctx, project, user, limits); err != nil {
			return err
		}
	}
	if user == "" {
		return a.store.SetProjectQuota(ctx, project, limits)
	}
	return a.store.SetUserQuota(ctx, project, user, limits)
}

func (a *Servers) checkLimits(ctx context.Context, project, user string, limits nova.Quota) error {
	boundsOf, err := a.quotaBounds(ctx, project, user)
	if err != nil {
		return err
	}
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

// bounds are between what a limit can be set: most is -1 for no bound.
type bounds struct{ least, most int }

// quotaBounds finds the bounds of a project's limits, or a user's.
func (a *Servers) quotaBounds(ctx context.Context, project, user string) (func(nova.QuotaResource) bounds, error) {
	ofProject, _, err := a.Quota(ctx, project, user)
	if err != nil {
		return nil, err
	}
	own, err := a.store.UserQuota(ctx, project, user)
	if err != nil {
		return nil, err
	}
	allocated, err := a.store.AllocatedQuota(ctx, project)
	if err != nil {
		return nil, err
	}
	used, err := a.store.Usage(ctx, project, user)
	if err != nil {
		return nil, err
	}
	if user == "" {
		return func(r nova.QuotaResource) bounds { return projectBounds(ofProject[r], allocated[r], used.Of(r)) }, nil
	}
	return func(r nova.QuotaResource) bounds {
		return bounds{least: used.Of(r), most: mostOfUser(ofProject[r], allocated[r], own[r])}
	}, nil
}

// projectBounds keeps a project's limit above what is used, and above what its
// users were promised.
func projectBounds(limit, allocated, used int) bounds {
	if limit < 0 {
		return bounds{least: used, most: nova.QuotaUnlimited}
	}
	return bounds{least: max(used, min(limit, allocated)), most: nova.QuotaUnlimited}
}

// mostOfUser is what is left of a project's limit beside what its other users
// were promised.
func mostOfUser(limit, allocated, own int) int {
	if limit < 0 || own < 0 {
		return nova.QuotaUnlimited
	}
	return max(limit-allocated, 0) + own
}
