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
		if current, err = supersede(ctx, tx, current, t.ends()); err != nil {
			return err
		}
		if current.Host == "" && current.Elsewhere == nil {
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
	change := gone(tx)
	if err := tx.ChangeServer(ctx, s.ID, change); err != nil {
		return err
	}
	if err := record(ctx, tx, s, transitions[Delete].action, ""); err != nil {
		return err
	}
	if err := forget(ctx, tx, s); err != nil {
		return err
	}
	return balance(ctx, tx, s, accountsOf(s, holding{}), accountsOf(changed(s, change), holding{}))
}

// gone is the change that takes a server off the books. Lists that show deleted
// servers show what is left: no metadata, tags, addresses or security groups.
func gone(tx *db.Store) db.ServerChange {
	now := tx.Now()
	return db.ServerChange{
		VMState: new(nova.Deleted), TaskState: new(nova.Idle), PowerState: new(nova.NoState),
		TerminatedAt: &now, DeletedAt: &now, LockedBy: new(""), Elsewhere: new((*nova.Elsewhere)(nil)), BeforeResize: new((*nova.BeforeResize)(nil)),
		Metadata: new(map[string]string{}), Addresses: new([]nova.Address(nil)), SecurityGroups: new([]string(nil)),
	}
}

// forget forgets the tags of a server that is deleted, and notes the ports that
// may be left of it.
func forget(ctx context.Context, tx *db.Store, s nova.Server) error {
	if err := leavePorts(ctx, tx, s); err != nil {
		return err
	}
	return tx.ForgetTags(ctx, s.ID)
}

// destroy is the step that removes all of a server from a host, and what takes
// spawn back.
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
	return effect{change: gone(w.store), also: func(tx *db.Store) error { return forget(ctx, tx, a.server) }}, nil
}
