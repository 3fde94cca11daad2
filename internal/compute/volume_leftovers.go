package compute

import (
	"context"
	"errors"
	"time"

	"github.com/rs/zerolog"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/nova"
)

// volumesAgain is when volumes that can't be detached are tried again.
const volumesAgain = 15 * time.Second

// leaveVolumes gives the volumes of a server back that ends, and deletes those that
// are to end with it. What can't be done now doesn't hold the server up: it is left to
// the sweep. The error is that the work was broken off.
func (w *Worker) leaveVolumes(ctx context.Context, s nova.Server) error {
	for _, device := range s.BlockDevices {
		if _, err := w.leaveVolume(ctx, s.ID, device); err != nil {
			return err
		}
	}
	return nil
}

// leaveVolume gives back one volume of a server, and reports whether something of that
// is left to do.
func (w *Worker) leaveVolume(ctx context.Context, serverID string, device nova.BlockDevice) (left bool, err error) {
	err = errors.Join(w.letGo(ctx, serverID, device.VolumeID, device.DeleteOnTermination), w.letGo(ctx, serverID, device.Swap, false))
	if err == nil || ctx.Err() != nil {
		return false, ctx.Err()
	}
	zerolog.Ctx(ctx).Warn().Err(err).Str("volume", device.VolumeID).Msg("volume of a server can't be given back now")
	return true, nil
}

// letGo removes the attachments of a volume to a server and, if it is to go with the
// server, the volume. One that may not be deleted, since it has snapshots for
// instance, stays, as in _cleanup_volumes of nova/compute/manager.py.
func (w *Worker) letGo(ctx context.Context, serverID, volumeID string, remove bool) error {
	if volumeID == "" {
		return nil
	}
	if err := w.detachFrom(ctx, serverID, volumeID); err != nil || !remove {
		return err
	}
	err := w.volumes.AsService().Delete(ctx, volumeID)
	if nova.Is(err, nova.Invalid) {
		zerolog.Ctx(ctx).Warn().Err(err).Str("volume", volumeID).Msg("volume can't be deleted with its server")
	}
	if nova.Is(err, nova.Invalid) || nova.Is(err, nova.NotFound) {
		return nil
	}
	return err
}

// leaveDevices notes, in the transaction in which a server loses volumes, that these
// may still be attached, or be attached by a worker that was broken off.
func leaveDevices(ctx context.Context, tx *db.Store, serverID string, due time.Time, devices ...nova.BlockDevice) error {
	for _, device := range devices {
		if device.VolumeID == "" { // it may be there all the same, or be made right now
			left := db.VolumeLeftover{ServerID: serverID, DeviceID: device.ID, Remove: true, Until: due.Add(makingTime + portsSettled)}
			if err := tx.LeaveVolume(ctx, left, due); err != nil {
				return err
			}
			continue
		}
		for _, left := range []db.VolumeLeftover{
			{ServerID: serverID, VolumeID: device.VolumeID, Remove: device.DeleteOnTermination, Until: due.Add(portsSettled)},
			{ServerID: serverID, VolumeID: device.Swap, Until: due.Add(portsSettled)},
		} {
			if left.VolumeID == "" {
				continue
			}
			if err := tx.LeaveVolume(ctx, left, due); err != nil {
				return err
			}
		}
	}
	return nil
}

// loseVolumes ends, in a transaction, that volumes are attached to a server, taken from
// it or replaced: the server knows nothing of them from then on, and keeps what it had of
// those that were to be replaced, or what it has instead.
func loseVolumes(ctx context.Context, tx *db.Store, serverID string) error {
	under, err := tx.UnderWay(ctx, serverID, string(AttachVolume), string(DetachVolume), string(SwapVolume))
	if err != nil {
		return err
	}
	for _, action := range under {
		args, err := decodeArgs[volumeArgs](action)
		if err != nil {
			return err
		}
		if _, err := tx.CancelAction(ctx, action); err != nil {
			return err
		}
		if action.Verb == string(SwapVolume) {
			if err := endSwap(ctx, tx, serverID, action); err != nil {
				return err
			}
			continue
		}
		if err := forgetDevice(ctx, tx, serverID, args.VolumeID); err != nil {
			return err
		}
		if err := leaveDevices(ctx, tx, serverID, tx.Now().Add(leftoverGrace), nova.BlockDevice{VolumeID: args.VolumeID}); err != nil {
			return err
		}
	}
	return nil
}

// SweepVolumes gives back the volumes of servers that are gone or have lost them, and says
// of those that servers keep that these are not losing them. What it can't do it leaves for later, which is no reason to keep others; the error joins
// those of the block storage service, such as Unavailable.
func (w *Worker) SweepVolumes(ctx context.Context) error {
	left, err := w.store.LeftVolumes(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, of := range left {
		if of.DeviceID != "" {
			errs = append(errs, w.sweepMade(ctx, of))
			continue
		}
		server, err := w.store.Server(ctx, of.ServerID)
		if _, has := server.BlockDevice(of.VolumeID); err == nil && has { // it was attached anew, or could not be detached
			errs = append(errs, w.sweepKept(ctx, of))
			continue
		}
		if err != nil && !nova.Is(err, nova.NotFound) {
			return err
		}
		errs = append(errs, w.swept(ctx, of, w.letGo(ctx, of.ServerID, of.VolumeID, of.Remove)))
	}
	return errors.Join(errs...)
}

// swept notes when to look at a leftover again: soon, if something has failed, once more
// when nothing new can turn up any more, and then never. It returns the failure.
func (w *Worker) swept(ctx context.Context, of db.VolumeLeftover, failed error) error {
	var err error
	switch now := w.store.Now(); {
	case failed != nil:
		err = w.store.LeaveVolume(ctx, of, now.Add(volumesAgain))
	case now.Before(of.Until):
		err = w.store.LeaveVolume(ctx, of, of.Until)
	default:
		err = w.store.ForgetVolume(ctx, of)
	}
	return errors.Join(failed, err)
}

// sweepMade deletes the volumes that were made for a block device of a server that never
// knew them. One that is still being made is deleted later.
func (w *Worker) sweepMade(ctx context.Context, of db.VolumeLeftover) error {
	service := w.volumes.AsService()
	made, failed := service.MadeFor(ctx, madeForKey, of.DeviceID)
	for _, volume := range made {
		if err := service.Delete(ctx, volume.ID); err != nil && !nova.Is(err, nova.NotFound) {
			failed = errors.Join(failed, err)
		}
	}
	return w.swept(ctx, of, failed)
}

// sweepKept ends that a volume is marked as being detached which its server keeps, once
// nothing is done to it any more.
func (w *Worker) sweepKept(ctx context.Context, of db.VolumeLeftover) error {
	again := func() error { return w.store.LeaveVolume(ctx, of, w.store.Now().Add(volumesAgain)) }
	err := checkUnderWay(ctx, w.store, of.ServerID, of.VolumeID)
	if nova.Is(err, nova.Invalid) {
		return again()
	}
	if err != nil {
		return err
	}
	if err := w.keepVolume(ctx, of.VolumeID); err != nil {
		return errors.Join(err, again())
	}
	return w.store.ForgetVolume(ctx, of)
}
