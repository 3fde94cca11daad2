package volumedb

import (
	"context"

	"github.com/nova-api/nova-api/db/rows"
)

// SnapshotsOf counts the snapshots of a volume.
func (s *Store) SnapshotsOf(ctx context.Context, volumeID string) (int64, error) {
	return rows.Get[int64](ctx, s.DB, "SELECT COUNT(*) FROM volume_snapshots WHERE volume_id = ?", volumeID)
}
