package api

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/nova-api/nova-api/api/rest"
	"github.com/nova-api/nova-api/api/schema"
	"github.com/nova-api/nova-api/internal/compute"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/views"
)

// Images answers for /images, until 2.35: the images of the image service, for
// clients that know no image service.
type Images struct{ Options }

// Operations are the operations on images. Nova has no rules for them: the image
// service has its own.
func (c *Images) Operations() rest.Operations {
	operations := rest.Operations{
		"index":  rest.Do(c.index).Query(schema.ImagesQuery),
		"detail": rest.Do(c.detail).Query(schema.ImagesQuery),
		"show":   rest.Do(c.show).Query(schema.IgnoredQuery),
		"delete": rest.Do(c.delete).Status(http.StatusNoContent),
	}
	return lastIn(operations, 35)
}

// lastIn are operations that 2.minor was the last version to have.
func lastIn(operations rest.Operations, minor int) rest.Operations {
	for name, operation := range operations {
		operations[name] = operation.Until(minor)
	}
	return operations
}

func (c *Images) index(ctx context.Context, r *rest.Request) (any, error) {
	images, err := c.list(ctx, r)
	return views.Images{ServiceURL: c.ImageURL(r)}.Index(r, images), err
}

func (c *Images) detail(ctx context.Context, r *rest.Request) (any, error) {
	images, err := c.list(ctx, r)
	return views.Images{ServiceURL: c.ImageURL(r)}.Detail(r, images), err
}

func (c *Images) show(ctx context.Context, r *rest.Request) (any, error) {
	image, err := c.Compute.Image(ctx, r.ID())
	if err != nil {
		return nil, err
	}
	return views.Images{ServiceURL: c.ImageURL(r)}.Show(r, image), nil
}

func (c *Images) delete(ctx context.Context, r *rest.Request) (any, error) {
	image, err := c.Compute.Image(ctx, r.ID())
	if err != nil {
		return nil, err
	}
	return nil, c.Compute.DeleteImage(ctx, image)
}

// list finds the images that a list asks for: all of them without a limit.
func (c *Images) list(ctx context.Context, r *rest.Request) ([]nova.Image, error) {
	query := compute.ImageQuery{Properties: imageFilters(r), Marker: r.Last("marker")}
	query.Limit, _ = strconv.Atoi(r.Last("limit")) // which the schema has checked; of what is too large, Atoi makes the most there is
	return c.Compute.Images(ctx, query)
}

// imageFilterNames are what the image service calls the filters of old.
var imageFilterNames = map[string]string{
	"name": "name", "status": "status", "changes-since": "updated_at", "server": "instance_uuid", "type": "image_type",
	"minRam": "min_ram", "minDisk": "min_disk",
}

// pageParameters are parameters of the image service that no property can be
// filtered by the name of.
var pageParameters = []string{"limit", "marker", "sort", "sort_key", "sort_dir"}

// imageFilters reads a list's filters, in the words of the image service. That of
// servers may be a link to one.
func imageFilters(r *rest.Request) map[string]string {
	filters := map[string]string{}
	for param := range r.Query() {
		name, known := imageFilterNames[param]
		if property, ok := strings.CutPrefix(param, "property-"); ok {
			name, known = property, property != "" && !slices.Contains(pageParameters, property)
		}
		if !known {
			continue
		}
		value := r.Last(param)
		switch name {
		case "instance_uuid":
			value = value[strings.LastIndexByte(value, '/')+1:]
		case "status":
			value = strings.ToLower(value)
		case "updated_at":
			value = "gte:" + value
		}
		filters[name] = value
	}
	return filters
}
