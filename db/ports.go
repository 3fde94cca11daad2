package db

import (
	"context"
	"fmt"
	"time"

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

// PortLeftovers says which ports of a server may be left although the server is
// gone.
type PortLeftovers struct {
	ServerID  string                     `db:"server_uuid"`
	ProjectID string                     `db:"project_id"`
	Noted     rows.JSON[map[string]bool] `db:"noted"` // by port ID: whether the port is kept
	Until     time.Time                  `db:"until"` // after that nothing new turns up
}

// LeavePorts notes the leftovers of a server, to be looked at when they are due.
func (s *Store) LeavePorts(ctx context.Context, l PortLeftovers, due time.Time) error {
	_, err := rows.Exec(ctx, s.DB, `
		INSERT INTO port_leftovers (server_uuid, project_id, noted, due, until) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (server_uuid) DO UPDATE SET due = excluded.due`, l.ServerID, l.ProjectID, l.Noted, due, l.Until)
	if err != nil {
		return fmt.Errorf("note ports of a server that is gone: %w", err)
	}
	return nil
}

// LeftPorts lists leftovers that are due, those that have been due longest
// first. It lists no more than one request to the network service can name.
func (s *Store) LeftPorts(ctx context.Context) ([]PortLeftovers, error) {
	const most = 100
	return rows.All[PortLeftovers](ctx, s.DB, `
		SELECT server_uuid, project_id, noted, until FROM port_leftovers WHERE due <= ? ORDER BY due LIMIT ?`, s.Now(), most)
}

// ForgetPorts deletes the note about a server's ports.
func (s *Store) ForgetPorts(ctx context.Context, serverID string) error {
	_, err := rows.Exec(ctx, s.DB, "DELETE FROM port_leftovers WHERE server_uuid = ?", serverID)
	return err
}
