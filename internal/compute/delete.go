package compute

import (
	"context"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/nova"
)

// Delete removes a server, whatever it is doing. One that has no host yet is
// gone at once; one that is being deleted already stays so.
func (a *API) Delete(ctx context.Context, s nova.Server) error {
	r := rules[Delete]
	if r.lock && s.Locked() && !isAdmin(ctx) {
		return nova.Errorf(nova.Conflict, "Instance %s is locked", s.ID)
	}
	return a.store.Tx(ctx, func(tx *db.Store) error {
		deleting, err := tx.Working(ctx, s.ID, r.shown)
		if err != nil || deleting {
			return err
		}
		if err := tx.SupersedeActions(ctx, s.ID); err != nil {
			return err
		}
		current, err := tx.LockServer(ctx, s.ID)
		if err != nil {
			return err
		}
		if current.Host == "" {
			if err := record(ctx, tx, current, r.shown, ""); err != nil {
				return err
			}
			return remove(ctx, tx, current)
		}
		if _, err := tx.BeginTask(ctx, s.ID, r.busy, nil, nil); err != nil {
			return err
		}
		action, err := newAction(ctx, current, Delete, nil)
		if err != nil {
			return err
		}
		_, err = tx.QueueAction(ctx, action)
		return err
	})
}

// remove takes a server off the books: what it counted for is free again.
func remove(ctx context.Context, tx *db.Store, s nova.Server) error {
	now := tx.Now()
	change := new(db.ServerChange).
		Set("vm_state", nova.Deleted).Set("task_state", nova.Idle).Set("power_state", nova.NoState).
		Set("terminated_at", now).Set("deleted_at", now).
		Set("locked_by", "").SetAddresses(nil)
	if err := tx.ChangeServer(ctx, s.ID, change); err != nil {
		return err
	}
	takes := s.Flavor.Takes()
	if err := tx.Release(ctx, s.ProjectID, s.UserID, takes.Usages()); err != nil {
		return err
	}
	if s.Node == "" {
		return nil
	}
	return tx.Unclaim(ctx, s.Node, takes)
}

// delete is the host's part of Delete.
func (w *Worker) delete(ctx context.Context, j *job) error {
	if err := j.driver.Destroy(ctx, j.server); err != nil {
		return err
	}
	if err := w.leaveNetworks(ctx, j.server); err != nil {
		return err
	}
	return w.finish(ctx, j, func(tx *db.Store) error { return remove(ctx, tx, j.server) })
}
