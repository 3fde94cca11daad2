package compute

import (
	"context"
	"slices"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/notify"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/virt"
)

// Delete removes a server, whatever it is doing: for good, or so that it can be
// restored for a while, if servers are kept that long and this one has ever run.
// One that has had no host yet is gone at once, as is one whose host is down; one that is being deleted already
// stays so. The error is Conflict if the server is locked, and NotFound if it has
// gone.
func (a *Servers) Delete(ctx context.Context, s nova.Server) error {
	return a.delete(ctx, s, a.reclaimAfter > 0, anyServer)
}

// ForceDelete removes a server for good, even one that can be restored. The error
// is Conflict if the server is locked, and NotFound if it has gone.
func (a *Servers) ForceDelete(ctx context.Context, s nova.Server) error {
	return a.delete(ctx, s, false, anyServer)
}

// reclaim removes a server for good that has been deleted for long enough, unless
// somebody was faster.
func (a *Servers) reclaim(ctx context.Context, s nova.Server) error {
	return a.delete(ctx, s, false, func(now nova.Server) bool {
		return now.VMState == nova.SoftDeleted && now.TaskState == nova.Idle && now.WaitsSince.Equal(*s.WaitsSince)
	})
}

func anyServer(nova.Server) bool { return true }

// delete removes a server that is still wanted to be removed when the transaction
// has it. Keep says that it can be restored.
func (a *Servers) delete(ctx context.Context, s nova.Server, keep bool, wanted func(now nova.Server) bool) error {
	return a.store.Tx(ctx, func(tx *db.Store) error {
		current, err := tx.LockServer(ctx, s.ID)
		if err != nil {
			return err
		}
		if !wanted(current) {
			return nil
		}
		if err := transitions[Delete].checkLock(ctx, current); err != nil {
			return err
		}
		down, err := a.isDown(ctx, tx, current)
		if err != nil {
			return err
		}
		deleting, err := tx.Working(ctx, s.ID, string(Delete), string(SoftDelete))
		if err != nil || deleting && !down {
			return err
		}
		verb := Delete
		if keep && !down && current.Host != "" && current.LaunchedAt != nil { // what goes on beside has to end, since the server may be back
			verb = SoftDelete
		}
		if current, err = a.supersede(ctx, tx, current, transitions[verb]); err != nil {
			return err
		}
		if down || current.Host == "" && current.Elsewhere == nil && current.VMState != nova.ShelvedOffloaded {
			return a.removeAtOnce(ctx, tx, current)
		}
		record, err := newAction(ctx, current, verb, nil)
		if err != nil {
			return err
		}
		if _, err := tx.BeginTask(ctx, s.ID, transitions[verb].taskOf(record), nil, nil); err != nil {
			return err
		}
		if _, err = tx.QueueAction(ctx, record); err != nil {
			return err
		}
		return a.tellChange(ctx, tx, current)
	})
}

// isDown reports whether a server is on a host, or has something on one elsewhere,
// that is down.
func (a *Servers) isDown(ctx context.Context, tx *db.Store, s nova.Server) (bool, error) {
	names := []string{s.Host}
	if s.Elsewhere != nil {
		names = append(names, s.Elsewhere.Host)
	}
	names = slices.DeleteFunc(names, func(name string) bool { return name == "" })
	if len(names) == 0 {
		return false, nil
	}
	found, err := a.hosts.In(tx).Named(ctx, names)
	return slices.ContainsFunc(names, func(name string) bool { return !found[name].Up }), err
}

// removeAtOnce is for a server that no host knows of, or whose host is down: that
// removes it when it is back.
func (a *Servers) removeAtOnce(ctx context.Context, tx *db.Store, s nova.Server) error {
	if err := a.tell(ctx, tx, s, a.notify.API(), telling{"delete", notify.Start}); err != nil {
		return err
	}
	change := deletionOf(tx)
	if err := tx.ChangeServer(ctx, s.ID, change); err != nil {
		return err
	}
	if err := record(ctx, tx, s, transitions[Delete].action, ""); err != nil {
		return err
	}
	if err := forget(ctx, tx, s); err != nil {
		return err
	}
	if err := leaveBehind(ctx, tx, s); err != nil {
		return err
	}
	if err := balance(ctx, tx, s, accountsOf(s, holding{}), accountsOf(changed(s, change), holding{})); err != nil {
		return err
	}
	if err := a.tellChange(ctx, tx, s); err != nil {
		return err
	}
	return a.tell(ctx, tx, s, a.notify.API(), telling{"delete", notify.End})
}

// deletionOf is the change that takes a server off the books. Lists that show deleted
// servers show what is left: no metadata, tags, addresses or security groups.
func deletionOf(tx *db.Store) db.ServerChange {
	now := tx.Now()
	return db.ServerChange{
		VMState: new(nova.Deleted), TaskState: new(nova.Idle), PowerState: new(nova.NoState),
		TerminatedAt: &now, DeletedAt: &now, LockedBy: new(""), Elsewhere: new((*nova.Elsewhere)(nil)), BeforeResize: new((*nova.BeforeResize)(nil)),
		Metadata: new(map[string]string{}), Addresses: new([]nova.Address(nil)), SecurityGroups: new([]string(nil)),
		BlockDevices: new([]nova.BlockDevice(nil)),
	}
}

// clearElsewhere is the step that removes what another host than its own has of
// a server. If it is the same host, that is what was kept there of the server as
// it was before a resize.
func (w *Worker) clearElsewhere(ctx context.Context, a *action) (effect, error) {
	e := a.endResize(ctx, nova.MigrationConfirmed)
	if a.server.Elsewhere.Host != a.server.Host {
		driver, err := driverOf[virt.Driver](a)
		if err != nil {
			return effect{}, err
		}
		return e, driver.Destroy(ctx, a.server)
	}
	driver, err := driverOf[virt.Resizer](a)
	if err != nil {
		return effect{}, err
	}
	return e, driver.ConfirmMigration(ctx, a.server)
}

// forget forgets the tags of a server that is deleted, and notes the ports and
// volumes that it may still have.
func forget(ctx context.Context, tx *db.Store, s nova.Server) error {
	if err := leavePorts(ctx, tx, s); err != nil {
		return err
	}
	if err := leaveDevices(ctx, tx, s.ID, tx.Now().Add(leftoverGrace), s.BlockDevices...); err != nil {
		return err
	}
	if err := leaveShelved(ctx, tx, s); err != nil {
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

// remove is the step that removes a server's ports, gives its volumes back, and then takes the server
// off the books.
func (w *Worker) remove(ctx context.Context, a *action) (effect, error) {
	if err := w.leaveNetworks(ctx, a.server); err != nil {
		return effect{}, err
	}
	if err := w.leaveVolumes(ctx, a.server); err != nil {
		return effect{}, err
	}
	if a.server.ShelvedImage != "" {
		if err := w.dropShelved(ctx, a.server); err != nil {
			return effect{}, err
		}
	}
	return effect{change: deletionOf(w.store), also: func(tx *db.Store) error { return forget(ctx, tx, a.server) }}, nil
}

// shutAway is the step after which a deleted server waits to be restored or
// removed for good. It counts for nothing in the quota, and keeps its host.
func (w *Worker) shutAway(ctx context.Context, a *action) (effect, error) {
	e, err := drive(virt.Driver.PowerOff)(w, ctx, a)
	e.change.WaitsSince, e.change.ShelvedImage = new(w.store.Now()), new("")
	e.also = func(tx *db.Store) error { return leaveShelved(ctx, tx, a.server) }
	return e, err
}

// Restore brings a deleted server back that has not been removed for good. The
// error is OverQuota if the quota has no room for it any more.
func (a *Servers) Restore(ctx context.Context, s nova.Server) error {
	if err := transitions[Restore].check(ctx, s); err != nil {
		return err
	}
	usage := s.Flavor.Takes().Usages()
	take, err := a.takeQuota(ctx, s, usage)
	if err != nil {
		return err
	}
	_, err = a.beginHolding(ctx, s, Restore, nil, holding{Usage: usage}, take)
	return err
}
