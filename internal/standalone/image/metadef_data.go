package image

import (
	"cmp"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/nova-api/nova-api/internal/nova"
)

// The metadata definitions tell clients which properties flavors, images,
// volumes and aggregates may have, so that Horizon can offer them. There is a
// file for each namespace, in the form that `glance-manage db_load_metadefs`
// reads.
//
//go:embed metadefs/*.json
var metadefFiles embed.FS

// metadefsMadeAt is when the definitions were written, which is what the API
// shows as the time of their creation.
const metadefsMadeAt = "2026-11-25T00:00:00Z"

// A metadefNamespace is a set of definitions that belong together.
type metadefNamespace struct {
	Name          string                     `json:"namespace"`
	DisplayName   string                     `json:"display_name"`
	Description   string                     `json:"description"`
	Visibility    string                     `json:"visibility"`
	Protected     bool                       `json:"protected"`
	ResourceTypes []metadefResourceType      `json:"resource_type_associations"`
	Properties    map[string]metadefProperty `json:"properties"`
	Objects       []metadefObject            `json:"objects"`
	Tags          []metadefTag               `json:"tags"`
}

// A metadefResourceType is a kind of thing, in Heat's name for it, that has the
// properties of a namespace.
type metadefResourceType struct {
	Name             string `json:"name"`
	Prefix           string `json:"prefix"`            // of the properties' names on things of this kind
	PropertiesTarget string `json:"properties_target"` // which of a volume's sets of properties is meant
}

// A metadefProperty is the JSON schema of a property's values, with a title.
type metadefProperty map[string]any

// A metadefObject is a group of properties that are chosen together.
type metadefObject struct {
	Name        string                     `json:"name"`
	Description string                     `json:"description"`
	Required    []string                   `json:"required"`
	Properties  map[string]metadefProperty `json:"properties"`
}

// A metadefTag is a word that belongs to a namespace.
type metadefTag struct {
	Name string `json:"name"`
}

// metadefs are all namespaces, by their names. They are read when they are
// first asked for.
var metadefs = sync.OnceValues(func() ([]metadefNamespace, error) {
	files, err := fs.Glob(metadefFiles, "metadefs/*.json")
	if err != nil {
		return nil, err
	}
	namespaces := make([]metadefNamespace, len(files))
	for i, name := range files {
		text, err := fs.ReadFile(metadefFiles, name)
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(text, &namespaces[i]); err != nil {
			return nil, fmt.Errorf("metadata definitions in %s: %w", name, err)
		}
	}
	slices.SortFunc(namespaces, func(a, b metadefNamespace) int { return cmp.Compare(a.Name, b.Name) })
	return namespaces, nil
})

// prefixed gives the namespace with its properties named as they are on things
// of a kind.
func (n metadefNamespace) prefixed(resourceType string) metadefNamespace {
	at := slices.IndexFunc(n.ResourceTypes, func(t metadefResourceType) bool { return t.Name == resourceType })
	if at < 0 || n.ResourceTypes[at].Prefix == "" {
		return n
	}
	prefix := n.ResourceTypes[at].Prefix
	n.Properties = withPrefix(prefix, n.Properties)
	n.Objects = slices.Clone(n.Objects)
	for i, o := range n.Objects {
		n.Objects[i].Properties = withPrefix(prefix, o.Properties)
		n.Objects[i].Required = make([]string, len(o.Required))
		for j, name := range o.Required {
			n.Objects[i].Required[j] = prefix + name
		}
	}
	return n
}

// withoutPrefix gives the name that a property has in the namespace from the
// name that it has on things of a kind. The error is NotFound if there is no such
// kind, if it doesn't have the properties of the namespace, or if the name lacks
// its prefix.
func (n metadefNamespace) withoutPrefix(name, kind string) (string, error) {
	at := slices.IndexFunc(n.ResourceTypes, func(t metadefResourceType) bool { return t.Name == kind })
	if at < 0 {
		kinds, err := metadefKinds()
		switch {
		case err != nil:
			return "", err
		case !slices.Contains(kinds, kind):
			return "", nova.Errorf(nova.NotFound, "The metadata definition resource-type with name=%s, was not found.", kind)
		}
		return "", nova.Errorf(nova.NotFound,
			"The metadata definition resource-type association of resource-type=%s to namespace=%s, was not found.", kind, n.Name)
	}
	prefix := n.ResourceTypes[at].Prefix
	short, ok := strings.CutPrefix(name, prefix)
	if !ok || prefix == "" {
		return "", nova.Errorf(nova.NotFound,
			"Property %s does not start with the expected resource type association prefix of '%s'.", name, cmp.Or(prefix, "None"))
	}
	return short, nil
}

// metadefKinds are the kinds of things of all namespaces, in alphabetical order.
func metadefKinds() ([]string, error) {
	all, err := metadefs()
	names := map[string]bool{}
	for _, n := range all {
		for _, t := range n.ResourceTypes {
			names[t.Name] = true
		}
	}
	return slices.Sorted(maps.Keys(names)), err
}

// withPrefix renames properties.
func withPrefix(prefix string, properties map[string]metadefProperty) map[string]metadefProperty {
	renamed := make(map[string]metadefProperty, len(properties))
	for name, property := range properties {
		renamed[prefix+name] = property
	}
	return renamed
}
