package compute

import (
	"context"
	"io"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/virt"
)

// maxBuilds bounds on how many hosts a server is tried, as [scheduler]
// max_attempts of Nova does by default.
const maxBuilds = 3

// firstDisk is what a host calls the disk that a server boots from, unless the
// server's image has a name for it.
const firstDisk = "/dev/vda"

// connect is the step that gives a new server its ports, and its first disk a name.
func (w *Worker) connect(ctx context.Context, a *action) (effect, error) {
	args, err := decodeArgs[buildArgs](a.Action)
	if err != nil {
		return effect{}, err
	}
	if a.ports, err = w.joinNetworks(ctx, a.server, args); err != nil {
		return effect{}, err
	}
	noted := a.server
	noted.Addresses = make([]nova.Address, len(a.ports))
	for i, port := range a.ports {
		noted.Addresses[i] = nova.Address{PortID: port.ID, Tag: args.Networks[i].Tag, Keep: args.Networks[i].Port != ""}
	}
	seen, err := see(ctx, w.networks.AsService(), []nova.Server{noted})
	if err != nil {
		return effect{}, err
	}
	e := effect{change: db.ServerChange{SecurityGroups: &seen[0].groups, Addresses: &seen[0].addresses}}
	if a.server.RootDevice == nil {
		e.change.RootDevice = new(firstDisk)
	}
	return e, nil
}

// disconnect takes connect back: the server is left with the ports that it
// brought along, for the next attempt.
func (w *Worker) disconnect(ctx context.Context, a *action) (effect, error) {
	args, err := decodeArgs[buildArgs](a.Action)
	if err != nil {
		return effect{}, err
	}
	if err := w.leaveNetworks(ctx, a.server); err != nil {
		return effect{}, err
	}
	kept := keptAddresses(args.Networks)
	return effect{change: db.ServerChange{SecurityGroups: new([]string(nil)), Addresses: &kept}}, nil
}

// spawn is the step that starts a new server on its host. Its ports are found
// again if another process has connected it.
func (w *Worker) spawn(ctx context.Context, a *action) (effect, error) {
	args, err := decodeArgs[buildArgs](a.Action)
	if err != nil {
		return effect{}, err
	}
	if a.ports == nil {
		if a.ports, err = w.joinNetworks(ctx, a.server, args); err != nil {
			return effect{}, err
		}
	}
	return w.build(ctx, a, virt.Build{Image: w.imageSource(a.server), Files: contents(args.Files), Password: args.Password})
}

// build makes an action's server on its host, with the action's ports and as the
// build says, and tells that it has been started.
func (w *Worker) build(ctx context.Context, a *action, build virt.Build) (effect, error) {
	driver, err := driverOf[virt.Driver](a)
	if err != nil {
		return effect{}, err
	}
	s := a.server
	if a.devices != nil {
		s.BlockDevices = a.devices
	}
	s.ConfigDrive, build.NICs = w.hasConfigDrive(s), nics(s, a.ports)
	e, err := w.startWithVolumes(ctx, a, driver, s, func(volumes []virt.Volume) error {
		build.Volumes = volumes
		return driver.Spawn(ctx, s, build)
	})
	if err != nil {
		return effect{}, err
	}
	power, err := driver.PowerState(ctx, s)
	e.change = db.ServerChange{PowerState: &power, LaunchedAt: new(w.store.Now()), ConfigDrive: &s.ConfigDrive}
	return e, err
}

// startWithVolumes has the host of a driver reach the volumes of a server, starts the
// server with them, and tells the block storage service. The effect has the server know
// of its new attachments.
func (w *Worker) startWithVolumes(
	ctx context.Context, a *action, driver virt.Driver, s nova.Server, start func([]virt.Volume) error,
) (effect, error) {
	connect := w.moveVolumes
	if s.LaunchedAt == nil && len(a.progress.Failed) == 0 {
		connect = w.connectFirst
	}
	volumes, devices, err := connect(ctx, a, driver, s)
	if err != nil {
		return effect{}, err
	}
	if err := start(volumes); err != nil {
		return effect{}, err
	}
	return effect{}.alongside(func(tx *db.Store) error { return writeDevices(ctx, tx, a.ServerID, arrived(devices)) }), w.completeVolumes(ctx, devices)
}

// hasConfigDrive reports whether a server gets a config drive: because its
// client or its image wants one, or because all new servers on this host do.
func (w *Worker) hasConfigDrive(s nova.Server) bool {
	return s.ConfigDrive || s.ImageProps["img_config_drive"] == "mandatory" || w.configDrives && s.LaunchedAt == nil
}

// contents are files as the driver wants them.
func contents(files []File) []virt.File {
	all := make([]virt.File, len(files))
	for i, file := range files {
		all[i] = virt.File{Path: file.Path, Data: nova.FromBase64(file.Contents)}
	}
	return all
}

func (w *Worker) imageSource(s nova.Server) virt.ImageSource {
	if bootsFromVolume(s) {
		return nil
	}
	return w.dataOf(s.ImageID)
}

// dataOf opens the data of an image.
func (w *Worker) dataOf(imageID string) virt.ImageSource {
	return func(ctx context.Context) (io.ReadCloser, error) {
		return w.images.AsService().Download(ctx, imageID)
	}
}

// nics are a server's ports as the driver wants them, with the tags that the
// server knows them by.
func nics(s nova.Server, ports []nova.Port) []virt.NIC {
	tags := map[string]string{}
	for _, address := range s.Addresses {
		tags[address.PortID] = address.Tag
	}
	all := make([]virt.NIC, len(ports))
	for i, port := range ports {
		all[i] = virt.NIC{PortID: port.ID, NetworkID: port.NetworkID, MAC: port.MAC, Tag: tags[port.ID]}
		for _, ip := range port.FixedIPs {
			all[i].IPs = append(all[i].IPs, ip.Address)
		}
	}
	return all
}

// explainBuild says why a server could not be built, in the words of
// BuildAbortException and MaxRetriesExceeded in nova/exception.py.
func explainBuild(a *action, cause error) error {
	placed, tried := a.progress.Target != (Target{}), len(a.progress.Failed) > 0
	switch {
	case placed && nova.KindOf(cause) != nova.Internal:
		return nova.Because(cause, nova.Invalid, "Build of instance %s aborted: %s", a.ServerID, nova.Message(cause))
	case tried:
		return nova.Because(cause, nova.Invalid, "Exceeded maximum number of retries. Exhausted all hosts available for retrying "+
			"build failures for instance %s.", a.ServerID)
	}
	return cause
}
