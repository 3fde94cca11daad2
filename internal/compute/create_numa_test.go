package compute

import (
	"testing"

	"github.com/nova-api/nova-api/internal/nova"
)

// TestCheckTopology has a flavor of four processors and 1024 MB, and what it and an
// image want of them, with Nova's answer.
func TestCheckTopology(t *testing.T) {
	t.Parallel()
	type words = map[string]string
	const (
		masks      = "Dedicated CPU set can be specified from either 'hw:cpu_dedicated_mask' or 'hw:cpu_realtime_mask' when using 'mixed' CPU policy. 'hw:cpu_dedicated_mask' and 'hw:cpu_realtime_mask' can not be specified at the same time, or be specified with none of them."
		realtime   = "Use of realtime CPUs requires either one or more non-realtime CPU(s) or offloaded emulator threads."
		pinned     = "Mixed instance must have at least 1 pinned vCPU and 1 unpinned vCPU. See 'hw:cpu_dedicated_mask'."
		incomplete = "CPU and memory allocation must be provided for all NUMA nodes"
		resources  = "It is not possible to use the 'resources:VCPU' or 'resources:PCPU' extra specs in combination with the 'hw:cpu_policy' extra spec or 'hw_cpu_policy' image metadata property; use one or the other"
		trait      = "It is not possible to use the 'trait:HW_CPU_HYPERTHREADING' extra spec in combination with the 'hw:cpu_thread_policy' extra spec or 'hw_cpu_thread_policy' image metadata property; use one or the other"
		uneven     = "Instance CPUs and/or memory cannot be evenly distributed across instance NUMA nodes. Explicit assignment of CPUs and memory to nodes is required"
		locked     = "locked_memory value in image or flavor is forbidden when mem_page_size is not set."
	)
	for name, c := range map[string]struct {
		flavor, image words
		text          string
	}{
		"policy of the flavor":     {words{"hw:cpu_policy": "own"}, nil, "CPU policy requested from 'flavor extra specs' is invalid, given: 'own', available: '('dedicated', 'shared', 'mixed')'."},
		"policy of the image":      {nil, words{"hw_cpu_policy": "own"}, "CPU policy requested from 'image properties' is invalid, given: 'own', available: '('dedicated', 'shared', 'mixed')'."},
		"threads of the flavor":    {words{"hw:cpu_thread_policy": "own"}, nil, "CPU thread policy requested from 'flavor extra specs' is invalid, given: 'own', available: '('prefer', 'isolate', 'require')'."},
		"threads of the image":     {nil, words{"hw_cpu_thread_policy": "own"}, "CPU thread policy requested from 'image properties' is invalid, given: 'own', available: '('prefer', 'isolate', 'require')'."},
		"threads, not pinned":      {words{"hw:cpu_thread_policy": "require"}, nil, "Cannot set cpu thread pinning policy in a non dedicated cpu pinning policy"},
		"emulator":                 {words{"hw:emulator_threads_policy": "own"}, nil, "CPU emulator threads option requested is invalid, given: 'own', available: '('share', 'isolate')'."},
		"emulator, not pinned":     {words{"hw:emulator_threads_policy": "isolate"}, nil, "An isolated CPU emulator threads option requires a dedicated CPU policy option."},
		"emulator, pinned":         {words{"hw:emulator_threads_policy": "isolate", "hw:cpu_policy": "dedicated"}, nil, ""},
		"realtime":                 {words{"hw:cpu_realtime": "yes", "hw:cpu_policy": "dedicated", "hw:cpu_realtime_mask": "^0"}, nil, ""},
		"realtime, all":            {words{"hw:cpu_realtime": "yes", "hw:cpu_policy": "dedicated"}, nil, realtime},
		"realtime, none":           {words{"hw:cpu_realtime": "yes", "hw:cpu_realtime_mask": "^0-3"}, nil, realtime},
		"realtime, offloaded":      {words{"hw:cpu_realtime": "yes", "hw:cpu_policy": "dedicated", "hw:emulator_threads_policy": "share"}, nil, ""},
		"realtime, not pinned":     {words{"hw:cpu_realtime": "yes", "hw:cpu_realtime_mask": "1-3"}, nil, "Cannot set realtime policy in a non dedicated cpu pinning policy"},
		"realtime, the image":      {words{"hw:cpu_realtime": "yes", "hw:cpu_realtime_mask": "1-3"}, words{"hw_cpu_realtime_mask": "1-x"}, "Invalid range expression '1-x'"},
		"realtime, beyond":         {words{"hw:cpu_realtime": "yes", "hw:cpu_realtime_mask": "3-4"}, nil, "Realtime policy vCPU(s) mask is configured with RT vCPUs that are not a subset of the vCPUs in the flavor. See hw:cpu_realtime_mask or hw_cpu_realtime_mask"},
		"mixed":                    {words{"hw:cpu_policy": "mixed", "hw:cpu_dedicated_mask": "^1"}, nil, ""},
		"mixed, no mask":           {words{"hw:cpu_policy": "mixed"}, nil, masks},
		"mixed, two masks":         {words{"hw:cpu_policy": "mixed", "hw:cpu_dedicated_mask": "0", "hw:cpu_realtime": "1", "hw:cpu_realtime_mask": "0"}, nil, masks},
		"mixed, all":               {words{"hw:cpu_policy": "mixed", "hw:cpu_dedicated_mask": "0-3"}, nil, pinned},
		"mixed, none":              {words{"hw:cpu_policy": "mixed", "hw:cpu_dedicated_mask": "^0-3"}, nil, pinned},
		"mixed, beyond":            {words{"hw:cpu_policy": "mixed", "hw:cpu_dedicated_mask": "4"}, nil, `Mixed instance dedicated vCPU(s) mask is not a subset of vCPUs in the flavor. See "hw:cpu_dedicated_mask"`},
		"a mask, not mixed":        {words{"hw:cpu_policy": "dedicated", "hw:cpu_dedicated_mask": "1"}, nil, "Cannot specify 'hw:cpu_dedicated_mask' without the 'mixed' policy."},
		"resources and a policy":   {words{"resources:VCPU": "4"}, words{"hw_cpu_policy": "shared"}, resources},
		"both resources":           {words{"resources:VCPU": "4", "resources1:PCPU": "4"}, nil, "It is not possible to specify both 'resources:VCPU' and 'resources:PCPU' extra specs; use one or the other"},
		"resources of no number":   {words{"resources:VCPU": "x"}, words{"hw_cpu_policy": "shared"}, ""},
		"PCPUs":                    {words{"resources:PCPU": "4", "hw:cpu_thread_policy": "prefer"}, nil, ""},
		"fewer PCPUs":              {words{"resources:PCPU": "3"}, nil, "There is a mismatch between the number of PCPUs requested via 'resourcesNN:PCPU' and the flavor); you must allocate exactly flavor.vcpus PCPUs"},
		"PCPUs, isolated":          {words{"resources:PCPU": "4", "hw:emulator_threads_policy": "isolate"}, nil, "You have requested 'hw:emulator_threads_policy=isolate' but have not requested sufficient PCPUs to handle this policy; you must allocate exactly flavor.vcpus + 1 PCPUs."},
		"hyperthreads twice":       {words{"trait:HW_CPU_HYPERTHREADING": "required", "hw:cpu_thread_policy": "require"}, nil, trait},
		"hyperthreads, the image":  {words{"hw:cpu_thread_policy": "require"}, words{"trait:HW_CPU_HYPERTHREADING": "required"}, trait},
		"hyperthreads, not pinned": {words{"trait:HW_CPU_HYPERTHREADING": "forbidden"}, nil, "Cannot set cpu thread pinning policy in a non dedicated cpu pinning policy"},
		"no node":                  {words{"hw:numa_nodes": "0"}, nil, "The property 'numa_nodes' cannot be '0'. It must be a number greater than 0"},
		"nodes in words":           {words{"hw:numa_nodes": "two"}, nil, "The property 'numa_nodes' cannot be 'two'. It must be a number greater than 0"},
		"uneven nodes":             {nil, words{"hw_numa_nodes": "3"}, uneven},
		"pages":                    {words{"hw:mem_page_size": "2MB"}, nil, ""},
		"pages in kilobytes":       {words{"hw:mem_page_size": "1048576"}, nil, ""},
		"pages in words":           {words{"hw:mem_page_size": "huge"}, nil, "Invalid memory page size 'huge'"},
		"pages of an open choice":  {words{"hw:mem_page_size": "any"}, words{"hw_mem_page_size": "2 MB"}, "Invalid memory page size '2 MB'"},
		"pages of the image":       {nil, words{"hw_mem_page_size": "2MB"}, "Page size 2MB forbidden against '<empty>'"},
		"pages, other":             {words{"hw:mem_page_size": "small"}, words{"hw_mem_page_size": "large"}, "Page size large forbidden against 'small'"},
		"locked":                   {words{"hw:locked_memory": "yes"}, nil, locked},
		"locked, the image":        {nil, words{"hw_locked_memory": "true"}, locked},
		"locked, with pages":       {words{"hw:locked_memory": "yes", "hw:mem_page_size": "large"}, nil, ""},
		"locked, other":            {words{"hw:locked_memory": "yes"}, words{"hw_locked_memory": "no"}, "locked_memory value in image (False) and flavor (True) conflict. A consistent value is expected if both specified."},
		"nodes by hand":            {words{"hw:numa_nodes": "2", "hw:numa_cpus.0": "0-1", "hw:numa_cpus.1": "2,3", "hw:numa_mem.0": "24", "hw:numa_mem.1": "1000"}, nil, ""},
		"a node without memory":    {words{"hw:numa_nodes": "1", "hw:numa_cpus.0": "0-3"}, nil, incomplete},
		"nodes without processors": {words{"hw:numa_nodes": "2", "hw:numa_cpus.0": "0-3", "hw:numa_mem.0": "1024"}, nil, incomplete},
		"processors twice":         {words{"hw:numa_nodes": "1", "hw:numa_cpus.0": "0-3"}, words{"hw_numa_cpus.0": "0-3"}, "Image property 'hw_numa_cpus' is not permitted to override NUMA configuration set against the flavor"},
		"memory twice":             {words{"hw:numa_nodes": "1", "hw:numa_mem.0": "1024"}, words{"hw_numa_mem.0": "1024"}, "Image property 'hw_numa_mem' is not permitted to override NUMA configuration set against the flavor"},
		"a processor beyond":       {words{"hw:numa_nodes": "1", "hw:numa_cpus.0": "0-2000000000", "hw:numa_mem.0": "1024"}, nil, "CPU number 4 is larger than max 3"},
		"a processor in two nodes": {words{"hw:numa_nodes": "2", "hw:numa_cpus.0": "0-2", "hw:numa_cpus.1": "2-3", "hw:numa_mem.0": "1", "hw:numa_mem.1": "1"}, nil, "CPU number 2 is assigned to two nodes"},
		"processors without node":  {words{"hw:pmem": "6GB", "hw:numa_cpus.0": "0-1", "hw:numa_mem.0": "1024"}, nil, "CPU number {2, 3} is not assigned to any node"},
		"less memory":              {words{"hw:numa_nodes": "1", "hw:numa_cpus.0": "0-3", "hw:numa_mem.0": "512"}, nil, "512 MB of memory assigned, but expected 1024 MB"},
		"memory in words":          {words{"hw:numa_nodes": "1", "hw:numa_cpus.0": "0-3", "hw:numa_mem.0": "all"}, nil, "invalid literal for int() with base 10: 'all'"},
	} {
		f, image := nova.Flavor{Name: "f", VCPUs: 4, RAM: 1024, ExtraSpecs: c.flavor}, nova.Image{Name: "i", Properties: c.image}
		err := checkTopology(image, f)
		if got := nova.Message(err); got != c.text || c.text != "" && !nova.Is(err, nova.Invalid) {
			t.Errorf("%s: %v, want %q", name, err, c.text)
		}
	}
}

// TestTopology_Equal has a flavor of four processors and 1024 MB, and two images that may
// ask the same of a host in other words.
func TestTopology_Equal(t *testing.T) {
	t.Parallel()
	type words = map[string]string
	byHand := func(first, second, memory string) words {
		return words{"hw_numa_nodes": "2", "hw_numa_cpus.0": first, "hw_numa_cpus.1": second, "hw_numa_mem.0": memory, "hw_numa_mem.1": "512"}
	}
	dedicated, anyPages := words{"hw:cpu_policy": "dedicated"}, words{"hw:mem_page_size": "any"}
	realtime := words{"hw:cpu_policy": "mixed", "hw:cpu_realtime": "yes", "hw:cpu_realtime_mask": "0-1"}
	for name, c := range map[string]struct {
		flavor, one, other words
		want               bool
	}{
		"nothing":                         {nil, nil, nil, true},
		"no nodes, whatever the policy":   {nil, nil, words{"hw_cpu_policy": "shared"}, true},
		"nodes or none":                   {nil, nil, words{"hw_numa_nodes": "1"}, false},
		"the one node that there is":      {dedicated, nil, words{"hw_numa_nodes": "1"}, true},
		"more nodes":                      {dedicated, nil, words{"hw_numa_nodes": "2"}, false},
		"evenly, by hand":                 {nil, words{"hw_numa_nodes": "2"}, byHand("1,0", "3, 2", " 512"), true},
		"other processors":                {nil, byHand("0,1", "2,3", "512"), byHand("0,2", "1,3", "512"), false},
		"processors, shared or one's own": {words{"hw:numa_nodes": "1"}, nil, words{"hw_cpu_policy": "dedicated"}, false},
		"a policy that was there anyway":  {words{"hw:numa_nodes": "1"}, nil, words{"hw_cpu_policy": "shared"}, false},
		"a policy of the flavor":          {dedicated, nil, words{"hw_cpu_policy": "shared"}, true},
		"threads of the flavor":           {words{"hw:cpu_policy": "dedicated", "hw:cpu_thread_policy": "prefer"}, nil, words{"hw_cpu_thread_policy": "isolate"}, true},
		"threads":                         {dedicated, nil, words{"hw_cpu_thread_policy": "isolate"}, false},
		"threads, by a trait":             {dedicated, words{"hw_cpu_thread_policy": "require"}, words{"trait:HW_CPU_HYPERTHREADING": "required"}, true},
		"pages":                           {anyPages, words{"hw_mem_page_size": "2MB"}, words{"hw_mem_page_size": "02048"}, true},
		"pages in bits":                   {anyPages, words{"hw_mem_page_size": "16Mib"}, words{"hw_mem_page_size": "2.0MiB"}, true},
		"other pages":                     {anyPages, words{"hw_mem_page_size": "2MB"}, words{"hw_mem_page_size": "1GB"}, false},
		"pages in words":                  {anyPages, nil, words{"hw_mem_page_size": "large"}, false},
		"a mask that makes processors":    {realtime, nil, words{"hw_cpu_realtime_mask": "0,1"}, true},
		"another mask":                    {realtime, nil, words{"hw_cpu_realtime_mask": "^0"}, false},
		"a mask that makes none": {
			words{"hw:cpu_policy": "dedicated", "hw:cpu_realtime": "yes", "hw:cpu_realtime_mask": "0"}, nil, words{"hw_cpu_realtime_mask": "1"}, true,
		},
	} {
		f := nova.Flavor{Name: "f", VCPUs: 4, RAM: 1024, ExtraSpecs: c.flavor}
		one, err := topologyOf(nova.Image{Properties: c.one}, f)
		other, err2 := topologyOf(nova.Image{Properties: c.other}, f)
		if err != nil || err2 != nil {
			t.Errorf("%s: %v, %v", name, err, err2)
			continue
		}
		if got := one.equal(other); got != c.want || got != other.equal(one) {
			t.Errorf("%s: %t, want %t: %+v and %+v", name, got, c.want, one.cells, other.cells)
		}
	}
}

func TestParseCPUs(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":              "{}",
		"3":             "{3}",
		"1-3 , 6,, 2-4": "{1, 2, 3, 4, 6}",
		"1-4,^3,6":      "{1, 2, 4, 6}",
		"^3,1-4":        "{1, 2, 4}",
		"0-5,^1-2":      "{0, 3, 4, 5}",
		"x":             "Invalid inclusion expression 'x'",
		"^x":            "Invalid exclusion expression '^x'",
		"4-2":           "Invalid range expression '4-2'",
		"^1-":           "Invalid range expression '^1-'",
		"-1":            "Invalid range expression '-1'",
		"0-99999999999": "Invalid range expression '0-99999999999'", // Nova runs out of memory
	} {
		set, err := parseCPUs(text)
		if got := set.String(); err == nil && got != want || err != nil && nova.Message(err) != want {
			t.Errorf("%q: %s %v, want %s", text, got, err, want)
		}
	}
}
