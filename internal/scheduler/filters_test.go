package scheduler

import (
	"maps"
	"net/netip"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nova-api/nova-api/internal/nova"
)

// specs is a request for a flavor with extra specs, and image one for an image
// with properties.
func specs(of map[string]string) Request {
	return Request{Flavor: nova.Flavor{Name: "small", ExtraSpecs: of}}
}

func image(properties map[string]string) Request { return Request{ImageID: "plain", Image: properties} }

// TestFilters puts each filter that an operator may enable, alone, before hosts
// that pass and hosts that don't.
func TestFilters(t *testing.T) {
	t.Parallel()
	type pairs = map[string]string
	kvm := func(h *nova.Host) {
		h.Type, h.Version, h.CPUInfo = "QEMU", 7_002_001, `{"arch": "x86_64", "model": "Cascadelake", "maxphysaddr": {"bits": 46}, "features": ["avx", "vmx"]}`
	}
	fake := func(h *nova.Host) { h.Type, h.Version, h.CPUInfo = "fake", 1000, `{"arch": "aarch64"}` }
	hosts := []nova.Host{
		host("a", kvm, address("10.0.0.1")), host("b", fake, address("10.0.1.1"), func(h *nova.Host) { h.RunningVMs = 3 }), host("c", down),
	}
	aggregates := []nova.Aggregate{
		{Name: "fast", Hosts: []string{"a"}, Metadata: pairs{
			"ssd": "true, nvme", "speed": "9", "filter_tenant_id": "p1,p2", "instance_type": "small,large", "os_distro": "debian", "os.kind": "linux",
			"max_io_ops_per_host": "2", "max_instances_per_host": "9",
		}},
		{Name: "more", Hosts: []string{"a", "b"}, Metadata: pairs{"filter_tenant_id_3": "p3", "max_io_ops_per_host": "5", "max_instances_per_host": "x"}},
	}
	all := []string{"a", "b", "c"}
	project := func(id string) Request { return Request{ProjectID: id} }
	query, err := ParseQuery(`["=", "$host", "b"]`)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		filter string
		what   string
		o      Options
		r      Request
		want   []string
	}{
		{"AllHostsFilter", "everything", Options{}, specs(pairs{"capabilities:x": "1"}), all},
		{"ComputeFilter", "up", Options{}, Request{}, []string{"a", "b"}},
		{"ServerGroupAffinityFilter", "with its member", Options{}, Request{Group: &Group{Policy: nova.Affinity, Hosts: map[string]int{"b": 1}}}, []string{"b"}},
		{"ServerGroupAntiAffinityFilter", "without", Options{}, Request{Group: &Group{Policy: nova.AntiAffinity, PerHost: 1, Hosts: map[string]int{"b": 1}}}, []string{"a", "c"}},
		{"SameHostFilter", "same", Options{}, Request{Hints: Hints{SameHost: []string{"b"}}}, []string{"b"}},
		{"DifferentHostFilter", "different", Options{}, Request{Hints: Hints{DifferentHost: []string{"b"}}}, []string{"a", "c"}},
		{"SimpleCIDRAffinityFilter", "near", Options{}, Request{Hints: Hints{Near: netip.MustParsePrefix("10.0.1.0/24")}}, []string{"b"}},
		{"JsonFilter", "query", Options{}, Request{Hints: Hints{Query: query}}, []string{"b"}},

		{"ComputeCapabilitiesFilter", "no specs", Options{}, Request{}, all},
		{"ComputeCapabilitiesFilter", "by name", Options{}, specs(pairs{"hypervisor_type": "QEMU"}), []string{"a"}},
		{"ComputeCapabilitiesFilter", "what hosts don't have, without a scope", Options{}, specs(pairs{"colour": "red"}), all},
		{"ComputeCapabilitiesFilter", "what hosts don't have", Options{}, specs(pairs{"capabilities:colour": "red"}), nil},
		{"ComputeCapabilitiesFilter", "another scope", Options{}, specs(pairs{"hw:colour": "red"}), all},
		{"ComputeCapabilitiesFilter", "nested", Options{}, specs(pairs{"capabilities:cpu_info:arch": "s== x86_64"}), []string{"a"}},
		{"ComputeCapabilitiesFilter", "a list", Options{}, specs(pairs{"capabilities:cpu_info:features": "<all-in> vmx avx"}), []string{"a"}},
		{"ComputeCapabilitiesFilter", "below a text", Options{}, specs(pairs{"capabilities:host:x": "1"}), nil},
		{"ComputeCapabilitiesFilter", "version", Options{}, specs(pairs{"capabilities:hypervisor_version": "> 2"}), nil}, // no such operator
		{"ComputeCapabilitiesFilter", "least version", Options{}, specs(pairs{"capabilities:hypervisor_version": ">= 1000"}), []string{"a", "b"}},
		{"ComputeCapabilitiesFilter", "ratio", Options{}, specs(pairs{"capabilities:cpu_allocation_ratio": "4.0"}), all},
		{"ComputeCapabilitiesFilter", "bits", Options{}, specs(pairs{"hw:maxphysaddr_bits": "42"}), []string{"a"}},

		{"ImagePropertiesFilter", "no image", Options{}, Request{}, all},
		{"ImagePropertiesFilter", "architecture", Options{}, image(pairs{"hw_architecture": "AMD64"}), []string{"a"}},
		{"ImagePropertiesFilter", "older name", Options{}, image(pairs{"architecture": "aarch64"}), []string{"b"}},
		{"ImagePropertiesFilter", "default architecture", Options{DefaultArchitecture: "x86_64"}, Request{}, []string{"a"}},
		{"ImagePropertiesFilter", "hypervisor", Options{}, image(pairs{"img_hv_type": "fake", "hw_vm_mode": "hvm"}), []string{"b"}},
		{"ImagePropertiesFilter", "mode", Options{}, image(pairs{"hw_vm_mode": "xen"}), nil},
		{"ImagePropertiesFilter", "version", Options{}, image(pairs{"img_hv_type": "qemu", "img_hv_requested_version": ">=7.2, <8"}), []string{"a"}},
		{"ImagePropertiesFilter", "too new a version", Options{}, image(pairs{"img_hv_type": "qemu", "img_hv_requested_version": ">7.2.1"}), nil},
		{"ImagePropertiesFilter", "senseless version", Options{}, image(pairs{"img_hv_type": "qemu", "img_hv_requested_version": "~7"}), nil},
		{"ImagePropertiesFilter", "bits", Options{}, image(pairs{"hw_vm_mode": "hvm", "hw_maxphysaddr_bits": "48", "hw_architecture": "x86_64"}), nil},

		{"AggregateInstanceExtraSpecsFilter", "no specs", Options{}, Request{}, all},
		{"AggregateInstanceExtraSpecsFilter", "one of two", Options{}, specs(pairs{"aggregate_instance_extra_specs:ssd": "nvme"}), []string{"a"}},
		{"AggregateInstanceExtraSpecsFilter", "without a scope", Options{}, specs(pairs{"speed": ">= 5"}), []string{"a"}},
		{"AggregateInstanceExtraSpecsFilter", "none", Options{}, specs(pairs{"speed": "<or> 1 <or> 2"}), nil},
		{"AggregateInstanceExtraSpecsFilter", "another scope", Options{}, specs(pairs{"hw:x": "1"}), all},

		{"AggregateImagePropertiesIsolation", "same", Options{}, image(pairs{"os_distro": "debian"}), all},
		{"AggregateImagePropertiesIsolation", "other", Options{}, image(pairs{"os_distro": "fedora"}), []string{"b", "c"}},
		{"AggregateImagePropertiesIsolation", "not in the namespace", Options{ImageNamespace: "os", ImageSeparator: "."}, image(pairs{"os_distro": "fedora"}), all},
		{"AggregateImagePropertiesIsolation", "in the namespace", Options{ImageNamespace: "os", ImageSeparator: "."}, image(pairs{"os.kind": "windows"}), []string{"b", "c"}},

		{"AggregateMultiTenancyIsolation", "admitted", Options{}, project("p2"), []string{"a", "c"}},
		{"AggregateMultiTenancyIsolation", "admitted by another key", Options{}, project("p3"), all},
		{"AggregateMultiTenancyIsolation", "a stranger", Options{}, project("p9"), []string{"c"}},

		{"AggregateTypeAffinityFilter", "named", Options{}, Request{Flavor: nova.Flavor{Name: "large"}}, all},
		{"AggregateTypeAffinityFilter", "not named", Options{}, Request{Flavor: nova.Flavor{Name: "tiny"}}, []string{"b", "c"}},

		{"IoOpsFilter", "calm", Options{MaxIOOps: 4}, Request{}, []string{"a", "c"}},
		{"AggregateIoOpsFilter", "least of two", Options{MaxIOOps: 4}, Request{}, []string{"b", "c"}},
		{"NumInstancesFilter", "few", Options{MaxInstances: 3}, Request{}, []string{"a", "c"}},
		{"AggregateNumInstancesFilter", "no number", Options{MaxInstances: 1}, Request{}, []string{"a", "c"}},

		{"IsolatedHostsFilter", "image of its own", Options{IsolatedImages: []string{"plain"}, IsolatedHosts: []string{"b"}, OnlyIsolated: true}, image(nil), []string{"b"}},
		{"IsolatedHostsFilter", "another image", Options{IsolatedImages: []string{"x"}, IsolatedHosts: []string{"b"}, OnlyIsolated: true}, image(nil), []string{"a", "c"}},
		{"IsolatedHostsFilter", "hosts for all", Options{IsolatedImages: []string{"x"}, IsolatedHosts: []string{"b"}}, image(nil), all},
		{"IsolatedHostsFilter", "no images", Options{IsolatedHosts: []string{"b"}, OnlyIsolated: true}, image(nil), []string{"a", "c"}},
	}
	tried := map[string]bool{}
	for _, tt := range tests {
		tried[tt.filter] = true
		t.Run(tt.filter+" "+tt.what, func(t *testing.T) {
			t.Parallel()
			tt.o.Enabled = []string{tt.filter}
			s, err := New(tt.o)
			if err != nil {
				t.Fatal(err)
			}
			got, report, _ := s.Choose(tt.r, Cloud{Hosts: hosts, Aggregates: aggregates, IOOps: map[string]int{"a": 2, "b": 4}})
			if diff := cmp.Diff(tt.want, slices.Sorted(slices.Values(names(got)))); diff != "" {
				t.Errorf("hosts (-want +got):\n%s%s", diff, report)
			}
		})
	}
	if diff := cmp.Diff(slices.Sorted(slices.Values(FilterNames())), slices.Sorted(maps.Keys(tried))); diff != "" {
		t.Errorf("filters that are tried (-want +got):\n%s", diff)
	}
}

func TestInventory(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		key, value string
		fits       bool
	}{
		{"resources:VCPU", "32", false}, // no more than the host really has
		{"resources:VCPU", "8", true},
		{"resources:MEMORY_MB", "8193", false},
		{"resources:DISK_GB", "100", true},
		{"resources1:DISK_GB", "101", false},
		{"resources:CUSTOM_GPU", "1", false},
		{"resources:CUSTOM_GPU", "0", true},
		{"trait:HW_CPU_X86_VMX", "required", false},
		{"trait_GPU:CUSTOM_FAST", "required", false},
		{"trait:HW_CPU_X86_VMX", "forbidden", true},
	} {
		_, _, err := Plain().Choose(specs(map[string]string{tt.key: tt.value}), Cloud{Hosts: []nova.Host{host("a")}})
		if (err == nil) != tt.fits {
			t.Errorf("%s=%s: %v, want room: %t", tt.key, tt.value, err, tt.fits)
		}
	}
}

// TestMeets has the operators of extra specs, those that make no sense too.
func TestMeets(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		value, demand string
		want          bool
	}{
		{"1", "1", true},
		{"1", "", false},
		{"", "", true},
		{"> 1", "> 1", true},
		{"2", "> 1", false},
		{"2", "= 1", true},
		{"1", "= 2", false},
		{"1.0", "== 1", true},
		{"x", "== 1", false},
		{"1", "== x", false},
		{"2", "!= 1", true},
		{"2", ">= 2", true},
		{"2", "<= 1", false},
		{"2", ">=", false},
		{"ab", "s== ab", true},
		{"ab", "s!= ab", false},
		{"ab", "s< b", true},
		{"ab", "s<= ab", true},
		{"b", "s> ab", true},
		{"ab", "s>= b", false},
		{"abc", "<in> b", true},
		{"abc", "<in> d", false},
		{"avx vmx", "<all-in> vmx avx", true},
		{"avx", "<all-in> vmx avx", false},
		{"b", "<or> a <or> b", true},
		{"c", "<or> a <or> b", false},
		{"b", "<or> a b", false},
		{"a", "<or>", false},
	} {
		if got := meets(tt.value, tt.demand); got != tt.want {
			t.Errorf("%q meets %q: %t", tt.value, tt.demand, got)
		}
	}
	for name := range specOperators {
		if meets("a", name) { // without an operand
			t.Errorf("%s alone is met", name)
		}
	}
}

func TestWeights(t *testing.T) {
	t.Parallel()
	full := ramUsed(4096)
	for _, tt := range []struct {
		name       string
		w          Weights
		hosts      []nova.Host
		aggregates []nova.Aggregate
		want       []string
	}{
		{"packed by a negative weight", Weights{RAM: -1}, []nova.Host{host("b"), host("a", full)}, nil, []string{"a", "b"}},
		{"calm", Weights{IOOps: -1}, []nova.Host{host("busy"), host("a")}, nil, []string{"a", "busy"}},
		{"few servers", Weights{NumInstances: -1}, []nova.Host{host("b", func(h *nova.Host) { h.RunningVMs = 2 }), host("a")}, nil, []string{"a", "b"}},
		{"new", Weights{Version: 1}, []nova.Host{host("b"), host("a", func(h *nova.Host) { h.Version = 2 })}, nil, []string{"a", "b"}},
		{
			"as aggregates say",
			Weights{RAM: 1},
			[]nova.Host{host("a"), host("b", full), host("c", ramUsed(8192))},
			[]nova.Aggregate{
				{Hosts: []string{"a", "b"}, Metadata: map[string]string{"ram_weight_multiplier": "-2"}},
				{Hosts: []string{"a"}, Metadata: map[string]string{"ram_weight_multiplier": "3"}},
				{Hosts: []string{"c"}, Metadata: map[string]string{"ram_weight_multiplier": "much"}},
			},
			[]string{"c", "b", "a"},
		},
	} {
		got, _, err := with(t, tt.w).Choose(Request{}, Cloud{Hosts: tt.hosts, Aggregates: tt.aggregates, IOOps: map[string]int{"busy": 3}})
		if diff := cmp.Diff(tt.want, names(got)); diff != "" || err != nil {
			t.Errorf("%s: %v, hosts (-want +got):\n%s", tt.name, err, diff)
		}
	}
}

func TestSubset(t *testing.T) {
	t.Parallel()
	s, err := New(Options{Weights: even, Subset: 2})
	if err != nil {
		t.Fatal(err)
	}
	hosts := Cloud{Hosts: []nova.Host{host("a"), host("b", ramUsed(1024)), host("c", ramUsed(2048))}}
	first := map[string]bool{}
	for seed := range uint64(50) {
		got, _, err := s.Choose(Request{Seed: seed}, hosts)
		if err != nil || len(got) != len(hosts.Hosts) {
			t.Fatal(names(got), err)
		}
		first[got[0].Name] = true
	}
	if diff := cmp.Diff(map[string]bool{"a": true, "b": true}, first); diff != "" {
		t.Errorf("first of all (-want +got):\n%s", diff)
	}
}

func TestNew_Refused(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]Options{
		"unknown":           {Enabled: []string{"CoreFilter"}},
		"unknown available": {Available: []string{"mine.Filter"}},
		"not available":     {Available: []string{"nova.scheduler.filters.compute_filter.ComputeFilter"}, Enabled: []string{"JsonFilter"}},
	} {
		if _, err := New(o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := New(Options{Available: []string{allFilters}, Enabled: FilterNames()}); err != nil {
		t.Error(err)
	}
}

// TestChoose_PolicyWithoutFilter refuses what nothing would keep.
func TestChoose_PolicyWithoutFilter(t *testing.T) {
	t.Parallel()
	s, err := New(Options{Enabled: []string{"ComputeFilter"}})
	if err != nil {
		t.Fatal(err)
	}
	for policy, want := range map[nova.GroupPolicy]string{
		nova.Affinity:     "ServerGroup policy is not supported: ServerGroupAffinityFilter not configured",
		nova.AntiAffinity: "ServerGroup policy is not supported: ServerGroupAntiAffinityFilter not configured",
		nova.SoftAffinity: "",
	} {
		_, _, err := s.Choose(Request{Group: &Group{Policy: policy}}, Cloud{Hosts: []nova.Host{host("a")}})
		if nova.Message(err) != want {
			t.Errorf("%s: %v, want %q", policy, err, want)
		}
	}
}
