package compute

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/nova-api/nova-api/internal/nova"
)

// boot is what a server remembers of its creation for its snapshots. Nova puts
// the same into the instance's system metadata: _populate_instance_for_create
// in nova/compute/api.py, get_system_metadata_from_image in nova/utils.py, and
// _build_and_run_instance in nova/compute/manager.py.
func (p serverPlan) boot() nova.Boot {
	return bootFrom(nova.Boot{
		UserName:    p.caller.UserName,
		ProjectName: p.caller.ProjectName,
		Roles:       strings.Join(p.caller.Roles, ","),
	}, p.image.Image, p.flavor)
}

// bootFrom is what a server remembers with another image.
func bootFrom(b nova.Boot, image nova.Image, f nova.Flavor) nova.Boot {
	b.MinRAM, b.MinDisk = image.MinRAM, max(image.MinDisk, f.Disk)
	if image.DiskFormat == "vhd" {
		b.MinDisk = f.Disk
	}
	b.DiskFormat, b.ContainerFormat = image.DiskFormat, image.ContainerFormat
	return b
}

// neverKept are the properties of images that servers don't remember, because
// they hold structured data of any length: SM_SKIP_KEYS in nova/utils.py.
var neverKept = []string{"mappings", "block_device_mapping", "img_mappings", "img_block_device_mapping"}

// imageProps are the properties of an image that its servers remember, and
// that their snapshots inherit. Long ones are cut off, as in Nova.
func imageProps(image nova.Image) map[string]string {
	const mostBytes = 255
	props := map[string]string{}
	for name, value := range image.Properties {
		if !slices.Contains(neverKept, name) {
			props[name] = cutText(value, mostBytes)
		}
	}
	return props
}

// cutText shortens a text to so many bytes, between two characters.
func cutText(text string, most int) string {
	if len(text) <= most {
		return text
	}
	for !utf8.RuneStart(text[most]) {
		most--
	}
	return text[:most]
}
