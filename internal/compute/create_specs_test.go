package compute

import (
	"cmp"
	"testing"

	"github.com/nova-api/nova-api/internal/nova"
)

// TestCheckSpecs has a flavor and an image that contradict each other.
func TestCheckSpecs(t *testing.T) {
	t.Parallel()
	type words = map[string]string
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
		"threads, said by nobody": {words{"hw:cpu_thread_policy": "require"}, words{"hw_cpu_policy": "dedicated"}, ""},
	} {
		f, image := nova.Flavor{Name: "f", VCPUs: 2, RAM: 512, ExtraSpecs: c.flavor}, nova.Image{Name: "i", Properties: c.image}
		err := cmp.Or(checkTopology(image, f), checkSwitches(image, f))
		if got := nova.Message(err); got != c.text || c.text != "" && !nova.Is(err, nova.Invalid) {
			t.Errorf("%s: %v, want %q", name, err, c.text)
		}
	}
	alone := nova.Flavor{Name: "f", VCPUs: 1, ExtraSpecs: words{"hw:vif_multiqueue_enabled": "false"}}
	if err := checkSwitches(nova.Image{Properties: words{"hw_vif_multiqueue_enabled": "true"}}, alone); err != nil {
		t.Errorf("queues of one processor: %v", err)
	}
}
