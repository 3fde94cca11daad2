package db

import (
	"context"
	"fmt"
	"time"

	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/internal/nova"
)

// ServersOfVolume lists the IDs of the servers that have a volume, or are about to
// have it, in the order of the IDs.
func (s *Store) ServersOfVolume(ctx context.Context, volumeID string) ([]string, error) {
	return rows.All[string](ctx, s.DB, "SELECT server_uuid FROM server_volumes WHERE volume_id = ? ORDER BY server_uuid", volumeID)
}

// indexVolumes writes which volumes a server has beside the block devices
// themselves, whenever these change.
func (s *Store) indexVolumes(ctx context.Context, id string, devices []nova.BlockDevice) error {
	if _, err := rows.Exec(ctx, s.DB, "DELETE FROM server_volumes WHERE server_uuid = ?", id); err != nil {
		return fmt.Errorf("index volumes of server: %w", err)
	}
	for _, device := range devices {
		if device.VolumeID == "" { // it is yet to be made
			continue
		}
		if _, err := rows.Exec(ctx, s.DB, "INSERT INTO server_volumes (volume_id, server_uuid) VALUES (?, ?)", device.VolumeID, id); err != nil {
			return fmt.Errorf("index volumes of server: %w", err)
		}
	}
	return nil
}

// A VolumeLeftover is a volume that a server may still have at the block storage
// service, although it has lost it.
type VolumeLeftover struct {
	ServerID string    `db:"server_uuid"`
	VolumeID string    `db:"volume_id"`
	DeviceID string    `db:"device_uuid"` // instead: the block device that it was made for, if nobody knows the volume
	Remove   bool      `db:"remove"`      // the volume itself goes as well
	Until    time.Time `db:"until"`       // after that nothing new turns up
}

// LeaveVolume notes a leftover, to be looked at when it is due.
func (s *Store) LeaveVolume(ctx context.Context, l VolumeLeftover, due time.Time) error {
	_, err := rows.Exec(ctx, s.DB, `
		INSERT INTO volume_leftovers (server_uuid, volume_id, device_uuid, remove, due, until) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (server_uuid, volume_id, device_uuid) DO UPDATE SET due = excluded.due`, l.ServerID, l.VolumeID, l.DeviceID, l.Remove, due, l.Until)
	if err != nil {
		return fmt.Errorf("note a volume that a server has lost: %w", err)
	}
	return nil
}

// LeftVolumes lists leftovers that are due, those that have been due longest first.
func (s *Store) LeftVolumes(ctx context.Context) ([]VolumeLeftover, error) {
	const most = 100
	return rows.All[VolumeLeftover](ctx, s.DB, `
		SELECT server_uuid, volume_id, device_uuid, remove, until FROM volume_leftovers WHERE due <= ? ORDER BY due LIMIT ?`, s.Now(), most)
}

// NotedVolumes lists all leftovers, due or not.
func (s *Store) NotedVolumes(ctx context.Context) ([]VolumeLeftover, error) {
	return rows.All[VolumeLeftover](ctx, s.DB, "SELECT server_uuid, volume_id, device_uuid, remove, until FROM volume_leftovers")
}

// ForgetVolume deletes a leftover.
func (s *Store) ForgetVolume(ctx context.Context, l VolumeLeftover) error {
	_, err := rows.Exec(ctx, s.DB, "DELETE FROM volume_leftovers WHERE server_uuid = ? AND volume_id = ? AND device_uuid = ?", l.ServerID, l.VolumeID, l.DeviceID)
	return err
}
