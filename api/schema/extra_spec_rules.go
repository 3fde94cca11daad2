package schema

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/nova-api/nova-api/internal/nova"
)

// Check refuses extra specs of a namespace with a meaning if the key does not
// exist there or can't have the value. Other namespaces are free. Of several
// faults it reports that of the first key in order. Nova does this since 2.86,
// in nova/api/validation/extra_specs.
func (e ExtraSpecs) Check() error {
	for _, key := range slices.Sorted(maps.Keys(e)) {
		if err := checkExtraSpec(key, e[key].text); err != nil {
			return err
		}
	}
	return nil
}

// checkExtraSpec refuses a key or a value in a namespace with a meaning.
func checkExtraSpec(key, value string) error {
	rule, ok := extraSpecRule(key)
	switch {
	case ok:
		if fault := rule(value); fault != "" {
			return nova.Errorf(nova.Invalid, "Validation failed; %s.", fault)
		}
	case extraSpecNamespace.MatchString(key):
		return nova.Errorf(nova.Invalid, "Validation failed; extra spec '%s' does not appear to be a valid extra spec.", key)
	}
	return nil
}

// extraSpecRule finds the rule for a key's value.
func extraSpecRule(key string) (valueRule, bool) {
	if rule, ok := extraSpecKeys[key]; ok {
		return rule, true
	}
	for _, p := range extraSpecPatterns {
		if p.key.MatchString(key) {
			return p.rule, true
		}
	}
	return nil, false
}

// extraSpecNamespace matches the namespace of the keys that are checked. The
// group of resources and traits is a part of it.
var extraSpecNamespace = regexp.MustCompile(
	`^(accel|aggregate_instance_extra_specs|capabilities|hw|hw_rng|hw_video|os|pci_passthrough|quota|vmware|(resources|trait)` + group + `):`)

const (
	group  = `[a-zA-Z0-9_-]{0,64}`
	custom = `CUSTOM_[A-Z0-9_]+`
)

// extraSpecPatterns are the keys of which there is no end. Traits are known by
// their families, since the list of standard traits grows with every processor.
var extraSpecPatterns = []struct {
	key  *regexp.Regexp
	rule valueRule
}{
	{regexp.MustCompile(`^aggregate_instance_extra_specs:.+$`), anything},
	{regexp.MustCompile(`^capabilities:(` + strings.Join(nestedCapabilities, "|") + `)(:.+)?$`), anything},
	{regexp.MustCompile(`^capabilities:(` + strings.Join(plainCapabilities, "|") + `)$`), anything},
	{regexp.MustCompile(`^hw:numa_cpus\.\d+$`), cpuList},
	{regexp.MustCompile(`^hw:numa_mem\.\d+$`), atLeast(1)},
	{regexp.MustCompile(`^resources` + group + `:(` + custom + `|` + strings.Join(resourceClasses, "|") + `)$`), wholeNumber},
	{regexp.MustCompile(`^trait` + group + `:(` + custom + `|(COMPUTE|HW|MISC|OWNER|STORAGE)_[A-Z0-9_]+)$`), oneOf("required", "forbidden")},
}

// Parts of a host's state that a server can ask for, with and without a part
// of their own.
var (
	nestedCapabilities = strings.Fields(`cpu_info instances limits metrics nodename numa_topology pci_device_pools pci_stats
		stats supported_hv_specs supported_instances`)
	plainCapabilities = strings.Fields(`aggregates cell_uuid cpu_allocation_ratio current_workload disk_allocation_ratio
		disk_available_least disk_mb_used failed_builds free_disk_gb free_disk_mb free_ram_mb host host_ip
		hypervisor_hostname hypervisor_type hypervisor_version id local_gb local_gb_used mapped memory_mb memory_mb_used
		num_instances num_io_ops ram_allocation_ratio running_vms service_id total_usable_disk_gb total_usable_ram_mb
		updated uuid vcpus vcpus_total vcpus_used`)
)

// resourceClasses are the standard resource classes of the placement service.
var resourceClasses = strings.Fields(`DISK_GB FPGA IPV4_ADDRESS MEMORY_MB MEM_ENCRYPTION_CONTEXT
	NET_BW_EGR_KILOBIT_PER_SEC NET_BW_IGR_KILOBIT_PER_SEC NET_PACKET_RATE_EGR_KILOPACKET_PER_SEC
	NET_PACKET_RATE_IGR_KILOPACKET_PER_SEC NET_PACKET_RATE_KILOPACKET_PER_SEC NUMA_CORE NUMA_MEMORY_MB NUMA_SOCKET
	NUMA_THREAD PCI_DEVICE PCPU PGPU SRIOV_NET_VF VCPU VGPU VGPU_DISPLAY_HEAD`)

// extraSpecKeys are all other keys, with the rules for their values.
var extraSpecKeys = map[string]valueRule{
	"accel:device_profile": anything,
	"group_policy":         oneOf("isolate", "none"),
	"hide_hypervisor_id":   yesOrNo,

	"hw:boot_menu":                   yesOrNo,
	"hw:cpu_cores":                   atLeast(1),
	"hw:cpu_dedicated_mask":          cpuList,
	"hw:cpu_max_cores":               atLeast(1),
	"hw:cpu_max_sockets":             atLeast(1),
	"hw:cpu_max_threads":             atLeast(1),
	"hw:cpu_policy":                  oneOf("dedicated", "shared", "mixed"),
	"hw:cpu_realtime":                yesOrNo,
	"hw:cpu_realtime_mask":           like(`(\^)?\d+((-\d+)?(,\^?\d+(-\d+)?)?)*`),
	"hw:cpu_sockets":                 atLeast(1),
	"hw:cpu_thread_policy":           oneOf("prefer", "isolate", "require"),
	"hw:cpu_threads":                 atLeast(1),
	"hw:emulator_threads_policy":     oneOf("isolate", "share"),
	"hw:ephemeral_encryption":        yesOrNo,
	"hw:ephemeral_encryption_format": oneOf("plain", "luks", "luksv2"),
	"hw:hide_hypervisor_id":          yesOrNo,
	"hw:locked_memory":               yesOrNo,
	"hw:mem_encryption":              yesOrNo,
	"hw:mem_encryption_model":        oneOf("amd-sev", "amd-sev-es", "amd-sev-snp", "intel-tdx"),
	"hw:mem_page_size":               like(`(large|small|any|\d+([kKMGT]i?)?(b|bit|B)?)`),
	"hw:numa_nodes":                  atLeast(1),
	"hw:pci_numa_affinity_policy":    oneOf("required", "preferred", "legacy", "socket"),
	"hw:pmem":                        like(`([a-zA-Z0-9_]+(,)?)+`),
	"hw:pmu":                         yesOrNo,
	"hw:redirected_usb_ports":        between(0, 15),
	"hw:serial_port_count":           atLeast(0),
	"hw:sound_model":                 oneOf("sb16", "es1370", "pcspk", "ac97", "ich6", "ich9", "usb", "virtio"),
	"hw:tpm_model":                   oneOf("tpm-tis", "tpm-crb"),
	"hw:tpm_secret_security":         oneOf("user", "host", "deployment"),
	"hw:tpm_version":                 oneOf("1.2", "2.0"),
	"hw:usb_model":                   oneOf("none", "nec-xhci", "qemu-xhci"),
	"hw:vif_multiqueue_enabled":      yesOrNo,
	"hw:viommu_model":                oneOf("intel", "smmuv3", "virtio", "auto"),
	"hw:virtio_packed_ring":          yesOrNo,
	"hw:watchdog_action":             oneOf("none", "pause", "poweroff", "reset", "disabled"),

	"hw_rng:allowed":        yesOrNo,
	"hw_rng:rate_bytes":     atLeast(0),
	"hw_rng:rate_period":    atLeast(0),
	"hw_video:ram_max_mb":   atLeast(0),
	"os:secure_boot":        oneOf("disabled", "required"),
	"pci_passthrough:alias": like(`[^:]+:\d+(?:\s*,\s*[^:]+:\d+)*`),
	"vmware:hw_version":     anything,
	"vmware:storage_policy": anything,

	"quota:cpu_limit":            atLeast(0),
	"quota:cpu_period":           atLeast(0),
	"quota:cpu_quota":            wholeNumber,
	"quota:cpu_reservation":      wholeNumber,
	"quota:cpu_shares":           atLeast(0),
	"quota:cpu_shares_level":     sharesLevel,
	"quota:cpu_shares_share":     atLeast(0),
	"quota:disk_io_limit":        atLeast(0),
	"quota:disk_io_reservation":  wholeNumber,
	"quota:disk_io_shares_level": sharesLevel,
	"quota:disk_io_shares_share": atLeast(0),
	"quota:disk_read_bytes_sec":  atLeast(0),
	"quota:disk_read_iops_sec":   atLeast(0),
	"quota:disk_total_bytes_sec": atLeast(0),
	"quota:disk_total_iops_sec":  atLeast(0),
	"quota:disk_write_bytes_sec": atLeast(0),
	"quota:disk_write_iops_sec":  atLeast(0),
	"quota:memory_limit":         atLeast(0),
	"quota:memory_reservation":   wholeNumber,
	"quota:memory_shares_level":  sharesLevel,
	"quota:memory_shares_share":  atLeast(0),
	"quota:vif_inbound_average":  atLeast(0),
	"quota:vif_inbound_burst":    atLeast(0),
	"quota:vif_inbound_peak":     atLeast(0),
	"quota:vif_limit":            atLeast(0),
	"quota:vif_outbound_average": atLeast(0),
	"quota:vif_outbound_burst":   atLeast(0),
	"quota:vif_outbound_peak":    atLeast(0),
	"quota:vif_reservation":      wholeNumber,
	"quota:vif_shares_level":     sharesLevel,
	"quota:vif_shares_share":     atLeast(0),
}
