package db

import (
	"context"
	"fmt"

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
			disk_total, disk_processed, disk_remaining, created_at, updated_at)
		VALUES (:uuid, :server_uuid, :migration_type, :status, :source_host, :source_node, :target_host, :target_node, :target_ip,
			:old_flavor, :new_flavor, :user_id, :project_id, :memory_total, :memory_processed, :memory_remaining,
			:disk_total, :disk_processed, :disk_remaining, :created_at, :updated_at)
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

// Migrations lists the migrations of a server, oldest first.
func (s *Store) Migrations(ctx context.Context, serverID string) ([]nova.Migration, error) {
	return rows.All[nova.Migration](ctx, s.DB, "SELECT "+migrationColumns+" FROM migrations WHERE server_uuid = ? ORDER BY id", serverID)
}
