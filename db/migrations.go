package db

import (
	"context"
	"fmt"
	"time"

	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/internal/nova"
)

// migrationColumns are those that the tags of nova.Migration name.
var migrationColumns = rows.List[nova.Migration]()

// CreateMigration writes a migration, unless it was written before.
func (s *Store) CreateMigration(ctx context.Context, m nova.Migration) error {
	m.CreatedAt = s.Now()
	q, args, err := rows.Named(`
		INSERT INTO migrations (uuid, server_uuid, migration_type, status, source_host, source_node, target_host, target_node, target_ip,
			old_flavor, new_flavor, user_id, project_id, memory_total, memory_processed, memory_remaining,
			disk_total, disk_processed, disk_remaining, hurried, created_at, updated_at)
		VALUES (:uuid, :server_uuid, :migration_type, :status, :source_host, :source_node, :target_host, :target_node, :target_ip,
			:old_flavor, :new_flavor, :user_id, :project_id, :memory_total, :memory_processed, :memory_remaining,
			:disk_total, :disk_processed, :disk_remaining, :hurried, :created_at, :updated_at)
		ON CONFLICT (uuid) DO NOTHING`, m)
	if err != nil {
		return err
	}
	if _, err := rows.Exec(ctx, s.DB, q, args...); err != nil {
		return fmt.Errorf("create migration: %w", err)
	}
	return nil
}

// SetMigrationStatus writes how far a migration is. If there is none, that is as
// good.
func (s *Store) SetMigrationStatus(ctx context.Context, id string, status nova.MigrationStatus) error {
	_, err := rows.Exec(ctx, s.DB, "UPDATE migrations SET status = ?, updated_at = ? WHERE uuid = ?", status, s.Now(), id)
	return err
}

// SetMigrationTarget writes where a migration leads, once a host has been found, and
// how far it is.
func (s *Store) SetMigrationTarget(ctx context.Context, id, host, node string, status nova.MigrationStatus) error {
	_, err := rows.Exec(ctx, s.DB, `
		UPDATE migrations
		SET target_host = ?, target_node = ?, target_ip = COALESCE((SELECT host_ip FROM hosts WHERE node = ?), ''), status = ?, updated_at = ?
		WHERE uuid = ?`, host, node, node, status, s.Now(), id)
	return err
}

// AdvanceMigration writes how far a live migration is, in bytes of the server's memory,
// and reports whether it is to end soon. Lost if the action that moves the server is no
// longer this worker's, or if the migration isn't running any more.
func (s *Store) AdvanceMigration(ctx context.Context, a nova.Action, id string, processed, total int64) (hurried bool, err error) {
	hurried, err = rows.Put[bool](ctx, s.DB, `
		UPDATE migrations
		SET memory_total = ?, memory_processed = ?, memory_remaining = ?, disk_total = 0, disk_processed = 0, disk_remaining = 0, updated_at = ?
		WHERE uuid = ? AND status = ?
			AND EXISTS (SELECT 1 FROM actions WHERE id = ? AND owner = ? AND attempt = ? AND finish_time IS NULL)
		RETURNING hurried`,
		total, processed, total-processed, s.Now(), id, nova.MigrationRunning, a.Serial, a.Owner, a.Attempt)
	if nova.Is(err, nova.NotFound) {
		return false, ErrLost
	}
	return hurried, err
}

// HurryMigration has a live migration end soon. It is asked for that when it next says
// how far it is.
func (s *Store) HurryMigration(ctx context.Context, id string) error {
	_, err := rows.Exec(ctx, s.DB, "UPDATE migrations SET hurried = ?, updated_at = ? WHERE uuid = ?", true, s.Now(), id)
	return err
}

// CompleteMigration writes that nothing is left of a migration whose server has
// arrived.
func (s *Store) CompleteMigration(ctx context.Context, id string) error {
	_, err := rows.Exec(ctx, s.DB, "UPDATE migrations SET status = ?, updated_at = ? WHERE uuid = ? AND status = ?",
		nova.MigrationCompleted, s.Now(), id, nova.MigrationDone)
	return err
}

// A MigrationFilter says which migrations a list is of. What is empty or nil is not
// looked at.
type MigrationFilter struct {
	ServerID      string
	Host          string // the source or the target
	SourceHost    string // not looked at beside Host
	Status        string
	Type          string
	UserID        string
	ProjectID     string
	ChangedSince  *time.Time
	ChangedBefore *time.Time
}

// conditions are the filter in SQL.
func (f MigrationFilter) conditions() (q rows.Query) {
	q.And("1 = 1")
	if f.Host != "" {
		q.And("(source_host = ? OR target_host = ?)", f.Host, f.Host)
		f.SourceHost = ""
	}
	for _, exact := range []struct{ column, value string }{
		{"server_uuid", f.ServerID},
		{"source_host", f.SourceHost},
		{"status", f.Status},
		{"migration_type", f.Type},
		{"user_id", f.UserID},
		{"project_id", f.ProjectID},
	} {
		if exact.value != "" {
			q.And(exact.column+" = ?", exact.value)
		}
	}
	if f.ChangedSince != nil { // what has never changed fits no such filter
		q.And("updated_at >= ?", f.ChangedSince.UTC())
	}
	if f.ChangedBefore != nil {
		q.And("updated_at <= ?", f.ChangedBefore.UTC())
	}
	return q
}

var migrationSorts = rows.SortKeys{"created_at": "created_at", "id": "id"}

// Migrations lists migrations: the oldest first, unless the page has another order.
// Those of a deleted server are gone with it, as in Nova.
// The marker is a UUID: Invalid if there is no such migration.
func (s *Store) Migrations(ctx context.Context, f MigrationFilter, p nova.Page) ([]nova.Migration, error) {
	q := f.conditions()
	q.And("NOT EXISTS (SELECT 1 FROM servers WHERE servers.uuid = migrations.server_uuid AND servers.deleted_at IS NOT NULL)")
	if len(p.Sort) == 0 {
		p.Sort = []nova.Sort{{Key: "id"}}
	}
	if p.Marker != "" {
		_, err := rows.Get[int64](ctx, s.DB, "SELECT id FROM migrations WHERE uuid = ?", p.Marker)
		if nova.Is(err, nova.NotFound) {
			return nil, nova.Errorf(nova.Invalid, "Marker %s could not be found.", p.Marker)
		}
		if err != nil {
			return nil, err
		}
	}
	order, err := migrationSorts.Keyset(&q, rows.KeysetTable{Name: "migrations", Marker: "uuid", Serial: "id"}, p)
	if err != nil {
		return nil, err
	}
	found, err := rows.All[nova.Migration](ctx, s.Lists(),
		"SELECT "+migrationColumns+" FROM migrations WHERE "+q.Where()+" ORDER BY "+order+" LIMIT ?", append(q.Args, p.Limit)...)
	if err != nil {
		return nil, fmt.Errorf("list migrations: %w", err)
	}
	return found, nil
}

// MigrationsOf lists all migrations of a server, oldest first.
func (s *Store) MigrationsOf(ctx context.Context, serverID string) ([]nova.Migration, error) {
	return rows.All[nova.Migration](ctx, s.DB, "SELECT "+migrationColumns+" FROM migrations WHERE server_uuid = ? ORDER BY id", serverID)
}

// Migration finds a migration of a server by its number. The error is NotFound.
func (s *Store) Migration(ctx context.Context, serverID string, serial int64) (nova.Migration, error) {
	return rows.Get[nova.Migration](ctx, s.DB, "SELECT "+migrationColumns+" FROM migrations WHERE server_uuid = ? AND id = ?", serverID, serial)
}
