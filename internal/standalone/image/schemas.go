package image

import (
	"maps"
	"net/http"

	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/standalone/kit"
)

// object is a JSON object.
type object = map[string]any

// schema shows a JSON schema. Horizon and the command line read those of images to
// tell attributes from properties. The schemas only describe; what a client sends
// is checked by the attributes in attributes.go. They are the same for everybody
// and at every version of the API.
func (s *Service) schema(r *http.Request) (kit.Reply, error) {
	schemas := map[string]object{
		"image":   imageSchema(),
		"images":  collection("images", imageSchema()),
		"member":  memberSchema(),
		"members": collection("members", memberSchema()),
	}
	schema, ok := schemas[pathValue(r, "name")]
	if !ok {
		return kit.Reply{}, nova.Errorf(nova.NotFound, "The resource could not be found.")
	}
	return kit.Reply{Body: schema}, nil
}

// imageSchema describes an image. Every key beyond the properties named here is a
// property of the image, whose value is a text. Values that only the service sets
// are marked as read-only, which keeps clients from sending them back.
func imageSchema() object {
	text := object{"type": "string"}
	return object{
		"name":                 "image",
		"additionalProperties": text,
		"links": []object{
			{"rel": "self", "href": "{self}"}, {"rel": "enclosure", "href": "{file}"}, {"rel": "describedby", "href": "{schema}"},
		},
		"properties": object{
			"id":               described("The image's ID", object{"type": "string", "pattern": idPattern.String()}),
			"name":             described("What people call the image", object{"type": []string{"null", "string"}, "maxLength": maxName}),
			"owner":            described("The project that the image belongs to", object{"type": []string{"null", "string"}, "maxLength": maxName}),
			"visibility":       described("Who can see the image", object{"type": "string", "enum": visibilities}),
			"protected":        described("Whether the image can't be deleted", object{"type": "boolean"}),
			"os_hidden":        described("Whether lists leave the image out", object{"type": "boolean"}),
			"container_format": described("What wraps the data", object{"type": []string{"null", "string"}, "enum": nullOr(containerFormats)}),
			"disk_format":      described("How the data is laid out", object{"type": []string{"null", "string"}, "enum": nullOr(diskFormats)}),
			"min_ram":          described("The least RAM that a server needs, in MB", object{"type": "integer"}),
			"min_disk":         described("The smallest disk that a server needs, in GB", object{"type": "integer"}),
			"tags":             described("Labels", object{"type": "array", "items": object{"type": "string", "maxLength": maxTag}}),
			"status":           shown("What the image's data is up to", object{"type": "string", "enum": []string{queued, saving, uploading, active, deactivated}}),
			"size":             shown("The size of the data in bytes", object{"type": []string{"null", "integer"}}),
			"virtual_size":     shown("The size of the disk in bytes", object{"type": []string{"null", "integer"}}),
			"checksum":         shown("The MD5 sum of the data", object{"type": []string{"null", "string"}, "maxLength": 32}),
			"os_hash_algo":     shown("The algorithm of os_hash_value", object{"type": []string{"null", "string"}, "maxLength": 64}),
			"os_hash_value":    shown("The sum of the data", object{"type": []string{"null", "string"}, "maxLength": 128}),
			"created_at":       shown("When the image was made", text),
			"updated_at":       shown("When the image was last changed", text),
			"direct_url":       shown("Where the store keeps the data", text),
			"self":             shown("The image's own path", text),
			"file":             shown("The path of the image's data", text),
			"schema":           shown("The path of this schema", text),
			"stores":           shown("Which stores hold the data", text),
		},
	}
}

// memberSchema describes a project that an image is shared with. Only the status
// can be changed, and only by that project.
func memberSchema() object {
	text := object{"type": "string"}
	return object{
		"name": "member",
		"properties": object{
			"member_id":  described("The project that the image is shared with", text),
			"image_id":   described("The image's ID", object{"type": "string", "pattern": idPattern.String()}),
			"status":     described("What the project says to that", object{"type": "string", "enum": memberStatuses}),
			"created_at": described("When the image was shared", text),
			"updated_at": described("When the status was last changed", text),
			"schema":     object{"type": "string", "readOnly": true},
		},
	}
}

// collection describes a page of things that are each described by item. Its links
// are templates in the words of Glance's own schemas.
func collection(name string, item object) object {
	text := object{"type": "string"}
	return object{
		"name":       name,
		"properties": object{name: object{"type": "array", "items": item}, "first": text, "next": text, "schema": text},
		"links": []object{
			{"rel": "first", "href": "{first}"}, {"rel": "next", "href": "{next}"}, {"rel": "describedby", "href": "{schema}"},
		},
	}
}

// described adds a description to the schema of a value.
func described(description string, o object) object {
	with := object{"description": description}
	maps.Copy(with, o)
	return with
}

// shown is described for a value that only the service sets.
func shown(description string, o object) object {
	with := described(description, o)
	with["readOnly"] = true
	return with
}

// nullOr is an enumeration that also allows no value. JSON schema has no other way
// to say that a word may be missing.
func nullOr(words []string) []any {
	values := []any{nil}
	for _, word := range words {
		values = append(values, word)
	}
	return values
}
