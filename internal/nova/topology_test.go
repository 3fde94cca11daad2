package nova

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestServer_Topology spreads four processors and 4096 MiB.
func TestServer_Topology(t *testing.T) {
	t.Parallel()
	two := Topology{Nodes: []NUMANode{{0, []int{0, 1}, 2048}, {1, []int{2, 3}, 2048}}}
	uneven := Topology{Nodes: []NUMANode{{0, []int{0}, 1024}, {1, []int{1, 2, 3}, 3072}}}
	one := Topology{Nodes: []NUMANode{{0, []int{0, 1, 2, 3}, 4096}}}
	large := Topology{Nodes: one.Nodes, PageSize: 2048}
	for name, c := range map[string]struct {
		specs, props map[string]string
		want         Topology
	}{
		"none":             {nil, nil, Topology{}},
		"shared":           {map[string]string{"hw:cpu_policy": "shared"}, nil, Topology{}},
		"two":              {map[string]string{"hw:numa_nodes": "2"}, nil, two},
		"two by the image": {nil, map[string]string{"hw_numa_nodes": "2"}, two},
		"the flavor":       {map[string]string{"hw:numa_nodes": "1"}, map[string]string{"hw_numa_nodes": "2"}, one},
		"dedicated":        {map[string]string{"hw:cpu_policy": "dedicated"}, nil, one},
		"pages in KiB":     {map[string]string{"hw:mem_page_size": "2048"}, nil, large},
		"pages with unit":  {map[string]string{"hw:mem_page_size": "2MB"}, nil, large},
		"any pages":        {map[string]string{"hw:mem_page_size": "any"}, nil, one},
		"uneven": {map[string]string{
			"hw:numa_nodes": "2", "hw:numa_cpus.0": "0", "hw:numa_cpus.1": "0-3,^0", "hw:numa_mem.0": "1024", "hw:numa_mem.1": "3072",
		}, nil, uneven},
		"three don't fit":       {map[string]string{"hw:numa_nodes": "3"}, nil, Topology{}},
		"too many":              {map[string]string{"hw:numa_nodes": "2000000000"}, nil, Topology{}},
		"less than none":        {map[string]string{"hw:numa_nodes": "-1"}, nil, Topology{}},
		"twice":                 {map[string]string{"hw:numa_nodes": "2", "hw:numa_cpus.0": "0-2"}, nil, Topology{}},
		"beyond the processors": {map[string]string{"hw:numa_nodes": "1", "hw:numa_cpus.0": "1-4"}, nil, Topology{}},
		"no sense":              {map[string]string{"hw:numa_nodes": "1", "hw:numa_cpus.0": "a-b"}, nil, Topology{}},
		"memory is left":        {map[string]string{"hw:numa_nodes": "1", "hw:numa_mem.0": "1"}, nil, Topology{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := Server{Flavor: Flavor{VCPUs: 4, RAM: 4096, ExtraSpecs: c.specs}, ImageProps: c.props}
			if diff := cmp.Diff(c.want, s.Topology()); diff != "" {
				t.Errorf("topology (-want +got):\n%s", diff)
			}
		})
	}
}
