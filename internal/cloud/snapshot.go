package cloud

import (
	"context"
	"fmt"
	"net/http"

	"github.com/gophercloud/gophercloud/v2"

	"github.com/nova-api/nova-api/internal/nova"
)

// Snapshot finds a snapshot of a volume. The error is NotFound if there is none
// that may be seen.
func (v *Volume) Snapshot(ctx context.Context, id string) (nova.VolumeSnapshot, error) {
	var d struct {
		Snapshot snapshotDocument `json:"snapshot"`
	}
	err := v.conn.get(ctx, below("snapshots", id), nil, &d)
	return d.Snapshot.snapshot(), v.snapshotFault(err, id)
}

// Snapshots finds the snapshots of the caller's project, newest first.
func (v *Volume) Snapshots(ctx context.Context) ([]nova.VolumeSnapshot, error) {
	return volumeList(ctx, v, "snapshots", "snapshots/detail", snapshotDocument.snapshot)
}

// CreateSnapshot has a snapshot made of a volume, which takes a while. force allows
// that while a server has the volume. It belongs to the project of whoever asks.
// The error is NotFound if there is no such volume, and OverQuota if the project may
// have no more snapshots.
func (v *Volume) CreateSnapshot(ctx context.Context, volumeID, name, description string, force bool) (nova.VolumeSnapshot, error) {
	var d struct {
		Snapshot snapshotDocument `json:"snapshot"`
	}
	err := v.conn.send(ctx, http.MethodPost, "snapshots", map[string]any{"snapshot": map[string]any{
		"volume_id": volumeID, "name": name, "description": description, "force": force, "metadata": map[string]string{},
	}}, &d)
	return d.Snapshot.snapshot(), v.fault(err,
		phrase{status: http.StatusNotFound, kind: nova.NotFound, text: fmt.Sprintf("Volume %s could not be found.", volumeID)},
		phrase{status: http.StatusRequestEntityTooLarge, kind: nova.OverQuota, text: "Quota exceeded for resources: snapshots"},
	)
}

// DeleteSnapshot has a snapshot removed. The error is NotFound if there is none.
func (v *Volume) DeleteSnapshot(ctx context.Context, id string) error {
	return v.snapshotFault(v.conn.call(ctx, below("snapshots", id), nil, http.MethodDelete, &gophercloud.RequestOpts{}), id)
}

// snapshotFault puts a failure of a request about one snapshot in Nova's words.
func (v *Volume) snapshotFault(err error, id string) error {
	return v.fault(err, phrase{status: http.StatusNotFound, kind: nova.NotFound, text: fmt.Sprintf("Snapshot %s could not be found.", id)})
}
