package image

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/nova-api/nova-api/db/imagedb"
	"github.com/nova-api/nova-api/internal/nova"
)

// Glance's default limits: image_property_quota and image_tag_quota in
// glance/common/config.py, and the lengths in the schema of images.
const (
	maxProperties = 128
	maxTags       = 128
	maxTag        = 255 // characters, as in a name
	maxName       = 255
)

// An attribute is a key that every image has. Its set function puts a value
// from a request into an image; it returns the fault in the value, or
// nothing.
type attribute struct {
	set      func(i *imagedb.Image, value any) (wrong string)
	onCreate bool // the value can't be changed afterwards
	queued   bool // the value can be changed only while the image has no data
}

// attributes are the attributes that clients can set. A key that is neither
// here nor in readOnly or reserved is a property.
var attributes = map[string]attribute{
	"id":               {onCreate: true, set: func(i *imagedb.Image, v any) string { return setID(&i.ID, v) }},
	"name":             {set: func(i *imagedb.Image, v any) string { return setText(&i.Name, v, maxName) }},
	"owner":            {set: func(i *imagedb.Image, v any) string { return setOwner(&i.Owner, v) }},
	"visibility":       {set: func(i *imagedb.Image, v any) string { return setWord(&i.Visibility, v, visibilities) }},
	"disk_format":      {set: func(i *imagedb.Image, v any) string { return setFormat(&i.DiskFormat, v, diskFormats) }, queued: true},
	"container_format": {set: func(i *imagedb.Image, v any) string { return setFormat(&i.ContainerFormat, v, containerFormats) }, queued: true},
	"min_disk":         {set: func(i *imagedb.Image, v any) string { return setNumber(&i.MinDisk, v) }},
	"min_ram":          {set: func(i *imagedb.Image, v any) string { return setNumber(&i.MinRAM, v) }},
	"protected":        {set: func(i *imagedb.Image, v any) string { return setBool(&i.Protected, v) }},
	"os_hidden":        {set: func(i *imagedb.Image, v any) string { return setBool(&i.Hidden, v) }},
	"tags":             {set: func(i *imagedb.Image, v any) string { return setTags(&i.Tags, v) }},
}

var (
	// readOnly are the keys that only the service sets.
	readOnly = strings.Fields(`status size virtual_size checksum os_hash_algo os_hash_value created_at updated_at
		direct_url self file schema stores`)
	// reserved are the keys that Glance keeps for itself. No property may have
	// one of them as its name.
	reserved = strings.Fields("deleted deleted_at is_public members locations")

	visibilities     = []string{community, public, private, shared}
	containerFormats = strings.Fields("ami ari aki bare ovf ova docker compressed")
	diskFormats      = strings.Fields("ami ari aki vhd vhdx vmdk raw qcow2 vdi iso ploop")
	idPattern        = regexp.MustCompile(`^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$`)
)

// setAll fills in a new image from the body of a request. It goes through the
// keys in order, so that the same body always gets the same error.
func setAll(i *imagedb.Image, values map[string]any) error {
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if err := set(i, name, values[name], true); err != nil {
			return err
		}
	}
	return checkLimits(*i)
}

// set gives an attribute or a property of an image a value. The error is
// Forbidden if the key can't be set now, and Invalid if the value is wrong.
func set(i *imagedb.Image, name string, value any, creating bool) error {
	if err := checkSettable(name); err != nil {
		return err
	}
	a, ok := attributes[name]
	switch {
	case !ok:
		return setProperty(i, name, value)
	case a.onCreate && !creating:
		return readOnlyError(name)
	case a.queued && i.Status != queued:
		return nova.Errorf(nova.Forbidden, "Attribute %s can be only replaced for a queued image.", name)
	}
	if wrong := a.set(i, value); wrong != "" {
		return mismatch(name, value, wrong)
	}
	return nil
}

// checkSettable refuses the keys that no client may set. Those that begin with
// os_glance_ belong to Glance's import of images.
func checkSettable(name string) error {
	switch {
	case slices.Contains(readOnly, name):
		return readOnlyError(name)
	case slices.Contains(reserved, name), strings.HasPrefix(name, "os_glance_"):
		return nova.Errorf(nova.Forbidden, "Attribute '%s' is reserved.", name)
	}
	return nil
}

// readOnlyError is the error for a key that only the service sets.
func readOnlyError(name string) error {
	return nova.Errorf(nova.Forbidden, "Attribute '%s' is read-only.", name)
}

// mismatch is the error for a value that the schema of images doesn't allow.
// Glance finds negative numbers itself, not with the schema.
func mismatch(name string, value any, wrong string) error {
	if wrong == negative {
		return nova.Errorf(nova.Invalid, "Invalid value '%v' for parameter '%s': %s", value, name, negative)
	}
	return nova.Errorf(nova.Invalid, "Provided object does not match schema 'image': %s %s: instance['%s']", literal(value), wrong, name)
}

// setProperty gives a property a value. Properties are texts: numbers, lists and
// null are refused.
func setProperty(i *imagedb.Image, name string, value any) error {
	text, ok := value.(string)
	if !ok {
		return mismatch(name, value, "is not of type 'string'")
	}
	if name == "" || utf8.RuneCountInString(name) > maxName {
		return nova.Errorf(nova.Invalid, "Custom property should not be greater than 255 characters.")
	}
	i.Properties[name] = text
	return nil
}

// checkLimits refuses an image with more properties or tags than Glance allows.
// A patch is checked as a whole, so it may exceed a limit on the way.
func checkLimits(i imagedb.Image) error {
	const message = "The limit has been exceeded on the number of allowed image %s. Attempted: %d, Maximum: %d"
	if n := len(i.Properties); n > maxProperties {
		return nova.Errorf(nova.TooLarge, message, "properties", n, maxProperties)
	}
	if n := len(i.Tags); n > maxTags {
		return nova.Errorf(nova.TooLarge, message, "tags", n, maxTags)
	}
	return nil
}

// setID takes a UUID of the client's choice. Whether it is free is seen when the
// image is kept.
func setID(to *string, v any) string {
	text, ok := v.(string)
	if !ok || !idPattern.MatchString(text) {
		return "is not a UUID"
	}
	*to = text
	return ""
}

// setText takes a text of no more than so many characters, or null for none.
func setText(to **string, v any, limit int) string {
	text, ok := v.(string)
	switch {
	case v == nil:
		*to = nil
		return ""
	case !ok:
		return "is not of type 'null', 'string'"
	case utf8.RuneCountInString(text) > limit:
		return "is too long"
	}
	*to = &text
	return ""
}

// setOwner leaves the owner as it is for null, which Glance takes as not given.
func setOwner(to *string, v any) string {
	var owner *string
	if wrong := setText(&owner, v, maxName); wrong != "" || owner == nil {
		return wrong
	}
	*to = *owner
	return ""
}

// setWord takes one word of a list.
func setWord(to *string, v any, words []string) string {
	text, ok := v.(string)
	if !ok || !slices.Contains(words, text) {
		return "is not one of " + strings.Join(words, ", ")
	}
	*to = text
	return ""
}

// setFormat takes a format, or null as long as it is unknown.
func setFormat(to **string, v any, formats []string) string {
	if v == nil {
		*to = nil
		return ""
	}
	var format string
	if wrong := setWord(&format, v, formats); wrong != "" {
		return wrong
	}
	*to = &format
	return ""
}

// negative is Glance's text for a number below zero.
const negative = "Cannot be a negative value"

// setNumber takes whole numbers that fit into Glance's columns of 32 bits.
func setNumber(to *int64, v any) string {
	number, ok := v.(json.Number)
	if !ok {
		return "is not of type 'integer'"
	}
	n, err := number.Int64()
	switch {
	case err != nil, n >= 1<<31:
		return "is not of type 'integer'"
	case n < 0:
		return negative
	}
	*to = n
	return ""
}

// setBool takes true and false, and none of the words for them.
func setBool(to *bool, v any) string {
	b, ok := v.(bool)
	if !ok {
		return "is not of type 'boolean'"
	}
	*to = b
	return ""
}

// setTags sorts the tags and drops those that are given twice: they are a set.
func setTags(to *[]string, v any) string {
	list, ok := v.([]any)
	if !ok {
		return "is not of type 'array'"
	}
	tags := []string{}
	for _, item := range list {
		tag, ok := item.(string)
		if !ok {
			return "is not a list of strings"
		}
		if utf8.RuneCountInString(tag) > maxTag {
			return "is too long"
		}
		if !slices.Contains(tags, tag) {
			tags = append(tags, tag)
		}
	}
	slices.Sort(tags)
	*to = tags
	return ""
}

// literal shows a value in an error message as Python prints it.
func literal(v any) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case string:
		return "'" + v + "'"
	case bool:
		return map[bool]string{true: "True", false: "False"}[v]
	case json.Number:
		return v.String()
	}
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(text)
}
