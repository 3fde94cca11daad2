package image

import (
	"cmp"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/standalone/kit"
)

// metadefRoutes are the reading of metadata definitions, and the writing of
// them, which nobody may do: in place of a handler they have the name of
// Glance's policy rule.
func (s *Service) metadefRoutes() []route {
	const namespace = "/metadefs/namespaces/{namespace}"
	routes := []route{
		{"GET", "/schemas/metadefs/{name}", metadefSchema},
		{"GET", "/metadefs/resource_types", s.metadefResourceTypes},
		{"GET", "/metadefs/namespaces", s.metadefNamespaces},
		{"GET", namespace, s.metadefNamespace},
		{"GET", namespace + "/resource_types", s.metadefAssociations},
		{"GET", namespace + "/properties", s.metadefProperties},
		{"GET", namespace + "/properties/{property}", s.metadefProperty},
		{"GET", namespace + "/objects", s.metadefObjects},
		{"GET", namespace + "/objects/{object}", s.metadefObject},
		{"GET", namespace + "/tags", s.metadefTags},
		{"GET", namespace + "/tags/{tag}", s.metadefTag},
	}
	for _, refused := range []struct{ method, path, rule string }{
		{"POST", "/metadefs/namespaces", "add_metadef_namespace"},
		{"PUT", namespace, "modify_metadef_namespace"},
		{"DELETE", namespace, "delete_metadef_namespace"},
		{"POST", namespace + "/resource_types", "add_metadef_resource_type_association"},
		{"DELETE", namespace + "/resource_types/{type}", "remove_metadef_resource_type_association"},
		{"POST", namespace + "/properties", "add_metadef_property"},
		{"DELETE", namespace + "/properties", "delete_metadef_namespace"},
		{"PUT", namespace + "/properties/{property}", "modify_metadef_property"},
		{"DELETE", namespace + "/properties/{property}", "remove_metadef_property"},
		{"POST", namespace + "/objects", "add_metadef_object"},
		{"DELETE", namespace + "/objects", "delete_metadef_namespace"},
		{"PUT", namespace + "/objects/{object}", "modify_metadef_object"},
		{"DELETE", namespace + "/objects/{object}", "delete_metadef_object"},
		{"POST", namespace + "/tags", "add_metadef_tags"},
		{"DELETE", namespace + "/tags", "delete_metadef_namespace"},
		{"POST", namespace + "/tags/{tag}", "add_metadef_tag"},
		{"PUT", namespace + "/tags/{tag}", "modify_metadef_tag"},
		{"DELETE", namespace + "/tags/{tag}", "delete_metadef_tag"},
	} {
		routes = append(routes, route{refused.method, refused.path, func(*http.Request) (kit.Reply, error) {
			return kit.Reply{}, notAuthorized(refused.rule)
		}})
	}
	return routes
}

// metadefSortKeys are what namespaces can be sorted by. The others of Glance's
// keys are the same for all.
var metadefSortKeys = map[string]func(n metadefNamespace) string{
	"namespace":    func(n metadefNamespace) string { return n.Name },
	"display_name": func(n metadefNamespace) string { return n.DisplayName },
	"description":  func(n metadefNamespace) string { return n.Description },
	"visibility":   func(n metadefNamespace) string { return n.Visibility },
	"protected":    func(n metadefNamespace) string { return strconv.FormatBool(n.Protected) },
	"owner":        func(metadefNamespace) string { return "" },
	"created_at":   func(metadefNamespace) string { return metadefsMadeAt },
	"updated_at":   func(metadefNamespace) string { return metadefsMadeAt },
	"id":           func(n metadefNamespace) string { return n.Name },
}

func (s *Service) metadefNamespaces(r *http.Request) (kit.Reply, error) {
	query := r.URL.Query()
	page, err := metadefPage(query)
	if err != nil {
		return kit.Reply{}, err
	}
	all, err := metadefs()
	if err != nil {
		return kit.Reply{}, err
	}
	found, err := filterMetadefs(all, query)
	if err != nil {
		return kit.Reply{}, err
	}
	key := metadefSortKeys[page.Sort[0].Key]
	slices.SortStableFunc(found, func(a, b metadefNamespace) int {
		if page.Sort[0].Desc {
			a, b = b, a
		}
		return cmp.Compare(key(a), key(b))
	})
	if page.Marker != "" {
		if _, err := findMetadefs(page.Marker); err != nil {
			return kit.Reply{}, err
		}
		found = found[1+slices.IndexFunc(found, func(n metadefNamespace) bool { return n.Name == page.Marker }):]
	}
	found = found[:min(page.Limit, len(found))]
	query.Del("marker")
	const path = "/v2/metadefs/namespaces"
	body := object{"schema": "/v2/schemas/metadefs/namespaces", "first": address(path, query)}
	if len(found) > 0 && len(found) == page.Limit {
		query.Set("marker", found[len(found)-1].Name)
		body["next"] = address(path, query)
	}
	views := make([]object, len(found))
	for i, n := range found {
		views[i] = s.metadefView(n)
	}
	body["namespaces"] = views
	return kit.Reply{Body: body}, nil
}

// metadefPage reads a page of namespaces from the query: sorted by one key, by
// the name if that is not said.
func metadefPage(query map[string][]string) (nova.Page, error) {
	key, dir := "created_at", "desc"
	if values := query["sort_key"]; len(values) > 0 {
		key = values[len(values)-1]
	}
	if values := query["sort_dir"]; len(values) > 0 {
		dir = values[len(values)-1]
	}
	if dir != "asc" && dir != "desc" {
		return nova.Page{}, nova.Errorf(nova.Invalid, "Invalid sort direction: %s", dir)
	}
	if metadefSortKeys[key] == nil {
		keys := slices.Sorted(maps.Keys(metadefSortKeys))
		return nova.Page{}, nova.Errorf(nova.Invalid, "Invalid sort key: %s. It must be one of the following: %s.", key, strings.Join(keys, ", "))
	}
	page, err := limitAndMarker(query)
	page.Sort = []nova.Sort{{Key: key, Desc: dir == "desc"}}
	return page, err
}

// filterMetadefs chooses the namespaces that a list is asked for: those of some
// kinds of things, and those with a visibility.
func filterMetadefs(all []metadefNamespace, query map[string][]string) ([]metadefNamespace, error) {
	var types []string
	if values := query["resource_types"]; len(values) > 0 {
		types = strings.Split(values[len(values)-1], ",")
	}
	visibility := ""
	if values := query["visibility"]; len(values) > 0 {
		visibility = values[len(values)-1]
	}
	if visibility != "" && visibility != public && visibility != private {
		return nil, nova.Errorf(nova.Invalid, "Invalid visibility value: %s", visibility)
	}
	found := []metadefNamespace{}
	for _, n := range all {
		ofType := types == nil || slices.ContainsFunc(n.ResourceTypes, func(t metadefResourceType) bool { return slices.Contains(types, t.Name) })
		if ofType && (visibility == "" || visibility == n.Visibility) {
			found = append(found, n)
		}
	}
	return found, nil
}

func findMetadefs(name string) (metadefNamespace, error) {
	all, err := metadefs()
	if err != nil {
		return metadefNamespace{}, err
	}
	for _, n := range all {
		if n.Name == name {
			return n, nil
		}
	}
	return metadefNamespace{}, nova.Errorf(nova.NotFound, "Metadata definition namespace=%s was not found.", name)
}

// metadefsOf finds the namespace that a path names, for a part of it. Glance
// has other words for one that isn't there.
func metadefsOf(r *http.Request) (metadefNamespace, error) {
	name := pathValue(r, "namespace")
	n, err := findMetadefs(name)
	if nova.Is(err, nova.NotFound) {
		err = nova.Errorf(nova.NotFound, "Namespace %s not found", name)
	}
	return n, err
}

func (s *Service) metadefNamespace(r *http.Request) (kit.Reply, error) {
	n, err := findMetadefs(pathValue(r, "namespace"))
	if err != nil {
		return kit.Reply{}, err
	}
	n = n.prefixed(r.URL.Query().Get("resource_type"))
	view := s.metadefView(n)
	if len(n.Properties) > 0 {
		view["properties"] = n.Properties
	}
	if len(n.Objects) > 0 {
		view["objects"] = metadefObjectViews(n)
	}
	if len(n.Tags) > 0 {
		view["tags"] = n.Tags
	}
	return kit.Reply{Body: view}, nil
}

func (s *Service) metadefAssociations(r *http.Request) (kit.Reply, error) {
	n, err := metadefsOf(r)
	if err != nil {
		return kit.Reply{}, err
	}
	return kit.Reply{Body: object{"resource_type_associations": metadefTypeViews(n.ResourceTypes)}}, nil
}

func (s *Service) metadefResourceTypes(*http.Request) (kit.Reply, error) {
	kinds, err := metadefKinds()
	if err != nil {
		return kit.Reply{}, err
	}
	types := make([]metadefResourceType, len(kinds))
	for i, kind := range kinds {
		types[i].Name = kind
	}
	return kit.Reply{Body: object{"resource_types": metadefTypeViews(types)}}, nil
}

// metadefKinds are the kinds of things for which there is anything defined.
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

func (s *Service) metadefProperties(r *http.Request) (kit.Reply, error) {
	n, err := metadefsOf(r)
	if err != nil {
		return kit.Reply{}, err
	}
	properties := n.Properties
	if properties == nil {
		properties = map[string]metadefProperty{}
	}
	return kit.Reply{Body: object{"properties": properties}}, nil
}

// metadefProperty shows one property. With a resource type in the query, the
// path has the property's name as it is on things of that kind.
func (s *Service) metadefProperty(r *http.Request) (kit.Reply, error) {
	n, err := metadefsOf(r)
	if err != nil {
		return kit.Reply{}, err
	}
	name := pathValue(r, "property")
	if kind := r.URL.Query().Get("resource_type"); kind != "" {
		if name, err = n.withoutPrefix(name, kind); err != nil {
			return kit.Reply{}, err
		}
	}
	property, ok := n.Properties[name]
	if !ok {
		return kit.Reply{}, nova.Errorf(nova.NotFound, "Could not find property %s", name)
	}
	view := maps.Clone(property)
	view["name"] = name
	return kit.Reply{Body: view}, nil
}

// withoutPrefix gives the name that a property has in the namespace from the
// name that it has on things of a kind.
func (n metadefNamespace) withoutPrefix(name, kind string) (string, error) {
	at := slices.IndexFunc(n.ResourceTypes, func(t metadefResourceType) bool { return t.Name == kind })
	if at < 0 {
		if kinds, err := metadefKinds(); err != nil || !slices.Contains(kinds, kind) {
			return "", errors.Join(err, nova.Errorf(nova.NotFound, "The metadata definition resource-type with name=%s, was not found.", kind))
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

func (s *Service) metadefObjects(r *http.Request) (kit.Reply, error) {
	n, err := findMetadefs(pathValue(r, "namespace"))
	if err != nil {
		return kit.Reply{}, err
	}
	return kit.Reply{Body: object{"objects": metadefObjectViews(n), "schema": "v2/schemas/metadefs/objects"}}, nil // without a slash, as in Glance
}

func (s *Service) metadefObject(r *http.Request) (kit.Reply, error) {
	n, err := metadefsOf(r)
	if err != nil {
		return kit.Reply{}, err
	}
	name := pathValue(r, "object")
	for _, o := range n.Objects {
		if o.Name == name {
			return kit.Reply{Body: metadefObjectView(n, o)}, nil
		}
	}
	return kit.Reply{}, nova.Errorf(nova.NotFound, "Could not find metadata object %s", name)
}

func (s *Service) metadefTags(r *http.Request) (kit.Reply, error) {
	n, err := metadefsOf(r)
	if err != nil {
		return kit.Reply{}, err
	}
	return kit.Reply{Body: object{"tags": append([]metadefTag{}, n.Tags...)}}, nil
}

func (s *Service) metadefTag(r *http.Request) (kit.Reply, error) {
	n, err := metadefsOf(r)
	if err != nil {
		return kit.Reply{}, err
	}
	name := pathValue(r, "tag")
	if !slices.Contains(n.Tags, metadefTag{name}) {
		return kit.Reply{}, nova.Errorf(nova.NotFound, "Could not find metadata tag %s", name)
	}
	return kit.Reply{Body: dated(object{"name": name})}, nil
}

// metadefView shows a namespace as lists do: without what is defined in it.
func (s *Service) metadefView(n metadefNamespace) object {
	view := dated(object{
		"namespace":    n.Name,
		"display_name": n.DisplayName,
		"description":  n.Description,
		"visibility":   n.Visibility,
		"protected":    n.Protected,
		"owner":        s.Owner,
		"self":         "/v2/metadefs/namespaces/" + n.Name,
		"schema":       "/v2/schemas/metadefs/namespace",
	})
	if len(n.ResourceTypes) > 0 {
		view["resource_type_associations"] = metadefTypeViews(n.ResourceTypes)
	}
	return view
}

func metadefTypeViews(types []metadefResourceType) []object {
	views := make([]object, len(types))
	for i, t := range types {
		views[i] = dated(object{"name": t.Name})
		if t.Prefix != "" {
			views[i]["prefix"] = t.Prefix
		}
		if t.PropertiesTarget != "" {
			views[i]["properties_target"] = t.PropertiesTarget
		}
	}
	return views
}

func metadefObjectViews(n metadefNamespace) []object {
	views := make([]object, len(n.Objects))
	for i, o := range n.Objects {
		views[i] = metadefObjectView(n, o)
	}
	return views
}

func metadefObjectView(n metadefNamespace, o metadefObject) object {
	return dated(object{
		"name":        o.Name,
		"description": o.Description,
		"required":    append([]string{}, o.Required...),
		"properties":  o.Properties,
		"self":        "/v2/metadefs/namespaces/" + n.Name + "/objects/" + o.Name,
		"schema":      "/v2/schemas/metadefs/object",
	})
}

// dated adds the times that everything defined has in the API.
func dated(o object) object {
	o["created_at"], o["updated_at"] = metadefsMadeAt, metadefsMadeAt
	return o
}
