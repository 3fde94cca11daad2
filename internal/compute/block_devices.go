package compute

import (
	"context"
	"slices"

	"github.com/nova-api/nova-api/internal/nova"
)

// A BlockDevice is a disk that a client asks for with a new server.
type BlockDevice struct {
	None        bool   // it stands for one of the image's disks, which is not wanted
	Source      string // image, volume, snapshot or blank
	Destination string // local or volume
	ID          string // of what it is made of
	BootIndex   *int   // 0 is booted from; nil or negative is not
	Swap        bool
	Size        int // GB
	VolumeType  string
}

func (d BlockDevice) boots() bool { return d.BootIndex != nil && *d.BootIndex == 0 }

func invalidMapping(format string, args ...any) error {
	return nova.Errorf(nova.Invalid, "Block Device Mapping is Invalid: "+format, args...)
}

// checkBlockDevices refuses disks that make no sense together, and those on
// volumes, which there is no service for.
func (a *Servers) checkBlockDevices(ctx context.Context, n ServerRequest) error {
	if len(n.BlockDevices) == 0 {
		return nil
	}
	if !bootable(n.BlockDevices) {
		return invalidMapping("Boot sequence for the instance and image/block device mapping combination is not valid.")
	}
	for _, d := range n.BlockDevices {
		if err := a.checkSource(ctx, d, n.Template.ImageID); err != nil {
			return err
		}
	}
	return roomForBlanks(n)
}

// check refuses what can't be meant.
func (d BlockDevice) check(imageID string) error {
	switch {
	case d.None:
		return nil
	case d.Source == "blank" && d.ID != "":
		return invalidMapping("Invalid device UUID.")
	case d.Source != "blank" && d.ID == "":
		return invalidMapping("Missing device UUID.")
	case d.VolumeType != "" && d.Destination == "local":
		return invalidMapping("Specifying a volume_type with destination_type=local is not supported.")
	case d.VolumeType != "" && d.Source == "volume":
		return invalidMapping("Specifying volume type to existing volume is not supported.")
	case d.Source == "image" && d.Destination == "local" && (!d.boots() || imageID == ""):
		return invalidMapping("Mapping image to local is not supported.")
	}
	return nil
}

// bootable tells whether the disks that are booted from are numbered from 0
// on, without a gap.
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

// checkSource looks for what a disk is to be made of.
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

// roomForBlanks refuses more empty disks than the flavor has.
func roomForBlanks(n ServerRequest) error {
	const mbPerGB = 1024
	ephemeral, swaps, swap := 0, 0, 0
	for _, d := range n.BlockDevices {
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
	case swap > n.Template.Flavor.Swap:
		return nova.Errorf(nova.Invalid, "Swap drive requested is larger than instance type allows.")
	case ephemeral > n.Template.Flavor.Ephemeral:
		return nova.Errorf(nova.Invalid, "Ephemeral disks requested are larger than the instance type allows. "+
			"If no size is given in one block device mapping, flavor ephemeral size will be used.")
	}
	return nil
}
