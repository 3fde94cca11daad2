package compute

import (
	"context"
	"slices"

	"github.com/nova-api/nova-api/internal/nova"
)

// A BlockDevice is a disk that a client asks for with a new server.
type BlockDevice struct {
	None        bool   // the server is not to have this disk of the image
	Source      string // image, volume, snapshot or blank
	Destination string // local or volume
	ID          string // of the source; empty for a blank one
	BootIndex   *int   // 0 is booted from; nil or negative is not
	Swap        bool
	Size        int // GB
	VolumeType  string
}

func invalidMapping(format string, args ...any) error {
	return nova.Errorf(nova.Invalid, "Block Device Mapping is Invalid: "+format, args...)
}

// checkDevices refuses disks that make no sense together or are too large for
// the flavor, and those on volumes, which there is no service for: _validate_bdm
// in nova/compute/api.py.
func (a *Servers) checkDevices(ctx context.Context, r ServerRequest, f nova.Flavor) error {
	if len(r.Devices) == 0 {
		return nil
	}
	if !bootable(r.Devices) {
		return invalidMapping("Boot sequence for the instance and image/block device mapping combination is not valid.")
	}
	for _, d := range r.Devices {
		if err := a.checkSource(ctx, d, r.ImageID); err != nil {
			return err
		}
	}
	return checkBlanks(r.Devices, f)
}

// bootable reports whether the boot indexes of disks count from 0 without a
// gap.
func bootable(devices []BlockDevice) bool {
	var order []int
	for _, d := range devices {
		if d.BootIndex != nil && *d.BootIndex >= 0 {
			order = append(order, *d.BootIndex)
		}
	}
	slices.Sort(order)
	for i, index := range order {
		if index != i {
			return false
		}
	}
	return len(order) > 0
}

// checkSource looks for the source of a disk.
func (a *Servers) checkSource(ctx context.Context, d BlockDevice, imageID string) error {
	if d.None {
		return nil
	}
	if d.Source == "image" && d.ID != imageID {
		if _, err := a.images.As(nova.CallerOf(ctx)).Show(ctx, d.ID); err != nil {
			return invalidMapping("failed to get image %s.", d.ID)
		}
	}
	onVolume := d.Destination == "volume"
	switch {
	case onVolume && d.Source == "image" && d.Size == 0:
		return nova.Errorf(nova.Invalid, "Images with destination_type 'volume' need to have a non-zero size specified")
	case onVolume && d.Source == "blank" && d.Size == 0:
		return nova.Errorf(nova.Invalid, "Blank volumes (source: 'blank', dest: 'volume') need to have non-zero size")
	case d.Source == "snapshot" && onVolume:
		return invalidMapping("failed to get snapshot %s.", d.ID)
	case d.Source == "volume", d.Source == "snapshot", onVolume:
		return invalidMapping("failed to get volume %s.", d.ID)
	}
	return nil
}

// checkBlanks refuses empty disks that are larger than those of the flavor.
func checkBlanks(devices []BlockDevice, f nova.Flavor) error {
	const mbPerGB = 1024
	ephemeral, swaps, swap := 0, 0, 0
	for _, d := range devices {
		if d.None || d.Source != "blank" {
			continue
		}
		if d.Swap {
			swaps, swap = swaps+1, swap+d.Size*mbPerGB
			continue
		}
		ephemeral += d.Size
	}
	switch {
	case swaps > 1:
		return invalidMapping("More than one swap drive requested.")
	case swap > f.Swap:
		return nova.Errorf(nova.Invalid, "Swap drive requested is larger than instance type allows.")
	case ephemeral > f.Ephemeral:
		return nova.Errorf(nova.Invalid, "Ephemeral disks requested are larger than the instance type allows. "+
			"If no size is given in one block device mapping, flavor ephemeral size will be used.")
	}
	return nil
}
