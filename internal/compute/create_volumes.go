package compute

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/rs/zerolog"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/cloud"
	"github.com/nova-api/nova-api/internal/nova"
)

const (
	// makingTime bounds how long the request that creates a server may take to have its
	// volumes made. After that whoever builds the server takes that request for dead.
	makingTime = 2 * time.Minute
	// mappingTime bounds how long volumes are waited for, as Nova's
	// block_device_allocate_retries and its interval do by default.
	mappingTime = 3 * time.Minute
	// The pauses between looks at a volume that is being made: each is twice the last.
	firstLook, longestPause = 20 * time.Millisecond, 3 * time.Second
	// trustingLooks are those before anybody asks the block storage service itself which
	// volumes were made: as many as take a third of a second.
	trustingLooks = 5
)

// makeVolumes has the volumes made that new servers are to have. It asks in the caller's
// name, whose volumes they are to be, so no worker can do it: these wait for it in
// mapVolumes. It goes on if the client leaves. That the service refuses it fails the
// server and not the request, as in Nova. The error is the store's.
func (a *Servers) makeVolumes(ctx context.Context, servers []nova.Server) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), makingTime)
	defer cancel()
	for _, server := range servers {
		for _, device := range server.BlockDevices {
			if device.New == nil {
				continue
			}
			if err := a.makeVolume(ctx, server, device); err != nil {
				return err
			}
		}
	}
	return nil
}

// madeForKey is the key in the metadata of volumes under which is which block device they
// were made for. So a volume is found whose maker has died, or has not heard the answer,
// before the server could know the volume.
const madeForKey = "nova_block_device"

// makeVolume has one volume made, and has its server know it. If the server has gone
// meanwhile, so does the volume.
func (a *Servers) makeVolume(ctx context.Context, s nova.Server, device nova.BlockDevice) error {
	wanted := *device.New
	wanted.Metadata = maps.Clone(wanted.Metadata)
	if wanted.Metadata == nil {
		wanted.Metadata = map[string]any{}
	}
	wanted.Metadata[madeForKey] = device.ID
	if wanted.ImageID == "" && wanted.SnapshotID == "" {
		wanted.Name = s.ID + "-blank-vol"
	}
	volume, refused := a.block(ctx).Create(ctx, wanted)
	if nova.Is(refused, nova.Unavailable) { // perhaps it was only the answer that did not come
		if made, err := volumeOf(ctx, a.volumes, s, device); err == nil && made.ID != "" {
			volume, refused = made, nil
		}
	}
	made := func(d *nova.BlockDevice) {
		d.New, d.VolumeID = nil, volume.ID
		if refused != nil {
			d.Failure = nova.Message(refused)
		}
	}
	err := a.store.Tx(ctx, func(tx *db.Store) error { return changeNew(ctx, tx, s.ID, device.ID, made) })
	if nova.Is(err, nova.NotFound) && refused == nil {
		return a.block(ctx).Delete(ctx, volume.ID)
	}
	if nova.Is(err, nova.NotFound) {
		return nil
	}
	return err
}

// changeNew writes what has become of a volume that was to be made for a server. The error
// is NotFound if the server has gone.
func changeNew(ctx context.Context, tx *db.Store, serverID, deviceID string, change func(d *nova.BlockDevice)) error {
	now, err := tx.LockServer(ctx, serverID)
	if err != nil {
		return err
	}
	devices := slices.Clone(now.BlockDevices)
	at := slices.IndexFunc(devices, func(d nova.BlockDevice) bool { return d.ID == deviceID })
	if at < 0 {
		return nova.Errorf(nova.NotFound, "Instance %s could not be found.", serverID)
	}
	change(&devices[at])
	return tx.ChangeServer(ctx, serverID, db.ServerChange{BlockDevices: &devices})
}

// volumeOf finds the volume that was made for a block device of a server, by what is in
// its metadata: one without an ID if there is none.
func volumeOf(ctx context.Context, service *cloud.VolumeService, s nova.Server, device nova.BlockDevice) (nova.Volume, error) {
	made, err := service.AsService().MadeFor(ctx, madeForKey, device.ID)
	for _, volume := range made {
		if volume.ProjectID == s.ProjectID { // others can write what they like
			return volume, err
		}
	}
	return nova.Volume{}, err
}

func hasVolumes(a *action) bool { return len(a.server.BlockDevices) > 0 }

// mapVolumes is the step that waits until all volumes of a new server are there, has
// them reserved, and gives them names.
func (w *Worker) mapVolumes(ctx context.Context, a *action) (effect, error) {
	server, err := w.awaitVolumes(ctx, a.ServerID)
	if err != nil {
		return effect{}, err
	}
	root := rootOf(server)
	for i, device := range server.BlockDevices {
		switch {
		case device.Device != "":
		case device.IsRoot():
			device.Device = root
		default:
			if device.Device, err = nextDevice(server, ""); err != nil {
				return effect{}, err
			}
		}
		if device.AttachmentID, err = w.reserve(ctx, a.ServerID, device.VolumeID); err != nil {
			return effect{}, err
		}
		server.BlockDevices[i] = device
	}
	a.devices = server.BlockDevices
	return effect{}.alongside(func(tx *db.Store) error { return writeDevices(ctx, tx, a.ServerID, server.BlockDevices) }), nil
}

// awaitVolumes waits until all volumes of a server can be attached, and returns the
// server as it is then. The error is Invalid if one can't be made, or it takes too long.
func (w *Worker) awaitVolumes(ctx context.Context, serverID string) (server nova.Server, err error) {
	waiting, cancel := context.WithTimeout(ctx, mappingTime)
	defer cancel()
	if server, err = w.awaitRequests(waiting, serverID); err == nil {
		for _, device := range server.BlockDevices {
			if err = w.awaitVolume(waiting, device.VolumeID); err != nil {
				break
			}
		}
	}
	if waiting.Err() != nil && ctx.Err() == nil {
		err = nova.Because(err, nova.Invalid, "The volumes of the server did not get ready in %s.", mappingTime)
	}
	return server, err
}

// awaitRequests waits until all volumes of a server have been asked for, and returns the
// server. Whoever asks may have died before the server knew the answer: after a while the
// volumes are looked for. The error is Invalid if one was refused.
func (w *Worker) awaitRequests(ctx context.Context, serverID string) (server nova.Server, err error) {
	looks := 0
	err = patiently(ctx, nil, func() (done bool, err error) {
		looks++
		if looks > trustingLooks {
			if err := w.adoptVolumes(ctx, server); err != nil {
				return false, err
			}
		}
		if server, err = w.store.Server(ctx, serverID); err != nil {
			return false, err
		}
		for _, device := range server.BlockDevices {
			if device.Failure != "" {
				return false, nova.Errorf(nova.Invalid, "%s", device.Failure)
			}
		}
		return !slices.ContainsFunc(server.BlockDevices, func(d nova.BlockDevice) bool { return d.VolumeID == "" }), nil
	})
	if nova.Is(err, nova.NotFound) { // it was deleted
		err = db.ErrLost
	}
	return server, err
}

// adoptVolumes has a server know the volumes that were made for it, if there are any that it
// doesn't know. Who made them may be telling it just now, which comes to the same.
func (w *Worker) adoptVolumes(ctx context.Context, s nova.Server) error {
	for _, device := range s.BlockDevices {
		if device.VolumeID != "" {
			continue
		}
		volume, err := volumeOf(ctx, w.volumes, s, device)
		if err != nil || volume.ID == "" {
			return err
		}
		zerolog.Ctx(ctx).Info().Str("volume", volume.ID).Msg("a volume was made for the server that it did not know")
		adopt := func(d *nova.BlockDevice) { d.New, d.VolumeID, d.Failure = nil, volume.ID, "" }
		if err := w.store.Tx(ctx, func(tx *db.Store) error { return changeNew(ctx, tx, s.ID, device.ID, adopt) }); err != nil {
			return err
		}
	}
	return nil
}

// awaitVolume waits until a volume can be attached. The error is Invalid for one that
// can't be made: VolumeNotCreated in nova/exception.py.
func (w *Worker) awaitVolume(ctx context.Context, id string) error {
	return patiently(ctx, nil, func() (bool, error) {
		volume, err := w.volumes.AsService().Show(ctx, id)
		switch {
		case err != nil:
			return false, err
		case volume.Status == "creating" || volume.Status == nova.VolumeDownloading:
			return false, nil
		case volume.Status == nova.VolumeError:
			return false, nova.Errorf(nova.Invalid, "Volume %s did not finish being created. And its status is %s.", id, volume.Status)
		}
		return true, nil
	})
}

// patiently looks until something is done, with longer and longer pauses and whenever it is
// woken, or until the context ends.
func patiently(ctx context.Context, woken <-chan struct{}, look func() (done bool, err error)) error {
	for pause := firstLook; ; pause = min(2*pause, longestPause) {
		done, err := look()
		if err != nil || done {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-woken:
		case <-time.After(pause):
		}
	}
}
