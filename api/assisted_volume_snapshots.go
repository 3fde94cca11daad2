package api

import (
	"context"
	"net/http"

	"github.com/nova-api/nova-api/api/rest"
	"github.com/nova-api/nova-api/api/schema"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/policy"
)

// AssistedVolumeSnapshots answers for /os-assisted-volume-snapshots. The block
// storage service asks there for snapshots of volumes that are files on a share, which
// only the hypervisor of the server that has one open can take. No server here has
// such a volume, so that every request names one that there is not.
type AssistedVolumeSnapshots struct{ Options }

// Operations are the operations on snapshots with a hypervisor's help.
func (c *AssistedVolumeSnapshots) Operations() rest.Operations {
	return rest.Operations{
		"create": rest.DoWith(schema.AssistedSnapshotCreate, c.create).Needs(policy.AssistedVolumeSnapshotCreate),
		"delete": rest.Do(c.delete).Needs(policy.AssistedVolumeSnapshotDelete).Query(schema.AssistedSnapshotDeleteQuery).Status(http.StatusNoContent),
	}
}

// create refuses to take a snapshot.
func (c *AssistedVolumeSnapshots) create(_ context.Context, _ *rest.Request, in schema.AssistedSnapshotCreateBody) (any, error) {
	return nil, errNoVolumeHere(in.Snapshot.VolumeID)
}

// delete refuses to remove a snapshot. Its volume is named in JSON that is a parameter
// of the query.
func (c *AssistedVolumeSnapshots) delete(_ context.Context, r *rest.Request) (any, error) {
	if !r.Has("delete_info") {
		return nil, nova.Errorf(nova.Invalid, "'delete_info'") // Nova tells the key that Python lacks
	}
	volume, err := schema.VolumeInDeleteInfo(r.Last("delete_info"))
	if err != nil {
		return nil, err
	}
	return nil, errNoVolumeHere(volume)
}

// errNoVolumeHere says that no server has a volume, in the words of VolumeBDMNotFound
// in nova/exception.py.
func errNoVolumeHere(id string) error {
	return nova.Errorf(nova.Invalid, "No volume Block Device Mapping with id %s.", id)
}
