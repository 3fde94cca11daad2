package volume

import (
	"context"

	"github.com/nova-api/nova-api/db/volumedb"
	"github.com/nova-api/nova-api/internal/nova"
)

// originOf reads from a body what a volume is made of: of nothing.
func (s *Service) originOf(body object) error {
	for _, name := range []string{"imageRef", "image_id", "snapshot_id", "source_volid"} {
		if id := textOf(body, name); id != nil && *id != "" {
			return nova.Errorf(nova.NotImplemented, "Volumes can't be made of something else yet.")
		}
	}
	return nil
}

// releaseSnapshots reports whether a volume has no snapshots.
func (s *Service) releaseSnapshots(ctx context.Context, tx *volumedb.Store, v volumedb.Volume, _, _ bool) (bool, error) {
	number, err := tx.SnapshotsOf(ctx, v.ID)
	return number == 0, err
}
