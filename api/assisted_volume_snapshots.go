package api

import (
	"context"
	"net/http"

	"github.com/nova-api/nova-api/api/rest"
	"github.com/nova-api/nova-api/api/schema"
	"github.com/nova-api/nova-api/internal/compute"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/policy"
	"github.com/nova-api/nova-api/views"
)

// AssistedVolumeSnapshots answers for /os-assisted-volume-snapshots. The block storage
// service asks there for snapshots of volumes that are files on a share, which only the
// hypervisor of the server that has one open can take. What such a request needs is
// checked, and as in Nova it is accepted before the hypervisor is asked. No driver here has
// volumes on shares, so that there is nothing to ask it for: the block storage service
// finds no snapshot, as with a driver of Nova that can't take one.
type AssistedVolumeSnapshots struct{ Options }

// Operations are the operations on snapshots with a hypervisor's help.
func (c *AssistedVolumeSnapshots) Operations() rest.Operations {
	return rest.Operations{
		"create": rest.DoWith(schema.AssistedSnapshotCreate, c.create).Needs(policy.AssistedVolumeSnapshotCreate),
		"delete": rest.Do(c.delete).Needs(policy.AssistedVolumeSnapshotDelete).Query(schema.AssistedSnapshotDeleteQuery).Status(http.StatusNoContent),
	}
}

// create accepts to take a snapshot.
func (c *AssistedVolumeSnapshots) create(ctx context.Context, _ *rest.Request, in schema.AssistedSnapshotCreateBody) (any, error) {
	if err := c.Compute.CheckAssistedSnapshot(ctx, in.Snapshot.VolumeID, compute.AssistedCreate, false); err != nil {
		return nil, err
	}
	return views.AssistedSnapshot(in.Snapshot.Info.ID, in.Snapshot.VolumeID), nil
}

// delete accepts to remove a snapshot. Its volume is named in JSON that is a parameter of
// the query.
func (c *AssistedVolumeSnapshots) delete(ctx context.Context, r *rest.Request) (any, error) {
	if !r.Has("delete_info") {
		return nil, nova.Errorf(nova.Invalid, "'delete_info'") // Nova tells the key that Python lacks
	}
	info, err := schema.ReadDeleteInfo(r.Last("delete_info"))
	if err != nil {
		return nil, err
	}
	return nil, c.Compute.CheckAssistedSnapshot(ctx, info.VolumeID, compute.AssistedDelete, info.Merges)
}
