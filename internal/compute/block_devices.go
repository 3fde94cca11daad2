package compute

import "github.com/nova-api/nova-api/internal/nova"

// A BlockDevice is a disk that a client asks for with a new server.
type BlockDevice struct {
	Source      string // image, volume, snapshot or blank
	Destination string // local or volume
	ID          string // of what it is made of
	BootIndex   *int   // 0 is booted from; nil or negative is not
	Swap        bool
	Size        int // GB
	VolumeType  string
}

func invalidMapping(format string, args ...any) error {
	return nova.Errorf(nova.Invalid, "Block Device Mapping is Invalid: "+format, args...)
}

// checkBlockDevices refuses disks that make no sense, and those on volumes,
// which there is no service for.
func checkBlockDevices(n NewServer) error {
	boots := 0
	for _, d := range n.BlockDevices {
		if err := d.check(n.Template.ImageID); err != nil {
			return err
		}
		if d.BootIndex != nil && *d.BootIndex == 0 {
			boots++
		}
	}
	if len(n.BlockDevices) > 0 && boots > 1 || boots == 0 && n.Template.ImageID == "" {
		return invalidMapping("Boot sequence for the instance and image/block device mapping combination is not valid.")
	}
	return roomForBlanks(n)
}

func (d BlockDevice) check(imageID string) error {
	boots := d.BootIndex != nil && *d.BootIndex == 0
	switch {
	case d.Source == "blank" && d.ID != "":
		return invalidMapping("Invalid device UUID.")
	case d.Source != "blank" && d.ID == "":
		return invalidMapping("Missing device UUID.")
	case d.VolumeType != "" && d.Destination == "local":
		return invalidMapping("Specifying a volume_type with destination_type=local is not supported.")
	case d.VolumeType != "" && d.Source == "volume":
		return invalidMapping("Specifying volume type to existing volume is not supported.")
	case d.Source == "image" && d.Destination == "local" && (!boots || imageID == ""):
		return invalidMapping("Mapping image to local is not supported.")
	case d.Source == "volume", d.Source == "snapshot" && d.Destination != "volume":
		return invalidMapping("failed to get volume %s.", d.ID)
	case d.Source == "snapshot":
		return invalidMapping("failed to get snapshot %s.", d.ID)
	case d.Destination == "volume":
		return invalidMapping("failed to get volume %s.", d.ID)
	}
	return nil
}

// roomForBlanks refuses more empty disks than the flavor has.
func roomForBlanks(n NewServer) error {
	ephemeral, swaps := 0, 0
	for _, d := range n.BlockDevices {
		if d.Source != "blank" {
			continue
		}
		if d.Swap {
			swaps++
			continue
		}
		ephemeral += d.Size
	}
	if swaps > 1 {
		return invalidMapping("More than one swap drive requested.")
	}
	if ephemeral > n.Template.Flavor.Ephemeral {
		return invalidMapping("Ephemeral disks requested are larger than the instance type allows. If no size is given in one block device mapping, flavor ephemeral size will be used.")
	}
	return nil
}
