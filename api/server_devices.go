package api

import (
	"regexp"
	"strings"

	"github.com/nova-api/nova-api/api/rest"
	"github.com/nova-api/nova-api/api/schema"
	"github.com/nova-api/nova-api/internal/compute"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/policy"
)

// blockDevices reads the disks that a client asks for, in either syntax. The
// first adds the image that the server boots from by itself; in the second, the
// client says so.
func blockDevices(r *rest.Request, s schema.ServerSpec) (devices []compute.BlockDevice, err error) {
	switch {
	case len(s.BlockDeviceMapping) > 0 && len(s.BlockDeviceMappingV2) > 0:
		return nil, nova.Errorf(nova.Invalid, "Using different block_device_mapping syntaxes is not allowed in the same request.")
	case len(s.BlockDeviceMapping) > 0:
		devices, err = oldDevices(s)
	case len(s.BlockDeviceMappingV2) > 0:
		devices, err = newDevices(s)
	default:
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return devices, r.EnforceOwn(policy.ServerCreateAttachVolume)
}

// ephemeralName matches the names of ephemeral disks in the first syntax:
// is_ephemeral in nova/block_device.py.
var ephemeralName = regexp.MustCompile(`^ephemeral(\d|[1-9]\d+)$`)

// isNoDevice reports whether an entry takes a disk of the image away: Python's
// truth of any value.
func isNoDevice(d schema.BlockDevice) bool {
	switch no := d.NoDevice.(type) {
	case nil:
		return false
	case bool:
		return no
	case string:
		return no != ""
	case float64:
		return no != 0
	case []any:
		return len(no) > 0
	case map[string]any:
		return len(no) > 0
	}
	return true
}

// newDevices reads the second syntax. Volumes and snapshots are on volumes unless
// the client says otherwise; any other disk without a destination has none.
func newDevices(s schema.ServerSpec) ([]compute.BlockDevice, error) {
	devices := make([]compute.BlockDevice, len(s.BlockDeviceMappingV2))
	for i, d := range s.BlockDeviceMappingV2 {
		device := compute.BlockDevice{
			None: isNoDevice(d), Source: d.SourceType, Destination: d.DestinationType, ID: d.UUID,
			Swap: d.GuestFormat == "swap", Size: count(d.VolumeSize, 0), VolumeType: text(d.VolumeType), Bus: d.DiskBus, Type: d.DeviceType,
			Device: d.DeviceName, Tag: d.Tag, DeleteOnTermination: wants(d.DeleteOnTermination),
		}
		if device.Destination == "" && (device.Source == "volume" || device.Source == "snapshot") {
			device.Destination = "volume"
		}
		if d.BootIndex.Set && !d.BootIndex.Null {
			device.BootIndex = new(int(d.BootIndex.Value))
		}
		if err := checkDevice(device, s.ImageRef); err != nil {
			return nil, err
		}
		devices[i] = device
	}
	return devices, nil
}

// checkDevice refuses a disk that contradicts itself: BlockDeviceDict.from_api in
// nova/block_device.py. The only image on a local disk is the one that the server
// boots from, which clients such as python-openstackclient send along. An entry
// that takes a disk of the image away may say anything else.
func checkDevice(d compute.BlockDevice, imageID string) error {
	boots := d.BootIndex != nil && *d.BootIndex == 0
	switch {
	case d.None:
		return nil
	case d.Source == "blank" && d.ID != "":
		return invalidMapping("Invalid device UUID.")
	case d.Source != "blank" && d.ID == "":
		return invalidMapping("Missing device UUID.")
	case d.Source == "":
		return invalidMapping("Some required fields are missing")
	case d.Source == "image" && d.Destination == "local" && (!boots || imageID == ""):
		return invalidMapping("Mapping image to local is not supported.")
	case d.VolumeType != "" && d.Destination == "local":
		return invalidMapping("Specifying a volume_type with destination_type=local is not supported.")
	case d.VolumeType != "" && d.Source == "volume":
		return invalidMapping("Specifying volume type to existing volume is not supported.")
	}
	return nil
}

// invalidMapping is a refusal in the form that Nova has for all of them.
func invalidMapping(reason string) error {
	return nova.Errorf(nova.Invalid, "Block Device Mapping is Invalid: %s", reason)
}

// wants reports whether a client says yes to what may be left out.
func wants(b *schema.Bool) bool { return b != nil && bool(*b) }

// text is empty for a text that was left out.
func text(t *string) string {
	if t == nil {
		return ""
	}
	return *t
}

// oldDevices reads the first syntax: from_legacy_mapping in
// nova/block_device.py. The servers boot from the volume or snapshot that is called
// vda, or else from the image; without either, nothing is booted from, which is
// refused later.
func oldDevices(s schema.ServerSpec) ([]compute.BlockDevice, error) {
	devices := make([]compute.BlockDevice, len(s.BlockDeviceMapping))
	fromVolume := false
	for i, d := range s.BlockDeviceMapping {
		device := compute.BlockDevice{
			None: isNoDevice(d), Destination: "volume", Size: count(d.VolumeSize, 0), Device: d.DeviceName, DeleteOnTermination: wants(d.DeleteOnTermination),
		}
		switch {
		case d.VirtualName == "swap", ephemeralName.MatchString(d.VirtualName):
			device.Source, device.Destination, device.Swap = "blank", "local", d.VirtualName == "swap"
		case d.SnapshotID != "":
			device.Source, device.ID = "snapshot", d.SnapshotID
		case d.VolumeID != "":
			device.Source, device.ID = "volume", d.VolumeID
		case !device.None:
			return nil, invalidMapping("Unrecognized legacy format.")
		}
		if device.ID != "" && strings.TrimPrefix(d.DeviceName, "/dev/") == "vda" {
			device.BootIndex, fromVolume = new(0), true
		}
		devices[i] = device
	}
	if s.ImageRef == "" || fromVolume {
		return devices, nil
	}
	image := compute.BlockDevice{Source: "image", Destination: "local", ID: s.ImageRef, BootIndex: new(0)}
	return append([]compute.BlockDevice{image}, devices...), nil
}
