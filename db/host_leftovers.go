package db

import (
	"context"
	"fmt"

	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/internal/nova"
)

var leftoverColumns = rows.List[nova.Leftover]()

// LeaveOnHost notes that a host is to remove what it has of a server, and wakes the
// host's process should there be one.
func (s *Store) LeaveOnHost(ctx context.Context, l nova.Leftover) error {
	_, err := rows.Exec(ctx, s.DB, `
		INSERT INTO host_leftovers (server_uuid, host, migration) VALUES (?, ?, ?)
		ON CONFLICT (server_uuid, host) DO UPDATE SET migration = excluded.migration`, l.ServerID, l.Host, l.Migration)
	if err != nil {
		return fmt.Errorf("note what a host has left: %w", err)
	}
	return s.Wake(ctx, nova.LeftoverQueue(l.Host))
}

// LeftOnHosts lists what some hosts are to remove, the oldest first, a hundred at the most.
func (s *Store) LeftOnHosts(ctx context.Context, hosts []string) ([]nova.Leftover, error) {
	if len(hosts) == 0 {
		return nil, nil
	}
	return rows.All[nova.Leftover](ctx, s.DB,
		"SELECT "+leftoverColumns+" FROM host_leftovers WHERE host IN ("+rows.Marks(len(hosts))+") ORDER BY id LIMIT 100", rows.Anys(hosts)...)
}

// LeftOfServer lists what hosts are to remove of a server.
func (s *Store) LeftOfServer(ctx context.Context, serverID string) ([]nova.Leftover, error) {
	return rows.All[nova.Leftover](ctx, s.DB, "SELECT "+leftoverColumns+" FROM host_leftovers WHERE server_uuid = ? ORDER BY id", serverID)
}

// ForgetOnHost deletes the note that a host is to remove what it has of a server, and
// reports whether there was one.
func (s *Store) ForgetOnHost(ctx context.Context, serverID, host string) (bool, error) {
	deleted, err := rows.Exec(ctx, s.DB, "DELETE FROM host_leftovers WHERE server_uuid = ? AND host = ?", serverID, host)
	return deleted > 0, err
}
