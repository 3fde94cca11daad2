package networkdb

import (
	"context"

	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/internal/nova"
)

// Limits are the limits that a project has of its own, by resource.
func (s *Store) Limits(ctx context.Context, project string) (map[string]int64, error) {
	return limitsOf(ctx, s.DB, project)
}

func limitsOf(ctx context.Context, d *rows.DB, project string) (map[string]int64, error) {
	found, err := rows.All[struct {
		Resource string `db:"resource"`
		Limit    int64  `db:"hard_limit"`
	}](ctx, d, "SELECT resource, hard_limit FROM network_quotas WHERE project_id = ?", project)
	limits := make(map[string]int64, len(found))
	for _, row := range found {
		limits[row.Resource] = row.Limit
	}
	return limits, err
}

// ProjectsWithLimits lists the projects that have limits of their own.
func (s *Store) ProjectsWithLimits(ctx context.Context) ([]string, error) {
	return rows.All[string](ctx, s.DB, "SELECT DISTINCT project_id FROM network_quotas ORDER BY project_id")
}

// SetLimits gives a project limits of its own. Limits of other resources stay
// as they are.
func (s *Store) SetLimits(ctx context.Context, project string, limits map[string]int64) error {
	return s.DB.Tx(ctx, func(tx *rows.DB) error {
		for _, resource := range rows.SortedKeys(limits) {
			_, err := rows.Exec(ctx, tx, `
				INSERT INTO network_quotas (project_id, resource, hard_limit) VALUES (?, ?, ?)
				ON CONFLICT (project_id, resource) DO UPDATE SET hard_limit = excluded.hard_limit`, project, resource, limits[resource])
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// DeleteLimits gives a project the default limits again. It returns NotFound
// if the project has no others.
func (s *Store) DeleteLimits(ctx context.Context, project string) error {
	changed, err := rows.Exec(ctx, s.DB, "DELETE FROM network_quotas WHERE project_id = ?", project)
	if err == nil && changed == 0 {
		return rows.ErrNoRows
	}
	return err
}

// Within returns OverQuota if a project has used up its limit of a resource. A
// limit below zero is none. Call it in the transaction that creates the
// resource: until that ends, other transactions that ask for the same project
// wait, so the limit is exact.
func (t Table[T]) Within(ctx context.Context, project, resource string, byDefault int64) error {
	limits, err := limitsOf(ctx, t.db, project)
	if err != nil {
		return err
	}
	limit, ok := limits[resource]
	if !ok {
		limit = byDefault
	}
	if limit < 0 {
		return nil
	}
	_, err = rows.Exec(ctx, t.db, `
		INSERT INTO network_projects (project_id) VALUES (?)
		ON CONFLICT (project_id) DO UPDATE SET project_id = excluded.project_id`, project)
	if err != nil {
		return err
	}
	used, err := t.Count(ctx, project)
	if err == nil && used >= limit {
		return nova.Errorf(nova.OverQuota, "Quota exceeded for resources: ['%s'].", resource)
	}
	return err
}
