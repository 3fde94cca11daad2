package image

import (
	"cmp"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/standalone/kit"
)

// metadefRoutes are what can be read of metadata definitions. Writing them is
// refused to everybody, with the name of the policy rule that Glance would ask.
// Definitions come with the program, so there is no store for them.
func (s *Service) metadefRoutes() []route {
	const namespace = "/metadefs/namespaces/{namespace}"
	routes := []route{
		{"GET", "/schemas/metadefs/{name}", metadefSchema},
		{"GET", "/metadefs/resource_types", metadefResourceTypes},
		{"GET", "/metadefs/namespaces", s.metadefNamespaces},
		{"GET", namespace, ofNamespace(notDefined, s.metadefDetail)},
		{"GET", namespace + "/resource_types", ofNamespace(notThere, metadefAssociations)},
		{"GET", namespace + "/properties", ofNamespace(notThere, metadefProperties)},
		{"GET", namespace + "/properties/{property}", ofNamespace(notThere, metadefOneProperty)},
		{"GET", namespace + "/objects", ofNamespace(notDefined, metadefObjects)},
		{"GET", namespace + "/objects/{object}", ofNamespace(notThere, metadefOneObject)},
		{"GET", namespace + "/tags", ofNamespace(notThere, metadefTags)},
		{"GET", namespace + "/tags/{tag}", ofNamespace(notThere, metadefOneTag)},
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

// Glance has two texts for a namespace that isn't there. Which one it uses
// depends on the part of the namespace that is asked for.
const (
	notDefined = "Metadata definition namespace=%s was not found."
	notThere   = "Namespace %s not found"
)

// ofNamespace makes a handler that shows a namespace, or a part of it. The text
// is for a namespace that isn't there.
func ofNamespace(missing string, show func(n metadefNamespace, r *http.Request) (any, error)) kit.Handler {
	return func(r *http.Request) (kit.Reply, error) {
		n, err := findMetadefs(pathValue(r, "namespace"), missing)
		if err != nil {
			return kit.Reply{}, err
		}
		body, err := show(n, r)
		return kit.Reply{Body: body}, err
	}
}

// findMetadefs finds a namespace by its name. There are a few dozen, which are
// read once.
func findMetadefs(name, missing string) (metadefNamespace, error) {
	all, err := metadefs()
	if err != nil {
		return metadefNamespace{}, err
	}
	for _, n := range all {
		if n.Name == name {
			return n, nil
		}
	}
	return metadefNamespace{}, nova.Errorf(nova.NotFound, missing, name)
}

// metadefNamespaces lists namespaces without their definitions. Horizon asks
// for those of one kind of thing, page by page, and then for each. A marker that
// the filters leave out begins at the start.
func (s *Service) metadefNamespaces(r *http.Request) (kit.Reply, error) {
	query := r.URL.Query()
	found, err := filterMetadefs(query)
	if err != nil {
		return kit.Reply{}, err
	}
	page, err := limitAndMarker(query)
	if err != nil {
		return kit.Reply{}, err
	}
	if err := sortMetadefs(found, query); err != nil {
		return kit.Reply{}, err
	}
	if page.Marker != "" {
		if _, err := findMetadefs(page.Marker, notDefined); err != nil {
			return kit.Reply{}, err
		}
		found = found[1+slices.IndexFunc(found, func(n metadefNamespace) bool { return n.Name == page.Marker }):]
	}
	return kit.Reply{Body: s.metadefPage(found[:min(page.Limit, len(found))], page.Limit, query)}, nil
}

// filterMetadefs chooses the namespaces that a list is asked for: those of any
// of some kinds of things, and those with a visibility. Other parameters are
// ignored, as in Glance.
func filterMetadefs(query url.Values) ([]metadefNamespace, error) {
	all, err := metadefs()
	if err != nil {
		return nil, err
	}
	visibility := query.Get("visibility")
	if visibility != "" && visibility != public && visibility != private {
		return nil, nova.Errorf(nova.Invalid, "Invalid visibility value: %s", visibility)
	}
	kinds := strings.Split(query.Get("resource_types"), ",")
	found := []metadefNamespace{}
	for _, n := range all {
		fits := slices.ContainsFunc(n.ResourceTypes, func(t metadefResourceType) bool { return slices.Contains(kinds, t.Name) })
		if (fits || !query.Has("resource_types")) && (visibility == "" || visibility == n.Visibility) {
			found = append(found, n)
		}
	}
	return found, nil
}

// metadefSortKeys are what namespaces can be sorted by, with the values that
// are compared. Some of Glance's keys are the same for all of our namespaces.
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

// sortMetadefs sorts namespaces by one key, downwards unless the query says
// otherwise. Namespaces with the same value stay in the order of their names.
func sortMetadefs(found []metadefNamespace, query url.Values) error {
	name, dir := cmp.Or(query.Get("sort_key"), "created_at"), cmp.Or(query.Get("sort_dir"), "desc")
	if dir != "asc" && dir != "desc" {
		return nova.Errorf(nova.Invalid, "Invalid sort direction: %s", dir)
	}
	key, ok := metadefSortKeys[name]
	if !ok {
		keys := slices.Sorted(maps.Keys(metadefSortKeys))
		return nova.Errorf(nova.Invalid, "Invalid sort key: %s. It must be one of the following: %s.", name, strings.Join(keys, ", "))
	}
	slices.SortStableFunc(found, func(a, b metadefNamespace) int {
		if dir == "desc" {
			a, b = b, a
		}
		return cmp.Compare(key(a), key(b))
	})
	return nil
}

// metadefPage shows a page of namespaces, with a link to the next if this one is
// full. A marker is the name of a namespace.
func (s *Service) metadefPage(found []metadefNamespace, limit int, query url.Values) object {
	const path = "/v2/metadefs/namespaces"
	query.Del("marker")
	views := make([]object, len(found))
	for i, n := range found {
		views[i] = s.metadefView(n)
	}
	body := object{"namespaces": views, "schema": "/v2/schemas/metadefs/namespaces", "first": address(path, query)}
	if len(found) > 0 && len(found) == limit {
		query.Set("marker", found[len(found)-1].Name)
		body["next"] = address(path, query)
	}
	return body
}

// metadefDetail shows a namespace with all that is defined in it. With a
// resource type in the query, properties have the names that they have on things
// of that kind.
func (s *Service) metadefDetail(n metadefNamespace, r *http.Request) (any, error) {
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
	return view, nil
}

// metadefAssociations shows which kinds of things have the properties. A prefix is
// what the names of the properties begin with on things of that kind.
func metadefAssociations(n metadefNamespace, _ *http.Request) (any, error) {
	return object{"resource_type_associations": metadefTypeViews(n.ResourceTypes)}, nil
}

// metadefProperties shows the properties that stand in no group.
func metadefProperties(n metadefNamespace, _ *http.Request) (any, error) {
	properties := map[string]metadefProperty{}
	maps.Copy(properties, n.Properties)
	return object{"properties": properties}, nil
}

// metadefOneProperty shows one property. With a resource type in the query, the
// path has the property's name as it is on things of that kind.
func metadefOneProperty(n metadefNamespace, r *http.Request) (any, error) {
	name := pathValue(r, "property")
	if kind := r.URL.Query().Get("resource_type"); kind != "" {
		var err error
		if name, err = n.withoutPrefix(name, kind); err != nil {
			return nil, err
		}
	}
	property, ok := n.Properties[name]
	if !ok {
		return nil, nova.Errorf(nova.NotFound, "Could not find property %s", name)
	}
	view := maps.Clone(property)
	view["name"] = name
	return view, nil
}

// metadefObjects has a schema link without a slash before it, as in Glance.
func metadefObjects(n metadefNamespace, _ *http.Request) (any, error) {
	return object{"objects": metadefObjectViews(n), "schema": "v2/schemas/metadefs/objects"}, nil
}

// metadefOneObject shows a group of properties.
func metadefOneObject(n metadefNamespace, r *http.Request) (any, error) {
	name := pathValue(r, "object")
	for _, o := range n.Objects {
		if o.Name == name {
			return metadefObjectView(n, o), nil
		}
	}
	return nil, nova.Errorf(nova.NotFound, "Could not find metadata object %s", name)
}

// metadefTags shows the words that belong to a namespace. Ours have none.
func metadefTags(n metadefNamespace, _ *http.Request) (any, error) {
	return object{"tags": append([]metadefTag{}, n.Tags...)}, nil
}

// metadefOneTag shows one of them.
func metadefOneTag(n metadefNamespace, r *http.Request) (any, error) {
	name := pathValue(r, "tag")
	if !slices.Contains(n.Tags, metadefTag{name}) {
		return nil, nova.Errorf(nova.NotFound, "Could not find metadata tag %s", name)
	}
	return dated(object{"name": name}), nil
}

// metadefResourceTypes lists the kinds of things of all namespaces.
func metadefResourceTypes(*http.Request) (kit.Reply, error) {
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

// metadefView shows a namespace as lists do: without its definitions.
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

// metadefTypeViews shows kinds of things. Glance leaves out empty values.
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

// metadefObjectViews shows the groups of properties of a namespace.
func metadefObjectViews(n metadefNamespace) []object {
	views := make([]object, len(n.Objects))
	for i, o := range n.Objects {
		views[i] = metadefObjectView(n, o)
	}
	return views
}

// metadefObjectView shows a group of properties. Its path is not escaped, as in
// Glance.
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

// dated adds the times that everything defined has in the API. All are of the same
// moment: that of the definitions in this program.
func dated(o object) object {
	o["created_at"], o["updated_at"] = metadefsMadeAt, metadefsMadeAt
	return o
}
