package db

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/internal/nova"
)

type quotaLimit struct {
	Resource nova.QuotaResource `db:"resource"`
	Limit    int                `db:"hard_limit"`
}

// quotaLimits reads the limits that were set for a project, for a user of it, or for
// a class. A class has the empty project, and its name in place of the user.
func (s *Store) quotaLimits(ctx context.Context, project, user string) (nova.Quota, error) {
	limits, err := rows.All[quotaLimit](ctx, s.DB, "SELECT resource, hard_limit FROM quota_limits WHERE project_id = ? AND user_id = ?", project, user)
	if err != nil {
		return nil, fmt.Errorf("read quota: %w", err)
	}
	return quotaOf(limits), nil
}

func quotaOf(limits []quotaLimit) nova.Quota {
	quota := make(nova.Quota, len(limits))
	for _, l := range limits {
		quota[l.Resource] = l.Limit
	}
	return quota
}

// QuotaLayers are the limits that were set for the default class, for a project, and
// for a user of the project.
type QuotaLayers struct{ Class, Project, User nova.Quota }

// QuotaLayers reads all three layers in one query.
func (s *Store) QuotaLayers(ctx context.Context, project, user string) (QuotaLayers, error) {
	layers := QuotaLayers{nova.Quota{}, nova.Quota{}, nova.Quota{}}
	if project == "" { // a user without a project must not be taken for a class
		user = ""
	}
	limits, err := rows.All[struct {
		ProjectID string `db:"project_id"`
		UserID    string `db:"user_id"`
		quotaLimit
	}](ctx, s.DB, `
		SELECT project_id, user_id, resource, hard_limit
		FROM quota_limits
		WHERE (project_id = '' AND user_id = ?) OR (project_id = ? AND user_id IN ('', ?))`,
		nova.DefaultQuotaClass, project, user)
	if err != nil {
		return layers, fmt.Errorf("read quota: %w", err)
	}
	for _, l := range limits {
		layer := layers.User
		switch {
		case l.ProjectID == "":
			layer = layers.Class
		case l.UserID == "":
			layer = layers.Project
		}
		layer[l.Resource] = l.Limit
	}
	return layers, nil
}

// ClassQuota reads the limits that were set for a quota class.
func (s *Store) ClassQuota(ctx context.Context, class string) (nova.Quota, error) {
	return s.quotaLimits(ctx, "", class)
}

// ProjectQuota reads the limits that were set for a project.
func (s *Store) ProjectQuota(ctx context.Context, project string) (nova.Quota, error) {
	return s.quotaLimits(ctx, project, "")
}

// UserQuota reads the limits that were set for a user of a project.
func (s *Store) UserQuota(ctx context.Context, project, user string) (nova.Quota, error) {
	return s.quotaLimits(ctx, project, user)
}

// AllocatedQuota sums up the limits of all users of a project. Users without a limit
// count for nothing.
func (s *Store) AllocatedQuota(ctx context.Context, project string) (nova.Quota, error) {
	limits, err := rows.All[quotaLimit](ctx, s.DB, `
		SELECT resource, CAST(SUM(hard_limit) AS BIGINT) AS hard_limit
		FROM quota_limits
		WHERE project_id = ? AND user_id <> '' AND hard_limit > 0
		GROUP BY resource`, project)
	if err != nil {
		return nil, fmt.Errorf("read quota: %w", err)
	}
	return quotaOf(limits), nil
}

// SetClassQuota sets limits of a class; others stay.
func (s *Store) SetClassQuota(ctx context.Context, class string, quota nova.Quota) error {
	return s.setQuota(ctx, "", class, quota)
}

// SetProjectQuota sets limits of a project; others stay.
func (s *Store) SetProjectQuota(ctx context.Context, project string, quota nova.Quota) error {
	return s.setQuota(ctx, project, "", quota)
}

// SetUserQuota sets limits of a user of a project; others stay.
func (s *Store) SetUserQuota(ctx context.Context, project, user string, quota nova.Quota) error {
	return s.setQuota(ctx, project, user, quota)
}

func (s *Store) setQuota(ctx context.Context, project, user string, quota nova.Quota) error {
	return s.Tx(ctx, func(tx *Store) error {
		for _, resource := range slices.Sorted(maps.Keys(quota)) { // in one order, so that no two can wait for each other
			if _, err := rows.Exec(ctx, tx.DB, `
				INSERT INTO quota_limits (project_id, user_id, resource, hard_limit) VALUES (?, ?, ?, ?)
				ON CONFLICT (project_id, user_id, resource) DO UPDATE SET hard_limit = excluded.hard_limit`,
				project, user, resource, quota[resource]); err != nil {
				return fmt.Errorf("set quota: %w", err)
			}
		}
		return nil
	})
}

// ResetQuota deletes the limits of a project and all its users, or of one user of it.
func (s *Store) ResetQuota(ctx context.Context, project, user string) error {
	var q rows.Query
	q.And("project_id = ?", project)
	if user != "" {
		q.And("user_id = ?", user)
	}
	_, err := rows.Exec(ctx, s.DB, "DELETE FROM quota_limits WHERE "+q.Where(), q.Args...)
	return err
}

// Usage reads the usage of a project, or of one user of it.
func (s *Store) Usage(ctx context.Context, project, user string) (nova.Usage, error) {
	groups, err := s.ServerGroupCount(ctx, project, user)
	if err != nil {
		return nova.Usage{}, err
	}
	usage, err := rows.Get[nova.Usage](ctx, s.DB,
		"SELECT instances, cores, ram FROM quota_usages WHERE project_id = ? AND user_id = ?", project, user)
	if nova.Is(err, nova.NotFound) {
		err = nil
	}
	usage.ServerGroups = groups
	return usage, err
}

// Consume adds to the usages of a project and of a user of it: OverQuota if that
// exceeds a quota. Call it in the transaction that creates what is counted. The
// UPDATE itself checks the limits, so they hold for any number of concurrent callers.
func (s *Store) Consume(ctx context.Context, project, user string, want nova.Usage, ofProject, ofUser nova.Quota) error {
	if !s.InTx() {
		return errors.New("quota must be changed in the transaction of what it counts")
	}
	if err := s.consume(ctx, project, "", want, ofProject); err != nil {
		return err
	}
	refused := s.consume(ctx, project, user, want, ofUser)
	if nova.Is(refused, nova.OverQuota) { // the caller may try with less in the same transaction
		if err := s.consume(ctx, project, "", want.Times(-1), nil); err != nil {
			return err
		}
	}
	return refused
}

func (s *Store) consume(ctx context.Context, project, user string, want nova.Usage, quota nova.Quota) error {
	if _, err := rows.Exec(ctx, s.DB, "INSERT INTO quota_usages (project_id, user_id) VALUES (?, ?) ON CONFLICT DO NOTHING", project, user); err != nil {
		return err
	}
	for range consumeAttempts {
		taken, err := s.take(ctx, project, user, want, quota)
		if err != nil || taken {
			return err
		}
		used, err := s.Usage(ctx, project, user)
		if err != nil {
			return err
		}
		if err := quota.Exceeded(want, used); err != nil {
			return err
		}
	}
	return nova.Errorf(nova.Unavailable, "The quota changes too fast to be kept: try again.")
}

// consumeAttempts bounds the attempts to take a quota that another transaction gives
// back between the refused UPDATE and the SELECT that explains it.
const consumeAttempts = 20

// take adds to a row of usages if that stays within the quota, and tells
// whether it did.
func (s *Store) take(ctx context.Context, project, user string, want nova.Usage, quota nova.Quota) (bool, error) {
	limit := func(resource nova.QuotaResource) int {
		if l, ok := quota[resource]; ok {
			return l
		}
		return nova.QuotaUnlimited
	}
	// What is already over does no harm to a request that doesn't add to it.
	changed, err := rows.Exec(ctx, s.DB, `
		UPDATE quota_usages
		SET instances = instances + ?, cores = cores + ?, ram = ram + ?
		WHERE project_id = ? AND user_id = ?
			AND (CAST(? AS BIGINT) < 0 OR CAST(? AS BIGINT) <= 0 OR instances + ? <= ?)
			AND (CAST(? AS BIGINT) < 0 OR CAST(? AS BIGINT) <= 0 OR cores + ? <= ?)
			AND (CAST(? AS BIGINT) < 0 OR CAST(? AS BIGINT) <= 0 OR ram + ? <= ?)`,
		want.Instances, want.Cores, want.RAM, project, user,
		limit(nova.QuotaInstances), want.Instances, want.Instances, limit(nova.QuotaInstances),
		limit(nova.QuotaCores), want.Cores, want.Cores, limit(nova.QuotaCores),
		limit(nova.QuotaRAM), want.RAM, want.RAM, limit(nova.QuotaRAM))
	return changed == 1, err
}

// Release takes back what a project and a user of it had.
func (s *Store) Release(ctx context.Context, project, user string, had nova.Usage) error {
	return s.Consume(ctx, project, user, had.Times(-1), nil, nil)
}
