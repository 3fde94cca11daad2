package compute

import (
	"context"

	"github.com/nova-api/nova-api/internal/nova"
)

const (
	bytesPerGB  = 1 << 30
	imageActive = "active"
)

// resolveImage finds the image that servers boot from, as the caller sees it:
// the zero image if none is named.
func (a *Servers) resolveImage(ctx context.Context, id string) (nova.Image, error) {
	if id == "" {
		return nova.Image{}, nil
	}
	image, err := a.images.As(nova.CallerOf(ctx)).Show(ctx, id)
	if nova.Is(err, nova.NotFound) || nova.Is(err, nova.Forbidden) {
		return image, nova.Errorf(nova.Invalid, "Can not find requested image")
	}
	return image, err
}

// checkImage refuses an image that a server of a flavor can't boot from, as
// _detect_nonbootable_image_from_properties and _validate_flavor_image in
// nova/compute/api.py do. A flavor without a disk
// makes the disk as large as the image, which not everybody may ask for.
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
	case f.RAM < image.MinRAM:
		return nova.Errorf(nova.Invalid, "Flavor's memory is too small for requested image.")
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
