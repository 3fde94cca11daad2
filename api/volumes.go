package api

import (
	"context"
	"net/http"

	"github.com/nova-api/nova-api/api/rest"
	"github.com/nova-api/nova-api/api/schema"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/policy"
	"github.com/nova-api/nova-api/views"
)

// Volumes answers for /os-volumes, until 2.35: the volumes of the block storage
// service, for clients that know none.
type Volumes struct{ Options }

// Operations are the operations on volumes.
func (c *Volumes) Operations() rest.Operations {
	return lastIn(rest.Operations{
		"index":  rest.Do(c.index).Needs(policy.VolumeList).Query(schema.VolumesQuery),
		"detail": rest.Do(c.index).Needs(policy.VolumeDetail).Query(schema.VolumesQuery),
		"show":   rest.Do(c.show).Needs(policy.VolumeShow).Query(schema.IgnoredQuery),
		"create": rest.DoWith(schema.VolumeCreate, c.create).Needs(policy.VolumeCreate),
		"delete": rest.Do(c.delete).Needs(policy.VolumeDelete).Status(http.StatusAccepted),
	}, 35)
}

// index lists the volumes of the caller's project; detail shows the same.
func (c *Volumes) index(ctx context.Context, r *rest.Request) (any, error) {
	volumes, err := c.Compute.Volumes(ctx)
	return views.Volumes{}.Index(r, pageOf(r, volumes)), err
}

func (c *Volumes) show(ctx context.Context, r *rest.Request) (any, error) {
	volume, err := c.Compute.Volume(ctx, r.ID())
	return views.Volumes{}.Show(r, volume), err
}

func (c *Volumes) create(ctx context.Context, r *rest.Request, in schema.VolumeCreateBody) (any, error) {
	volume, err := c.Compute.CreateVolume(ctx, nova.NewVolume{
		Name: in.Volume.Name, Description: in.Volume.Description, Size: int(in.Volume.Size), Zone: in.Volume.Zone,
		Type: in.Volume.Type, SnapshotID: in.Volume.SnapshotID, Metadata: in.Volume.Metadata,
	})
	if err != nil {
		return nil, err
	}
	r.Header("Location", r.URL("os-volumes", volume.ID))
	return views.Volumes{}.Show(r, volume), nil
}

func (c *Volumes) delete(ctx context.Context, r *rest.Request) (any, error) {
	return nil, c.Compute.DeleteVolume(ctx, r.ID())
}

// VolumeSnapshots answers for /os-snapshots, until 2.35: the snapshots of the block
// storage service.
type VolumeSnapshots struct{ Options }

// Operations are the operations on snapshots.
func (c *VolumeSnapshots) Operations() rest.Operations {
	return lastIn(rest.Operations{
		"index":  rest.Do(c.index).Needs(policy.SnapshotList).Query(schema.VolumesQuery),
		"detail": rest.Do(c.index).Needs(policy.SnapshotDetail).Query(schema.VolumesQuery),
		"show":   rest.Do(c.show).Needs(policy.SnapshotShow).Query(schema.IgnoredQuery),
		"create": rest.DoWith(schema.SnapshotCreate, c.create).Needs(policy.SnapshotCreate),
		"delete": rest.Do(c.delete).Needs(policy.SnapshotDelete).Status(http.StatusAccepted),
	}, 35)
}

// index lists the snapshots of the caller's project; detail shows the same.
func (c *VolumeSnapshots) index(ctx context.Context, r *rest.Request) (any, error) {
	snapshots, err := c.Compute.VolumeSnapshots(ctx)
	return views.VolumeSnapshots{}.Index(r, pageOf(r, snapshots)), err
}

func (c *VolumeSnapshots) show(ctx context.Context, r *rest.Request) (any, error) {
	snapshot, err := c.Compute.VolumeSnapshot(ctx, r.ID())
	return views.VolumeSnapshots{}.Show(r, snapshot), err
}

func (c *VolumeSnapshots) create(ctx context.Context, r *rest.Request, in schema.SnapshotCreateBody) (any, error) {
	one := in.Snapshot
	snapshot, err := c.Compute.CreateVolumeSnapshot(ctx, one.VolumeID, one.Name, one.Description, bool(one.Force))
	return views.VolumeSnapshots{}.Show(r, snapshot), err
}

func (c *VolumeSnapshots) delete(ctx context.Context, r *rest.Request) (any, error) {
	return nil, c.Compute.DeleteVolumeSnapshot(ctx, r.ID())
}

// pageOf cuts out what a list asks for with an offset and a limit, where the other
// service was asked for all.
func pageOf[T any](r *rest.Request, all []T) []T {
	all = all[min(r.Page().Offset, len(all)):]
	return all[:min(r.LimitOrAll(), len(all))]
}
