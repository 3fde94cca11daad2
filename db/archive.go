package db

import (
	"context"
	"fmt"
	"time"

	"github.com/nova-api/nova-api/db/rows"
)

// A table of the archive has rows of servers. They are found by a condition on the
// servers' UUIDs, for which there is a %s.
type archivedTable struct{ name, ofServers string }

// archivedTables are kept of deleted servers and go with them, in this order: rows
// before those that they refer to. Tables that refer to servers and are not here either
// have nothing of deleted servers, or go with the servers' rows.
var archivedTables = []archivedTable{
	{"action_events", "action_id IN (SELECT id FROM actions WHERE server_uuid IN (%s))"},
	{"actions", "server_uuid IN (%s)"},
	{"migrations", "server_uuid IN (%s)"},
	{"servers", "uuid IN (%s)"},
}

// pendingTables name servers that something is yet to be done about, although they may
// be deleted. Who does it reads the servers.
var pendingTables = []string{"host_leftovers", "port_leftovers", "port_holds", "volume_leftovers"}

// An ArchivedRow is a row that is or was stored.
type ArchivedRow struct {
	Table string         `json:"table"`
	Row   map[string]any `json:"row"`
}

// A DeletedServer is one that the archive may have.
type DeletedServer struct {
	Serial    int64     `db:"id"`
	ID        string    `db:"uuid"`
	DeletedAt time.Time `db:"deleted_at"`
}

// DeletedServers lists servers that were deleted before a time and that nothing is to
// be done about any more, in the order of their numbers from after one on.
func (s *Store) DeletedServers(ctx context.Context, before time.Time, after int64, limit int) ([]DeletedServer, error) {
	var q rows.Query
	q.And("deleted_at < ? AND id > ?", before, after)
	q.And("NOT EXISTS (SELECT 1 FROM actions a WHERE a.server_uuid = servers.uuid AND a.finish_time IS NULL)")
	for _, table := range pendingTables {
		q.And("NOT EXISTS (SELECT 1 FROM " + table + " p WHERE p.server_uuid = servers.uuid)")
	}
	found, err := rows.All[DeletedServer](ctx, s.DB,
		"SELECT id, uuid, deleted_at FROM servers WHERE "+q.Where()+" ORDER BY id LIMIT ?", append(q.Args, limit)...)
	if err != nil {
		return nil, fmt.Errorf("list deleted servers: %w", err)
	}
	return found, nil
}

// RowsOfServers reads all that is stored about servers.
func (s *Store) RowsOfServers(ctx context.Context, ids []string) ([]ArchivedRow, error) {
	var all []ArchivedRow
	for _, table := range archivedTables {
		found, err := rows.Maps(ctx, s.DB, "SELECT * FROM "+table.name+" WHERE "+table.of(ids), rows.Anys(ids)...)
		if err != nil {
			return nil, fmt.Errorf("read %s of deleted servers: %w", table.name, err)
		}
		for _, row := range found {
			all = append(all, ArchivedRow{table.name, row})
		}
	}
	return all, nil
}

// PurgeServers removes all that is stored about servers that are deleted.
func (s *Store) PurgeServers(ctx context.Context, ids []string) error {
	return s.Tx(ctx, func(tx *Store) error {
		for _, table := range archivedTables {
			if _, err := rows.Exec(ctx, tx.DB, "DELETE FROM "+table.name+" WHERE "+table.of(ids), rows.Anys(ids)...); err != nil {
				return fmt.Errorf("remove %s of deleted servers: %w", table.name, err)
			}
		}
		return nil
	})
}

func (t archivedTable) of(ids []string) string { return fmt.Sprintf(t.ofServers, rows.Marks(len(ids))) }
