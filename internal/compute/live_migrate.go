package compute

import (
	"context"
	"slices"
	"strconv"
	"sync"

	"github.com/google/uuid"
	"github.com/rs/zerolog"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/notify"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/virt"
)

// A LiveMigration says where a server is to go while it runs.
type LiveMigration struct {
	Host  string // empty: the best
	Force bool   // the scheduler is not asked whether the host will do
	Wait  bool   // until the hosts have been found fit
}

// LiveMigrate begins to move a server to another host, while it runs or is paused.
//
// The error is Conflict if the server is locked or in the wrong state, and Invalid for a
// host that there is not, or if the server's own is down. If it waits, it is also Invalid
// if no other host will do, and Unavailable if that takes too long: the work goes on then.
func (a *Servers) LiveMigrate(ctx context.Context, s nova.Server, wanted LiveMigration) error {
	if err := transitions[LiveMigrate].check(ctx, s); err != nil {
		return err
	}
	to := Target{Host: wanted.Host}
	if err := a.checkTarget(ctx, to); err != nil {
		return err
	}
	err := a.checkUp(ctx, s.Host)
	if nova.Is(err, nova.Conflict) { // the work would wait for the host
		err = nova.Because(err, nova.Invalid, "Compute service of %s is unavailable at this time.", s.Host)
	}
	if err != nil {
		return err
	}
	args := resizeArgs{placeArgs: placeArgs{Flavor: &s.Flavor, Avoid: []string{s.Host}}, Migration: uuid.NewString()}
	if wanted.Force {
		args.Force = to
	} else {
		args.To = to
	}
	caller := nova.CallerOf(ctx)
	record, err := a.begin(ctx, s, LiveMigrate, args, func(tx *db.Store) error {
		return tx.CreateMigration(ctx, nova.Migration{
			ID: args.Migration, ServerID: s.ID, Type: nova.MigrationLive, Status: nova.MigrationAccepted, SourceHost: s.Host, SourceNode: s.Node,
			TargetHost: wanted.Host, OldFlavor: s.Flavor.Serial, NewFlavor: s.Flavor.Serial, UserID: caller.UserID, ProjectID: caller.ProjectID,
		})
	})
	if err != nil || !wanted.Wait {
		return err
	}
	_, err = a.await(ctx, record)
	if kind := nova.KindOf(err); err != nil && (kind == nova.Internal || kind == nova.NotFound || kind == nova.NotImplemented) {
		err = nova.Because(err, nova.Invalid, "%s", nova.Message(err))
	}
	return err
}

// MigrationOf finds a migration of a server by what a client says is its number. The
// error is NotFound, as for MigrationNotFoundForInstance in nova/exception.py.
func (a *Servers) MigrationOf(ctx context.Context, s nova.Server, id string) (nova.Migration, error) {
	unknown := nova.Errorf(nova.NotFound, "Migration %s not found for instance %s", id, s.ID)
	serial, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return nova.Migration{}, unknown
	}
	migration, err := a.store.Migration(ctx, s.ID, serial)
	if nova.Is(err, nova.NotFound) {
		return migration, unknown
	}
	return migration, err
}

// AbortMigration ends a live migration: the server stays where it runs. queued says that
// it may not have begun. What is under way is broken off, and from the moment in which the
// server changes hosts it can't be.
//
// The error is NotFound if there is no such migration, Invalid if it isn't under way, and
// Conflict if the server is locked or not on its way.
func (a *Servers) AbortMigration(ctx context.Context, s nova.Server, id string, queued bool) error {
	allowed := []nova.MigrationStatus{nova.MigrationRunning}
	if queued {
		allowed = append(allowed, nova.MigrationQueued, nova.MigrationPreparing)
	}
	return a.changeMigration(ctx, s, id, "abort live migration", allowed, nil, func(tx *db.Store, now nova.Server, m nova.Migration) error {
		under, err := tx.UnderWay(ctx, s.ID, string(LiveMigrate))
		if err != nil {
			return err
		}
		for _, action := range under {
			p, err := progressOf(action)
			if err != nil {
				return err
			}
			if _, err := tx.CancelAction(ctx, action); err != nil {
				return err
			}
			if err := balance(ctx, tx, now, accountsOf(now, p.Held), accountsOf(now, holding{})); err != nil {
				return err
			}
		}
		if err := tx.SetMigrationStatus(ctx, m.ID, nova.MigrationCancelled); err != nil {
			return err
		}
		if err := tx.ChangeServer(ctx, s.ID, db.ServerChange{TaskState: new(nova.Idle)}); err != nil {
			return err
		}
		if err := record(ctx, tx, s, "live_migration_cancel", "compute_live_migration_abort"); err != nil {
			return err
		}
		if err := a.tellChange(ctx, tx, now); err != nil {
			return err
		}
		return a.tell(ctx, tx, s, computeOf(s), telling{"live_migration_abort", notify.Start}, telling{"live_migration_abort", notify.End},
			telling{"live_migration_rollback", notify.Start}, telling{"live_migration_rollback", notify.End})
	})
}

// HurryMigration has a live migration end soon, at the server's cost: it may stand still
// for a while. The error is NotFound if there is no such migration, Invalid if it isn't
// running, and Conflict as for AbortMigration.
func (a *Servers) HurryMigration(ctx context.Context, s nova.Server, id string) error {
	active := []nova.VMState{nova.Active}
	return a.changeMigration(ctx, s, id, "force complete", []nova.MigrationStatus{nova.MigrationRunning}, active, func(tx *db.Store, _ nova.Server, m nova.Migration) error {
		if err := tx.HurryMigration(ctx, m.ID); err != nil {
			return err
		}
		if err := record(ctx, tx, s, "live_migration_force_complete", "compute_live_migration_force_complete"); err != nil {
			return err
		}
		return a.tell(ctx, tx, s, computeOf(s), telling{"live_migration_force_complete", notify.Start}, telling{"live_migration_force_complete", notify.End})
	})
}

// changeMigration changes a live migration, in a transaction in which it doesn't get any
// further. It refuses what can't be done, in the order of live_migrate_abort in
// nova/compute/api.py. The server must be in one of the states, if there are any.
func (a *Servers) changeMigration(
	ctx context.Context, s nova.Server, id, doing string, allowed []nova.MigrationStatus, states []nova.VMState,
	change func(tx *db.Store, now nova.Server, m nova.Migration) error,
) error {
	refusal := map[string]string{"force complete": "force_complete"}[doing] // what a state's refusal calls it
	if refusal == "" {
		refusal = doing
	}
	return a.store.Tx(ctx, func(tx *db.Store) error {
		now, err := tx.LockServer(ctx, s.ID)
		if err != nil {
			return err
		}
		if err := transitions[LiveMigrate].checkLock(ctx, now); err != nil {
			return err
		}
		switch {
		case len(states) > 0 && !slices.Contains(states, now.VMState):
			return wrongState(s.ID, refusal, "vm_state", string(now.VMState))
		case now.TaskState != nova.Migrating:
			return wrongState(s.ID, refusal, "task_state", string(now.TaskState))
		}
		m, err := a.MigrationOf(ctx, s, id)
		if err != nil {
			return err
		}
		if m, err = tx.Migration(ctx, s.ID, m.Serial); err != nil {
			return err
		}
		if !slices.Contains(allowed, m.Status) || m.Type != nova.MigrationLive {
			return nova.Errorf(nova.Invalid, "Migration %s state of instance %s is %s. Cannot %s while the migration is in this state.", id, s.ID, m.Status, doing)
		}
		return change(tx, now, m)
	})
}

// placeLive is the step that finds a host for a server that runs.
func (w *Worker) placeLive(ctx context.Context, a *action) (effect, error) {
	args, err := decodeArgs[resizeArgs](a.Action)
	if err != nil {
		return effect{}, err
	}
	if args.To.Host == a.server.Host || args.Force.Host == a.server.Host {
		return effect{}, nova.Errorf(nova.Invalid, "Unable to migrate instance (%s) to current host (%s).", a.ServerID, a.server.Host)
	}
	e, err := w.place(ctx, a)
	if err != nil {
		return effect{}, err
	}
	note := e.note
	var target Target
	e.note = func(p *progress) {
		note(p)
		target = p.Target
	}
	return e.alongside(func(tx *db.Store) error {
		return tx.SetMigrationTarget(ctx, args.Migration, target.Host, target.Node, nova.MigrationPreparing)
	}), nil
}

// unplaceLive takes placeLive back: the server stays where it runs.
func (w *Worker) unplaceLive(ctx context.Context, a *action) (effect, error) {
	failed, err := w.markMigration(ctx, a, nova.MigrationFailed)
	if err != nil {
		return effect{}, err
	}
	e, err := w.unplace(ctx, a)
	return e.alongside(failed.also), err
}

// checkLive is the step in which the new host says whether it can take the server.
func (w *Worker) checkLive(ctx context.Context, a *action) (effect, error) {
	if _, err := driverOf[virt.LiveMigrator](a); err != nil {
		return effect{}, err
	}
	return w.markMigration(ctx, a, nova.MigrationRunning)
}

// sendLive is the step in which the old host copies the server. Clients see how far it
// is. When it has ended, the migration can't be aborted any more.
func (w *Worker) sendLive(ctx context.Context, a *action) (effect, error) {
	driver, err := driverOf[virt.LiveMigrator](a)
	if err != nil {
		return effect{}, err
	}
	args, err := decodeArgs[resizeArgs](a.Action)
	if err != nil {
		return effect{}, err
	}
	sending, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	disks, err := driver.SendLive(w.withMemory(sending, stop, a, args.Migration), a.server)
	if lost := context.Cause(sending); db.IsLost(lost) {
		return effect{}, lost
	}
	if err != nil {
		return effect{}, err
	}
	e, err := w.markMigration(ctx, a, nova.MigrationSent)
	e.note = func(p *progress) { p.Disks = disks }
	return e, err
}

// withMemory is a context for a driver that copies the memory of a server: how much it
// has copied is written down, and it hurries once that is wanted. It is stopped if the
// migration is over, or others have gone on with it.
func (w *Worker) withMemory(ctx context.Context, stop context.CancelCauseFunc, a *action, migration string) context.Context {
	const bytesPerMB, percent = 1 << 20, 100
	total, hurry := int64(a.server.Flavor.RAM)*bytesPerMB, make(chan struct{})
	enough := sync.OnceFunc(func() { close(hurry) })
	return virt.WithProgress(virt.WithHurry(ctx, hurry), func(done int) {
		hurried, err := w.store.AdvanceMigration(ctx, a.Action, migration, total*int64(done)/percent, total)
		switch {
		case db.IsLost(err):
			stop(err)
		case err != nil:
			zerolog.Ctx(ctx).Warn().Err(err).Msg("progress of a live migration can't be shown")
		case hurried:
			enough()
		}
	})
}

// keepLive takes sendLive back, and all that receiveLive has done beside the new host: the
// server goes on where it runs, with its ports and volumes.
func (w *Worker) keepLive(ctx context.Context, a *action) (effect, error) {
	if _, err := w.bindPorts(ctx, a.server, a.server.Host); err != nil || len(a.server.BlockDevices) == 0 {
		return effect{}, err
	}
	return w.plugAgain(ctx, a)
}

// receiveLive is the step in which the new host takes the server over. From then on it is
// there. Its old host is told to remove what it has; nobody waits for that.
func (w *Worker) receiveLive(ctx context.Context, a *action) (effect, error) {
	args, err := decodeArgs[resizeArgs](a.Action)
	if err != nil {
		return effect{}, err
	}
	driver, err := driverOf[virt.LiveMigrator](a)
	if err != nil {
		return effect{}, err
	}
	s, err := w.arriving(ctx, a)
	if err != nil {
		return effect{}, err
	}
	ports, err := w.bindPorts(ctx, s, s.Host)
	if err != nil {
		return effect{}, err
	}
	e, err := w.startWithVolumes(ctx, a, a.driver, s, func(volumes []virt.Volume) error {
		return driver.ReceiveLive(ctx, s, a.progress.Disks, virt.Devices{NICs: nics(s, ports), Volumes: volumes})
	})
	if err != nil {
		return effect{}, err
	}
	power, err := a.driver.PowerState(ctx, s)
	e.note = func(p *progress) { p.Held = holding{} }
	e.change = db.ServerChange{Host: &s.Host, Node: &s.Node, Zone: &s.Zone, PowerState: &power}
	return e.alongside(func(tx *db.Store) error {
		if err := tx.LeaveOnHost(ctx, nova.Leftover{ServerID: a.ServerID, Host: a.server.Host}); err != nil {
			return err
		}
		return tx.SetMigrationStatus(ctx, args.Migration, nova.MigrationCompleted)
	}), err
}

// refuseLive takes receiveLive back, as far as the new host goes. It is told to remove
// what it has, and the server doesn't come to it before. Nobody waits for that, and the
// old host does this itself: the server is to have its ports back, whether the new host
// can remove anything or not.
func (w *Worker) refuseLive(ctx context.Context, a *action) (effect, error) {
	left := nova.Leftover{ServerID: a.ServerID, Host: a.progress.Target.Host}
	return effect{}.alongside(func(tx *db.Store) error { return tx.LeaveOnHost(ctx, left) }), nil
}

// TurnBack has the servers stay where they are that are on their way, while they run, to
// hosts that are down: such a host would keep them busy until it is back. Whatever is
// still at work there has lost the action, and can't say that the server has arrived; and
// a host that is back removes what it has of the server. It returns only errors of the store.
func (w *Worker) TurnBack(ctx context.Context) error {
	var verbs []string
	for verb, t := range w.transitions {
		if t.turnsBack {
			verbs = append(verbs, string(verb))
		}
	}
	moving, err := w.store.UnderWayOf(ctx, verbs...)
	if err != nil || len(moving) == 0 {
		return err
	}
	var queues []string
	for _, record := range moving {
		queues = append(queues, record.Queue)
	}
	known, err := w.hosts.Named(ctx, queues)
	if err != nil {
		return err
	}
	for _, record := range moving {
		if host, ok := known[record.Queue]; !ok || host.Up {
			continue
		}
		if err := w.turnBack(ctx, record); err != nil && !db.IsLost(err) {
			return err
		}
	}
	return nil
}

// turnBack has one action fail that is in the queue of the host that it leads to, and
// lets others take it back. On its own host a server stays until that is back, or until
// it is evacuated.
func (w *Worker) turnBack(ctx context.Context, record nova.Action) error {
	p, err := progressOf(record)
	if err != nil || record.Queue != p.Target.Host {
		return err
	}
	if record, err = w.store.TakeOverAction(ctx, record, w.id, w.lease); err != nil {
		return err
	}
	a, err := w.open(ctx, record)
	if err != nil {
		return err
	}
	ctx = nova.WithRequest(ctx, nova.Request{ID: record.RequestID})
	done, err := w.fail(ctx, a, nova.Errorf(nova.Invalid, "Compute service of %s is unavailable at this time.", p.Target.Host))
	if err != nil || done {
		return err
	}
	return w.store.HandOverAction(ctx, a.Action) // to whoever has a free slot for it
}
