package schema

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestExtraSpecs_Check holds the table to what a real service answered for
// each key and value.
func TestExtraSpecs_Check(t *testing.T) {
	t.Parallel()
	const (
		unknown = "extra spec"
		number  = "is not a valid integer value"
		yesNo   = "is not a valid boolean-like value"
	)
	for _, c := range []struct{ key, value, fault string }{
		{"accel:device_profile", "", ""},
		{"accel:nope", "x", unknown},
		{"accel", "x", ""},
		{"aggregate_instance_extra_specs:foo:bar", "<or> a <or> b", ""},
		{"aggregate_instance_extra_specs:", "x", unknown},
		{"capabilities:hypervisor_type", "s== x", ""},
		{"capabilities:hypervisor_type:sub", "x", unknown},
		{"capabilities:cpu_info:vendor", "x", ""},
		{"capabilities:cpu_info", "x", ""},
		{"capabilities:cpu_arch", "x", unknown},
		{"hw:cpu_realtime", "oN", ""},
		{"hw:cpu_realtime", " true", ""},
		{"hw:cpu_realtime", "", yesNo},
		{"hw:cpu_realtime_mask", "0-1,^3", ""},
		{"hw:cpu_realtime_mask", "all", `is not of the format '(\^)?\d+((-\d+)?(,\^?\d+(-\d+)?)?)*'`},
		{"hw:cpu_policy", " dedicated", "is not one of: dedicated, shared, mixed"},
		{"hw:cpu_policy:x", "dedicated", unknown},
		{"hw:cpu_sockets", " +1 ", ""},
		{"hw:cpu_sockets", "1_0", ""},
		{"hw:cpu_sockets", "1__0", number},
		{"hw:cpu_sockets", "1.0", number},
		{"hw:cpu_sockets", "99999999999999999999", ""},
		{"hw:cpu_sockets", "-0", "'0' is less than the min value of '1'"},
		{"hw:cpu_sockets", " 0_0", "'0' is less than the min value of '1'"},
		{"hw:cpu_sockets", "-1", "is less than the min value of '1'"},
		{"hw:numa_cpus.0", "0-1,^3", ""},
		{"hw:numa_cpus.0", "", `is not of the format '\^?\d+((-\d+)?(,\^?\d+(-\d+)?)?)*'`},
		{"hw:numa_cpus.x", "0", unknown},
		{"hw:numa_mem.0", "0", "is less than the min value of '1'"},
		{"hw:mem_page_size", "2Mbit", ""},
		{"hw:mem_page_size", "2M\n", `is not of the format '(large|small|any|\d+([kKMGT]i?)?(b|bit|B)?)'`},
		{"hw:pmem", "6GB,", ""},
		{"hw:serial_port_count", "0", ""},
		{"hw:serial_port_count", "-1", "is less than the min value of '0'"},
		{"hw:redirected_usb_ports", "15", ""},
		{"hw:redirected_usb_ports", "0_16", "'16' is greater than the max value of '15'"},
		{"hw:sound_model", "ac98", "is not one of: sb16, es1370, pcspk, ac97, ich6, ich9, usb, virtio"},
		{"hw:usb_model", "usb", "is not one of: none, nec-xhci, qemu-xhci"},
		{"hw:maxphysaddr_mode", "emulate", unknown},
		{"os:vram", "64", unknown},
		{"hw:", "x", unknown},
		{"hwx:y", "x", ""},
		{"pci_passthrough:alias", "x:1 ,y:2", ""},
		{"pci_passthrough:alias", "x:1,", `is not of the format '[^:]+:\d+(?:\s*,\s*[^:]+:\d+)*'`},
		{"quota:cpu_quota", "-1", ""},
		{"quota:cpu_period", "-1", "is less than the min value of '0'"},
		{"quota:cpu_shares_level", "x", "is not one of: custom, high, normal, low"},
		{"resources:VCPU", "-1", ""},
		{"resources:VCPU", "", number},
		{"resources:NOPE", "1", unknown},
		{"resources:CUSTOM_", "1", unknown},
		{"resources_f-o_o:CUSTOM_FOO", "x", number},
		{"resources_f.o:VCPU", "x", ""},
		{"resources" + strings.Repeat("a", 64) + ":VCPU", "x", number},
		{"resources" + strings.Repeat("a", 65) + ":VCPU", "x", ""},
		{"trait1:CUSTOM_FOO", "Required", "is not one of: required, forbidden"},
		{"trait:HW_CPU_X86_AVX", "forbidden", ""},
		{"trait:nope", "required", unknown},
		{"traits:X", "required", unknown},
		{"group_policy", "x", "is not one of: isolate, none"},
		{"hide_hypervisor_id", "x", yesNo},
		{"vmware:storage_policy", "", ""},
		{"powervm:min_mem", "x", ""},
		{":foo", "x", ""},
	} {
		given, err := json.Marshal(map[string]string{c.key: c.value})
		if err != nil {
			t.Fatal(err)
		}
		var specs ExtraSpecs
		if err := json.Unmarshal(given, &specs); err != nil {
			t.Fatal(err)
		}
		want := ""
		switch c.fault {
		case "":
		case unknown:
			want = "Validation failed; extra spec '" + c.key + "' does not appear to be a valid extra spec."
		default:
			want = "Validation failed; " + c.fault + "."
			if !strings.HasPrefix(c.fault, "'") {
				want = "Validation failed; '" + c.value + "' " + c.fault + "."
			}
		}
		got := ""
		if err := specs.Check(); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s = %q: %q, want %q", c.key, c.value, got, want)
		}
	}
}

func TestExtraSpecs_Numbers(t *testing.T) {
	t.Parallel()
	var specs ExtraSpecs
	if err := json.Unmarshal([]byte(`{"n": 1.50, "s": "1.50"}`), &specs); err != nil {
		t.Fatal(err)
	}
	if got := specs.Texts(); got["n"] != "1.5" || got["s"] != "1.50" {
		t.Errorf("texts: %v", got)
	}
	if got := specs.Given(); got["n"] != json.Number("1.50") || got["s"] != "1.50" {
		t.Errorf("given: %v", got)
	}
}
