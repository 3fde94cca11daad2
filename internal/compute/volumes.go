package compute

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/rs/zerolog"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/cloud"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/virt"
)

// A VolumeRequest is a volume that a client wants to attach to a server.
type VolumeRequest struct {
	VolumeID            string
	Device              string // the name that it is to have, as far as the host can do that; empty for any
	Tag                 string
	DeleteOnTermination bool
	Multiattach         bool // the client knows of volumes that several servers have: since 2.60
}

// volumeArgs are what attaching and detaching a volume are told.
type volumeArgs struct {
	VolumeID string `json:"volume_id"`
}

// AttachVolume begins to attach a volume to a server. It waits until the block storage
// service has reserved the volume, and gives the device that it will be: none for a
// server on no host, whose next host will name it.
//
// The error is Conflict if the server is locked or in another state, or the device is
// taken; NotFound if there is no such volume; Invalid if the volume can't be attached
// or another server has it; and Unavailable if the block storage service can't be
// asked or takes too long: the work goes on then.
func (a *Servers) AttachVolume(ctx context.Context, s nova.Server, wanted VolumeRequest) (device string, err error) {
	record, device, err := a.beginAttachVolume(ctx, s, wanted)
	if err != nil {
		return "", err
	}
	_, err = a.await(ctx, record)
	return device, err
}

// beginAttachVolume is AttachVolume without the wait. The server knows of the volume
// before anybody asks the block storage service for it, so that nothing is left there
// of which nobody knows.
func (a *Servers) beginAttachVolume(ctx context.Context, s nova.Server, wanted VolumeRequest) (record nova.Action, device string, err error) {
	if err := transitions[AttachVolume].check(ctx, s); err != nil {
		return record, "", err
	}
	volume, err := a.block(ctx).Show(ctx, wanted.VolumeID)
	if err != nil {
		return record, "", err
	}
	if err := a.checkVolume(ctx, s, wanted, volume); err != nil {
		return record, "", err
	}
	record, err = a.begin(ctx, s, AttachVolume, volumeArgs{volume.ID}, func(tx *db.Store) error {
		now, err := tx.LockServer(ctx, s.ID)
		if err != nil {
			return err
		}
		if err := checkHolders(ctx, tx, s.ID, volume); err != nil { // a twin may have been faster
			return err
		}
		mapping := nova.BlockDevice{ID: uuid.NewString(), VolumeID: volume.ID, Tag: wanted.Tag, DeleteOnTermination: wanted.DeleteOnTermination}
		if now.VMState != nova.ShelvedOffloaded {
			if mapping.Device, err = nextDevice(now, wanted.Device); err != nil {
				return err
			}
		}
		device = mapping.Device
		return tx.ChangeServer(ctx, s.ID, db.ServerChange{BlockDevices: new(append(now.BlockDevices, mapping))})
	})
	return record, device, err
}

// checkVolume refuses a volume that a server can't have: attach_volume in
// nova/compute/api.py, and check_attach_and_reserve_volume in nova/compute/utils.py.
func (a *Servers) checkVolume(ctx context.Context, s nova.Server, wanted VolumeRequest, volume nova.Volume) error {
	if err := checkHolders(ctx, a.store, s.ID, volume); err != nil {
		return err
	}
	if s.VMState == nova.ShelvedOffloaded {
		switch {
		case wanted.Tag != "":
			return nova.Errorf(nova.Invalid, "Tagged volume attachment is not supported for shelved-offloaded instances.")
		case volume.Multiattach:
			return nova.Errorf(nova.Invalid, "Attaching multiattach volumes is not supported for shelved-offloaded instances.")
		}
	}
	if err := a.checkVolumeZone(s, volume); err != nil {
		return err
	}
	if volume.Multiattach && !wanted.Multiattach {
		return nova.Errorf(nova.Invalid, "Multiattach volumes are only supported starting with compute API version 2.60.")
	}
	return nil
}

// checkVolumeZone refuses a volume of another availability zone than the server's,
// where [cinder] cross_az_attach doesn't allow that.
func (a *Servers) checkVolumeZone(s nova.Server, volume nova.Volume) error {
	if !a.volumesInZone || s.Zone == volume.Zone {
		return nil
	}
	return invalidVolume("Instance %s and volume %s are not in the same availability_zone. Instance is in %s. Volume is in %s",
		s.ID, volume.ID, s.Zone, volume.Zone)
}

// checkHolders refuses a volume that a server has already, or about which the block
// storage service was told to forget that another server has it:
// _check_volume_already_attached in nova/compute/api.py.
func checkHolders(ctx context.Context, store *db.Store, id string, volume nova.Volume) error {
	holders, err := store.ServersOfVolume(ctx, volume.ID)
	switch {
	case err != nil:
		return err
	case len(holders) > 0 && !volume.Multiattach:
		return invalidVolume("volume %s is already attached to instances: %s", volume.ID, strings.Join(holders, " "))
	case slices.Contains(holders, id):
		return invalidVolume("volume %s already attached", volume.ID)
	}
	return nil
}

// invalidVolume is a refusal in the form that Nova has for all that is wrong with a
// volume.
func invalidVolume(format string, args ...any) error {
	return nova.Errorf(nova.Invalid, "Invalid volume: "+format, args...)
}

// reserveVolume is the step that has the block storage service keep a volume for a
// server. What an earlier attempt reserved is found again.
func (w *Worker) reserveVolume(ctx context.Context, a *action) (effect, error) {
	args, err := decodeArgs[volumeArgs](a.Action)
	if err != nil {
		return effect{}, err
	}
	attachment, err := w.reserve(ctx, a.ServerID, args.VolumeID)
	if err != nil {
		return effect{}, err
	}
	return effect{
		note: func(p *progress) { p.Attachment = attachment },
		also: func(tx *db.Store) error {
			return changeDevice(ctx, tx, a.ServerID, args.VolumeID, func(d *nova.BlockDevice) { d.AttachmentID = attachment })
		},
	}, nil
}

// reserve has the block storage service keep a volume for a server, and gives the
// attachment: the one that an earlier attempt has made, if there is one.
func (w *Worker) reserve(ctx context.Context, serverID, volumeID string) (attachment string, err error) {
	service := w.volumes.AsService()
	had, err := service.Attachments(ctx, cloud.AttachmentQuery{ServerID: serverID, VolumeID: volumeID})
	if err != nil {
		return "", err
	}
	if len(had) > 0 {
		return had[0].ID, nil
	}
	made, err := service.Reserve(ctx, volumeID, serverID)
	return made.ID, err
}

// releaseVolume takes reserveVolume back.
func (w *Worker) releaseVolume(ctx context.Context, a *action) (effect, error) {
	if a.progress.Stays {
		return effect{}, nil
	}
	args, err := decodeArgs[volumeArgs](a.Action)
	if err != nil {
		return effect{}, err
	}
	return w.loseVolume(ctx, a, nova.BlockDevice{VolumeID: args.VolumeID})
}

// loseVolume gives a volume back to the block storage service, and has the server know
// nothing of it any more. What can't be done now is left to the sweep: no server is
// half attached to a volume.
func (w *Worker) loseVolume(ctx context.Context, a *action, device nova.BlockDevice) (effect, error) {
	left, err := w.leaveVolume(ctx, a.ServerID, device)
	if err != nil {
		return effect{}, err
	}
	return effect{also: func(tx *db.Store) error {
		if left {
			if err := leaveDevices(ctx, tx, a.ServerID, tx.Now().Add(volumesAgain), device); err != nil {
				return err
			}
		}
		return forgetDevice(ctx, tx, a.ServerID, device.VolumeID)
	}}, nil
}

// detachFrom removes all attachments of a volume to a server at the block storage
// service.
func (w *Worker) detachFrom(ctx context.Context, serverID, volumeID string) error {
	return w.detachBut(ctx, serverID, volumeID, "")
}

// detachBut is detachFrom for all attachments but one.
func (w *Worker) detachBut(ctx context.Context, serverID, volumeID, kept string) error {
	service := w.volumes.AsService()
	attachments, err := service.Attachments(ctx, cloud.AttachmentQuery{ServerID: serverID, VolumeID: volumeID})
	if err != nil {
		return err
	}
	for _, attachment := range attachments {
		if attachment.ID == kept {
			continue
		}
		if err := service.Detach(ctx, attachment.ID); err != nil {
			return err
		}
	}
	return nil
}

// deviceOf finds the block device that an action is about. The error is NotFound if
// the server hasn't got it.
func deviceOf(a *action) (nova.BlockDevice, error) {
	args, err := decodeArgs[volumeArgs](a.Action)
	if err != nil {
		return nova.BlockDevice{}, err
	}
	device, found := a.server.BlockDevice(args.VolumeID)
	if !found {
		return device, noMapping(args.VolumeID)
	}
	device.AttachmentID = cmp.Or(a.progress.Attachment, device.AttachmentID) // what the server was loaded with may be older
	return device, nil
}

// noMapping is the refusal of VolumeBDMNotFound in nova/exception.py.
func noMapping(volumeID string) error {
	return nova.Errorf(nova.NotFound, "No volume Block Device Mapping with id %s.", volumeID)
}

// plugVolume is the step that connects a server's host to a volume and plugs it in.
func (w *Worker) plugVolume(ctx context.Context, a *action) (effect, error) {
	driver, err := driverOf[virt.VolumeAttacher](a)
	if err != nil {
		return effect{}, err
	}
	device, err := deviceOf(a)
	if err != nil {
		return effect{}, err
	}
	volume, err := w.connectVolume(ctx, a.driver, device)
	if err != nil {
		return effect{}, err
	}
	return effect{}, driver.AttachVolume(ctx, a.server, volume)
}

// takeOut takes plugVolume back. What can't be unplugged the server keeps, and may detach
// later: a volume that others get meanwhile must not be in it.
func (w *Worker) takeOut(ctx context.Context, a *action) (effect, error) {
	_, failed := w.unplugVolume(ctx, a)
	if failed == nil || a.worthAnother(failed) {
		return effect{}, failed
	}
	zerolog.Ctx(ctx).Warn().Err(failed).Msg("volume can't be unplugged, and stays")
	e, err := w.completeVolume(ctx, a)
	e.note = func(p *progress) { p.Stays = true }
	return e, err
}

// unplugVolume is the step that unplugs a volume.
func (w *Worker) unplugVolume(ctx context.Context, a *action) (effect, error) {
	driver, err := driverOf[virt.VolumeAttacher](a)
	if err != nil {
		return effect{}, err
	}
	args, err := decodeArgs[volumeArgs](a.Action)
	if err != nil {
		return effect{}, err
	}
	err = driver.DetachVolume(ctx, a.server, args.VolumeID)
	if nova.Is(err, nova.NotFound) { // the host doesn't know the server
		err = nil
	}
	return effect{}, err
}

// completeVolume is the step that tells the block storage service that the server
// has its volume. A server on no host is said to have it as well, so that the volume
// is in use: _attach_volume_shelved_offloaded in nova/compute/api.py.
func (w *Worker) completeVolume(ctx context.Context, a *action) (effect, error) {
	device, err := deviceOf(a)
	if err != nil {
		return effect{}, err
	}
	return effect{}, w.volumes.AsService().Complete(ctx, device.AttachmentID)
}

// DetachVolume begins to take a volume from a server. It waits until the block storage
// service has heard of it.
//
// The error is Conflict if the server is locked, in another state, or its host is
// down; NotFound if there is no such volume, or the server hasn't got it; Invalid if
// the server boots from it, or the block storage service says that it isn't in use;
// and Unavailable if that can't be asked or takes too long: the work goes on then.
func (a *Servers) DetachVolume(ctx context.Context, s nova.Server, volumeID string) error {
	record, err := a.beginDetachVolume(ctx, s, volumeID)
	if err != nil {
		return err
	}
	_, err = a.await(ctx, record)
	return err
}

// beginDetachVolume is DetachVolume without the wait.
func (a *Servers) beginDetachVolume(ctx context.Context, s nova.Server, volumeID string) (record nova.Action, err error) {
	volume, err := a.block(ctx).Show(ctx, volumeID)
	if err != nil {
		return record, err
	}
	device, found := s.BlockDevice(volume.ID)
	switch {
	case !found:
		return record, nova.Errorf(nova.NotFound, "Instance %s is not attached to volume %s", s.ID, volumeID)
	case device.IsRoot():
		return record, nova.Errorf(nova.Invalid, "Cannot detach a root device volume")
	}
	if err := transitions[DetachVolume].check(ctx, s); err != nil {
		return record, err
	}
	if s.Host != "" {
		if err := a.checkUp(ctx, s.Host); err != nil {
			return record, err
		}
	}
	return a.begin(ctx, s, DetachVolume, volumeArgs{volume.ID}, func(tx *db.Store) error {
		return checkUnderWay(ctx, tx, s.ID, volume.ID)
	})
}

// checkUnderWay refuses to take a volume from a server that it is just coming to, leaving,
// or being replaced at, in the words of a block storage service that knows.
func checkUnderWay(ctx context.Context, tx *db.Store, serverID, volumeID string) error {
	under, err := tx.UnderWay(ctx, serverID, string(AttachVolume), string(DetachVolume), string(SwapVolume))
	if err != nil {
		return err
	}
	for _, other := range under {
		args, err := decodeArgs[swapArgs](other)
		if err != nil {
			return err
		}
		if args.VolumeID == volumeID || args.To == volumeID {
			return invalidVolume("Invalid input received: Invalid volume: Unable to detach volume. " +
				"Volume status must be 'in-use' and attach_status must be 'attached' to detach.")
		}
	}
	return nil
}

// beginDetaching is the step that keeps everybody else from detaching a volume. One
// that is marked already was marked by an earlier attempt: two actions never detach a
// volume from a server at once.
func (w *Worker) beginDetaching(ctx context.Context, a *action) (effect, error) {
	device, err := deviceOf(a)
	if err != nil {
		return effect{}, err
	}
	service := w.volumes.AsService()
	refused := service.BeginDetaching(ctx, device.VolumeID)
	if !nova.Is(refused, nova.Invalid) {
		return effect{}, refused
	}
	volume, err := service.Show(ctx, device.VolumeID)
	if err == nil && volume.Status != nova.VolumeDetaching {
		err = nova.Because(refused, nova.Invalid, "Invalid volume: %s", nova.Message(refused))
	}
	return effect{}, err
}

// rollDetaching takes beginDetaching back. What can't be done now is left to the sweep.
func (w *Worker) rollDetaching(ctx context.Context, a *action) (effect, error) {
	device, err := deviceOf(a)
	if err != nil {
		return effect{}, err
	}
	err = w.keepVolume(ctx, device.VolumeID)
	if err == nil || ctx.Err() != nil {
		return effect{}, ctx.Err()
	}
	zerolog.Ctx(ctx).Warn().Err(err).Str("volume", device.VolumeID).Msg("volume can't be said to stay with its server now")
	return effect{also: func(tx *db.Store) error {
		return leaveDevices(ctx, tx, a.ServerID, tx.Now().Add(volumesAgain), nova.BlockDevice{VolumeID: device.VolumeID})
	}}, nil
}

// keepVolume tells the block storage service that a volume is not being detached.
func (w *Worker) keepVolume(ctx context.Context, volumeID string) error {
	err := w.volumes.AsService().RollDetaching(ctx, volumeID)
	if nova.Is(err, nova.Invalid) || nova.Is(err, nova.NotFound) { // it was not marked, or it has gone
		return nil
	}
	return err
}

// disconnectVolume is the step that gives a volume back which the server is without. A
// server on no host lets go of a volume as when it ends: _local_cleanup_bdm_volumes in
// nova/compute/api.py.
func (w *Worker) disconnectVolume(ctx context.Context, a *action) (effect, error) {
	device, err := deviceOf(a)
	if err != nil {
		return effect{}, err
	}
	device.DeleteOnTermination = device.DeleteOnTermination && isOffloaded(a)
	return w.loseVolume(ctx, a, device)
}

// UpdateAttachment says whether a volume goes when its server is deleted. The error is
// NotFound if the server hasn't got the volume.
func (a *Servers) UpdateAttachment(ctx context.Context, s nova.Server, volumeID string, deleteOnTermination bool) error {
	if _, found := s.BlockDevice(volumeID); !found {
		return noMapping(volumeID)
	}
	return a.store.Tx(ctx, func(tx *db.Store) error {
		return changeDevice(ctx, tx, s.ID, volumeID, func(d *nova.BlockDevice) { d.DeleteOnTermination = deleteOnTermination })
	})
}

// explainDetachVolume says why a volume could not be detached: a driver's own words
// are for administrators.
func explainDetachVolume(a *action, cause error) error {
	if nova.KindOf(cause) != nova.Internal {
		return cause
	}
	return nova.Because(cause, nova.Failed, "Device detach failed for %s", a.ServerID)
}
