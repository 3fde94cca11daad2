package compute

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/nova-api/nova-api/internal/nova"
)

const (
	bytesPerGB  = 1 << 30
	imageActive = "active"

	autoDisk       = "AUTO"
	manualDisk     = "MANUAL"
	diskConfigProp = "auto_disk_config"
)

// A bootImage is an image that servers boot from: the zero value for servers
// that boot from a block device.
type bootImage struct {
	nova.Image
	kernel, ramdisk string // IDs of images; empty for an image that boots by itself
	onVolume        int64  // bytes of the volume that the servers boot from; 0 for none
}

// resolveImage finds the image that a request names, with its kernel and
// ramdisk, as the caller sees them.
func (a *Servers) resolveImage(ctx context.Context, r ServerRequest) (b bootImage, err error) {
	if r.ImageID == "" && len(r.TrustedCerts) > 0 {
		return b, nova.Errorf(nova.Invalid, "Image certificate validation is not supported when booting from volume")
	}
	if r.ImageID == "" {
		if d, found := r.rootVolume(); found {
			b.Image, b.onVolume, err = a.imageOfVolume(ctx, d)
		}
		return b, err
	}
	if b.Image, err = a.findImage(ctx, r.ImageID); err != nil {
		return b, err
	}
	if err := checkDiskConfig(b.Image, r.DiskConfig); err != nil {
		return b, err
	}
	b.kernel, b.ramdisk, err = a.resolveKernel(ctx, b.Image)
	return b, err
}

// rootVolume is the volume that servers are to boot from, if they are.
func (r ServerRequest) rootVolume() (BlockDevice, bool) {
	at := slices.IndexFunc(r.Devices, func(d BlockDevice) bool { return d.onVolume() && d.boots() })
	if at < 0 {
		return BlockDevice{}, false
	}
	return r.Devices[at], true
}

// imageOfVolume is what is known of the image that a volume was or will be made of, and
// the size of the volume in bytes: get_bdm_image_metadata in nova/block_device.py. It has
// no ID, since the servers have none.
func (a *Servers) imageOfVolume(ctx context.Context, d BlockDevice) (image nova.Image, size int64, err error) {
	caller, volumeID := nova.CallerOf(ctx), d.ID
	switch d.Source {
	case "image":
		image, err = a.images.As(caller).Show(ctx, d.ID)
		if err != nil {
			return image, 0, invalidMapping("failed to get image %s.", d.ID)
		}
		image.ID = ""
		return image, int64(d.Size) * bytesPerGB, nil
	case "snapshot":
		snapshot, err := a.block(ctx).Snapshot(ctx, d.ID)
		if err != nil {
			return image, 0, orUnavailable(err, invalidMapping("failed to get snapshot %s.", d.ID))
		}
		volumeID = snapshot.VolumeID
	case "blank":
		return image, int64(d.Size) * bytesPerGB, nil
	}
	volume, err := a.block(ctx).Show(ctx, volumeID)
	switch {
	case err != nil:
		return image, 0, orUnavailable(err, invalidMapping("failed to get volume %s.", volumeID))
	case !volume.Bootable:
		return image, 0, nova.Errorf(nova.Invalid, "Block Device %s is not bootable.", volumeID)
	}
	size = int64(cmp.Or(d.Size, volume.Size)) * bytesPerGB
	image = nova.Image{Status: imageActive, Size: size, Properties: maps.Clone(volume.ImageMetadata)}
	image.MinRAM, _ = strconv.Atoi(image.Properties["min_ram"])
	image.MinDisk, _ = strconv.Atoi(image.Properties["min_disk"])
	image.DiskFormat, image.ContainerFormat = image.Properties["disk_format"], image.Properties["container_format"]
	for _, name := range []string{"image_id", "image_name", "size", "checksum", "container_format", "disk_format", "min_ram", "min_disk"} {
		delete(image.Properties, name)
	}
	return image, size, nil
}

// orUnavailable is a refusal, unless the reason is that a service can't be reached.
func orUnavailable(err, refusal error) error {
	if nova.Is(err, nova.Unavailable) {
		return err
	}
	return refusal
}

// errNoImage is what findImage says.
var errNoImage = nova.Errorf(nova.Invalid, "Can not find requested image")

// findImage finds an image as the caller sees it. Nova says the same of images
// that are not there and of those that the caller may not see.
func (a *Servers) findImage(ctx context.Context, id string) (nova.Image, error) {
	image, err := a.images.As(nova.CallerOf(ctx)).Show(ctx, id)
	if nova.Is(err, nova.NotFound) || nova.Is(err, nova.Forbidden) {
		return image, errNoImage
	}
	return image, err
}

// resolveKernel finds the kernel and the ramdisk that an image is to be booted
// with, as _handle_kernel_and_ramdisk in nova/compute/api.py does: both are empty
// for an image that boots by itself.
func (a *Servers) resolveKernel(ctx context.Context, image nova.Image) (kernel, ramdisk string, err error) {
	kernel, ramdisk = unlessNone(image.Properties["kernel_id"]), unlessNone(image.Properties["ramdisk_id"])
	if kernel == "nokernel" {
		return "", "", nil
	}
	for _, id := range []string{kernel, ramdisk} {
		if id == "" {
			continue
		}
		if _, err := a.findImage(ctx, id); err != nil {
			return "", "", err
		}
	}
	return kernel, ramdisk, nil
}

// unlessNone is an image's ID that is a property of another image: empty for the
// word "none", as in _extract_attributes of nova/image/glance.py.
func unlessNone(id string) string {
	if strings.ToLower(strings.TrimSpace(id)) == "none" {
		return ""
	}
	return id
}

// checkDiskConfig refuses to resize the disk of an image that forbids it.
func checkDiskConfig(image nova.Image, wanted string) error {
	if wanted == autoDisk && strings.ToLower(strings.TrimSpace(image.Properties[diskConfigProp])) == "disabled" {
		return nova.Errorf(nova.Invalid, "Requested image %s has automatic disk resize disabled.", image.ID)
	}
	return nil
}

// diskConfig is the client's choice, or else that of the image, or MANUAL.
func diskConfig(image nova.Image, chosen string) string {
	if nova.Truth(image.Properties[diskConfigProp]) {
		return cmp.Or(chosen, autoDisk)
	}
	return cmp.Or(chosen, manualDisk)
}

// checkMemory refuses an image that wants more memory than a flavor has.
func checkMemory(image nova.Image, f nova.Flavor) error {
	if f.RAM < image.MinRAM {
		return nova.Errorf(nova.Invalid, "Flavor's memory is too small for requested image.")
	}
	return nil
}

// checkVolumeImage is checkImage for servers that boot from a volume: the flavor's disk
// doesn't matter, and the image must fit on the volume.
func checkVolumeImage(image nova.Image, size int64, f nova.Flavor) error {
	minimum := int64(image.MinDisk) * bytesPerGB
	switch {
	case image.Status != "" && image.Status != imageActive:
		return nova.Errorf(nova.Invalid, "Image %s is not active.", image.ID)
	case checkMemory(image, f) != nil:
		return checkMemory(image, f)
	case checkRing(image, f) != nil:
		return checkRing(image, f)
	case size < minimum:
		return nova.Errorf(nova.Invalid,
			"Volume is smaller than the minimum size specified in image metadata. Volume size is %d bytes, minimum size is %d bytes.", size, minimum)
	}
	return nil
}

// checkImage refuses an image that a server of a flavor can't boot from, as
// _detect_nonbootable_image_from_properties and _validate_flavor_image in
// nova/compute/api.py do. A flavor without a disk makes the disk as large as the
// image, which not everybody may ask for.
func checkImage(image nova.Image, f nova.Flavor, zeroDisk bool) error {
	have := int64(f.Disk) * bytesPerGB
	switch {
	case image.ID == "":
		return nil
	case image.Properties["cinder_encryption_key_id"] != "":
		return nova.Errorf(nova.Invalid,
			"Image %s is unacceptable: Direct booting of an image uploaded from an encrypted volume is unsupported.", image.ID)
	case image.Status != imageActive:
		return nova.Errorf(nova.Invalid, "Image %s is not active.", image.ID)
	case checkMemory(image, f) != nil:
		return checkMemory(image, f)
	case checkRing(image, f) != nil:
		return checkRing(image, f)
	case f.Disk == 0 && !zeroDisk:
		return nova.Errorf(nova.Forbidden, "Only volume-backed servers are allowed for flavors with zero disk.")
	case f.Disk == 0:
		return nil
	case have < image.Size:
		return nova.Errorf(nova.Invalid, "Flavor's disk is too small for requested image. Flavor disk is %d bytes, image is %d bytes.",
			have, image.Size)
	case f.Disk < image.MinDisk:
		return nova.Errorf(nova.Invalid,
			"Flavor's disk is smaller than the minimum size specified in image metadata. Flavor disk is %d bytes, minimum size is %d bytes.",
			have, int64(image.MinDisk)*bytesPerGB)
	}
	return nil
}
