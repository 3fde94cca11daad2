package compute

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/hosts"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/virt"
)

// An Evacuation says how a server is to be made anew whose host is down.
type Evacuation struct {
	Host     string  // empty: the best
	Force    bool    // the scheduler is not asked whether the host will do
	Password *string // of the administrator; nil: made up
	Shared   bool    // the server's disks are said to be there on the other host as well
	Stop     bool    // it is to be stopped in the end, unless it was in error
}

// evacuateArgs are the arguments of Evacuate.
type evacuateArgs struct {
	placeArgs
	Migration string `json:"migration"`
	Password  string `json:"password"`
	Shared    bool   `json:"shared,omitempty"`
	Stop      bool   `json:"stop,omitempty"`
}

// Evacuate begins to make a server anew on another host, since its own is down. It
// keeps its ID and its ports. Whatever kept it busy is over. Evacuate returns the
// administrator's password.
//
// The error is NotFound for a host that there is not, Invalid for the server's own
// and for a server whose host is up, and Conflict for one in the wrong state.
func (a *Servers) Evacuate(ctx context.Context, s nova.Server, e Evacuation) (string, error) {
	if err := a.checkEvacuation(ctx, s, e); err != nil {
		return "", err
	}
	password, err := a.password(e.Password)
	if err != nil {
		return "", err
	}
	args := evacuateArgs{
		placeArgs: placeArgs{Avoid: []string{s.Host}}, Migration: uuid.NewString(),
		Password: password, Shared: e.Shared, Stop: e.Stop && s.VMState != nova.Errored,
	}
	if to := (Target{Host: e.Host}); e.Force {
		args.Force = to
	} else {
		args.To = to
	}
	caller := nova.CallerOf(ctx)
	_, err = a.begin(ctx, s, Evacuate, args, func(tx *db.Store) error {
		if _, err := tx.SupersedeActions(ctx, s.ID, true); err != nil { // those beside others, which wait for the host
			return err
		}
		if err := a.tell(ctx, tx, s, a.notify.API(), telling{"evacuate", ""}); err != nil {
			return err
		}
		return tx.CreateMigration(ctx, nova.Migration{
			ID: args.Migration, ServerID: s.ID, Type: nova.MigrationEvacuation, Status: nova.MigrationAccepted,
			SourceHost: s.Host, SourceNode: s.Node, TargetHost: e.Host, UserID: caller.UserID, ProjectID: caller.ProjectID,
		})
	})
	return password, err
}

// checkEvacuation refuses what can't be done, in the order of _evacuate in
// nova/api/openstack/compute/evacuate.py.
func (a *Servers) checkEvacuation(ctx context.Context, s nova.Server, e Evacuation) error {
	if e.Host != "" {
		if err := a.checkTarget(ctx, Target{Host: e.Host}); nova.Is(err, nova.Invalid) {
			return nova.Errorf(nova.NotFound, "Compute host %s not found.", e.Host)
		} else if err != nil {
			return err
		}
	}
	if e.Host != "" && e.Host == s.Host {
		return nova.Errorf(nova.Invalid, "The target host can't be the same one.")
	}
	if err := transitions[Evacuate].check(ctx, s); err != nil {
		return err
	}
	return checkDown(ctx, a.hosts, s.Host)
}

// checkDown is Invalid for a host that is up: what it has must not be made anew
// elsewhere.
func checkDown(ctx context.Context, all *hosts.Hosts, host string) error {
	found, err := all.Named(ctx, []string{host})
	if err != nil || !found[host].Up {
		return err
	}
	return nova.Errorf(nova.Invalid, "Compute service of %s is still in use.", host)
}

// placeEvacuated is the step that finds a host for a server whose own is down. The
// same transaction fences the old one: should it come back, it removes the server
// before anything else.
func (w *Worker) placeEvacuated(ctx context.Context, a *action) (effect, error) {
	args, err := decodeArgs[evacuateArgs](a.Action)
	if err != nil {
		return effect{}, err
	}
	if err := checkDown(ctx, w.hosts, a.server.Host); err != nil {
		return effect{}, err
	}
	e, err := w.place(ctx, a)
	if err != nil {
		return effect{}, err
	}
	stopped := args.Stop || a.server.VMState == nova.Stopped
	note, also := e.note, e.also
	var target Target
	e.note = func(p *progress) {
		note(p)
		p.Stopped, target = stopped, p.Target
	}
	e.also = func(tx *db.Store) error {
		if err := also(tx); err != nil {
			return err
		}
		if err := checkDown(ctx, w.hosts.In(tx), a.server.Host); err != nil {
			return err
		}
		if err := tx.LeaveOnHost(ctx, nova.Leftover{ServerID: a.ServerID, Host: a.server.Host, Migration: args.Migration}); err != nil {
			return err
		}
		return tx.SetMigrationTarget(ctx, args.Migration, target.Host, target.Node, nova.MigrationPrepared)
	}
	return e, nil
}

// unplaceEvacuated takes placeEvacuated back: the old host keeps the server, unless
// it has been back in between.
func (w *Worker) unplaceEvacuated(ctx context.Context, a *action) (effect, error) {
	args, err := decodeArgs[evacuateArgs](a.Action)
	if err != nil {
		return effect{}, err
	}
	status := nova.MigrationFailed
	if a.progress.Target != (Target{}) {
		status = nova.MigrationTakenBack
	}
	e, err := w.unplace(ctx, a)
	e.also = func(tx *db.Store) error {
		if _, err := tx.ForgetOnHost(ctx, a.ServerID, a.server.Host); err != nil {
			return err
		}
		return tx.SetMigrationStatus(ctx, args.Migration, status)
	}
	return e, err
}

// moveEvacuated is the step that takes a server's ports to the new host.
func (w *Worker) moveEvacuated(ctx context.Context, a *action) (effect, error) {
	s, err := w.arriving(ctx, a)
	if err != nil {
		return effect{}, err
	}
	a.ports, err = w.bindPorts(ctx, s, s.Host)
	return effect{}, err
}

// unmoveEvacuated takes moveEvacuated back.
func (w *Worker) unmoveEvacuated(ctx context.Context, a *action) (effect, error) {
	_, err := w.bindPorts(ctx, a.server, a.server.Host)
	return effect{}, err
}

// arriving is an action's server as it is going to be where it has been placed.
func (w *Worker) arriving(ctx context.Context, a *action) (nova.Server, error) {
	s, target := a.server, a.progress.Target
	zone, err := w.hosts.ZoneOf(ctx, target.Host)
	s.Host, s.Node, s.Zone = target.Host, target.Node, zone
	return s, err
}

// spawnEvacuated is the step that makes the server anew on the new host, from its
// image. From then on it is there.
func (w *Worker) spawnEvacuated(ctx context.Context, a *action) (effect, error) {
	args, err := decodeArgs[evacuateArgs](a.Action)
	if err != nil {
		return effect{}, err
	}
	if args.Shared { // and no driver shares its disks with other hosts
		return effect{}, nova.Errorf(nova.Invalid, "Invalid state of instance files on shared storage")
	}
	s, err := w.arriving(ctx, a)
	if err != nil {
		return effect{}, err
	}
	if a.ports == nil {
		if a.ports, err = w.bindPorts(ctx, s, s.Host); err != nil {
			return effect{}, err
		}
	}
	driver, err := driverOf[virt.Driver](a)
	if err != nil {
		return effect{}, err
	}
	s.ConfigDrive = w.hasConfigDrive(s)
	started, err := w.startWithVolumes(ctx, a, driver, s, func(volumes []virt.Volume) error {
		devices := virt.Devices{NICs: nics(s, a.ports), Volumes: volumes}
		return driver.Spawn(ctx, s, virt.Build{Devices: devices, Image: w.imageSource(s), Password: args.Password})
	})
	if err != nil {
		return effect{}, err
	}
	power, err := driver.PowerState(ctx, s)
	return a.evacuated(ctx, s, args.Migration, power, w.store.Now()).alongside(started.also), err
}

// evacuated is the effect after which a server is on its new host. What an earlier
// move has left of it on a third one is removed, too.
func (a *action) evacuated(ctx context.Context, s nova.Server, migration string, power nova.PowerState, now time.Time) effect {
	e := a.endResize(ctx, nova.MigrationFailed)
	ended := e.also
	e.note = func(p *progress) { p.Held = holding{} }
	e.change.Host, e.change.Node, e.change.Zone, e.change.ConfigDrive = &s.Host, &s.Node, &s.Zone, &s.ConfigDrive
	e.change.VMState, e.change.PowerState, e.change.LaunchedAt = new(nova.Active), &power, &now
	e.also = func(tx *db.Store) error {
		if ended != nil {
			if err := ended(tx); err != nil {
				return err
			}
		}
		if left := a.server.Elsewhere; left != nil {
			if err := tx.LeaveOnHost(ctx, nova.Leftover{ServerID: s.ID, Host: left.Host}); err != nil {
				return err
			}
		}
		if err := tx.SetMigrationStatus(ctx, migration, nova.MigrationDone); err != nil {
			return err
		}
		left, err := tx.LeftOfServer(ctx, s.ID)
		if err != nil || slices.ContainsFunc(left, func(l nova.Leftover) bool { return l.Migration == migration }) {
			return err
		}
		return tx.CompleteMigration(ctx, migration) // the old host has been back already
	}
	return e
}
