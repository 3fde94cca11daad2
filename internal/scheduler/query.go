package scheduler

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"github.com/nova-api/nova-api/internal/nova"
)

// A Query reports whether a host is what the hint "query" asks for.
type Query func(*State) bool

// ParseQuery reads the hint "query" in the language of Nova's JsonFilter: a list
// such as ["and", [">=", "$free_ram_mb", 1024], ["in", "$host", "a", "b"]], or
// its JSON text. The error is Invalid.
func ParseQuery(hint any) (Query, error) {
	if text, ok := hint.(string); ok {
		if err := json.Unmarshal([]byte(text), &hint); err != nil {
			return nil, nova.Errorf(nova.Invalid, "The scheduler hint 'query' is no JSON.")
		}
	}
	value, err := parseTerm(hint, maxQueryDepth)
	if err != nil {
		return nil, err
	}
	return func(h *State) bool {
		if list, ok := value(h).([]any); ok { // of "not": one is enough
			return slices.ContainsFunc(list, truth)
		}
		return truth(value(h))
	}, nil
}

// maxQueryDepth bounds how deep lists may be nested in a query.
const maxQueryDepth = 32

// A term is a value that may depend on the host: nil, a bool, a float64, a
// string, or a list of these.
type term func(*State) any

// parseTerm reads a value of a query: a list is a command, a text with a dollar
// sign a property of the host, and everything else stands for itself.
func parseTerm(value any, depth int) (term, error) {
	switch value := value.(type) {
	case []any:
		if depth == 0 {
			return nil, nova.Errorf(nova.Invalid, "The scheduler hint 'query' is nested too deep.")
		}
		return parseCommand(value, depth)
	case string:
		name, ok := strings.CutPrefix(value, "$")
		if value == "" { // left out, too
			return func(*State) any { return nil }, nil
		}
		if !ok {
			return func(*State) any { return value }, nil
		}
		property := hostProperties[name]
		if property == nil { // unknown properties are null
			property = func(*State) any { return nil }
		}
		return property, nil
	}
	return func(*State) any { return value }, nil
}

// parseCommand reads a list whose first item is an operator. An empty list is
// true. All is read once, so that a query costs nothing but comparisons for each
// host.
func parseCommand(list []any, depth int) (term, error) {
	if len(list) == 0 {
		return func(*State) any { return true }, nil
	}
	name, _ := list[0].(string)
	command, ok := commands[name]
	if !ok {
		return nil, nova.Errorf(nova.Invalid, "The scheduler hint 'query' has an unknown operator.")
	}
	terms := make([]term, len(list)-1)
	for i, value := range list[1:] {
		var err error
		if terms[i], err = parseTerm(value, depth-1); err != nil {
			return nil, err
		}
	}
	return func(h *State) any {
		var values []any
		for _, term := range terms {
			if value := term(h); value != nil { // what a host does not have is left out
				values = append(values, value)
			}
		}
		return command(values)
	}, nil
}

// hostProperties are the names that a query may use, as Nova's HostState has
// them.
var hostProperties = map[string]term{
	"host":                  func(h *State) any { return h.Name },
	"nodename":              func(h *State) any { return h.Node },
	"hypervisor_hostname":   func(h *State) any { return h.Node },
	"hypervisor_type":       func(h *State) any { return h.Type },
	"hypervisor_version":    func(h *State) any { return float64(h.Version) },
	"host_ip":               func(h *State) any { return h.IP },
	"total_usable_ram_mb":   func(h *State) any { return float64(h.RAM) },
	"free_ram_mb":           func(h *State) any { return float64(h.RAM - h.RAMUsed) },
	"free_disk_mb":          func(h *State) any { return float64(h.Disk-h.DiskUsed) * mbPerGB },
	"total_usable_disk_gb":  func(h *State) any { return float64(h.Disk) },
	"disk_mb_used":          func(h *State) any { return float64(h.DiskUsed) * mbPerGB },
	"vcpus_total":           func(h *State) any { return float64(h.VCPUs) },
	"vcpus_used":            func(h *State) any { return float64(h.VCPUsUsed) },
	"num_instances":         func(h *State) any { return float64(h.RunningVMs) },
	"cpu_allocation_ratio":  func(h *State) any { return h.CPURatio },
	"ram_allocation_ratio":  func(h *State) any { return h.RAMRatio },
	"disk_allocation_ratio": func(h *State) any { return h.DiskRatio },
	"cpu_info":              func(h *State) any { return h.CPUInfo },
	"num_io_ops":            func(h *State) any { return float64(h.IOOps) },
	"uuid":                  func(h *State) any { return h.ID },
}

// mbPerGB is for names in a query that say MB, where hosts count GB.
const mbPerGB = 1024

// commands are the operators of the language. A comparison holds the first value
// against each of the others.
var commands = map[string]func([]any) any{
	"=":  compare(func(order int) bool { return order == 0 }),
	"<":  compare(func(order int) bool { return order < 0 }),
	">":  compare(func(order int) bool { return order > 0 }),
	"<=": compare(func(order int) bool { return order <= 0 }),
	">=": compare(func(order int) bool { return order >= 0 }),
	"in": func(values []any) any {
		return len(values) > 1 && slices.ContainsFunc(values[1:], func(v any) bool { order, ok := orderOf(values[0], v); return ok && order == 0 })
	},
	"not": func(values []any) any {
		inverted := make([]any, len(values))
		for i, value := range values {
			inverted[i] = !truth(value)
		}
		return inverted
	},
	"or":  func(values []any) any { return slices.ContainsFunc(values, truth) },
	"and": func(values []any) any { return !slices.ContainsFunc(values, func(v any) bool { return !truth(v) }) },
}

// compare makes an operator of an order. With fewer than two values, or with two
// that have no order, it is false.
func compare(holds func(order int) bool) func([]any) any {
	return func(values []any) any {
		if len(values) < 2 {
			return false
		}
		for _, value := range values[1:] {
			if order, ok := orderOf(values[0], value); !ok || !holds(order) {
				return false
			}
		}
		return true
	}
}

// orderOf compares two numbers or two texts. Other pairs have no order.
func orderOf(a, b any) (order int, ok bool) {
	switch a := a.(type) {
	case float64:
		if b, ok := b.(float64); ok {
			return cmp.Compare(a, b), true
		}
	case string:
		if b, ok := b.(string); ok {
			return strings.Compare(a, b), true
		}
	}
	return 0, false
}

// truth is what Python takes a value for: a list is true unless it is empty.
func truth(value any) bool {
	switch value := value.(type) {
	case nil:
		return false
	case bool:
		return value
	case float64:
		return value != 0
	case string:
		return value != ""
	case []any:
		return len(value) > 0
	}
	return false
}
