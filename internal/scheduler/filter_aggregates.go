package scheduler

import (
	"iter"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/nova-api/nova-api/internal/nova"
)

// aggregateScope is the scope of extra specs that only aggregates are asked for.
const aggregateScope = "aggregate_instance_extra_specs"

// aggregatesMatchExtraSpecs passes hosts in whose aggregates' metadata there is
// what each extra spec of the flavor demands: those of the filter's scope, and
// those of none.
func aggregatesMatchExtraSpecs(c *choice, h *State) bool {
	for key, demand := range c.Flavor.ExtraSpecs {
		if scope, name, scoped := strings.Cut(key, ":"); scoped {
			if scope != aggregateScope {
				continue
			}
			key = name
		}
		if !anyAggregate(h, key, func(value string) bool { return meets(value, demand) }) {
			return false
		}
	}
	return true
}

// aggregatesMatchImage passes hosts whose aggregates name a property of the image
// with its value, or don't name it.
func aggregatesMatchImage(c *choice, h *State) bool {
	for key, wanted := range c.Image {
		if c.o.ImageNamespace != "" && !strings.HasPrefix(key, c.o.ImageNamespace+c.o.ImageSeparator) {
			continue
		}
		named := anyAggregate(h, key, func(string) bool { return true })
		if named && wanted != "" && !anyAggregate(h, key, func(value string) bool { return value == wanted }) {
			return false
		}
	}
	return true
}

// aggregatesAdmitProject passes hosts that are not kept for other projects, by
// metadata whose keys begin with filter_tenant_id.
func aggregatesAdmitProject(c *choice, h *State) bool {
	kept := false
	for _, a := range h.Aggregates {
		for key := range a.Metadata {
			if !strings.HasPrefix(key, "filter_tenant_id") {
				continue
			}
			for project := range values(a, key) {
				if project == c.ProjectID {
					return true
				}
				kept = true
			}
		}
	}
	return !kept
}

// aggregatesAdmitFlavor passes hosts whose aggregates name the flavor as an
// instance_type, or none.
func aggregatesAdmitFlavor(c *choice, h *State) bool {
	const key = "instance_type"
	return !anyAggregate(h, key, func(string) bool { return true }) ||
		anyAggregate(h, key, func(name string) bool { return name == c.Flavor.Name })
}

// isCalm passes hosts that move data for few servers, and hasFewServers those with
// few servers; the aggregates' filters take the least bound of a host's aggregates.
func isCalm(c *choice, h *State) bool { return h.IOOps < c.o.MaxIOOps }

func isCalmInAggregates(c *choice, h *State) bool {
	return h.IOOps < leastOf(h, "max_io_ops_per_host", c.o.MaxIOOps)
}

func hasFewServers(c *choice, h *State) bool { return h.RunningVMs < c.o.MaxInstances }

func hasFewServersInAggregates(c *choice, h *State) bool {
	return h.RunningVMs < leastOf(h, "max_instances_per_host", c.o.MaxInstances)
}

// keepsIsolation passes isolated hosts for servers of isolated images, and others
// for others; isolated hosts are for others too if the operator says so.
func keepsIsolation(c *choice, h *State) bool {
	host := slices.Contains(c.o.IsolatedHosts, h.Name)
	image := slices.Contains(c.o.IsolatedImages, c.ImageID)
	if host == image {
		return true
	}
	return host && !c.o.OnlyIsolated
}

// values are what an aggregate's metadata says under a key, between commas.
func values(a *nova.Aggregate, key string) iter.Seq[string] {
	return func(yield func(string) bool) {
		text, ok := a.Metadata[key]
		if !ok {
			return
		}
		for value := range strings.SplitSeq(text, ",") {
			if !yield(strings.TrimSpace(value)) {
				return
			}
		}
	}
}

// anyAggregate reports whether an aggregate of a host has a value under a key that
// will do.
func anyAggregate(h *State, key string, will func(value string) bool) bool {
	for _, a := range h.Aggregates {
		for value := range values(a, key) {
			if will(value) {
				return true
			}
		}
	}
	return false
}

// leastOf is the least number that a host's aggregates have under a key. Without
// any, or with one that is none, it is the number for all.
func leastOf(h *State, key string, all int) int {
	least := math.MaxInt
	for _, a := range h.Aggregates {
		text, ok := a.Metadata[key]
		if !ok {
			continue
		}
		number, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil {
			return all
		}
		least = min(least, number)
	}
	if least == math.MaxInt {
		return all
	}
	return least
}
