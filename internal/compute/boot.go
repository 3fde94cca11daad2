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
	minDisk := max(p.image.MinDisk, p.flavor.Disk)
	if p.image.DiskFormat == "vhd" {
		minDisk = p.flavor.Disk
	}
	return nova.Boot{
		UserName:        p.caller.UserName,
		ProjectName:     p.caller.ProjectName,
		Roles:           strings.Join(p.caller.Roles, ","),
		MinRAM:          p.image.MinRAM,
		MinDisk:         minDisk,
		DiskFormat:      p.image.DiskFormat,
		ContainerFormat: p.image.ContainerFormat,
	}
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
