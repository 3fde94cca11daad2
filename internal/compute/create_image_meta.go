package compute

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/nova-api/nova-api/internal/nova"
)

// Words that several properties and block devices share: DiskBus and
// BlockDeviceType in nova/objects/fields.py.
const (
	diskBuses = "fdc ide sata scsi usb virtio xen lxc uml"
	diskTypes = "cdrom disk floppy fs lun"
)

// imageWords are the properties of an image that take one of some words, as
// ImageMetaProps in nova/objects/image_meta.py has them.
var imageWords = map[string]string{
	"hw_cdrom_bus":                   diskBuses,
	"hw_cpu_policy":                  "dedicated shared mixed",
	"hw_cpu_thread_policy":           "prefer isolate require",
	"hw_disk_bus":                    diskBuses,
	"hw_ephemeral_encryption_format": "plain luks luksv2",
	"hw_firmware_type":               "uefi bios",
	"hw_floppy_bus":                  diskBuses,
	"hw_input_bus":                   "usb virtio",
	"hw_maxphysaddr_mode":            "passthrough emulate",
	"hw_mem_encryption_model":        encryptionModels,
	"hw_pci_numa_affinity_policy":    "required legacy preferred socket",
	"hw_pointer_model":               "usbtablet",
	"hw_rescue_bus":                  diskBuses,
	"hw_rescue_device":               diskTypes,
	"hw_rng_model":                   "virtio",
	"hw_scsi_model":                  "buslogic ibmvscsi lsilogic lsisas1068 lsisas1078 virtio-scsi vmpvscsi",
	"hw_sound_model":                 "sb16 es1370 pcspk ac97 ich6 ich9 usb virtio",
	"hw_tpm_model":                   "tpm-tis tpm-crb",
	"hw_tpm_version":                 "1.2 2.0",
	"hw_usb_model":                   "none nec-xhci qemu-xhci",
	"hw_video_model":                 "cirrus qxl vga vmvga xen virtio gop none bochs",
	"hw_vif_model":                   "virtio ne2k_pci pcnet rtl8139 e1000 e1000e netfront spapr-vlan lan9118 sriov vmxnet vmxnet3 igb",
	"hw_viommu_model":                "intel smmuv3 virtio auto",
	"hw_watchdog_action":             "none pause poweroff reset disabled",
	"img_config_drive":               "optional mandatory",
	"img_signature_hash_method":      "SHA-224 SHA-256 SHA-384 SHA-512",
	"img_signature_key_type":         "DSA ECC_SECP384R1 ECC_SECP521R1 ECC_SECT409K1 ECC_SECT409R1 ECC_SECT571K1 ECC_SECT571R1 RSA-PSS",
	"os_secure_boot":                 "required disabled optional",
	"os_type":                        "linux windows",
}

// imageNumbers are the properties of an image that are whole numbers.
var imageNumbers = strings.Fields(`hw_cpu_cores hw_cpu_max_cores hw_cpu_max_sockets hw_cpu_max_threads hw_cpu_sockets hw_cpu_threads
	hw_device_id hw_maxphysaddr_bits hw_numa_nodes hw_redirected_usb_ports hw_serial_port_count hw_video_ram img_compression_level img_version`)

// checkImageMeta refuses an image with a property that has a meaning to Nova and
// a value that has none: _get_image_meta_obj in nova/compute/api.py. Properties
// are looked at in alphabetical order, so the same image always gets the same
// refusal. Truths are not checked: any other word than yes means no.
func checkImageMeta(image nova.Image) error {
	for _, name := range slices.Sorted(maps.Keys(image.Properties)) {
		value := image.Properties[name]
		if words, ok := imageWords[name]; ok && !slices.Contains(strings.Fields(words), value) {
			return nova.Errorf(nova.Invalid, "Invalid image metadata. Error: Field value %s is invalid", value)
		}
		if _, err := strconv.Atoi(strings.TrimSpace(value)); err != nil && slices.Contains(imageNumbers, name) {
			return nova.Errorf(nova.Invalid, "Invalid image metadata. Error: invalid literal for int() with base 10: '%s'", value)
		}
	}
	return nil
}
