package compute

import (
	"testing"

	"github.com/nova-api/nova-api/internal/nova"
)

func TestCheckImageMeta(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, value, text string }{
		{"hw_disk_bus", "virtio", ""},
		{"hw_disk_bus", "VIRTIO", "Invalid image metadata. Error: Field value VIRTIO is invalid"},
		{"hw_disk_bus", "", "Invalid image metadata. Error: Field value  is invalid"},
		{"hw_tpm_version", "2.0", ""},
		{"img_config_drive", "x", "Invalid image metadata. Error: Field value x is invalid"},
		{"hw_cpu_cores", " 2 ", ""},
		{"hw_video_ram", "-1", ""},
		{"hw_cpu_cores", "1.0", "Invalid image metadata. Error: invalid literal for int() with base 10: '1.0'"},
		{"mine", "x", ""},
		{"hw_qemu_guest_agent", "perhaps", ""}, // any other word is no
	} {
		err := checkImageMeta(nova.Image{Properties: map[string]string{c.name: c.value}})
		if nova.Message(err) != c.text || (c.text != "" && !nova.Is(err, nova.Invalid)) {
			t.Errorf("%s=%q: %v, want %q", c.name, c.value, err, c.text)
		}
	}
	two := nova.Image{Properties: map[string]string{"os_type": "beos", "hw_cpu_cores": "many"}}
	if err := checkImageMeta(two); nova.Message(err) != "Invalid image metadata. Error: invalid literal for int() with base 10: 'many'" {
		t.Errorf("the first of two: %v", err)
	}
}

func TestDiskConfig(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ image, chosen, want, text string }{
		{"", "", "MANUAL", ""},
		{"", "AUTO", "AUTO", ""},
		{"True", "", "AUTO", ""},
		{" yes ", "MANUAL", "MANUAL", ""},
		{"no", "", "MANUAL", ""},
		{" Disabled ", "", "MANUAL", ""},
		{" Disabled ", "MANUAL", "MANUAL", ""},
		{" Disabled ", "AUTO", "AUTO", "Requested image i has automatic disk resize disabled."},
	} {
		image := nova.Image{ID: "i", Properties: map[string]string{"auto_disk_config": c.image}}
		if got, err := diskConfig(image, c.chosen), checkDiskConfig(image, c.chosen); got != c.want || nova.Message(err) != c.text {
			t.Errorf("%q, %q: %q, %v", c.image, c.chosen, got, err)
		}
	}
}
