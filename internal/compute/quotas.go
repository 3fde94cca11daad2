package compute

import (
	"context"

	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/quota"
)

// Quota finds the limits of a project, and those of one of its users. Limits of
// the user go before those of the project, these before those of the default
// class, these before the configuration. Either ID may be empty, which leaves
// its limits out. It returns only errors of the store.
func (a *Servers) Quota(ctx context.Context, project, user string) (ofProject, ofUser nova.Quota, err error) {
	set, err := a.store.QuotaLayers(ctx, project, user)
	if err != nil {
		return nil, nil, err
	}
	ofProject = quota.Effective(a.defaults, set.Class, set.Project)
	return ofProject, quota.Effective(ofProject, set.User), nil
}

// DefaultQuota finds the limits of a project for which none were set. It returns
// only errors of the store.
func (a *Servers) DefaultQuota(ctx context.Context) (nova.Quota, error) {
	return a.ClassQuota(ctx, nova.DefaultQuotaClass)
}

// ClassQuota finds the limits of a class. Only the default class has any
// effect. It returns only errors of the store.
func (a *Servers) ClassQuota(ctx context.Context, class string) (nova.Quota, error) {
	set, err := a.store.ClassQuota(ctx, class)
	if err != nil {
		return nil, err
	}
	return quota.Effective(a.defaults, set), nil
}

// SetQuota sets limits of a project, or of a user of it if one is named; other
// limits stay. Unless it is forced, a limit must leave room for what is used,
// and the limits of a project's users must fit into the project's: the error is
// Invalid if not.
func (a *Servers) SetQuota(ctx context.Context, project, user string, limits nova.Quota, force bool) error {
	if !force {
		record, err := a.quotaRecord(ctx, project, user)
		if err != nil {
			return err
		}
		check := record.CheckProject
		if user != "" {
			check = record.CheckUser
		}
		if err := check(limits); err != nil {
			return err
		}
	}
	if user == "" {
		return a.store.SetProjectQuota(ctx, project, limits)
	}
	return a.store.SetUserQuota(ctx, project, user, limits)
}

// quotaRecord reads what new limits of a project, or of a user of it, are held
// against. It takes no lock: a server that is created meanwhile may exceed a limit
// that was set just below its use, as in Nova.
func (a *Servers) quotaRecord(ctx context.Context, project, user string) (r quota.Record, err error) {
	if r.OfProject, _, err = a.Quota(ctx, project, user); err != nil {
		return r, err
	}
	if r.OfUser, err = a.store.UserQuota(ctx, project, user); err != nil {
		return r, err
	}
	if r.Allocated, err = a.store.AllocatedQuota(ctx, project); err != nil {
		return r, err
	}
	r.Used, err = a.store.Usage(ctx, project, user)
	return r, err
}
