package compute

import (
	"context"

	"github.com/nova-api/nova-api/internal/nova"
)

// What the block storage service asks a server's hypervisor for, as refusals call it.
const (
	AssistedCreate = "volume_snapshot_create"
	AssistedDelete = "volume_snapshot_delete"
)

// CheckAssistedSnapshot refuses a snapshot that the hypervisor can't be asked for:
// volume_snapshot_create and volume_snapshot_delete in nova/compute/api.py. merges says
// that the data of a deleted snapshot go into another file than the one in use, which only
// a server that runs can do.
//
// The error is Invalid, whatever is the matter: no server has the volume, several have it,
// or the one that has it is on no host, is busy, or doesn't run.
func (a *Servers) CheckAssistedSnapshot(ctx context.Context, volumeID, verb string, merges bool) error {
	holders, err := a.store.ServersOfVolume(ctx, volumeID)
	switch {
	case err != nil:
		return err
	case len(holders) == 0:
		return nova.Errorf(nova.Invalid, "No volume Block Device Mapping with id %s.", volumeID)
	case len(holders) > 1:
		return nova.Errorf(nova.Invalid, "Block Device Mapping %s is a multi-attach volume and is not valid for this operation.", volumeID)
	}
	s, err := a.store.Server(ctx, holders[0])
	busy := func(attribute, value string) error {
		return nova.Errorf(nova.Invalid, "Instance %s in %s %s. Cannot %s while the instance is in this state.", s.ID, attribute, value, verb)
	}
	switch {
	case err != nil:
		return err
	case s.Host == "":
		return nova.Errorf(nova.Invalid, "Instance %s is not ready", s.ID)
	case s.TaskState != nova.Idle:
		return busy("task_state", string(s.TaskState))
	case merges && s.VMState != nova.Active:
		return busy("vm_state", string(s.VMState))
	}
	return nil
}
