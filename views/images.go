package views

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/nova-api/nova-api/internal/nova"
)

// Images renders images as the compute API did before there was an image service:
// nova/api/openstack/compute/views/images.py.
type Images struct {
	ServiceURL string // the address of the image service
}

// Index lists images with names and links.
func (v Images) Index(r Request, images []nova.Image) Dict {
	return list(r, "images", "images", images, imageID, v.basic)
}

// Detail lists images with everything.
func (v Images) Detail(r Request, images []nova.Image) Dict {
	return list(r, "images", "images/detail", images, imageID, v.full)
}

// Show renders one image.
func (v Images) Show(r Request, image nova.Image) Dict { return Dict{{"image", v.full(r, image)}} }

// Metadata renders all properties of an image.
func (v Images) Metadata(image nova.Image) Dict { return Dict{{"metadata", v.metadata(image)}} }

// MetadataItem renders one property.
func (v Images) MetadataItem(image nova.Image, key string) Dict {
	return Dict{{"meta", Dict{{key, v.property(key, image.Properties[key])}}}}
}

func imageID(image nova.Image) string { return image.ID }

func (v Images) basic(r Request, image nova.Image) Dict {
	return Dict{
		{"id", image.ID},
		{"name", stringOrNull(image.Name)},
		{"links", v.links(r, image.ID)},
	}
}

// full is an image with everything, and with the server that it was made of.
func (v Images) full(r Request, image nova.Image) Dict {
	state := imageStates[image.Status]
	server, ofServer := image.Properties["instance_uuid"]
	diskConfig, hasDiskConfig := image.Properties["auto_disk_config"]
	return Dict{
		{"id", image.ID},
		{"name", stringOrNull(image.Name)},
		{"minRam", image.MinRAM},
		{"minDisk", image.MinDisk},
		{"metadata", v.metadata(image)},
		{"created", isotime(image.CreatedAt)},
		{"updated", isotime(image.UpdatedAt)},
		{"status", state.status()},
		{"progress", state.progress},
		{"OS-EXT-IMG-SIZE:size", image.Size},
		{"links", v.links(r, image.ID)},
		Field{"server", Dict{{"id", server}, {"links", links(r, "servers", server)}}}.If(ofServer),
		Field{"OS-DCF:diskConfig", autoOrManual(diskConfig)}.If(hasDiskConfig),
	}
}

// An imageState is how the state of an image is shown: the zero value is that of
// one that Nova doesn't know.
type imageState struct {
	word     string
	progress int // percent
}

var imageStates = map[string]imageState{
	"active": {"ACTIVE", 100}, "queued": {"SAVING", 25}, "saving": {"SAVING", 50},
	"deleted": {"DELETED", 0}, "pending_delete": {"DELETED", 0}, "killed": {"ERROR", 0},
}

func (s imageState) status() string {
	if s.word == "" {
		return "UNKNOWN"
	}
	return s.word
}

// autoOrManual is the setting of a property that is true or not, as
// bool_from_string of oslo.utils reads it.
func autoOrManual(text string) string {
	if nova.Truth(text) {
		return "AUTO"
	}
	return "MANUAL"
}

func (v Images) links(r Request, id string) addressed {
	return append(links(r, "images", id), link{"alternate", "application/vnd.openstack.image", v.ServiceURL + "/images/" + id})
}

// metadata are an image's properties, in the order of their names.
func (v Images) metadata(image nova.Image) Dict {
	shown := Dict{}
	for _, key := range slices.Sorted(maps.Keys(image.Properties)) {
		shown = append(shown, Field{key, v.property(key, image.Properties[key])})
	}
	return shown
}

// property is the value of a property. Two of them hold JSON, which Nova shows as
// what it stands for.
func (Images) property(key, text string) any {
	if key != "mappings" && key != "block_device_mapping" {
		return text
	}
	var value any
	if json.Unmarshal([]byte(text), &value) != nil {
		return text
	}
	return value
}
