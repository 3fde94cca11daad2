package scheduler

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/nova-api/nova-api/internal/python"
)

// hasInventory passes hosts that have what the extra specs of the flavor demand of
// a host's inventory. Hosts have processors, memory and disk, and no other resource
// and no trait.
func hasInventory(c *choice, h *State) bool {
	for key, value := range c.Flavor.ExtraSpecs {
		kind, name, _ := strings.Cut(key, ":") // behind the kind may be a group's name
		switch {
		case strings.HasPrefix(kind, "trait") && value == "required":
			return false
		case strings.HasPrefix(kind, "resources"):
			if amount, err := strconv.Atoi(value); err == nil && !hasResource(h, name, amount) {
				return false
			}
		}
	}
	return true
}

// hasResource reports whether a host has so much left of a resource class.
func hasResource(h *State, class string, amount int) bool {
	switch class {
	case "VCPU":
		return fits(amount, h.VCPUs, h.VCPUsUsed, h.CPURatio)
	case "MEMORY_MB":
		return fits(amount, h.RAM, h.RAMUsed, h.RAMRatio)
	case "DISK_GB":
		return fits(amount, h.Disk, h.DiskUsed, h.DiskRatio)
	}
	return amount <= 0
}

// hasCapabilities passes hosts whose state is what the flavor's extra specs demand:
// those of the scope capabilities, and those without a scope that name a part of a
// host's state.
func hasCapabilities(c *choice, h *State) bool {
	for key, demand := range c.Flavor.ExtraSpecs {
		if key == "hw:maxphysaddr_bits" {
			key, demand = "capabilities:cpu_info:maxphysaddr:bits", ">= "+demand
		}
		path := strings.Split(key, ":")
		switch {
		case len(path) > 1 && path[0] != "capabilities", len(path) == 1 && hostProperties[key] == nil:
			continue
		case len(path) > 1:
			path = path[1:]
		}
		value := capability(h, path)
		if value == nil || !meets(pythonText(path, value), demand) {
			return false
		}
	}
	return true
}

// capability is a part of a host's state: of JSON, the part that the rest of the
// path leads to. It is nil if there is none.
func capability(h *State, path []string) any {
	property := hostProperties[path[0]]
	if property == nil {
		return nil
	}
	value := property(h)
	for _, name := range path[1:] {
		if text, ok := value.(string); ok && json.Unmarshal([]byte(text), &value) != nil {
			return nil
		}
		object, ok := value.(map[string]any)
		if !ok {
			return nil
		}
		value = object[name]
	}
	return value
}

// pythonText is a value as Nova compares it. Numbers are whole, but for ratios.
func pythonText(path []string, value any) string {
	text := python.Str(value)
	if _, number := value.(float64); number && strings.HasSuffix(path[0], "_ratio") && !strings.ContainsAny(text, ".e") {
		text += ".0"
	}
	return text
}

// meets reports whether a value is what an extra spec demands: an operator with
// operands, as extra_specs_ops.py of nova/scheduler/filters has them, or else the
// value itself.
func meets(value, demand string) bool {
	words := strings.Fields(demand)
	if len(words) == 0 {
		return value == demand
	}
	operands := words[1:]
	if words[0] == "<or>" {
		for i := 0; i < len(operands); i += 2 { // there is an <or> between two
			if operands[i] == value {
				return true
			}
		}
		return false
	}
	holds := specOperators[words[0]]
	switch {
	case holds == nil:
		return value == demand
	case len(operands) == 0:
		return false
	}
	return holds(value, operands)
}

// specOperators compare a value with operands, of which there is one at least. A
// single equals sign means "at least", as it always has.
var specOperators = map[string]func(value string, operands []string) bool{
	"=":    byNumber(func(order int) bool { return order >= 0 }),
	"==":   byNumber(func(order int) bool { return order == 0 }),
	"!=":   byNumber(func(order int) bool { return order != 0 }),
	">=":   byNumber(func(order int) bool { return order >= 0 }),
	"<=":   byNumber(func(order int) bool { return order <= 0 }),
	"s==":  byText(func(order int) bool { return order == 0 }),
	"s!=":  byText(func(order int) bool { return order != 0 }),
	"s<":   byText(func(order int) bool { return order < 0 }),
	"s<=":  byText(func(order int) bool { return order <= 0 }),
	"s>":   byText(func(order int) bool { return order > 0 }),
	"s>=":  byText(func(order int) bool { return order >= 0 }),
	"<in>": func(value string, operands []string) bool { return strings.Contains(value, operands[0]) },
	"<all-in>": func(value string, operands []string) bool {
		return !slices.ContainsFunc(operands, func(operand string) bool { return !strings.Contains(value, operand) })
	},
}

// byNumber makes an operator of an order of numbers. What is none meets nothing.
func byNumber(holds func(order int) bool) func(string, []string) bool {
	return func(value string, operands []string) bool {
		x, err := strconv.ParseFloat(value, 64)
		y, wrong := strconv.ParseFloat(operands[0], 64)
		return err == nil && wrong == nil && holds(cmp.Compare(x, y))
	}
}

// byText makes an operator of an order of texts.
func byText(holds func(order int) bool) func(string, []string) bool {
	return func(value string, operands []string) bool { return holds(strings.Compare(value, operands[0])) }
}
