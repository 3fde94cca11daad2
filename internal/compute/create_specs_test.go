package compute

import (
	"cmp"
	"slices"
	"testing"

	"github.com/nova-api/nova-api/internal/nova"
)

// TestCheckSpecs has a flavor and an image that contradict each other.
func TestCheckSpecs(t *testing.T) {
	t.Parallel()
	type words = map[string]string
	uefi := func(more ...string) words {
		props := words{"hw_firmware_type": "uefi"}
		for pair := range slices.Chunk(more, 2) {
			props[pair[0]] = pair[1]
		}
		return props
	}
	for name, c := range map[string]struct {
		flavor, image words
		text          string
	}{
		"nothing said":            {},
		"the image alone":         {nil, words{"hw_cpu_policy": "dedicated", "hw_numa_nodes": "2", "hw_serial_port_count": "6"}, ""},
		"the flavor alone":        {words{"hw:cpu_policy": "shared", "hw:numa_nodes": "2", "hw:pmu": "no"}, nil, ""},
		"dedicated prevails":      {words{"hw:cpu_policy": "dedicated"}, words{"hw_cpu_policy": "shared"}, ""},
		"shared forbids":          {words{"hw:cpu_policy": "shared"}, words{"hw_cpu_policy": "dedicated"}, "Image property 'hw_cpu_policy' is not permitted to override CPU pinning policy set against the flavor"},
		"mixed forbids":           {words{"hw:cpu_policy": "mixed"}, words{"hw_cpu_policy": "dedicated"}, "Image property 'hw_cpu_policy' is not permitted to override CPU pinning policy set against the flavor"},
		"mixed allows":            {words{"hw:cpu_policy": "mixed", "hw:cpu_dedicated_mask": "0"}, words{"hw_cpu_policy": "shared"}, ""},
		"threads, preferred":      {words{"hw:cpu_policy": "dedicated", "hw:cpu_thread_policy": "prefer"}, words{"hw_cpu_thread_policy": "isolate"}, ""},
		"threads, other":          {words{"hw:cpu_thread_policy": "require"}, words{"hw_cpu_thread_policy": "isolate"}, "Image property 'hw_cpu_thread_policy' is not permitted to override CPU thread pinning policy set against the flavor"},
		"NUMA twice":              {words{"hw:numa_nodes": "2"}, words{"hw_numa_nodes": "2"}, "Image property 'hw_numa_nodes' is not permitted to override NUMA configuration set against the flavor"},
		"PCI":                     {words{"pci_passthrough:alias": "gpu:1,nic:2"}, nil, "PCI alias gpu is not defined"},
		"fewer serial ports":      {words{"hw:serial_port_count": "4"}, words{"hw_serial_port_count": "2"}, ""},
		"more serial ports":       {words{"hw:serial_port_count": "4"}, words{"hw_serial_port_count": "5"}, "Forbidden to exceed flavor value of number of serial ports passed in image meta."},
		"serial ports in words":   {words{"hw:serial_port_count": "many"}, nil, "Number of serial ports specified in flavor is invalid: expected an integer, got 'many'"},
		"PMU, the same":           {words{"hw:pmu": "yes"}, words{"hw_pmu": "true"}, ""},
		"PMU":                     {words{"hw:pmu": "yes"}, words{"hw_pmu": "0"}, "Flavor f has hw:pmu extra spec explicitly set to True, conflicting with image i which has hw_pmu explicitly set to False."},
		"queues":                  {words{"hw:vif_multiqueue_enabled": "false"}, words{"hw_vif_multiqueue_enabled": "true"}, "Flavor f has hw:vif_multiqueue_enabled extra spec explicitly set to False, conflicting with image i which has hw_vif_multiqueue_enabled explicitly set to True."},
		"rings":                   {words{"hw:virtio_packed_ring": "true"}, words{"hw_virtio_packed_ring": "false"}, "Flavor has hw:virtio_packed_ring extra spec explicitly set to True, conflicting with image which has hw_virtio_packed_ring explicitly set to False."},
		"a word of another pair":  {words{"hw:pmu": "yes"}, words{"hw_virtio_packed_ring": "false"}, ""},
		"limits of the image":     {words{"hw:cpu_max_sockets": "4", "hw:cpu_max_cores": "2"}, words{"hw_cpu_max_sockets": "4", "hw_cpu_max_cores": "1", "hw_cpu_max_threads": "9"}, ""},
		"higher limits":           {words{"hw:cpu_max_sockets": "4", "hw:cpu_max_cores": "2"}, words{"hw_cpu_max_cores": "3", "hw_cpu_max_threads": "9"}, "Image vCPU topology limits (sockets=0, cores=3, threads=9) exceeds the limits of the flavor (sockets=4, cores=2, threads=0)"},
		"limits in words":         {words{"hw:cpu_max_threads": "a few"}, words{"hw_cpu_max_cores": "3"}, "Invalid flavor extra spec. Error: invalid literal for int() with base 10: 'a few'"},
		"limits before wishes":    {words{"hw:cpu_sockets": "x", "hw:cpu_max_cores": "2"}, words{"hw_cpu_max_cores": "3"}, "Image vCPU topology limits (sockets=0, cores=3, threads=0) exceeds the limits of the flavor (sockets=0, cores=2, threads=0)"},
		"sockets in words":        {words{"hw:cpu_sockets": "x", "hw:cpu_threads": "y"}, nil, "Invalid flavor extra spec. Error: invalid literal for int() with base 10: 'x'"},
		"sockets of the image":    {words{"hw:cpu_max_sockets": "2", "hw:cpu_sockets": "9"}, words{"hw_cpu_sockets": "2"}, ""},
		"more sockets":            {words{"hw:cpu_max_sockets": "2"}, words{"hw_cpu_sockets": "3", "hw_cpu_max_cores": "4"}, "Image vCPU topology (sockets=3, cores=0, threads=0) exceeds the limits of the flavor or image (sockets=2, cores=4, threads=65536)"},
		"more than it allows":     {nil, words{"hw_cpu_threads": "2", "hw_cpu_max_threads": "1"}, "Image vCPU topology (sockets=0, cores=0, threads=2) exceeds the limits of the flavor or image (sockets=65536, cores=65536, threads=1)"},
		"encrypted":               {words{"hw:mem_encryption": "yes"}, uefi(), ""},
		"encrypted, the image":    {nil, uefi("hw_mem_encryption", "true", "hw_machine_type", "pc-q35-2.11"), ""},
		"encrypted by neither":    {words{"hw:mem_encryption": "no", "hw:mem_encryption_model": "x"}, words{"hw_mem_encryption": "false"}, ""},
		"encrypted, the flavor":   {words{"hw:mem_encryption": "Yes"}, uefi("hw_mem_encryption", "no"), "Flavor f has hw:mem_encryption extra spec explicitly set to Yes, conflicting with image i which has hw_mem_encryption property explicitly set to False"},
		"not encrypted":           {words{"hw:mem_encryption": "0"}, uefi("hw_mem_encryption", "on"), "Flavor f has hw:mem_encryption extra spec explicitly set to 0, conflicting with image i which has hw_mem_encryption property explicitly set to True"},
		"encrypted, by BIOS":      {words{"hw:mem_encryption": "yes"}, words{"hw_mem_encryption": "yes", "hw_firmware_type": "bios"}, "Memory encryption is requested by hw:mem_encryption extra spec in f flavor and hw_mem_encryption property of image <no-id> but the image metadata doesn't have the 'hw_firmware_type' property set to 'uefi'"},
		"encrypted, no firmware":  {nil, words{"hw_mem_encryption": "yes"}, "Memory encryption is requested by hw_mem_encryption property of image <no-id> but the image metadata doesn't have the 'hw_firmware_type' property set to 'uefi'"},
		"encrypted, no q35":       {words{"hw:mem_encryption": "yes"}, uefi("hw_machine_type", "pc"), "Machine type 'pc' is not compatible with image i (<no-id>): q35 type is required for SEV to work"},
		"a model":                 {words{"hw:mem_encryption": "yes", "hw:mem_encryption_model": "amd-sev-es"}, uefi("hw_mem_encryption_model", "amd-sev-es"), ""},
		"models":                  {words{"hw:mem_encryption": "yes", "hw:mem_encryption_model": "amd-sev"}, uefi("hw_mem_encryption_model", "amd-sev-es"), "Flavor f has hw:mem_encryption_model extra spec explicitly set to amd-sev, conflicting with image i which has hw_mem_encryption_model explicitly set to amd-sev-es"},
		"no model":                {words{"hw:mem_encryption": "yes", "hw:mem_encryption_model": "rot13"}, nil, "Invalid memory encryption model 'rot13'. Allowed values: amd-sev, amd-sev-es, amd-sev-snp."},
		"a model with state":      {words{"hw:mem_encryption": "yes", "hw:mem_encryption_model": "amd-sev-snp"}, uefi("hw_firmware_stateless", "no"), "The amd-sev-snp memory encryption model requires stateless firmware but the image metadata doesn't have the 'hw_firmware_stateless' property set to True"},
		"a model without state":   {words{"hw:mem_encryption": "yes"}, uefi("hw_mem_encryption_model", "amd-sev-snp", "hw_firmware_stateless", "yes"), ""},
		"encryption comes first":  {words{"hw:mem_encryption": "yes", "hw:pmu": "no"}, words{"hw_pmu": "yes"}, "Memory encryption is requested by hw:mem_encryption extra spec in f flavor but the image metadata doesn't have the 'hw_firmware_type' property set to 'uefi'"},
		"the PMU comes second":    {words{"hw:serial_port_count": "many", "hw:pmu": "no"}, words{"hw_pmu": "yes"}, "Flavor f has hw:pmu extra spec explicitly set to False, conflicting with image i which has hw_pmu explicitly set to True."},
		"queues come last":        {words{"hw:vif_multiqueue_enabled": "no", "hw:cpu_max_cores": "2"}, words{"hw_vif_multiqueue_enabled": "yes", "hw_cpu_cores": "3"}, "Image vCPU topology (sockets=0, cores=3, threads=0) exceeds the limits of the flavor or image (sockets=65536, cores=2, threads=65536)"},
		"threads, said by nobody": {words{"hw:cpu_thread_policy": "require"}, words{"hw_cpu_policy": "dedicated"}, ""},
	} {
		f, image := nova.Flavor{Name: "f", VCPUs: 2, RAM: 512, ExtraSpecs: c.flavor}, nova.Image{Name: "i", Properties: c.image}
		err := cmp.Or(checkTopology(image, f), checkDevices(f), checkRing(image, f), checkTogether(image, f))
		if got := nova.Message(err); got != c.text || c.text != "" && !nova.Is(err, nova.Invalid) {
			t.Errorf("%s: %v, want %q", name, err, c.text)
		}
	}
	alone := nova.Flavor{Name: "f", VCPUs: 1, ExtraSpecs: words{"hw:vif_multiqueue_enabled": "false"}}
	if err := checkTogether(nova.Image{Properties: words{"hw_vif_multiqueue_enabled": "true"}}, alone); err != nil {
		t.Errorf("queues of one processor: %v", err)
	}
}
