package compute

import (
	"context"

	"github.com/nova-api/nova-api/internal/cloud"
	"github.com/nova-api/nova-api/internal/nova"
)

// Volumes and snapshots, as clients of old look for them at the compute API, are
// those of the block storage service, in the caller's name. That service decides
// what the caller may see and do. All of this is Unavailable if it can't be asked.

// block is the block storage service in the caller's name.
func (a *Servers) block(ctx context.Context) *cloud.Volume {
	return a.volumes.As(nova.CallerOf(ctx))
}

// Volumes lists the volumes of the caller's project. The error is Unavailable if the
// service can't be asked.
func (a *Servers) Volumes(ctx context.Context) ([]nova.Volume, error) { return a.block(ctx).List(ctx) }

// Volume finds a volume. The error is NotFound if there is none that the caller may
// see.
func (a *Servers) Volume(ctx context.Context, id string) (nova.Volume, error) {
	return a.block(ctx).Show(ctx, id)
}

// CreateVolume has a volume made. The error is Invalid if the service refuses what it
// is to be, NotFound if what it is to be made of isn't there, whatever else is wrong,
// and OverQuota.
func (a *Servers) CreateVolume(ctx context.Context, n nova.NewVolume) (nova.Volume, error) {
	if n.SnapshotID != "" {
		if _, err := a.block(ctx).Snapshot(ctx, n.SnapshotID); err != nil {
			return nova.Volume{}, err
		}
	}
	return a.block(ctx).Create(ctx, n)
}

// DeleteVolume has a volume removed. The error is NotFound if there is none, and
// Invalid if a server has it.
func (a *Servers) DeleteVolume(ctx context.Context, id string) error {
	return a.block(ctx).Delete(ctx, id)
}

// VolumeSnapshots lists the snapshots of the caller's project. The error is
// Unavailable if the service can't be asked.
func (a *Servers) VolumeSnapshots(ctx context.Context) ([]nova.VolumeSnapshot, error) {
	return a.block(ctx).Snapshots(ctx)
}

// VolumeSnapshot finds a snapshot. The error is NotFound if there is none that the
// caller may see.
func (a *Servers) VolumeSnapshot(ctx context.Context, id string) (nova.VolumeSnapshot, error) {
	return a.block(ctx).Snapshot(ctx, id)
}

// CreateVolumeSnapshot has a snapshot made of a volume; force allows that while a
// server has the volume. The error is NotFound if there is no such volume, Invalid if
// it is in no state for that, and OverQuota.
func (a *Servers) CreateVolumeSnapshot(ctx context.Context, volumeID, name, description string, force bool) (nova.VolumeSnapshot, error) {
	return a.block(ctx).CreateSnapshot(ctx, volumeID, name, description, force)
}

// DeleteVolumeSnapshot has a snapshot removed. The error is NotFound if there is none.
func (a *Servers) DeleteVolumeSnapshot(ctx context.Context, id string) error {
	return a.block(ctx).DeleteSnapshot(ctx, id)
}
