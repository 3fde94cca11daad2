package volumedb

import (
	"context"

	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/internal/nova"
)

// A Snapshot is what a volume was at one time.
type Snapshot struct {
	Record
	ProjectID   string            `db:"project_id"`
	UserID      string            `db:"user_id"`
	Name        *string           `db:"name"`
	Description *string           `db:"description"`
	Status      string            `db:"status"`
	VolumeID    string            `db:"volume_id"`
	TypeID      string            `db:"type_id"`
	Size        int64             `db:"size"` // GB of the volume at that time
	Progress    string            `db:"progress"`
	Folder      string            `db:"folder"`
	Metadata    map[string]string `db:"-"`
}

var snapshots = kind[Snapshot]{
	table:  "volume_snapshots",
	record: func(s *Snapshot) *Record { return s.Common() },
	sortKeys: rows.SortKeys{
		"id": "id", "name": "COALESCE(name, '')", "status": "status", "created_at": "created_at", "volume_id": "volume_id",
		"updated_at": "COALESCE(updated_at, created_at)", "display_description": "COALESCE(description, '')", "volume_size": "size",
		"user_id": "user_id", "project_id": "project_id", "volume_type_id": "type_id", "progress": "progress",
		// All snapshots are equal in these.
		"group_snapshot_id": "serial", "cgsnapshot_id": "serial", "encryption_key_id": "serial", "use_quota": "serial",
	},
	properties: []propertyTable[Snapshot]{{snapshotMetadata, func(s *Snapshot) *map[string]string { return &s.Metadata }}},
}

// HasSnapshotMetadata is the condition that a snapshot has a value in its
// metadata.
func HasSnapshotMetadata(name, value string) Condition {
	return hasProperty(snapshotMetadata, name, value)
}

// OfVolumeIn is the condition that the volume of a snapshot is in a zone.
func OfVolumeIn(zone string) Condition {
	return Condition{"volume_id IN (SELECT id FROM volume_volumes WHERE availability_zone = ?)", []any{zone}}
}

// SnapshotsOf reads the snapshots of a volume, oldest first.
func (s *Store) SnapshotsOf(ctx context.Context, volumeID string) ([]Snapshot, error) {
	return s.Snapshots.List(ctx, Filter{
		Where: []Condition{Equal("volume_id", volumeID)}, Page: nova.Page{Limit: -1, Sort: []nova.Sort{{Key: "created_at"}}},
	})
}
