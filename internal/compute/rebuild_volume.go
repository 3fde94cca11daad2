package compute

import (
	"context"
	"slices"
	"time"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/nova"
)

// rootVolume finds the volume that a server boots from: nil for a server with a disk of
// its own. It refuses what can't be had for such a server, as rebuild in
// nova/compute/api.py does: another image than the volume was made of, unless the client
// knows that the volume is overwritten.
func (a *Servers) rootVolume(ctx context.Context, s nova.Server, r RebuildRequest) (*nova.Volume, error) {
	at := slices.IndexFunc(s.BlockDevices, nova.BlockDevice.IsRoot)
	if s.ImageID != "" && at < 0 {
		return nil, nil
	}
	if r.TrustedCerts != nil && len(*r.TrustedCerts) > 0 {
		return nil, nova.Errorf(nova.Invalid, "Image certificate validation is not supported for volume-backed servers.")
	}
	var volume nova.Volume
	if at >= 0 {
		var err error
		if volume, err = a.block(ctx).Show(ctx, s.BlockDevices[at].VolumeID); err != nil {
			return nil, err
		}
	}
	if at < 0 || volume.ImageMetadata["image_id"] != r.ImageID && !r.Reimage {
		return nil, nova.Errorf(nova.Invalid, "Image %s is unacceptable: Unable to rebuild with a different image for a volume-backed server.", r.ImageID)
	}
	return &volume, nil
}

// checkInUse refuses to make a server anew some of whose volumes are not in use, since it
// could not have them again: _check_volume_status in nova/compute/api.py.
func (a *Servers) checkInUse(ctx context.Context, s nova.Server) error {
	for _, device := range s.BlockDevices {
		if device.VolumeID == "" {
			continue
		}
		volume, err := a.block(ctx).Show(ctx, device.VolumeID)
		if err != nil {
			return err
		}
		if volume.Status != nova.VolumeInUse {
			return invalidVolume("volume '%s' status must be 'in-use'. Currently in '%s' status", volume.ID, volume.Status)
		}
	}
	return nil
}

// isReimaged reports whether a server is made anew with another image on the volume that
// it boots from.
func isReimaged(a *action) bool {
	args, err := decodeArgs[rebuildArgs](a.Action)
	return err == nil && args.Reimage != ""
}

// abortRebuild is a failure in the words of Nova's BuildAbortException. That the block
// storage service is away stays what it is, so that the step is tried again.
func abortRebuild(a *action, cause error) error {
	if cause == nil || nova.Is(cause, nova.Unavailable) {
		return cause
	}
	return nova.Because(cause, nova.Failed, "Build of instance %s aborted: Failed to rebuild volume backed instance.", a.ServerID)
}

// releaseRoot is the step that has the root volume reserved for its server, but in use no
// more: so the block storage service writes over it, and nobody else gets it. The old
// attachment goes when the new one is there.
func (w *Worker) releaseRoot(ctx context.Context, a *action) (effect, error) {
	root := a.server.BlockDevices[slices.IndexFunc(a.server.BlockDevices, nova.BlockDevice.IsRoot)]
	var err error
	if root.AttachmentID, err = w.reattach(ctx, a.ServerID, root); err != nil {
		return effect{}, abortRebuild(a, err)
	}
	root.Moving = true
	return effect{also: func(tx *db.Store) error { return writeDevices(ctx, tx, a.ServerID, []nova.BlockDevice{root}) }}, nil
}

// reimageTime is how long the block storage service may take for each GB of an image, if
// nobody says: reimage_timeout_per_gb in nova/conf/compute.py.
const reimageTime = 20 * time.Second

// reimage is the step that has an image written over the root volume, and waits for that:
// _rebuild_volume_backed_instance in nova/compute/manager.py. The volume's status counts,
// and the event only says when to look, so that no event that gets lost keeps the server
// from going on. A volume that an earlier attempt has had overwritten is so again.
func (w *Worker) reimage(ctx context.Context, a *action) (effect, error) {
	args, err := decodeArgs[rebuildArgs](a.Action)
	if err != nil {
		return effect{}, err
	}
	image, err := w.images.AsService().Show(ctx, args.Reimage)
	if nova.Is(err, nova.NotFound) {
		err = nova.Because(err, nova.Failed, "Build of instance %s aborted: Image %s not found.", a.ServerID, args.Reimage)
	}
	if err != nil {
		return effect{}, err
	}
	root := a.server.BlockDevices[slices.IndexFunc(a.server.BlockDevices, nova.BlockDevice.IsRoot)].VolumeID
	woken, unsubscribe := w.store.Subscribe(nova.ReimageQueue(root))
	defer unsubscribe()
	service := w.volumes.AsService()
	volume, err := service.Show(ctx, root)
	if err == nil && volume.Status == nova.VolumeReserved {
		err = service.Reimage(ctx, root, image.ID, true)
	}
	if err != nil {
		return effect{}, abortRebuild(a, err)
	}
	gigabytes := (image.Size + bytesPerGB - 1) / bytesPerGB
	return effect{}, abortRebuild(a, w.awaitReimage(ctx, root, woken, w.reimageTime*time.Duration(max(gigabytes, 1))))
}

// awaitReimage waits until an image has been written over a volume that is reserved. The
// error says that it could not be, or not in time.
func (w *Worker) awaitReimage(ctx context.Context, volumeID string, woken <-chan struct{}, limit time.Duration) error {
	waiting, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	err := patiently(waiting, woken, func() (done bool, err error) {
		volume, err := w.volumes.AsService().Show(waiting, volumeID)
		if err == nil && volume.Status != nova.VolumeReserved && volume.Status != nova.VolumeDownloading {
			err = nova.Errorf(nova.Failed, "Volume %s is in status %s.", volumeID, volume.Status)
		}
		return volume.Status == nova.VolumeReserved, err
	})
	if waiting.Err() != nil && ctx.Err() == nil {
		err = nova.Because(err, nova.Failed, "Volume %s was not reimaged in %s.", volumeID, limit)
	}
	return err
}
