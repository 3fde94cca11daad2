package api

import (
	"strings"

	"github.com/nova-api/nova-api/api/schema"
	"github.com/nova-api/nova-api/internal/compute"
	"github.com/nova-api/nova-api/internal/nova"
)

// blockDevices reads the disks that are asked for, in either syntax. The
// first adds the image that the server is made of by itself; in the second,
// the client says so.
func blockDevices(s schema.ServerSpec) ([]compute.BlockDevice, error) {
	switch {
	case len(s.BlockDeviceMapping) > 0 && len(s.BlockDeviceMappingV2) > 0:
		return nil, nova.Errorf(nova.Invalid, "Using different block_device_mapping syntaxes is not allowed in the same request.")
	case len(s.BlockDeviceMapping) > 0:
		return oldDevices(s)
	}
	var devices []compute.BlockDevice
	for _, d := range s.BlockDeviceMappingV2 {
		devices = append(devices, newDevice(d))
	}
	return devices, nil
}

// isNoDevice tells whether an entry stands for a disk that the image asks for
// and the server isn't to have.
func isNoDevice(d schema.BlockDevice) bool {
	switch no := d.NoDevice.(type) {
	case bool:
		return no
	case string:
		return no != ""
	}
	return false
}

func newDevice(d schema.BlockDevice) compute.BlockDevice {
	device := compute.BlockDevice{
		None: isNoDevice(d), Source: d.SourceType, Destination: d.DestinationType, ID: d.UUID, Swap: d.GuestFormat == "swap", Size: count(d.VolumeSize, 0),
	}
	if device.Destination == "" && (device.Source == "volume" || device.Source == "snapshot") {
		device.Destination = "volume"
	}
	if d.BootIndex.Set && !d.BootIndex.Null {
		index := int(d.BootIndex.Value)
		device.BootIndex = &index
	}
	if d.VolumeType != nil {
		device.VolumeType = *d.VolumeType
	}
	return device
}

// oldDevices reads the first syntax. What it boots from is the image, or else
// the first disk.
func oldDevices(s schema.ServerSpec) ([]compute.BlockDevice, error) {
	var devices []compute.BlockDevice
	if s.ImageRef != "" {
		devices = append(devices, compute.BlockDevice{Source: "image", Destination: "local", ID: s.ImageRef})
	}
	for _, d := range s.BlockDeviceMapping {
		device := compute.BlockDevice{Destination: "volume", Size: count(d.VolumeSize, 0)}
		switch {
		case isNoDevice(d):
			continue
		case d.VirtualName == "swap", strings.HasPrefix(d.VirtualName, "ephemeral"):
			device = compute.BlockDevice{Source: "blank", Destination: "local", Swap: d.VirtualName == "swap"}
		case d.SnapshotID != "":
			device.Source, device.ID = "snapshot", d.SnapshotID
		case d.VolumeID != "":
			device.Source, device.ID = "volume", d.VolumeID
		default:
			return nil, nova.Errorf(nova.Invalid, "Block Device Mapping is Invalid: Unrecognized legacy format.")
		}
		devices = append(devices, device)
	}
	if len(devices) > 0 {
		devices[0].BootIndex = new(0)
	}
	return devices, nil
}
