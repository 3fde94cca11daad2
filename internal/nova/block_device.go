package nova

import "slices"

// A BlockDevice is a volume that a server has, or is about to have: a block device
// mapping of Nova. Disks on a server's host are a matter of its flavor, and are none.
type BlockDevice struct {
	ID           string `json:"id"` // bdm_uuid of the API since 2.89
	VolumeID     string `json:"volume_id"`
	AttachmentID string `json:"attachment_id,omitempty"` // at the block storage service; empty until the volume is reserved
	Device       string `json:"device,omitempty"`        // as the server sees it, such as /dev/vdb; empty until it has a host
	Tag          string `json:"tag,omitempty"`
	Bus          string `json:"bus,omitempty"`        // empty: the host's choice
	Type         string `json:"type,omitempty"`       // disk, cdrom, …; empty: a disk
	BootIndex    *int   `json:"boot_index,omitempty"` // 0 is the root disk; nil: it is never booted from

	New     *NewVolume `json:"new,omitempty"`     // what is to be made for the server; nil once it is, or if the volume was there before
	Failure string     `json:"failure,omitempty"` // why it could not be made

	// Swap is the other volume of a swap under way: it is reserved for the server, which
	// doesn't use it yet, or not any more.
	Swap string `json:"swap,omitempty"`

	// Moving says that the volume is being attached anew, since its server goes to another
	// host or is made again. If that was broken off, whoever puts the server right ends it.
	Moving bool `json:"moving,omitempty"`

	// DeleteOnTermination says that the volume goes when the server is deleted.
	DeleteOnTermination bool `json:"delete_on_termination,omitempty"`
}

// IsRoot reports whether the server boots from the volume.
func (d BlockDevice) IsRoot() bool { return d.BootIndex != nil && *d.BootIndex == 0 }

// OnVolume reports whether the server boots from a volume, and so has no root disk on
// its host.
func (s Server) OnVolume() bool {
	return slices.ContainsFunc(s.BlockDevices, BlockDevice.IsRoot)
}

// Takes says what the server takes of a host with a flavor, its own or another.
func (s Server) Takes(f Flavor) Resources {
	takes := f.Takes()
	if s.OnVolume() {
		takes.Disk -= f.Disk
	}
	return takes
}

// BlockDevice finds the mapping of a volume, and reports whether the server has it.
func (s Server) BlockDevice(volumeID string) (BlockDevice, bool) {
	at := slices.IndexFunc(s.BlockDevices, func(d BlockDevice) bool { return d.VolumeID == volumeID })
	if at < 0 {
		return BlockDevice{}, false
	}
	return s.BlockDevices[at], true
}
