package compute

import (
	"context"
	"errors"
	"slices"

	"github.com/rs/zerolog"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/cloud"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/virt"
)

// swapArgs are what the exchange of a volume for another one is told.
type swapArgs struct {
	VolumeID string `json:"volume_id"`
	To       string `json:"to,omitempty"`
	// Migrates says that the block storage service moves the data, and wants to know when
	// they have been copied. The other volume is then given the ID of the first.
	Migrates bool `json:"migrates,omitempty"`
}

// migrating is the migration status of a volume whose service waits for the server's host
// to copy the data.
const migrating = "migrating"

// SwapVolume begins to put another volume in the place of one that a server has, with the
// same data. That is for the block storage service, while it moves a volume. It waits until
// the other volume is reserved.
//
// The error is NotFound if there is no such volume, or the server hasn't got it; Conflict
// if the volume isn't being moved, or the server is locked or in another state; Invalid if
// the other volume isn't there or doesn't fit; and Unavailable if the block storage service
// can't be asked or takes too long: the work goes on then.
func (a *Servers) SwapVolume(ctx context.Context, s nova.Server, volumeID, to string) error {
	record, err := a.beginSwapVolume(ctx, s, volumeID, to)
	if err != nil {
		return err
	}
	_, err = a.await(ctx, record)
	return err
}

// beginSwapVolume is SwapVolume without the wait. The server knows of the other volume
// before it is reserved, so that nothing is left of that if the server ends.
func (a *Servers) beginSwapVolume(ctx context.Context, s nova.Server, volumeID, to string) (record nova.Action, err error) {
	volume, err := a.block(ctx).Show(ctx, volumeID)
	if err != nil {
		return record, err
	}
	if volume.MigrationStatus == "" {
		return record, nova.Errorf(nova.Conflict, "volume %s is not migrating; this API should only be called by Cinder", volumeID)
	}
	other, err := a.block(ctx).Show(ctx, to)
	if nova.Is(err, nova.NotFound) { // it is named in the body
		err = nova.Because(err, nova.Invalid, "%s", nova.Message(err))
	}
	if err != nil {
		return record, err
	}
	if err := transitions[SwapVolume].check(ctx, s); err != nil {
		return record, err
	}
	if err := a.checkSwap(s, volume, other); err != nil {
		return record, err
	}
	args := swapArgs{VolumeID: volume.ID, To: other.ID, Migrates: volume.MigrationStatus == migrating}
	return a.begin(ctx, s, SwapVolume, args, func(tx *db.Store) error {
		now, err := tx.LockServer(ctx, s.ID)
		if err != nil {
			return err
		}
		if _, found := now.BlockDevice(volume.ID); !found {
			return noMapping(volume.ID)
		}
		if err := checkUnderWay(ctx, tx, s.ID, volume.ID); err != nil {
			return err
		}
		if err := checkHolders(ctx, tx, s.ID, other); err != nil {
			return err
		}
		return changeDevice(ctx, tx, s.ID, volume.ID, func(d *nova.BlockDevice) { d.Swap = other.ID })
	})
}

// checkSwap refuses a volume that can't take the place of another one at a server:
// swap_volume in nova/compute/api.py.
func (a *Servers) checkSwap(s nova.Server, volume, other nova.Volume) error {
	switch {
	case !slices.ContainsFunc(volume.Holders, func(h nova.VolumeHolder) bool { return h.ServerID == s.ID }):
		return invalidVolume("Old volume is attached to a different instance.")
	case len(other.Holders) > 0:
		return invalidVolume("New volume must be detached in order to swap.")
	case other.Size < volume.Size:
		return invalidVolume("New volume must be the same size or larger.")
	}
	return a.checkVolumeZone(s, other)
}

// reserveSwap is the step that keeps everybody else from detaching the one volume and from
// using the other.
func (w *Worker) reserveSwap(ctx context.Context, a *action) (effect, error) {
	args, err := decodeArgs[swapArgs](a.Action)
	if err != nil {
		return effect{}, err
	}
	if _, err := w.beginDetaching(ctx, a); err != nil {
		return effect{}, err
	}
	if err := w.checkWriters(ctx, args.VolumeID); err != nil {
		return effect{}, err
	}
	attachment, err := w.reserve(ctx, a.ServerID, args.To)
	return effect{note: func(p *progress) { p.Attachment = attachment }}, err
}

// checkWriters refuses to swap a volume that several servers write to, since only one of
// them would go on with the other volume: _count_attachments_for_swap in
// nova/compute/api.py.
func (w *Worker) checkWriters(ctx context.Context, volumeID string) error {
	service := w.volumes.AsService()
	attachments, err := service.Attachments(ctx, cloud.AttachmentQuery{VolumeID: volumeID})
	if err != nil || len(attachments) < 2 {
		return err
	}
	writers := 0
	for _, attachment := range attachments {
		shown, err := service.Attachment(ctx, attachment.ID)
		if err != nil && !nova.Is(err, nova.NotFound) {
			return err
		}
		if err != nil || shown.Mode == "rw" {
			writers++
		}
	}
	if writers > 1 {
		return nova.Errorf(nova.Invalid, "Swapping multi-attach volumes with more than one read/write attachment is not supported.")
	}
	return nil
}

// releaseSwap takes reserveSwap back. If the server uses the other volume already, it is
// the first one that it lets go.
func (w *Worker) releaseSwap(ctx context.Context, a *action) (effect, error) {
	args, err := decodeArgs[swapArgs](a.Action)
	if err != nil {
		return effect{}, err
	}
	end := func(tx *db.Store) error { return endSwap(ctx, tx, a.ServerID, a.Action) }
	if a.progress.Swapped {
		return effect{also: end}, nil
	}
	e, err := w.rollDetaching(ctx, a)
	if err != nil {
		return effect{}, err
	}
	err = w.letGo(ctx, a.ServerID, args.To, false)
	if args.Migrates {
		_, failed := w.volumes.AsService().MigrationCompleted(ctx, args.VolumeID, args.To, true)
		err = errors.Join(err, failed)
	}
	if err != nil && ctx.Err() == nil { // the sweep gives the volume back
		zerolog.Ctx(ctx).Warn().Err(err).Str("volume", args.To).Msg("volume that was to be swapped can't be given back now")
	}
	return e.alongside(end), ctx.Err()
}

// endSwap has a server know of one volume only, of two that were to be swapped, in a
// transaction. The sweep gives the other one back.
func endSwap(ctx context.Context, tx *db.Store, serverID string, record nova.Action) error {
	args, err := decodeArgs[swapArgs](record)
	if err != nil {
		return err
	}
	s, err := tx.LockServer(ctx, serverID)
	if err != nil {
		return err
	}
	for kept, left := range map[string]string{args.VolumeID: args.To, args.To: args.VolumeID} {
		if device, _ := s.BlockDevice(kept); device.Swap != left {
			continue
		}
		if err := changeDevice(ctx, tx, serverID, kept, func(d *nova.BlockDevice) { d.Swap = "" }); err != nil {
			return err
		}
		return leaveDevices(ctx, tx, serverID, tx.Now().Add(leftoverGrace), nova.BlockDevice{VolumeID: left})
	}
	return nil
}

// swapVolume is the step in which the host copies the data, and the server goes on with the
// other volume: _swap_volume in nova/compute/manager.py. The server knows it by that volume
// at once, so that whatever happens next it keeps what it writes.
func (w *Worker) swapVolume(ctx context.Context, a *action) (effect, error) {
	driver, err := driverOf[virt.VolumeSwapper](a)
	if err != nil {
		return effect{}, err
	}
	args, err := decodeArgs[swapArgs](a.Action)
	if err != nil {
		return effect{}, err
	}
	device, found := a.server.BlockDevice(args.VolumeID)
	if !found {
		return effect{}, noMapping(args.VolumeID)
	}
	device.VolumeID, device.AttachmentID = args.To, a.progress.Attachment
	volume, err := w.connectVolume(ctx, a.driver, device)
	if err != nil {
		return effect{}, err
	}
	if err := driver.SwapVolume(ctx, a.server, args.VolumeID, volume); err != nil {
		return effect{}, err
	}
	return effect{
		note: func(p *progress) { p.Swapped = true },
		also: func(tx *db.Store) error {
			return changeDevice(ctx, tx, a.ServerID, args.VolumeID, func(d *nova.BlockDevice) {
				d.VolumeID, d.AttachmentID, d.Swap = args.To, device.AttachmentID, args.VolumeID
			})
		},
	}, w.volumes.AsService().Complete(ctx, device.AttachmentID)
}

// unswapVolume takes swapVolume back, with all that was written meanwhile.
func (w *Worker) unswapVolume(ctx context.Context, a *action) (effect, error) {
	driver, err := driverOf[virt.VolumeSwapper](a)
	if err != nil || a.progress.Swapped {
		return effect{}, err
	}
	args, err := decodeArgs[swapArgs](a.Action)
	if err != nil {
		return effect{}, err
	}
	attacher, err := driverOf[virt.VolumeAttacher](a)
	if err != nil {
		return effect{}, err
	}
	plugged, err := attacher.Volumes(ctx, a.server)
	if err != nil || !slices.Contains(plugged, args.To) {
		return effect{}, err
	}
	device, found := a.server.BlockDevice(args.VolumeID)
	if !found {
		return effect{}, noMapping(args.VolumeID)
	}
	volume, err := w.connectVolume(ctx, a.driver, device)
	if err != nil {
		return effect{}, err
	}
	if err := driver.SwapVolume(ctx, a.server, args.To, volume); err != nil {
		return effect{}, err
	}
	return effect{}, w.volumes.AsService().Complete(ctx, device.AttachmentID) // see renameVolume
}

// releaseSwapped is the step that gives the volume back which the server is without. If the
// block storage service moves the data, the other volume is known by the ID of the first
// one from then on.
func (w *Worker) releaseSwapped(ctx context.Context, a *action) (effect, error) {
	args, err := decodeArgs[swapArgs](a.Action)
	if err != nil {
		return effect{}, err
	}
	if err := w.detachBut(ctx, a.ServerID, args.VolumeID, a.progress.Attachment); err != nil {
		return effect{}, err
	}
	saved := args.To
	if args.Migrates {
		if saved, err = w.endMigration(ctx, args); err != nil {
			return effect{}, err
		}
	}
	return effect{also: func(tx *db.Store) error {
		return changeDevice(ctx, tx, a.ServerID, args.To, func(d *nova.BlockDevice) { d.VolumeID, d.Swap = saved, "" })
	}}, nil
}

// endMigration tells the block storage service that the data have been copied, and returns
// the ID that they have then. An earlier attempt may have told it.
func (w *Worker) endMigration(ctx context.Context, args swapArgs) (string, error) {
	service := w.volumes.AsService()
	saved, refused := service.MigrationCompleted(ctx, args.VolumeID, args.To, false)
	if !nova.Is(refused, nova.NotFound) && !nova.Is(refused, nova.Invalid) {
		return saved, refused
	}
	volume, err := service.Show(ctx, args.VolumeID)
	if err == nil && volume.MigrationStatus == migrating {
		err = refused
	}
	return args.VolumeID, err
}

// migrates reports whether a swap is a part of a migration.
func migrates(a *action) bool {
	args, err := decodeArgs[swapArgs](a.Action)
	return err == nil && args.Migrates
}

// renameVolume is the step that has the host know a volume that was moved by the ID that
// the block storage service has for it. The host is asked again if it can't do that now.
func (w *Worker) renameVolume(ctx context.Context, a *action) (effect, error) {
	driver, err := driverOf[virt.VolumeSwapper](a)
	if err != nil {
		return effect{}, err
	}
	args, err := decodeArgs[swapArgs](a.Action)
	if err != nil {
		return effect{}, err
	}
	server, err := w.store.Server(ctx, a.ServerID) // the action's may be from before the volume was moved
	if err != nil {
		return effect{}, err
	}
	device, found := server.BlockDevice(args.VolumeID)
	if !found { // the service has kept the other ID
		return effect{}, nil
	}
	volume, err := w.connectVolume(ctx, a.driver, device)
	if err != nil {
		return effect{}, err
	}
	if err := driver.RenameVolume(ctx, a.server, args.To, volume); err != nil {
		return effect{}, nova.Because(err, nova.Unavailable, "Volume %s can't be told its new ID.", args.To)
	}
	return effect{}, w.volumes.AsService().Complete(ctx, device.AttachmentID) // to be asked how to connect has made it attaching again
}
