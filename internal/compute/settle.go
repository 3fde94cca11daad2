package compute

import (
	"context"
	"slices"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/virt"
)

// A resize whose end fails leaves a server in error. What its owner may then do to
// mend that, such as a hard reboot, also ends the resize: Nova drops what it knows of
// it when the end has failed, in confirm_resize and finish_revert_resize of
// nova/compute/manager.py.

// isReturning reports whether a server has left the host that it was resized to, and
// its old host, which it is on again, still keeps it as MigrateOut has left it.
func isReturning(a *action) bool { return a.server.BeforeResize != nil && a.server.Elsewhere == nil }

// isMoved reports whether something is left of a move that is over.
func isMoved(a *action) bool {
	return a.server.BeforeResize != nil || isElsewhere(a) || hasMoving(a.server)
}

// hasMoving reports whether a server has volumes that were to be attached anew.
func hasMoving(s nova.Server) bool {
	return slices.ContainsFunc(s.BlockDevices, func(d nova.BlockDevice) bool { return d.Moving })
}

// settling is the step, in a verb that mends a server on its host, that ends a move
// which was neither confirmed nor reverted, or was broken off on the way.
func settling(task nova.TaskState, event, tells string) step {
	return step{name: "settle", queue: onHost, task: task, event: event, tells: []string{tells}, when: isMoved, do: (*Worker).settle}
}

// settle is the step after which a server is only where it is. Another host that has
// something of it is told to remove that, and nobody waits for it.
func (w *Worker) settle(ctx context.Context, a *action) (effect, error) {
	e, left := a.endResize(ctx, nova.MigrationFailed), a.server.Elsewhere
	now, err := w.store.Server(ctx, a.ServerID) // the action's may be from before its volumes were attached
	if err != nil {
		return effect{}, err
	}
	if hasMoving(now) {
		plugged, err := w.plugAgain(ctx, a)
		if err != nil {
			return effect{}, err
		}
		e = e.alongside(plugged.also)
	}
	switch {
	case left == nil:
		return e, nil
	case left.Host != a.server.Host:
		return e.alongside(func(tx *db.Store) error {
			return tx.LeaveOnHost(ctx, nova.Leftover{ServerID: a.ServerID, Host: left.Host})
		}), nil
	}
	driver, err := driverOf[virt.Resizer](a)
	if err != nil {
		return effect{}, err
	}
	return e, driver.ConfirmMigration(ctx, a.server)
}

// failEnd takes back what the end of a resize may have done before it failed: a server
// keeps its ports where it is.
func (w *Worker) failEnd(ctx context.Context, a *action) (effect, error) {
	_, err := w.bindPorts(ctx, a.server, a.server.Host)
	if before := a.server.BeforeResize; before != nil {
		return effect{also: func(tx *db.Store) error { return tx.SetMigrationStatus(ctx, before.Migration, nova.MigrationFailed) }}, err
	}
	return effect{}, err
}
