package volumedb

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/nova-api/nova-api/db/rows"
)

// An Attachment is what a server, or whoever else asks, has of a volume.
type Attachment struct {
	Record
	VolumeID   string                    `db:"volume_id"`
	ProjectID  string                    `db:"project_id"` // the volume's
	ServerID   *string                   `db:"server_id"`
	Host       *string                   `db:"host"`
	Device     *string                   `db:"device"`
	Mode       string                    `db:"mode"`   // rw, ro or null
	Status     string                    `db:"status"` // reserved, attaching, attached or detaching
	Connector  rows.JSON[map[string]any] `db:"connector"`
	Connection rows.JSON[map[string]any] `db:"connection_info"`
	AttachedAt *time.Time                `db:"attached_at"`
}

var attachments = kind[Attachment]{
	table:  "volume_attachments",
	record: func(a *Attachment) *Record { return a.Common() },
	sortKeys: rows.SortKeys{
		"id": "id", "created_at": "created_at", "updated_at": "COALESCE(updated_at, created_at)", "attach_status": "status",
		"volume_id": "volume_id", "instance_uuid": "COALESCE(server_id, '')", "attached_host": "COALESCE(host, '')",
		"mountpoint": "COALESCE(device, '')", "attach_mode": "mode", "attach_time": "COALESCE(attached_at, created_at)",
	},
}

// AttachmentsOf reads the attachments of volumes, oldest first, by volume.
func (s *Store) AttachmentsOf(ctx context.Context, volumeIDs []string) (map[string][]Attachment, error) {
	byVolume := make(map[string][]Attachment, len(volumeIDs))
	for chunk := range slices.Chunk(volumeIDs, idsAtOnce) {
		text, args, err := rows.In("SELECT "+rows.List[Attachment]()+" FROM volume_attachments WHERE volume_id IN (?) ORDER BY serial", chunk)
		if err != nil {
			return nil, err
		}
		found, err := rows.All[Attachment](ctx, s.DB, text, args...)
		if err != nil {
			return nil, fmt.Errorf("list attachments of volumes: %w", err)
		}
		for _, a := range found {
			byVolume[a.VolumeID] = append(byVolume[a.VolumeID], a)
		}
	}
	return byVolume, nil
}

// Same reports whether two attachments of a volume are of one server or, without a
// server, of one host.
func (a Attachment) Same(other Attachment) bool {
	if a.ServerID != nil {
		return other.ServerID != nil && *other.ServerID == *a.ServerID
	}
	return other.ServerID == nil && a.Host != nil && other.Host != nil && *other.Host == *a.Host
}
