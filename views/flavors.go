package views

import (
	"maps"
	"slices"

	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/policy"
)

// Flavors renders the sizes that a server can have.
type Flavors struct{}

// Index lists flavors by name and ID, with their description.
func (v Flavors) Index(r Request, flavors []nova.Flavor) Dict {
	return list(r, "flavors", "flavors", flavors, flavorID, v.basic)
}

// Detail lists flavors with everything.
func (v Flavors) Detail(r Request, flavors []nova.Flavor) Dict {
	return list(r, "flavors", "flavors/detail", flavors, flavorID, v.full)
}

// Show renders one flavor with everything.
func (v Flavors) Show(r Request, f nova.Flavor) Dict { return Dict{{"flavor", v.full(r, f)}} }

// basic is a flavor in a list of names.
func (Flavors) basic(r Request, f nova.Flavor) Dict {
	return Dict{
		{"id", f.ID},
		{"name", f.Name},
		{"links", links(r, "flavors", f.ID)},
		since(r, 55, "description", f.Description),
	}
}

// full is all that is ever shown of a flavor, in the order of Nova's own view.
// A new field is one line here.
func (Flavors) full(r Request, f nova.Flavor) Dict {
	return Dict{
		{"id", f.ID},
		{"name", f.Name},
		{"ram", f.RAM},
		{"disk", f.Disk},
		{"swap", swap(r, f)},
		{"OS-FLV-EXT-DATA:ephemeral", f.Ephemeral},
		until(r, 101, "OS-FLV-DISABLED:disabled", f.Disabled),
		{"vcpus", f.VCPUs},
		{"os-flavor-access:is_public", f.Public},
		until(r, 101, "rxtx_factor", f.RxTx),
		{"links", links(r, "flavors", f.ID)},
		since(r, 55, "description", f.Description),
		since(r, 61, "extra_specs", f.ExtraSpecs).If(r.Can(policy.FlavorExtraSpecsIndex)),
	}
}

// swap is the size of the swap disk. Before 2.75 no swap was an empty string
// and not 0.
func swap(r Request, f nova.Flavor) any {
	if f.Swap == 0 && !r.AtLeast(75) {
		return ""
	}
	return f.Swap
}

// ExtraSpecs renders all extra specs of a flavor.
func (Flavors) ExtraSpecs(specs map[string]string) Dict { return Dict{{"extra_specs", specs}} }

// GivenExtraSpecs renders extra specs as a client has given them: numbers stay
// numbers. Reading them later shows texts.
func (Flavors) GivenExtraSpecs(specs map[string]any) Dict {
	given := make(Dict, 0, len(specs))
	for _, key := range slices.Sorted(maps.Keys(specs)) {
		given = append(given, Field{key, specs[key]})
	}
	return Dict{{"extra_specs", given}}
}

// ExtraSpec renders one extra spec: a text, or a number that a client has just
// given.
func (Flavors) ExtraSpec(key string, value any) Dict { return Dict{{key, value}} }

// Access renders the projects that may use a private flavor, with the flavor's
// ID in each entry.
func (Flavors) Access(flavorID string, projects []string) Dict {
	dicts := make([]Dict, len(projects))
	for i, project := range projects {
		dicts[i] = Dict{{"flavor_id", flavorID}, {"tenant_id", project}}
	}
	return Dict{{"flavor_access", dicts}}
}

func flavorID(f nova.Flavor) string { return f.ID }
