package db

import (
	"context"

	"github.com/nova-api/nova-api/db/rows"
)

// HoldPort keeps a port for a server while a worker asks the network service
// for it, and reports whether it may: not while another server holds the port.
// The hold of a server without an unfinished action is void, since whatever
// had it is over.
func (s *Store) HoldPort(ctx context.Context, portID, serverID string) (bool, error) {
	changed, err := rows.Exec(ctx, s.DB, `
		INSERT INTO port_holds (port_id, server_uuid) VALUES (?, ?)
		ON CONFLICT (port_id) DO UPDATE SET server_uuid = excluded.server_uuid
		WHERE port_holds.server_uuid = excluded.server_uuid OR NOT EXISTS (
			SELECT 1 FROM actions a WHERE a.server_uuid = port_holds.server_uuid AND a.finish_time IS NULL)`, portID, serverID)
	return changed == 1, err
}

// DropPortHold ends a server's hold on a port, if it has it.
func (s *Store) DropPortHold(ctx context.Context, portID, serverID string) error {
	_, err := rows.Exec(ctx, s.DB, "DELETE FROM port_holds WHERE port_id = ? AND server_uuid = ?", portID, serverID)
	return err
}
