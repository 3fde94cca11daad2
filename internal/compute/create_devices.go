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
	Device      string // the name that it is to have; empty for any
	Tag         string

	DeleteOnTermination bool // the volume goes with the server
}

// onVolume reports whether the server is to have a volume.
func (d BlockDevice) onVolume() bool { return !d.None && d.Destination == "volume" }

// boots reports whether the server boots from the disk.
func (d BlockDevice) boots() bool { return d.BootIndex != nil && *d.BootIndex == 0 }

// invalidMapping is a refusal in the form that Nova has for all of them.
func invalidMapping(format string, args ...any) error {
	return nova.Errorf(nova.Invalid, "Block Device Mapping is Invalid: "+format, args...)
}

// resolveDevices finds the volumes that servers are to have, and what volumes are to be
// made for them: _validate_bdm in nova/compute/api.py. It refuses disks that make no
// sense together, are too large for the flavor, or are of what isn't there.
func (a *Servers) resolveDevices(ctx context.Context, r ServerRequest, f nova.Flavor) (devices []nova.BlockDevice, err error) {
	if len(r.Devices) == 0 {
		return nil, nil
	}
	volumes, err := a.volumesOf(ctx, r)
	if err != nil {
		return nil, err
	}
	if !bootable(r.Devices) {
		return nil, invalidMapping("Boot sequence for the instance and image/block device mapping combination is not valid.")
	}
	for _, d := range r.Devices {
		if err := a.checkType(ctx, d); err != nil {
			return nil, err
		}
		made, err := a.resolveSource(ctx, d, r, volumes)
		if err != nil {
			return nil, err
		}
		if err := d.checkKind(); err != nil {
			return nil, err
		}
		if d.onVolume() {
			devices = append(devices, nova.BlockDevice{
				VolumeID: volumes[d.ID].ID, New: made, Device: d.Device, Tag: d.Tag, Bus: d.Bus, Type: d.Type, BootIndex: d.BootIndex,
				DeleteOnTermination: d.DeleteOnTermination,
			})
		}
	}
	if err := checkBlanks(r.Devices, f); err != nil {
		return nil, err
	}
	return devices, checkLocals(r.Devices, f)
}

// volumesOf finds the volumes that a request names, by their IDs. Where servers may
// only have volumes of their own availability zone, all must be in it:
// _validate_vol_az_for_create in nova/compute/api.py.
func (a *Servers) volumesOf(ctx context.Context, r ServerRequest) (map[string]nova.Volume, error) {
	volumes, zones := map[string]nova.Volume{}, []string{}
	for _, d := range r.Devices {
		if !d.onVolume() || d.Source != "volume" {
			continue
		}
		volume, err := a.block(ctx).Show(ctx, d.ID)
		if nova.Is(err, nova.NotFound) {
			err = nova.Because(err, nova.Invalid, "Volume %s could not be found.", d.ID)
		}
		if err != nil {
			return nil, err
		}
		volumes[d.ID], zones = volume, append(zones, volume.Zone)
	}
	if !a.volumesInZone || len(zones) == 0 {
		return volumes, nil
	}
	switch {
	case len(slices.Compact(slices.Sorted(slices.Values(zones)))) > 1:
		return nil, mismatchedZones("Volumes are in different availability zones: %s", strings.Join(zones, ","))
	case r.Zone != "" && r.Zone != zones[0]:
		return nil, mismatchedZones("Server and volumes are not in the same availability zone. Server is in: %s. Volumes are in: %s", r.Zone, zones[0])
	}
	return volumes, nil
}

// mismatchedZones is the refusal of MismatchVolumeAZException in nova/exception.py.
func mismatchedZones(format string, args ...any) error {
	return nova.Errorf(nova.Invalid, "The availability zone between the server and its volumes do not match: "+format+".", args...)
}

// checkType refuses a type of volumes that the block storage service doesn't have.
func (a *Servers) checkType(ctx context.Context, d BlockDevice) error {
	if d.VolumeType == "" || !d.onVolume() {
		return nil
	}
	types, err := a.block(ctx).Types(ctx)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(types, func(t nova.VolumeType) bool { return t.ID == d.VolumeType || t.Name == d.VolumeType }) {
		return nova.Errorf(nova.Invalid, "Volume type %s could not be found.", d.VolumeType)
	}
	return nil
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

// resolveSource looks for the source of a disk, and says what volume is to be made of
// it: nil for none. The image that the servers boot from has been found before.
func (a *Servers) resolveSource(ctx context.Context, d BlockDevice, r ServerRequest, volumes map[string]nova.Volume) (*nova.NewVolume, error) {
	if d.None {
		return nil, nil //nolint:nilnil // no disk is no volume
	}
	made := &nova.NewVolume{Size: d.Size, Type: d.VolumeType}
	if a.volumesInZone {
		made.Zone = r.Zone
	}
	switch {
	case d.Source == "image" && d.ID != r.ImageID && (r.ImageID != "" || !d.boots() || !d.onVolume()): // others have been found
		if _, err := a.images.As(nova.CallerOf(ctx)).Show(ctx, d.ID); err != nil {
			return nil, invalidMapping("failed to get image %s.", d.ID)
		}
	case d.Source == "volume" && d.onVolume():
		return nil, a.checkFree(ctx, volumes[d.ID], r)
	case d.Source == "snapshot" && d.onVolume():
		snapshot, err := a.block(ctx).Snapshot(ctx, d.ID)
		if nova.Is(err, nova.Unavailable) {
			return nil, err
		}
		if err != nil {
			return nil, invalidMapping("failed to get snapshot %s.", d.ID)
		}
		made.SnapshotID, made.Size = d.ID, cmp.Or(made.Size, snapshot.Size)
	case d.Source == "volume", d.Source == "snapshot":
		return nil, invalidMapping("failed to get volume %s.", d.ID)
	}
	switch {
	case !d.onVolume():
		return nil, nil //nolint:nilnil // a disk of the host is no volume
	case d.Source == "image" && d.Size == 0:
		return nil, nova.Errorf(nova.Invalid, "Images with destination_type 'volume' need to have a non-zero size specified")
	case d.Source == "image":
		made.ImageID = d.ID
	case d.Source == "blank" && d.Size == 0:
		return nil, nova.Errorf(nova.Invalid, "Blank volumes (source: 'blank', dest: 'volume') need to have non-zero size")
	}
	return made, nil
}

// checkFree refuses a volume that can't be reserved for a server, as the block storage
// service will.
func (a *Servers) checkFree(ctx context.Context, volume nova.Volume, r ServerRequest) error {
	named := 0
	for _, d := range r.Devices {
		if d.onVolume() && d.ID == volume.ID {
			named++
		}
	}
	switch {
	case volume.Multiattach && !r.Multiattach:
		return nova.Errorf(nova.Invalid, "Multiattach volumes are only supported starting with compute API version 2.60.")
	case named > 1:
		return invalidVolume("volume %s already attached", volume.ID)
	case volume.Status == nova.VolumeAvailable, volume.Multiattach && volume.Status == nova.VolumeInUse:
		return checkHolders(ctx, a.store, "", volume)
	}
	return invalidVolume("Invalid input received: Invalid volume: Volume %s status must be available or downloading to reserve, but the current status is %s.",
		volume.ID, volume.Status)
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
