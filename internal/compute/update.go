package compute

import (
	"context"
	"maps"
	"slices"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/nova"
)

// editable are the states in which metadata and tags can be changed.
var editable = []nova.VMState{nova.Active, nova.Paused, nova.Suspended, nova.Stopped}

// ChangeMetadata changes a server's metadata: change is told what there is and
// says what there is to be. word is what a refusal calls it.
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
		return tx.ChangeServer(ctx, s.ID, db.ServerChange{Metadata: &metadata})
	})
	return metadata, err
}

// CheckTags refuses to change the tags of a server in the wrong state.
func CheckTags(s nova.Server, word string) error {
	if !slices.Contains(editable, s.VMState) {
		return wrongState(s.ID, word, "vm_state", string(s.VMState))
	}
	return nil
}

// Update changes what a server is called and how it is described.
func (a *Servers) Update(ctx context.Context, s nova.Server, change db.ServerChange) (nova.Server, error) {
	if err := a.store.ChangeServer(ctx, s.ID, change); err != nil {
		return s, err
	}
	return a.store.Server(ctx, s.ID)
}
