package scheduler

import (
	"fmt"
	"slices"
	"strings"
)

// Options are what an operator has decided of the choice of hosts: the section
// [filter_scheduler].
type Options struct {
	Available []string // filters that may be enabled, by their paths in Nova; none for all
	Enabled   []string // names of filters; none for the default
	Weights   Weights
	Subset    int // a server goes to any of so many of the best hosts; below 2 for the best

	MaxIOOps     int // servers that a host may be moving data for, if IoOpsFilter is enabled
	MaxInstances int // servers that a host may have, if NumInstancesFilter is enabled

	IsolatedImages []string // IDs of images whose servers go to isolated hosts, if IsolatedHostsFilter is enabled
	IsolatedHosts  []string // names of these hosts
	OnlyIsolated   bool     // no other servers go there

	ImageNamespace      string // prefix of the metadata that AggregateImagePropertiesIsolation looks at; empty for all
	ImageSeparator      string // between prefix and name
	DefaultArchitecture string // of an image that names none, if ImagePropertiesFilter is enabled; empty for any
}

// allFilters is the path in Nova that stands for all filters.
const allFilters = "nova.scheduler.filters.all_filters"

// DefaultFilters are Nova's, and those that only act on a hint, which Nova
// leaves to operators to enable.
func DefaultFilters() []string {
	return []string{
		computeFilter, capabilitiesFilter, imageFilter, antiAffinityFilter, affinityFilter,
		"SameHostFilter", "DifferentHostFilter", "SimpleCIDRAffinityFilter", "JsonFilter",
	}
}

// FilterNames are the filters that may be enabled.
func FilterNames() (names []string) {
	for _, f := range filters {
		if f.optional {
			names = append(names, f.name)
		}
	}
	return append(names, "AllHostsFilter") // which passes all
}

// enabled are the names of the filters that are enabled.
func (o Options) enabled() ([]string, error) {
	names, available := o.Enabled, map[string]bool{}
	if len(names) == 0 {
		names = DefaultFilters()
	}
	known := FilterNames()
	for _, path := range o.Available {
		name := path[strings.LastIndexByte(path, '.')+1:]
		switch {
		case path == allFilters:
			for _, each := range known {
				available[each] = true
			}
		case slices.Contains(known, name):
			available[name] = true
		default:
			return nil, fmt.Errorf("there is no filter %s for available_filters: name some of %s", path, strings.Join(known, ", "))
		}
	}
	for _, name := range names {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("there is no filter %s for enabled_filters: name some of %s", name, strings.Join(known, ", "))
		}
		if len(o.Available) > 0 && !available[name] {
			return nil, fmt.Errorf("the filter %s is enabled, but not among available_filters", name)
		}
	}
	return names, nil
}
