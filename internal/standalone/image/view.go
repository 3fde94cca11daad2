package image

import (
	"maps"
	"net/http"
	"net/url"
	"time"

	"github.com/nova-api/nova-api/db/imagedb"
)

// timeFormat is that of Glance, which shows no fractions of a second.
const timeFormat = "2006-01-02T15:04:05Z"

// timestamp shows a time in UTC. The store keeps microseconds.
func timestamp(t time.Time) string { return t.UTC().Format(timeFormat) }

// view shows an image. Its properties stand beside its attributes; where both have
// the same name, which setting a property refuses, the attribute counts. Sizes are
// in bytes, but for min_disk (GB) and min_ram (MB).
func view(i imagedb.Image) map[string]any {
	v := map[string]any{}
	for name, value := range i.Properties {
		v[name] = value
	}
	maps.Copy(v, map[string]any{
		"id":               i.ID,
		"name":             i.Name,
		"status":           i.Status,
		"visibility":       i.Visibility,
		"owner":            i.Owner,
		"disk_format":      i.DiskFormat,
		"container_format": i.ContainerFormat,
		"min_disk":         i.MinDisk,
		"min_ram":          i.MinRAM,
		"protected":        i.Protected,
		"os_hidden":        i.Hidden,
		"size":             i.Size,
		"virtual_size":     virtualSize(i),
		"checksum":         i.Checksum,
		"os_hash_algo":     hashAlgorithm(i),
		"os_hash_value":    i.Hash,
		"tags":             i.Tags,
		"created_at":       timestamp(i.CreatedAt),
		"updated_at":       timestamp(i.UpdatedAt),
		"self":             "/v2/images/" + i.ID,
		"file":             "/v2/images/" + i.ID + "/file",
		"schema":           "/v2/schemas/image",
	})
	if i.Status == active {
		v["stores"] = "file"
	}
	return v
}

// virtualSize is how large a server sees the disk. The service doesn't look into
// data, so it knows that of raw images only.
func virtualSize(i imagedb.Image) *int64 {
	if i.DiskFormat != nil && *i.DiskFormat == "raw" && i.Status != uploading {
		return i.Size
	}
	return nil
}

// hashAlgorithm names the algorithm of os_hash_value, once there is a value.
func hashAlgorithm(i imagedb.Image) any {
	if i.Hash == nil {
		return nil
	}
	return "sha512"
}

// listView shows a page of images, with a link to the next if this one is full.
// The links keep all parameters but the marker, so that the next page has the same
// filters and order.
func listView(r *http.Request, images []imagedb.Image, limit int) map[string]any {
	views := make([]map[string]any, len(images))
	for i := range images {
		views[i] = view(images[i])
	}
	query := r.URL.Query()
	query.Del("marker")
	v := map[string]any{"images": views, "schema": "/v2/schemas/images", "first": address("/v2/images", query)}
	if limit > 0 && len(images) == limit {
		query.Set("marker", images[limit-1].ID)
		v["next"] = address("/v2/images", query)
	}
	return v
}

// address is a path of this service with a query, as it stands in links.
func address(path string, query url.Values) string {
	if len(query) == 0 {
		return path
	}
	return path + "?" + query.Encode()
}
