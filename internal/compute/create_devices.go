package compute

import (
	"cmp"
	"context"
	"slices"
	"strings"

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
	Bus         string // empty: the host's choice
	Type        string // disk, cdrom, …; empty: a disk
}

// invalidMapping is a refusal in the form that Nova has for all of them.
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
		if err := d.checkKind(); err != nil {
			return err
		}
	}
	if err := checkBlanks(r.Devices, f); err != nil {
		return err
	}
	return checkLocals(r.Devices, f)
}

// bootable reports whether the boot indexes of disks count from 0 without a gap.
// A disk without an index, or with one below 0, is not booted from; at least one
// disk must be.
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

// checkSource looks for the source of a disk. The image that the servers boot
// from has been found before. Volumes and snapshots are never found, since there
// is no service for them; their sizes are checked first, as in Nova.
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

// checkKind refuses a bus and a type of disk that there is not. Nova has no
// words for the bus, and answers 500 to the type.
func (d BlockDevice) checkKind() error {
	if d.Bus != "" && !slices.Contains(strings.Fields(diskBuses), d.Bus) {
		return nova.Errorf(nova.Invalid, "Block Device Mapping is Invalid.")
	}
	if d.Type != "" && !slices.Contains(strings.Fields(diskTypes), d.Type) {
		return invalidMapping("Field value %s is invalid", d.Type)
	}
	return nil
}

// checkBlanks refuses empty disks that are larger than those of the flavor. An
// ephemeral disk without a size is as large as the flavor's. The size of a swap
// disk is held against the flavor's megabytes as it is, as in Nova.
func checkBlanks(devices []BlockDevice, f nova.Flavor) error {
	ephemeral, swap, swaps := 0, 0, 0
	for _, d := range devices {
		switch {
		case d.None || d.Source != "blank" || d.Destination != "local":
		case d.Swap:
			swaps++
			swap = cmp.Or(swap, d.Size)
		default:
			ephemeral += cmp.Or(d.Size, f.Ephemeral)
		}
	}
	switch {
	case ephemeral > f.Ephemeral:
		return nova.Errorf(nova.Invalid, "Ephemeral disks requested are larger than the instance type allows. "+
			"If no size is given in one block device mapping, flavor ephemeral size will be used.")
	case swaps > 1:
		return invalidMapping("More than one swap drive requested.")
	case swap > f.Swap:
		return nova.Errorf(nova.Invalid, "Swap drive requested is larger than instance type allows.")
	}
	return nil
}

// maxLocal is how many disks on its host a server may have: the default of
// Nova's max_local_block_devices.
const maxLocal = 3

// checkLocals refuses more disks on the host than a server may have. The
// flavor's ephemeral and swap disk count unless the client asks for its own.
func checkLocals(devices []BlockDevice, f nova.Flavor) error {
	locals, ephemeral, swap := 0, f.Ephemeral > 0, f.Swap > 0
	for _, d := range devices {
		if d.Destination != "local" {
			continue
		}
		locals++
		if d.Source == "blank" {
			ephemeral, swap = ephemeral && d.Swap, swap && !d.Swap
		}
	}
	for _, more := range []bool{ephemeral, swap} {
		if more {
			locals++
		}
	}
	if locals > maxLocal {
		return invalidMapping("You specified more local devices than the limit allows")
	}
	return nil
}
