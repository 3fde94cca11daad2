package compute

import (
	"context"
	"slices"

	"github.com/rs/zerolog"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/virt"
)

// Shelve shuts a server down and makes an image of it, from which it can be made
// again anywhere, unless it boots from a volume: then it leaves its host at once. It leaves its host at once if servers are configured to, or
// after a while. The error is Conflict if the server is locked, in the wrong state or
// busy, and else what the image service says.
func (a *Servers) Shelve(ctx context.Context, s nova.Server) error {
	if err := transitions[Shelve].check(ctx, s); err != nil {
		return err
	}
	if s.OnVolume() { // which keeps its disk
		_, err := a.begin(ctx, s, Shelve, imageArgs{Offload: true})
		return err
	}
	image := a.newImage(ctx, s, s.Name+"-shelved", imageSnapshot, nil)
	_, err := a.beginImage(ctx, s, Shelve, imageArgs{Image: image, Offload: a.offloadAfter == 0})
	return err
}

// An Unshelving says where a shelved server is to be made again.
type Unshelving struct {
	Zone *string // nil: where it is pinned to; empty: anywhere, and it is pinned no longer
	Host string  // empty: any
	// MayChoose refuses a caller who may not name a host.
	MayChoose func() error
}

// Unshelve starts a shelved server again, on its host if it is still there. The
// error is Invalid for a zone or a host that there is not, and Conflict if the
// server can't be unshelved, or not where it is wanted.
func (a *Servers) Unshelve(ctx context.Context, s nova.Server, to Unshelving) error {
	if err := transitions[Unshelve].check(ctx, s); err != nil {
		return err
	}
	pin, err := a.resolveUnshelving(ctx, s, to)
	if err != nil {
		return err
	}
	args := placeArgs{To: Target{Host: to.Host}}
	_, err = a.begin(ctx, s, Unshelve, args, func(tx *db.Store) error {
		if to.Zone == nil {
			return nil
		}
		return tx.ChangeServer(ctx, s.ID, db.ServerChange{PinnedZone: &pin})
	})
	return err
}

// resolveUnshelving finds the zone that a server is pinned to from then on, nil for
// none, in the order of unshelve in nova/compute/api.py.
func (a *Servers) resolveUnshelving(ctx context.Context, s nova.Server, to Unshelving) (pin *string, err error) {
	if (to.Zone != nil || to.Host != "") && s.VMState != nova.ShelvedOffloaded {
		return nil, nova.Errorf(nova.Conflict, "Specifying an availability zone or a host when unshelving server %q with status %q is not supported. "+
			"The server status must be SHELVED_OFFLOADED.", s.ID, string(s.VMState))
	}
	pin = s.PinnedZone
	if to.Zone != nil {
		pin = nil
		if *to.Zone != "" {
			pin = to.Zone
			if _, err := a.resolveZone(ctx, ServerRequest{Zone: *to.Zone}); err != nil {
				return nil, err
			}
		}
	}
	if to.Host == "" {
		return pin, nil
	}
	if err := to.MayChoose(); err != nil {
		return nil, err
	}
	if err := a.checkTarget(ctx, Target{Host: to.Host}); err != nil {
		return nil, err
	}
	zone, err := a.hosts.ZoneOf(ctx, to.Host)
	if err != nil {
		return nil, err
	}
	if pin != nil && zone != *pin {
		return nil, nova.Errorf(nova.Conflict, "Host %q is not in the availability zone %q.", to.Host, *pin)
	}
	return pin, nil
}

func offloads(a *action) bool {
	args, err := decodeArgs[imageArgs](a.Action)
	return err == nil && args.Offload
}

func isOffloaded(a *action) bool { return a.server.VMState == nova.ShelvedOffloaded }
func isOnHost(a *action) bool    { return !isOffloaded(a) }

// isImaged reports whether a shelved server is kept as an image, and not on a volume.
func isImaged(a *action) bool { return !a.server.OnVolume() }

func isOffloadedImage(a *action) bool { return isOffloaded(a) && isImaged(a) }

// uploadShelved is the step after which a server is shelved: its image has the
// server's disk. Unlike other images of a server it must not be deleted meanwhile.
func (w *Worker) uploadShelved(ctx context.Context, a *action) (effect, error) {
	args, err := decodeArgs[imageArgs](a.Action)
	if err != nil {
		return effect{}, err
	}
	if _, err := w.uploadImage(ctx, a); err != nil {
		return effect{}, err
	}
	if _, err := w.images.AsService().Show(ctx, args.Image.ID); err != nil {
		return effect{}, err
	}
	return effect{change: db.ServerChange{VMState: new(nova.Shelved), ShelvedImage: &args.Image.ID, WaitsSince: new(w.store.Now())}}, nil
}

// offload is the step that takes a shelved server off its host. Its ports and volumes
// stay its own, on no host.
func (w *Worker) offload(ctx context.Context, a *action) (effect, error) {
	driver, err := driverOf[virt.Driver](a)
	if err != nil {
		return effect{}, err
	}
	if _, err := w.bindPorts(ctx, a.server, ""); err != nil {
		return effect{}, err
	}
	off := a.server
	off.Host = ""
	devices, err := w.reserveAnew(ctx, a, off)
	if err != nil {
		return effect{}, err
	}
	none := ""
	e := effect{change: db.ServerChange{
		VMState: new(nova.ShelvedOffloaded), Host: &none, Node: &none, Zone: &none, PowerState: new(nova.Shutdown),
	}}
	return e.alongside(func(tx *db.Store) error { return writeDevices(ctx, tx, a.ServerID, arrived(devices)) }), driver.Destroy(ctx, a.server)
}

// stayShelved takes offload back: the server is shelved on its host, and its ports and
// volumes are there.
func (w *Worker) stayShelved(ctx context.Context, a *action) (effect, error) {
	var e effect
	if a.server.OnVolume() && a.server.VMState != nova.Shelved {
		e.change = db.ServerChange{VMState: new(nova.Stopped), PowerState: new(nova.Shutdown)}
	}
	if _, err := w.bindPorts(ctx, a.server, a.server.Host); err != nil || len(a.server.BlockDevices) == 0 {
		return e, err
	}
	plugged, err := w.plugAgain(ctx, a)
	return e.alongside(plugged.also), err
}

// plugAgain has a server's host reach the volumes of a server that is there, and plugs
// them in, after they were reserved for another host. A host that can't is asked again.
func (w *Worker) plugAgain(ctx context.Context, a *action) (effect, error) {
	driver, err := driverOf[virt.VolumeAttacher](a)
	if err != nil {
		return effect{}, err
	}
	return w.startWithVolumes(ctx, a, a.driver, a.server, func(volumes []virt.Volume) error {
		for _, volume := range volumes {
			if err := driver.AttachVolume(ctx, a.server, volume); err != nil {
				return nova.Because(err, nova.Unavailable, "Volume %s can't be attached again.", volume.ID)
			}
		}
		return nil
	})
}

// findShelved is the step that makes sure that the image of a shelved server is
// there before a host is looked for.
func (w *Worker) findShelved(ctx context.Context, a *action) (effect, error) {
	_, err := w.images.AsService().Show(ctx, a.server.ShelvedImage)
	if nova.Is(err, nova.NotFound) {
		err = nova.Because(err, nova.NotFound, "Unshelve attempted but the image %s cannot be found.", a.server.ShelvedImage)
	}
	return effect{}, err
}

// startShelved is the step that starts a shelved server that is still on its host.
func (w *Worker) startShelved(ctx context.Context, a *action) (effect, error) {
	e, err := drive(virt.Driver.PowerOn)(w, ctx, a)
	if err != nil {
		return e, err
	}
	e.change.ShelvedImage = new("")
	return e, w.dropShelved(ctx, a.server)
}

// spawnShelved is the step that makes a server again from the image of when it was
// shelved. Its ports are bound to its new host.
func (w *Worker) spawnShelved(ctx context.Context, a *action) (effect, error) {
	var err error
	if a.ports, err = w.bindPorts(ctx, a.server, a.server.Host); err != nil {
		return effect{}, err
	}
	var build virt.Build
	if a.server.ShelvedImage != "" {
		build.Image = w.dataOf(a.server.ShelvedImage)
	}
	e, err := w.build(ctx, a, build)
	if err != nil {
		return effect{}, err
	}
	if a.server.ShelvedImage == "" {
		return e, nil
	}
	e.change.ShelvedImage = new("")
	return e, w.dropShelved(ctx, a.server)
}

// unspawnShelved takes spawnShelved back. The ports come first: what can't be
// destroyed must not keep them.
func (w *Worker) unspawnShelved(ctx context.Context, a *action) (effect, error) {
	if _, err := w.bindPorts(ctx, a.server, ""); err != nil {
		return effect{}, err
	}
	return w.destroy(ctx, a)
}

// dropShelved removes the image of a server that runs again. One that can't be
// removed is no reason to stop it. The error is that the work was broken off.
func (w *Worker) dropShelved(ctx context.Context, s nova.Server) error {
	err := w.images.AsService().Delete(ctx, s.ShelvedImage)
	if err != nil && !nova.Is(err, nova.NotFound) && ctx.Err() == nil {
		zerolog.Ctx(ctx).Warn().Err(err).Str("image", s.ShelvedImage).Msg("the image of a shelved server can't be removed")
	}
	return ctx.Err()
}

// leaveShelved notes, in the transaction that ends a server, the image of a shelved
// one: it goes, whatever data it has.
func leaveShelved(ctx context.Context, tx *db.Store, s nova.Server) error {
	if s.ShelvedImage == "" {
		return nil
	}
	return tx.LeaveImages(ctx, []string{s.ShelvedImage}, tx.Now(), true)
}

// bindPorts puts a server's ports on a host, or on none if it is empty, and returns
// them in the order of the server's addresses.
func (w *Worker) bindPorts(ctx context.Context, s nova.Server, host string) ([]nova.Port, error) {
	network := w.networks.AsService()
	ports, err := network.Ports(ctx, s.ID)
	if err != nil {
		return nil, err
	}
	place := map[string]int{}
	for i, address := range s.Addresses {
		if _, ok := place[address.PortID]; !ok {
			place[address.PortID] = i + 1
		}
	}
	ports = slices.DeleteFunc(ports, func(p nova.Port) bool { return place[p.ID] == 0 && !isServers(p, s.ProjectID) })
	slices.SortStableFunc(ports, func(p, q nova.Port) int { return place[p.ID] - place[q.ID] })
	for i, port := range ports {
		port.Host, port.DeviceOwner = host, "compute:"+s.Zone
		if ports[i], err = network.ClaimPort(ctx, port); err != nil {
			return nil, err
		}
	}
	return ports, nil
}
