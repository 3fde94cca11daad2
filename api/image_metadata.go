package api

import (
	"context"
	"maps"
	"net/http"

	"github.com/nova-api/nova-api/api/rest"
	"github.com/nova-api/nova-api/api/schema"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/views"
)

// ImageMetadata answers for /images/{image_id}/metadata, until 2.38: the
// properties that the image service keeps of an image.
type ImageMetadata struct{ Options }

// Operations are the operations on an image's metadata.
func (c *ImageMetadata) Operations() rest.Operations {
	return lastIn(rest.Operations{
		"index":  rest.Do(c.index).Query(schema.IgnoredQuery),
		"show":   rest.Do(c.show).Query(schema.IgnoredQuery),
		"create": rest.DoWith(schema.ServerMetadataCreate, c.create),
		"update": rest.DoWith(schema.ServerMetadataUpdate, c.update),
		"delete": rest.Do(c.delete).Status(http.StatusNoContent),

		"update_all": rest.DoWith(schema.ServerMetadataCreate, c.replace),
	}, 38)
}

// image finds the image that the path names.
func (c *ImageMetadata) image(ctx context.Context, r *rest.Request) (nova.Image, error) {
	return c.Compute.Image(ctx, r.Param("image_id"))
}

func (c *ImageMetadata) index(ctx context.Context, r *rest.Request) (any, error) {
	image, err := c.image(ctx, r)
	if err != nil {
		return nil, err
	}
	return views.Images{}.Metadata(image), nil
}

func (c *ImageMetadata) show(ctx context.Context, r *rest.Request) (any, error) {
	image, err := c.image(ctx, r)
	if err != nil {
		return nil, err
	}
	if _, ok := image.Properties[r.ID()]; !ok {
		return nil, nova.Errorf(nova.NotFound, "")
	}
	return views.Images{}.MetadataItem(image, r.ID()), nil
}

// create adds items, and answers with what the image service has then.
func (c *ImageMetadata) create(ctx context.Context, r *rest.Request, in schema.ServerMetadataCreateBody) (any, error) {
	image, err := c.merge(ctx, r, in.Metadata)
	if err != nil {
		return nil, err
	}
	return views.Images{}.Metadata(image), nil
}

// update sets the one item that the path names. The body must hold that key.
func (c *ImageMetadata) update(ctx context.Context, r *rest.Request, in schema.ServerMetadataUpdateBody) (any, error) {
	value, ok := in.Meta[r.ID()]
	if !ok {
		return nil, nova.Errorf(nova.Invalid, "Request body and URI mismatch")
	}
	if _, err := c.merge(ctx, r, in.Meta); err != nil {
		return nil, err
	}
	return views.MetadataItem(r.ID(), value), nil
}

// replace sets all of the metadata, and answers with what the client wants, as
// Nova does.
func (c *ImageMetadata) replace(ctx context.Context, r *rest.Request, in schema.ServerMetadataCreateBody) (any, error) {
	image, err := c.image(ctx, r)
	if err != nil {
		return nil, err
	}
	if _, err := c.Compute.ReplaceImageMetadata(ctx, image, in.Metadata); err != nil {
		return nil, err
	}
	return views.Metadata(in.Metadata), nil
}

func (c *ImageMetadata) delete(ctx context.Context, r *rest.Request) (any, error) {
	image, err := c.image(ctx, r)
	if err != nil {
		return nil, err
	}
	left := maps.Clone(image.Properties)
	if _, ok := left[r.ID()]; !ok {
		return nil, nova.Errorf(nova.NotFound, "Invalid metadata key")
	}
	delete(left, r.ID())
	_, err = c.Compute.ReplaceImageMetadata(ctx, image, left)
	return nil, err
}

// merge adds items to an image's metadata, or replaces them.
func (c *ImageMetadata) merge(ctx context.Context, r *rest.Request, added map[string]string) (nova.Image, error) {
	image, err := c.image(ctx, r)
	if err != nil {
		return image, err
	}
	wanted := maps.Clone(image.Properties)
	maps.Copy(wanted, added)
	return c.Compute.ReplaceImageMetadata(ctx, image, wanted)
}
