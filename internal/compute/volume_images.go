package compute

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/nova"
)

// The properties of an image that say which volumes belong to a server that is made of
// it.
const (
	mappingProp    = "block_device_mapping"
	mappingIsV2    = "bdm_v2"
	rootDeviceProp = "root_device_name"
)

// An imageDevice is a disk in the block_device_mapping of an image: get_image_mapping in
// nova/block_device.py.
type imageDevice struct {
	Source              string  `json:"source_type"`
	Destination         string  `json:"destination_type"`
	SnapshotID          *string `json:"snapshot_id"`
	VolumeID            *string `json:"volume_id"`
	ImageID             *string `json:"image_id"`
	VolumeSize          *int    `json:"volume_size"`
	VolumeType          *string `json:"volume_type"`
	BootIndex           *int    `json:"boot_index"`
	Device              *string `json:"device_name"`
	Bus                 *string `json:"disk_bus"`
	Type                *string `json:"device_type"`
	GuestFormat         *string `json:"guest_format"`
	Tag                 *string `json:"tag"`
	DeleteOnTermination bool    `json:"delete_on_termination"`
	NoDevice            *bool   `json:"no_device"`
}

// mostImageDevices bounds how many disks an image may give to a server.
const mostImageDevices = 64

// imageDevices are the disks that an image gives to its servers. Only those in the second
// syntax count, as Nova itself writes them.
func imageDevices(image nova.Image) ([]BlockDevice, error) {
	text := image.Properties[mappingProp]
	if text == "" || !nova.Truth(image.Properties[mappingIsV2]) {
		return nil, nil
	}
	var listed []imageDevice
	if err := json.Unmarshal([]byte(text), &listed); err != nil || len(listed) > mostImageDevices {
		return nil, invalidMapping("Invalid %s of image %s.", mappingProp, image.ID)
	}
	devices := make([]BlockDevice, len(listed))
	for i, d := range listed {
		ids := map[string]*string{"snapshot": d.SnapshotID, "volume": d.VolumeID, "image": d.ImageID, "blank": nil}
		id, known := ids[d.Source]
		if !known {
			return nil, invalidMapping("Invalid source_type field.")
		}
		devices[i] = BlockDevice{
			None: d.NoDevice != nil && *d.NoDevice, Source: d.Source, Destination: d.Destination, ID: orEmpty(id), BootIndex: d.BootIndex,
			Swap: orEmpty(d.GuestFormat) == "swap", VolumeType: orEmpty(d.VolumeType), Bus: orEmpty(d.Bus), Type: orEmpty(d.Type),
			Device: orEmpty(d.Device), Tag: orEmpty(d.Tag), DeleteOnTermination: d.DeleteOnTermination,
		}
		if d.VolumeSize != nil {
			devices[i].Size = *d.VolumeSize
		}
	}
	return devices, nil
}

// orEmpty is empty for a text that was left out.
func orEmpty(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

// withImageDevices is a request with the disks that its image gives to servers, except
// those of which the client wants others in the same places: _check_and_transform_bdm in
// nova/compute/api.py. It refuses to give one volume to several servers.
func (r ServerRequest) withImageDevices(image nova.Image) (ServerRequest, error) {
	root := strings.TrimPrefix(rootOf(nova.Server{RootDevice: rootDevice(image)}), "/dev/")
	for _, d := range r.Devices {
		if r.ImageID != "" && d.onVolume() && strings.TrimPrefix(d.Device, "/dev/") == root {
			return r, nova.Errorf(nova.Invalid, "The volume cannot be assigned the same device name as the root device %s", root)
		}
	}
	given, err := imageDevices(image)
	if err != nil {
		return r, err
	}
	r.Devices = slices.Clone(r.Devices)
	if slices.ContainsFunc(given, BlockDevice.boots) {
		r.Devices = slices.DeleteFunc(r.Devices, func(d BlockDevice) bool { return d.boots() && d.Source == "image" })
	}
	for _, d := range given {
		if d.Device == "" || !slices.ContainsFunc(r.Devices, func(other BlockDevice) bool { return other.Device == d.Device }) {
			r.Devices = append(r.Devices, d)
		}
	}
	if r.Max > 1 && slices.ContainsFunc(r.Devices, func(d BlockDevice) bool { return d.Source == "volume" }) {
		return r, nova.Errorf(nova.Invalid, "Cannot attach one or more volumes to multiple instances")
	}
	return r, nil
}

// makeVolumeImage makes an image of a server that boots from a volume: snapshots of all
// of its volumes, and an image without data that names them. It is done when it returns:
// snapshot_volume_backed in nova/compute/api.py. Whatever dies in between leaves
// snapshots that the project can delete, and no image without data.
func (a *Servers) makeVolumeImage(ctx context.Context, s nova.Server, verb Verb, image nova.Image) (string, error) {
	if err := transitions[verb].check(ctx, s); err != nil {
		return "", err
	}
	quota, err := a.block(ctx).SnapshotQuota(ctx)
	if err != nil {
		return "", err
	}
	if quota.Limit >= 0 && quota.Used+len(s.BlockDevices) > quota.Limit {
		return "", nova.Errorf(nova.OverQuota, "Quota exceeded for resources: snapshots")
	}
	err = a.store.Tx(ctx, func(tx *db.Store) error {
		if err := tx.LeaveImages(ctx, []string{image.ID}, tx.Now().Add(volumeImageTime), false); err != nil {
			return err
		}
		return recordOn(ctx, tx, s, transitions[verb].action, "api_snapshot_instance", a.host)
	})
	if err != nil {
		return "", err
	}
	mapping, made, err := a.snapshotVolumes(ctx, s, image.Name)
	if err == nil {
		maps.Copy(image.Properties, map[string]string{mappingProp: mapping, mappingIsV2: "True", rootDeviceProp: rootOf(s)})
		image.DiskFormat, image.ContainerFormat = "raw", "bare"
		err = a.createEmpty(ctx, s, image)
	}
	if err != nil {
		return "", errors.Join(err, a.dropSnapshots(ctx, made))
	}
	return image.ID, a.store.ForgetImage(ctx, image.ID)
}

// volumeImageTime is after how long an image of volumes that has no data was left behind
// by a process that died.
const volumeImageTime = 10 * time.Minute

// snapshotVolumes has snapshots made of all volumes of a server, in the caller's name. It
// returns the property of the image that names them, and those that it has made even if
// it fails.
func (a *Servers) snapshotVolumes(ctx context.Context, s nova.Server, name string) (mapping string, made []string, err error) {
	devices := make([]imageDevice, 0, len(s.BlockDevices))
	for _, d := range s.BlockDevices {
		volume, err := a.block(ctx).Show(ctx, d.VolumeID)
		if err != nil {
			return "", made, err
		}
		snapshot, err := a.block(ctx).CreateSnapshot(ctx, volume.ID, "snapshot for "+name, volume.Description, true)
		if err != nil {
			return "", made, err
		}
		made = append(made, snapshot.ID)
		devices = append(devices, imageDevice{
			Source: "snapshot", Destination: "volume", SnapshotID: &snapshot.ID, VolumeSize: &volume.Size, BootIndex: d.BootIndex,
			Device: unlessEmpty(d.Device), Bus: unlessEmpty(d.Bus), Type: unlessEmpty(d.Type), Tag: unlessEmpty(d.Tag), DeleteOnTermination: d.DeleteOnTermination,
		})
	}
	text, err := json.Marshal(devices)
	return string(text), made, err
}

// unlessEmpty is nil for an empty text.
func unlessEmpty(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// createEmpty creates an image and gives it no bytes as its data, so that it is active.
func (a *Servers) createEmpty(ctx context.Context, s nova.Server, image nova.Image) error {
	args := imageArgs{Image: image}
	if image.Owner != s.ProjectID {
		args.ShareWith = s.ProjectID
	}
	images := a.images.AsService()
	if err := args.ensureImage(ctx, images); err != nil {
		return err
	}
	return images.Upload(ctx, image.ID, bytes.NewReader(nil))
}

// dropSnapshots deletes snapshots that no image names.
func (a *Servers) dropSnapshots(ctx context.Context, ids []string) error {
	ctx, cancel := graceContext(ctx)
	defer cancel()
	service, errs := a.block(ctx), []error{}
	for _, id := range ids {
		if err := service.DeleteSnapshot(ctx, id); err != nil && !nova.Is(err, nova.NotFound) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
