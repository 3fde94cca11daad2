package compute

import (
	"cmp"
	"context"

	"github.com/google/uuid"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/virt"
)

// resizeArgs are the arguments of Resize and Migrate.
type resizeArgs struct {
	placeArgs
	Migration string `json:"migration"` // the ID of its record
}

// NewFlavor is what a resize gives a server.
type NewFlavor struct {
	ID         string
	DiskConfig string
	ZeroDisk   bool // policy allows the caller to have an image on a flavor without a disk
}

// Resize begins to give a server another flavor, usually on another host. The
// server counts for the larger of both from then on, until the resize is confirmed
// or reverted. With the disk configuration AUTO its file system grows with the
// disk; any other is MANUAL.
//
// The error is Conflict if the server is locked, in the wrong state or on a host
// that is down; Invalid for a flavor that there is not or that doesn't fit; Forbidden
// for one without a disk; and OverQuota.
func (a *Servers) Resize(ctx context.Context, s nova.Server, to NewFlavor) error {
	if err := a.checkMovable(ctx, s, Resize); err != nil {
		return err
	}
	if err := checkDiskConfig(nova.Image{ID: s.ImageID, Properties: s.ImageProps}, to.DiskConfig); err != nil {
		return err
	}
	flavor, err := a.resolveNewFlavor(ctx, s, to.ID)
	if err != nil {
		return err
	}
	more := nova.Usage{Cores: max(0, flavor.VCPUs-s.Flavor.VCPUs), RAM: max(0, flavor.RAM-s.Flavor.RAM)}
	take, err := a.takeQuota(ctx, s, more)
	if err != nil {
		return err
	}
	if refused := checkNewFlavor(s, flavor, to.ZeroDisk); refused != nil { // Nova looks at the quota first
		return a.store.Tx(ctx, func(tx *db.Store) error { return cmp.Or(take(tx), refused) })
	}
	args := resizeArgs{placeArgs: placeArgs{Flavor: &flavor}, Migration: uuid.NewString()}
	if !a.resizeInPlace {
		args.Avoid = []string{s.Host}
	}
	diskConfig := manualDisk
	if to.DiskConfig == autoDisk {
		diskConfig = autoDisk
	}
	_, err = a.beginHolding(ctx, s, Resize, args, holding{Usage: more}, take, func(tx *db.Store) error {
		return tx.ChangeServer(ctx, s.ID, db.ServerChange{DiskConfig: &diskConfig})
	})
	return err
}

// Migrate begins to move a server to another host: to one that is named, or to the
// best. It is shut down meanwhile. As after a resize, that is to be confirmed or
// reverted.
//
// The error is Conflict if the server is locked, in the wrong state or on a host
// that is down, and Invalid for a host that there is not or that the server is on.
func (a *Servers) Migrate(ctx context.Context, s nova.Server, host string) error {
	if err := a.checkMovable(ctx, s, Migrate); err != nil {
		return err
	}
	if host == s.Host {
		return nova.Errorf(nova.Invalid, "Cannot migrate to the host where the server exists.")
	}
	to := Target{Host: host}
	if err := a.checkTarget(ctx, to); err != nil {
		return err
	}
	args := resizeArgs{placeArgs: placeArgs{Flavor: &s.Flavor, To: to, Avoid: []string{s.Host}}, Migration: uuid.NewString()}
	_, err := a.begin(ctx, s, Migrate, args)
	return err
}

// checkMovable refuses to begin a verb that takes a server from its host to another.
// The error is Conflict.
func (a *Servers) checkMovable(ctx context.Context, s nova.Server, verb Verb) error {
	t := transitions[verb]
	if err := t.check(ctx, s); err != nil {
		return err
	}
	if s.Host == "" { // Nova looks at the state first here
		return nova.Errorf(nova.Conflict, "Instance %s is not ready", s.ID)
	}
	if err := a.checkUp(ctx, s.Host); err != nil {
		return err
	}
	if s.Elsewhere != nil { // an earlier move was neither confirmed nor reverted, but declared to be over
		return nova.Errorf(nova.Conflict, "Instance %s is in an invalid state for '%s'", s.ID, t.word)
	}
	return nil
}

// resolveNewFlavor finds the flavor that a server is to have, in the order of resize
// in nova/compute/api.py: it must be another one, and enabled.
func (a *Servers) resolveNewFlavor(ctx context.Context, s nova.Server, id string) (nova.Flavor, error) {
	flavor, err := a.store.FlavorFor(ctx, nova.CallerOf(ctx), id)
	same := err == nil && flavor.Serial == s.Flavor.Serial
	switch {
	case nova.Is(err, nova.NotFound):
		return flavor, nova.Errorf(nova.Invalid, "Flavor %s could not be found.", id)
	case err != nil:
		return flavor, err
	case flavor.ExtraSpecs[deviceProfile] != "":
		return flavor, nova.Errorf(nova.Invalid, "Feature not supported with instances that have accelerators.")
	case flavor.Disk == 0 && s.Flavor.Disk != 0 && !bootsFromVolume(s):
		return flavor, nova.Errorf(nova.Invalid, "Server disk was unable to be resized because: Resize to zero disk flavor is not allowed.")
	case flavor.Disabled && !same:
		return flavor, nova.Errorf(nova.Invalid, "Flavor %s could not be found.", id)
	case same:
		return flavor, nova.Errorf(nova.Invalid, "When resizing, instances must change flavor!")
	}
	return flavor, nil
}

// bootsFromVolume reports whether a server has no disk on its host: Nova tells by its image
// and by its block devices.
func bootsFromVolume(s nova.Server) bool { return s.ImageID == "" || s.OnVolume() }

// checkNewFlavor refuses a flavor that doesn't fit what a server remembers of its image,
// which is neither the name nor the ID. The disk of one on a volume is what it is.
func checkNewFlavor(s nova.Server, flavor nova.Flavor, zeroDisk bool) error {
	remembered := nova.Image{Properties: s.ImageProps}
	fits := cmp.Or(checkTogether(remembered, flavor), checkTopology(remembered, flavor), checkDevices(flavor))
	image := nova.Image{ID: s.ImageID, Status: imageActive, MinRAM: s.Boot.MinRAM, MinDisk: s.Boot.MinDisk, Properties: s.ImageProps}
	if bootsFromVolume(s) {
		return cmp.Or(fits, checkMemory(image, flavor))
	}
	return cmp.Or(checkImage(image, flavor, zeroDisk), fits)
}

// checkUp refuses to begin what needs a host that is down.
func (a *Servers) checkUp(ctx context.Context, host string) error {
	found, err := a.hosts.Named(ctx, []string{host})
	if err != nil || found[host].Up {
		return err
	}
	return nova.Errorf(nova.Conflict, "Service is unavailable at this time.")
}

// ConfirmResize keeps a server as it was resized, and removes what its host before
// has kept. The error is Invalid if the server was not resized, and Conflict if it is
// locked, in the wrong state, or if that host is down.
func (a *Servers) ConfirmResize(ctx context.Context, s nova.Server) error {
	if err := checkResized(ctx, s, ConfirmResize); err != nil {
		return err
	}
	if err := a.checkUp(ctx, s.Elsewhere.Host); err != nil {
		return err
	}
	return a.Do(ctx, s, ConfirmResize)
}

// RevertResize takes a server back to what it was before it was resized. The error is
// Invalid if the server was not resized, and Conflict if it is locked or in the wrong
// state.
func (a *Servers) RevertResize(ctx context.Context, s nova.Server) error {
	if err := checkResized(ctx, s, RevertResize); err != nil {
		return err
	}
	return a.Do(ctx, s, RevertResize)
}

func checkResized(ctx context.Context, s nova.Server, verb Verb) error {
	if err := transitions[verb].check(ctx, s); err != nil {
		return err
	}
	if s.BeforeResize == nil || s.Elsewhere == nil {
		return nova.Errorf(nova.Invalid, "Instance has not been resized.")
	}
	return nil
}

// prepareResize is the step in which the new host looks whether it can take a
// server in, and the resize is put on record.
func (w *Worker) prepareResize(ctx context.Context, a *action) (effect, error) {
	args, err := decodeArgs[resizeArgs](a.Action)
	if err != nil {
		return effect{}, err
	}
	driver, err := driverOf[virt.Driver](a)
	if err != nil {
		return effect{}, err
	}
	if _, err := virt.As[virt.Resizer](driver); err != nil {
		return effect{}, err
	}
	nodes, err := driver.Nodes(ctx)
	if err != nil {
		return effect{}, err
	}
	target := a.progress.Target
	record := nova.Migration{
		ID: args.Migration, ServerID: a.ServerID, Type: a.transition.migration, Status: nova.MigrationUnderWay,
		SourceHost: a.server.Host, SourceNode: a.server.Node, TargetHost: target.Host, TargetNode: target.Node,
		OldFlavor: a.server.Flavor.Serial, NewFlavor: args.Flavor.Serial, UserID: a.UserID, ProjectID: a.ProjectID,
	}
	for _, node := range nodes {
		if node.Name == target.Node {
			record.TargetIP = node.IP
		}
	}
	return effect{also: func(tx *db.Store) error { return tx.CreateMigration(ctx, record) }}, nil
}

// failResize takes prepareResize back.
func (w *Worker) failResize(ctx context.Context, a *action) (effect, error) {
	return w.markMigration(ctx, a, nova.MigrationFailed)
}

func (w *Worker) markMigration(ctx context.Context, a *action, status nova.MigrationStatus) (effect, error) {
	args, err := decodeArgs[resizeArgs](a.Action)
	return effect{also: func(tx *db.Store) error { return tx.SetMigrationStatus(ctx, args.Migration, status) }}, err
}

// runsAfter reports whether a server is started once it has been resized or
// reverted: if it ran before.
func runsAfter(before nova.VMState) bool { return before != nova.Stopped }

// sendResized is the step in which the old host shuts the server down, and keeps it.
func (w *Worker) sendResized(ctx context.Context, a *action) (effect, error) {
	driver, err := driverOf[virt.Resizer](a)
	if err != nil {
		return effect{}, err
	}
	disks, err := driver.MigrateOut(ctx, a.server)
	if err != nil {
		return effect{}, err
	}
	e, err := w.markMigration(ctx, a, nova.MigrationSent)
	e.note = func(p *progress) { p.Disks = disks }
	return e, err
}

// keepResized takes sendResized back: the server runs where and as it did.
func (w *Worker) keepResized(ctx context.Context, a *action) (effect, error) {
	driver, err := driverOf[virt.Resizer](a)
	if err != nil {
		return effect{}, err
	}
	ports, err := w.bindPorts(ctx, a.server, a.server.Host)
	if err != nil {
		return effect{}, err
	}
	return w.startWithVolumes(ctx, a, a.driver, a.server, func(volumes []virt.Volume) error {
		return driver.RevertMigration(ctx, a.server, virt.Devices{NICs: nics(a.server, ports), Volumes: volumes}, runsAfter(a.server.VMState))
	})
}

// finishResize is the step in which the new host takes the server in. From then on
// the server is there, in its new size, and the old host is the one elsewhere.
func (w *Worker) finishResize(ctx context.Context, a *action) (effect, error) {
	args, err := decodeArgs[resizeArgs](a.Action)
	if err != nil {
		return effect{}, err
	}
	driver, err := driverOf[virt.Resizer](a)
	if err != nil {
		return effect{}, err
	}
	target, server := a.progress.Target, a.server
	zone, err := w.hosts.ZoneOf(ctx, target.Host)
	if err != nil {
		return effect{}, err
	}
	server.Flavor, server.Host, server.Node, server.Zone = *args.Flavor, target.Host, target.Node, zone
	ports, err := w.bindPorts(ctx, server, target.Host)
	if err != nil {
		return effect{}, err
	}
	started, err := w.startWithVolumes(ctx, a, a.driver, server, func(volumes []virt.Volume) error {
		return driver.MigrateIn(ctx, server, a.progress.Disks, virt.Devices{NICs: nics(server, ports), Volumes: volumes}, runsAfter(a.server.VMState))
	})
	if err != nil {
		return effect{}, err
	}
	power, err := a.driver.PowerState(ctx, server)
	if err != nil {
		return effect{}, err
	}
	before := &nova.BeforeResize{Flavor: a.server.Flavor, VMState: a.server.VMState, Migration: args.Migration}
	left := &nova.Elsewhere{Host: a.server.Host, Node: a.server.Node, Takes: a.server.Takes(a.server.Flavor)}
	e, err := w.markMigration(ctx, a, nova.MigrationFinished)
	e.note = func(p *progress) { p.Held = holding{} }
	e.change = db.ServerChange{
		Host: &target.Host, Node: &target.Node, Zone: &zone, Flavor: args.Flavor, BeforeResize: &before, Elsewhere: &left,
		PowerState: &power, LaunchedAt: new(w.store.Now()), WaitsSince: new(w.store.Now()),
	}
	return e.alongside(started.also), err
}

// leaveTarget takes finishResize back, and is how a server begins to return from the
// host that it was resized to. On its old host there is nothing to do.
func (w *Worker) leaveTarget(source string) func(ctx context.Context, a *action) error {
	return func(ctx context.Context, a *action) error {
		if _, err := w.bindPorts(ctx, a.server, source); err != nil || a.Queue == source {
			return err
		}
		driver, err := driverOf[virt.Driver](a)
		if err != nil {
			return err
		}
		return driver.Destroy(ctx, a.server)
	}
}

// unfinishResize takes finishResize back.
func (w *Worker) unfinishResize(ctx context.Context, a *action) (effect, error) {
	return effect{}, w.leaveTarget(a.server.Host)(ctx, a)
}

// confirmResize is the step in which the old host lets a server go.
func (w *Worker) confirmResize(ctx context.Context, a *action) (effect, error) {
	driver, err := driverOf[virt.Resizer](a)
	if err != nil {
		return effect{}, err
	}
	state := nova.Active
	if a.server.PowerState == nova.Shutdown {
		state = nova.Stopped
	}
	e := a.endResize(ctx, nova.MigrationConfirmed)
	e.change.VMState = &state
	return e, driver.ConfirmMigration(ctx, a.server)
}

// revertResize is the step in which a server leaves the host that it was resized to.
// From then on it is on its old host, in its old size, whether or not that can start it.
// It remembers whether the server is to be stopped again.
func (w *Worker) revertResize(ctx context.Context, a *action) (effect, error) {
	before, back := *a.server.BeforeResize, *a.server.Elsewhere
	zone, err := w.hosts.ZoneOf(ctx, back.Host)
	if err != nil {
		return effect{}, err
	}
	return effect{
		change: db.ServerChange{Host: &back.Host, Node: &back.Node, Zone: &zone, Flavor: &before.Flavor, Elsewhere: new((*nova.Elsewhere)(nil))},
		note:   func(p *progress) { p.Stopped = before.VMState == nova.Stopped },
		also:   func(tx *db.Store) error { return tx.SetMigrationStatus(ctx, before.Migration, nova.MigrationReverting) },
	}, w.leaveTarget(back.Host)(ctx, a)
}

// finishRevert is the step in which a server runs again as it did on its old host.
func (w *Worker) finishRevert(ctx context.Context, a *action) (effect, error) {
	driver, err := driverOf[virt.Resizer](a)
	if err != nil {
		return effect{}, err
	}
	server, before := a.server, a.server.BeforeResize
	ports, err := w.bindPorts(ctx, server, server.Host)
	if err != nil {
		return effect{}, err
	}
	started, err := w.startWithVolumes(ctx, a, a.driver, server, func(volumes []virt.Volume) error {
		return driver.RevertMigration(ctx, server, virt.Devices{NICs: nics(server, ports), Volumes: volumes}, runsAfter(before.VMState))
	})
	if err != nil {
		return effect{}, err
	}
	power, err := a.driver.PowerState(ctx, server)
	e := a.endResize(ctx, nova.MigrationReverted)
	e.change.VMState, e.change.PowerState, e.change.LaunchedAt = &before.VMState, &power, new(w.store.Now())
	return e.alongside(started.also), err
}

// endResize is the effect after which a server is in one place, and of one size.
func (a *action) endResize(ctx context.Context, status nova.MigrationStatus) effect {
	e := effect{change: db.ServerChange{Elsewhere: new((*nova.Elsewhere)(nil)), BeforeResize: new((*nova.BeforeResize)(nil))}}
	if before := a.server.BeforeResize; before != nil {
		e.also = func(tx *db.Store) error { return tx.SetMigrationStatus(ctx, before.Migration, status) }
	}
	return e
}
