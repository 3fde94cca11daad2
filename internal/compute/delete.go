package compute

import (
	"context"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/virt"
)

// Delete removes a server, whatever it is doing. One that has no host yet is
// gone at once; one that is being deleted already stays so. The error is Conflict
// if the server is locked, and NotFound if it has gone.
func (a *Servers) Delete(ctx context.Context, s nova.Server) error {
	t := transitions[Delete]
	return a.store.Tx(ctx, func(tx *db.Store) error {
		current, err := tx.LockServer(ctx, s.ID)
		if err != nil {
			return err
		}
		if err := t.checkLock(ctx, current); err != nil {
			return err
		}
		deleting, err := tx.Working(ctx, s.ID, string(Delete))
		if err != nil || deleting {
			return err
		}
		if err := supersede(ctx, tx, s.ID); err != nil {
			return err
		}
		if current.Host == "" {
			return removeAtOnce(ctx, tx, current)
		}
		if _, err := tx.BeginTask(ctx, s.ID, t.steps[0].task, nil, nil); err != nil {
			return err
		}
		record, err := newAction(ctx, current, Delete, nil)
		if err != nil {
			return err
		}
		_, err = tx.QueueAction(ctx, record)
		return err
	})
}

// removeAtOnce is for a server that no host knows of.
func removeAtOnce(ctx context.Context, tx *db.Store, s nova.Server) error {
	if err := tx.ChangeServer(ctx, s.ID, gone(tx)); err != nil {
		return err
	}
	if err := record(ctx, tx, s, transitions[Delete].action, ""); err != nil {
		return err
	}
	return release(ctx, tx, s)
}

// gone is the change that takes a server off the books. Lists that show deleted
// servers show what is left: no metadata, tags, addresses or security groups.
func gone(tx *db.Store) db.ServerChange {
	now := tx.Now()
	return db.ServerChange{
		VMState: new(nova.Deleted), TaskState: new(nova.Idle), PowerState: new(nova.NoState),
		TerminatedAt: &now, DeletedAt: &now, LockedBy: new(""),
		Metadata: new(map[string]string{}), Addresses: new([]nova.Address(nil)), SecurityGroups: new([]string(nil)),
	}
}

// release frees what a deleted server counted for, forgets its tags, and notes
// the ports that may be left of it.
func release(ctx context.Context, tx *db.Store, s nova.Server) error {
	if err := leavePorts(ctx, tx, s); err != nil {
		return err
	}
	if err := tx.ForgetTags(ctx, s.ID); err != nil {
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

// destroy is the step that removes a server from its host, and what takes spawn
// back.
func (w *Worker) destroy(ctx context.Context, a *action) (effect, error) {
	driver, err := driverOf[virt.Driver](a)
	if err != nil {
		return effect{}, err
	}
	return effect{}, driver.Destroy(ctx, a.server)
}

// remove is the step that removes a server's ports, and then takes the server
// off the books.
func (w *Worker) remove(ctx context.Context, a *action) (effect, error) {
	if err := w.leaveNetworks(ctx, a.server); err != nil {
		return effect{}, err
	}
	return effect{change: gone(w.store), also: func(tx *db.Store) error { return release(ctx, tx, a.server) }}, nil
}
