package scheduler

import (
	"cmp"
	"encoding/json"
	"strconv"
	"strings"
)

// suitsImage passes hosts that run what the image's properties ask for: the
// architecture, the hypervisor's type and version, the mode of the machine, the
// bits of its addresses.
func suitsImage(c *choice, h *State) bool {
	architecture := canonicalArchitecture(cmp.Or(c.property("hw_architecture", "architecture"), c.o.DefaultArchitecture))
	kind := canonicalHypervisor(c.property("img_hv_type", "hypervisor_type"))
	mode := canonicalMode(c.property("hw_vm_mode", "vm_mode"))
	if architecture == "" && kind == "" && mode == "" {
		return true
	}
	var cpu struct {
		Arch        string
		MaxPhysAddr struct{ Bits int }
	}
	_ = json.Unmarshal([]byte(h.CPUInfo), &cpu) // what a driver doesn't say is unknown
	if architecture != "" && architecture != canonicalArchitecture(cpu.Arch) ||
		kind != "" && kind != canonicalHypervisor(h.Type) || mode != "" && mode != "hvm" {
		return false
	}
	if bits, err := strconv.Atoi(c.property("hw_maxphysaddr_bits")); err == nil && cpu.MaxPhysAddr.Bits > 0 && cpu.MaxPhysAddr.Bits < bits {
		return false
	}
	return h.Version == 0 || versionIs(h.Version, c.property("img_hv_requested_version", "hypervisor_version_requires"))
}

// property is a property of the image, under its name or an older one.
func (c *choice) property(names ...string) string {
	for _, name := range names {
		if value := c.Image[name]; value != "" {
			return value
		}
	}
	return ""
}

// canonicalArchitecture is an architecture as hosts call theirs.
func canonicalArchitecture(name string) string {
	switch name = strings.ToLower(name); name {
	case "i386", "i486", "i586", "x86_32", "x86_32p":
		return "i686"
	case "amd64":
		return "x86_64"
	}
	return name
}

// canonicalHypervisor is the type of a hypervisor as hosts call theirs.
func canonicalHypervisor(name string) string {
	if name = strings.ToLower(name); name == "xapi" {
		return "xen"
	}
	return name
}

// canonicalMode is the mode of a virtual machine as hosts call theirs.
func canonicalMode(name string) string {
	switch name = strings.ToLower(name); name {
	case "pv":
		return "xen"
	case "hv", "baremetal":
		return "hvm"
	}
	return name
}

// versionIs reports whether a version, such as 7001002 for 7.1.2, is within all of
// some bounds, such as ">=6.0,<8". Bounds that make no sense hold for none.
func versionIs(version int, bounds string) bool {
	if bounds == "" {
		return true
	}
	for bound := range strings.SplitSeq(bounds, ",") {
		bound = strings.TrimSpace(bound)
		operator := bound[:len(bound)-len(strings.TrimLeft(bound, "<>=!"))]
		wanted, ok := parseVersion(strings.TrimSpace(bound[len(operator):]))
		holds := versionOperators[operator]
		if !ok || holds == nil || !holds(cmp.Compare(version, wanted)) {
			return false
		}
	}
	return true
}

var versionOperators = map[string]func(order int) bool{
	"<":  func(order int) bool { return order < 0 },
	"<=": func(order int) bool { return order <= 0 },
	"==": func(order int) bool { return order == 0 },
	">":  func(order int) bool { return order > 0 },
	">=": func(order int) bool { return order >= 0 },
	"!=": func(order int) bool { return order != 0 },
}

// parseVersion reads a version of up to three numbers as hosts tell theirs.
func parseVersion(text string) (version int, ok bool) {
	const parts, base = 3, 1000
	numbers := strings.Split(text, ".")
	if len(numbers) > parts {
		return 0, false
	}
	for i := range parts {
		number := 0
		if i < len(numbers) {
			var err error
			if number, err = strconv.Atoi(numbers[i]); err != nil || number < 0 || number >= base {
				return 0, false
			}
		}
		version = version*base + number
	}
	return version, true
}
