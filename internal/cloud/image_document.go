package cloud

import (
	"encoding/json"
	"time"

	"github.com/nova-api/nova-api/internal/nova"
)

// An imageDocument is an image in the form in which the image service shows it:
// its properties stand beside its attributes.
type imageDocument struct{ nova.Image }

// imageAttributes are the keys that every image has. Any other key is a property.
var imageAttributes = map[string]bool{
	"id": true, "name": true, "owner": true, "status": true, "visibility": true, "disk_format": true, "container_format": true,
	"min_disk": true, "min_ram": true, "size": true, "virtual_size": true, "created_at": true, "updated_at": true,
	"checksum": true, "os_hash_algo": true, "os_hash_value": true, "os_hidden": true, "protected": true, "tags": true,
	"self": true, "file": true, "schema": true, "locations": true, "direct_url": true, "stores": true,
}

// UnmarshalJSON reads the attributes that Nova knows, and the properties whose
// values are texts. The image service lets clients set no others.
func (d *imageDocument) UnmarshalJSON(b []byte) error {
	var attributes struct {
		ID              string    `json:"id"`
		Name            string    `json:"name"`
		Owner           string    `json:"owner"`
		Status          string    `json:"status"`
		Visibility      string    `json:"visibility"`
		DiskFormat      string    `json:"disk_format"`
		ContainerFormat string    `json:"container_format"`
		MinDisk         int       `json:"min_disk"`
		MinRAM          int       `json:"min_ram"`
		Size            int64     `json:"size"`
		CreatedAt       time.Time `json:"created_at"`
		UpdatedAt       time.Time `json:"updated_at"`
	}
	if err := json.Unmarshal(b, &attributes); err != nil {
		return err
	}
	var all map[string]any
	if err := json.Unmarshal(b, &all); err != nil {
		return err
	}
	properties := map[string]string{}
	for key, value := range all {
		if text, ok := value.(string); ok && !imageAttributes[key] {
			properties[key] = text
		}
	}
	d.Image = nova.Image{
		ID:              attributes.ID,
		Name:            attributes.Name,
		Owner:           attributes.Owner,
		Status:          attributes.Status,
		Visibility:      attributes.Visibility,
		DiskFormat:      attributes.DiskFormat,
		ContainerFormat: attributes.ContainerFormat,
		MinDisk:         attributes.MinDisk,
		MinRAM:          attributes.MinRAM,
		Size:            attributes.Size,
		CreatedAt:       attributes.CreatedAt,
		UpdatedAt:       attributes.UpdatedAt,
		Properties:      properties,
	}
	return nil
}

// newImage is the body of the request that creates an image. Attributes that are
// empty are left to the image service. A property with the name of an attribute
// is left out: it would set the attribute.
func newImage(image nova.Image) map[string]any {
	body := map[string]any{"name": image.Name, "min_disk": image.MinDisk, "min_ram": image.MinRAM}
	for key, value := range image.Properties {
		if !imageAttributes[key] {
			body[key] = value
		}
	}
	if image.Protected {
		body["protected"] = true
	}
	for key, value := range map[string]string{
		"id":               image.ID,
		"owner":            image.Owner,
		"visibility":       image.Visibility,
		"disk_format":      image.DiskFormat,
		"container_format": image.ContainerFormat,
	} {
		if value != "" {
			body[key] = value
		}
	}
	return body
}
