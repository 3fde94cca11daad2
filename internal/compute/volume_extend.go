package compute

import (
	"context"

	"github.com/rs/zerolog"

	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/virt"
)

// extendVolume is the step that has a server see the size that the block storage service
// says a volume has now: extend_volume in nova/compute/manager.py. A server that hasn't
// got the volume, or hasn't got it yet, has nothing to see.
func (w *Worker) extendVolume(ctx context.Context, a *action) (effect, error) {
	args, err := decodeArgs[volumeArgs](a.Action)
	if err != nil {
		return effect{}, err
	}
	device, found := a.server.BlockDevice(args.VolumeID)
	if !found || device.AttachmentID == "" {
		zerolog.Ctx(ctx).Warn().Str("volume", args.VolumeID).Msg("a volume has grown that the server hasn't got")
		return effect{}, nil
	}
	volume, err := w.volumes.AsService().Show(ctx, device.VolumeID)
	if err != nil {
		return effect{}, err
	}
	driver, err := driverOf[virt.VolumeExtender](a)
	if err == nil {
		err = driver.ExtendVolume(ctx, a.server, device.VolumeID, int64(volume.Size)*bytesPerGB)
	}
	if nova.Is(err, nova.NotFound) { // it is on its way to another host, or being made anew
		err = nil
	}
	return effect{}, err
}

// explainExtendVolume says why a server can't see how large its volume is.
func explainExtendVolume(_ *action, cause error) error {
	if nova.Is(cause, nova.NotImplemented) {
		return nova.Because(cause, nova.Failed, "Volume size extension is not supported by the hypervisor.")
	}
	return cause
}
