package volumedb

import (
	"context"
	"fmt"

	"github.com/nova-api/nova-api/db/rows"
)

// Limits are the limits that a project has of its own, by resource.
func (s *Store) Limits(ctx context.Context, project string) (map[string]int64, error) {
	return s.limits(ctx, "SELECT resource, hard_limit FROM volume_quotas WHERE project_id = ?", project)
}

// ClassLimits are the limits of a class of projects, by resource.
func (s *Store) ClassLimits(ctx context.Context, class string) (map[string]int64, error) {
	return s.limits(ctx, "SELECT resource, hard_limit FROM volume_quota_classes WHERE class = ?", class)
}

func (s *Store) limits(ctx context.Context, query, of string) (map[string]int64, error) {
	found, err := rows.All[struct {
		Resource string `db:"resource"`
		Limit    int64  `db:"hard_limit"`
	}](ctx, s.DB, query, of)
	limits := make(map[string]int64, len(found))
	for _, row := range found {
		limits[row.Resource] = row.Limit
	}
	return limits, err
}

// SetLimits gives a project limits of its own. Those of other resources stay as
// they are.
func (s *Store) SetLimits(ctx context.Context, project string, limits map[string]int64) error {
	return s.setLimits(ctx, `
		INSERT INTO volume_quotas (project_id, resource, hard_limit) VALUES (?, ?, ?)
		ON CONFLICT (project_id, resource) DO UPDATE SET hard_limit = excluded.hard_limit`, project, limits)
}

// SetClassLimits does the same for a class of projects.
func (s *Store) SetClassLimits(ctx context.Context, class string, limits map[string]int64) error {
	return s.setLimits(ctx, `
		INSERT INTO volume_quota_classes (class, resource, hard_limit) VALUES (?, ?, ?)
		ON CONFLICT (class, resource) DO UPDATE SET hard_limit = excluded.hard_limit`, class, limits)
}

func (s *Store) setLimits(ctx context.Context, statement, of string, limits map[string]int64) error {
	return s.DB.Tx(ctx, func(tx *rows.DB) error {
		for _, resource := range rows.SortedKeys(limits) {
			if _, err := rows.Exec(ctx, tx, statement, of, resource, limits[resource]); err != nil {
				return err
			}
		}
		return nil
	})
}

// DeleteLimits gives a project the default limits again.
func (s *Store) DeleteLimits(ctx context.Context, project string) error {
	_, err := rows.Exec(ctx, s.DB, "DELETE FROM volume_quotas WHERE project_id = ?", project)
	return err
}

// LockProject keeps others from making anything with a limit for a project until
// the transaction ends, so what is counted meanwhile stays true.
func (s *Store) LockProject(ctx context.Context, project string) error {
	_, err := rows.Exec(ctx, s.DB, `
		INSERT INTO volume_projects (project_id) VALUES (?)
		ON CONFLICT (project_id) DO UPDATE SET project_id = excluded.project_id`, project)
	return err
}

// Used counts what a project has: volumes, snapshots and the gigabytes of both,
// and each of these by type, such as volumes_fast.
func (s *Store) Used(ctx context.Context, project string) (map[string]int64, error) {
	used := map[string]int64{}
	for resource, of := range map[string]struct{ table, size string }{
		"volumes": {"volume_volumes", "r.size + r.reserved"}, "snapshots": {"volume_snapshots", "r.size"},
	} {
		found, err := rows.All[struct {
			Type      string `db:"type"`
			Number    int64  `db:"number"`
			Gigabytes int64  `db:"gigabytes"`
		}](ctx, s.DB, `
			SELECT t.name AS type, COUNT(*) AS number, CAST(SUM(`+of.size+`) AS BIGINT) AS gigabytes
			FROM `+of.table+` r JOIN volume_types t ON t.id = r.type_id
			WHERE r.project_id = ? GROUP BY t.name`, project)
		if err != nil {
			return nil, fmt.Errorf("count %s: %w", resource, err)
		}
		for _, row := range found {
			used[resource] += row.Number
			used[resource+"_"+row.Type] += row.Number
			used["gigabytes"] += row.Gigabytes
			used["gigabytes_"+row.Type] += row.Gigabytes
		}
	}
	return used, nil
}

// A Use is how much of a folder a project uses. Sizes are in GiB.
type Use struct {
	ProjectID         string `db:"project_id"`
	Volumes           int64  `db:"volumes"`
	VolumeGigabytes   int64  `db:"volume_gb"`
	Snapshots         int64  `db:"snapshots"`
	SnapshotGigabytes int64  `db:"snapshot_gb"`
}

// UsesOf adds up what projects have in a folder, in the order of their IDs.
func (s *Store) UsesOf(ctx context.Context, folder string) ([]Use, error) {
	return rows.All[Use](ctx, s.DB, `
		SELECT project_id, CAST(SUM(volumes) AS BIGINT) AS volumes, CAST(SUM(volume_gb) AS BIGINT) AS volume_gb,
			CAST(SUM(snapshots) AS BIGINT) AS snapshots, CAST(SUM(snapshot_gb) AS BIGINT) AS snapshot_gb
		FROM (
			SELECT project_id, 1 AS volumes, size AS volume_gb, 0 AS snapshots, 0 AS snapshot_gb FROM volume_volumes WHERE folder = ?
			UNION ALL SELECT project_id, 0, 0, 1, size FROM volume_snapshots WHERE folder = ?
		) AS things GROUP BY project_id ORDER BY project_id`, folder, folder)
}

// GigabytesOf is how much the volumes and snapshots of a folder may grow to, in GB.
func (s *Store) GigabytesOf(ctx context.Context, folder string) (int64, error) {
	return rows.Get[int64](ctx, s.DB, `
		SELECT CAST(COALESCE(SUM(size), 0) AS BIGINT) FROM (
			SELECT size + reserved AS size FROM volume_volumes WHERE folder = ?
			UNION ALL SELECT size FROM volume_snapshots WHERE folder = ?
		) AS sizes`, folder, folder)
}
