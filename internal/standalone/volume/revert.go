package volume

import (
	"net/http"

	"github.com/nova-api/nova-api/db/volumedb"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/standalone/kit"
)

// withRevert is the version from which on a volume can return to its snapshot.
const withRevert version = 40

// The statuses of a volume that returns to its snapshot, and of that snapshot.
const (
	reverting = "reverting"
	restoring = "restoring"
)

// revert returns a volume to its latest snapshot, which must be as large as the
// volume. It and the snapshot are busy until a worker has copied the data back.
func (s *Service) revert(r *http.Request, id string, body object) (kit.Reply, error) {
	ctx := r.Context()
	_, err := s.changeVolume(ctx, id, "volume:revert_to_snapshot", func(tx *volumedb.Store, v *volumedb.Volume) error {
		there, err := tx.SnapshotsOf(ctx, v.ID)
		if err != nil {
			return err
		}
		if len(there) == 0 {
			return nova.Errorf(nova.Invalid, "Volume %s doesn't have any snapshots.", v.ID)
		}
		last := there[len(there)-1]
		asked := textOf(body, "snapshot_id")
		switch {
		case asked == nil:
			return nova.Errorf(nova.Invalid, "Specified snapshot None is None or not the latest one of volume %s.", v.ID)
		case *asked != last.ID:
			return nova.Errorf(nova.Invalid, "Specified snapshot %s is None or not the latest one of volume %s.", *asked, v.ID)
		case v.Size != last.Size:
			return nova.Errorf(nova.Invalid, "Can't revert volume %s to its latest snapshot %s. The volume size must be equal to the snapshot size.", v.ID, last.ID)
		case v.Status != available:
			return nova.Errorf(nova.Conflict, "Invalid volume: Can't revert volume %s to its latest snapshot %s. Volume's status must be 'available'.", v.ID, last.ID)
		}
		_, err = tx.Snapshots.Change(ctx, last.ID, func(_ *volumedb.Store, one *volumedb.Snapshot) error {
			if one.Status != available {
				return nova.Errorf(nova.Conflict, "Invalid snapshot: Can't revert volume %s to its latest snapshot %s. Snapshot's status must be 'available'.", v.ID, last.ID)
			}
			one.Status = restoring
			return nil
		})
		if err != nil {
			return err
		}
		v.Status = reverting
		return tx.AddTask(ctx, volumedb.Task{ResourceID: v.ID, Verb: taskRevert, NeedsID: last.ID, Folder: v.Folder})
	})
	return accepted(), err
}
