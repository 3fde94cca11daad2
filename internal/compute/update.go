package compute

import (
	"context"
	"maps"
	"slices"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/nova"
)

// editable are the states in which metadata and tags can be changed, as Nova
// has them at update_instance_metadata in nova/compute/api.py.
// A server in error is not among them, one that is busy may be.
var editable = []nova.VMState{nova.Active, nova.Paused, nova.Suspended, nova.Stopped}

// ChangeMetadata changes a server's metadata: change gets a copy of the present
// metadata and returns the new one. It runs in a transaction that holds the
// server, so that parallel changes do not lose each other's keys. A refusal calls
// the change by the word.
//
// The error is NotFound if the server has gone, Conflict if it is locked or in
// another state, OverQuota for too many keys, or that of change. The quota counts
// only where keys are added: a server that is over it can still lose some.
func (a *Servers) ChangeMetadata(
	ctx context.Context, s nova.Server, word string, change func(map[string]string) (map[string]string, error),
) (map[string]string, error) {
	quota, _, err := a.Quota(ctx, s.ProjectID, "")
	if err != nil {
		return nil, err
	}
	var metadata map[string]string
	err = a.store.Tx(ctx, func(tx *db.Store) error {
		current, err := tx.LockServer(ctx, s.ID)
		if err != nil {
			return err
		}
		t := transition{word: word, from: editable, during: []nova.TaskState{current.TaskState}, lock: true}
		if err := t.check(ctx, current); err != nil {
			return err
		}
		before := map[string]string{}
		maps.Copy(before, current.Metadata)
		if metadata, err = change(before); err != nil {
			return err
		}
		if len(metadata) > len(current.Metadata) {
			if err := quota.CheckMetadata(len(metadata)); err != nil {
				return err
			}
		}
		if err := tx.ChangeServer(ctx, s.ID, db.ServerChange{Metadata: &metadata}); err != nil {
			return err
		}
		return a.tellChange(ctx, tx, current)
	})
	return metadata, err
}

// CheckTags refuses to change the tags of a server in the wrong state: the error
// is Conflict. Locks do not keep anybody from changing tags.
func CheckTags(s nova.Server, word string) error {
	if !slices.Contains(editable, s.VMState) {
		return wrongState(s.ID, word, "vm_state", string(s.VMState))
	}
	return nil
}

// Update changes the name, the description and the other attributes of a server
// that its host need not know, and returns the server as it is then. The error is
// NotFound if the server has gone.
func (a *Servers) Update(ctx context.Context, s nova.Server, change db.ServerChange) (nova.Server, error) {
	changed := s
	err := a.store.Tx(ctx, func(tx *db.Store) error {
		before, err := a.lockToTell(ctx, tx, s)
		if err != nil {
			return err
		}
		if err := tx.ChangeServer(ctx, s.ID, change); err != nil {
			return err
		}
		if changed, err = tx.Server(ctx, s.ID); err != nil {
			return err
		}
		return a.tellChange(ctx, tx, before)
	})
	return changed, err
}
