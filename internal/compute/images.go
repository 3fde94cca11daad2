package compute

import (
	"context"

	"github.com/nova-api/nova-api/internal/cloud"
	"github.com/nova-api/nova-api/internal/nova"
)

// Images, as clients of old look for them at the compute API, are those of the
// image service, in the caller's name.

// An ImageQuery says which images a list holds.
type ImageQuery = cloud.ImageQuery

// Images lists images. The error is Invalid if the image service can't filter so,
// or doesn't know the marker.
func (a *Servers) Images(ctx context.Context, q ImageQuery) ([]nova.Image, error) {
	return a.images.As(nova.CallerOf(ctx)).List(ctx, q)
}

// Image finds an image. The error is NotFound if there is none that the caller
// may see.
func (a *Servers) Image(ctx context.Context, id string) (nova.Image, error) {
	image, err := a.images.As(nova.CallerOf(ctx)).Show(ctx, id)
	if nova.Is(err, nova.NotFound) {
		return image, nova.Errorf(nova.NotFound, "Image not found.")
	}
	return image, err
}

// DeleteImage deletes an image. The error is Forbidden for an image that is
// protected or another project's, and Conflict for one that is in use.
func (a *Servers) DeleteImage(ctx context.Context, image nova.Image) error {
	err := a.images.As(nova.CallerOf(ctx)).Delete(ctx, image.ID)
	if nova.Is(err, nova.Forbidden) {
		return nova.Because(err, nova.Forbidden, "You are not allowed to delete the image.")
	}
	return err
}

// ReplaceImageMetadata gives an image the metadata that is wanted, and no other.
// The error is OverQuota for more than the caller's project may have on a server,
// and Forbidden for an image that the caller may not change.
func (a *Servers) ReplaceImageMetadata(ctx context.Context, image nova.Image, wanted map[string]string) (nova.Image, error) {
	if err := a.CheckImageMetadata(ctx, wanted); err != nil {
		return image, err
	}
	return a.images.As(nova.CallerOf(ctx)).ReplaceProperties(ctx, image, wanted)
}

// CheckImageMetadata refuses more metadata on an image than the caller's project
// may have on a server: check_img_metadata_properties_quota in
// nova/api/openstack/common.py. The error is OverQuota.
func (a *Servers) CheckImageMetadata(ctx context.Context, metadata map[string]string) error {
	quota, _, err := a.Quota(ctx, nova.CallerOf(ctx).ProjectID, "")
	if err != nil || len(metadata) == 0 || quota.Within(nova.QuotaMetadataItems, len(metadata)) {
		return err
	}
	return nova.Errorf(nova.OverQuota, "Image metadata limit exceeded")
}
