package identity

import (
	"context"
	"regexp"
	"strings"

	"github.com/nova-api/nova-api/db/identitydb"
	"github.com/nova-api/nova-api/internal/nova"
)

// serviceShape is the shape of a service.
var serviceShape = shape{types: "object", fields: []field{
	{name: "type", required: true, shape: shortText},
	{name: "name", shape: shape{types: "string", max: maxName}},
	{name: "enabled", shape: aBool},
}}

// services are the entries of the catalog. Their description is an extra field,
// as in Keystone: it is shown only if there is one.
func (s *Service) services() resource[identitydb.Service] {
	return resource[identitydb.Service]{
		service: s, noun: "service", plural: "services",
		table:   func(s *identitydb.Store) identitydb.Table[identitydb.Service] { return s.Services },
		id:      func(v identitydb.Service) string { return v.ID },
		filters: map[string]string{"name": "name", "type": "type"},
		list:    canReadAll, show: canReadAll,
		shape: serviceShape,
		draft: func(*request) identitydb.Service { return identitydb.Service{ID: newID(), Enabled: true} },
		read: func(f *form, v *identitydb.Service) {
			f.text("type", &v.Type)
			f.text("name", &v.Name)
			f.enabled(&v.Enabled)
		},
		extra: func(v *identitydb.Service) *map[string]any { return &v.Fields.V },
		view: func(r *request, v identitydb.Service) object {
			return object{"id": v.ID, "type": v.Type, "name": v.Name, "enabled": v.Enabled, "links": r.link("services", v.ID)}
		},
	}
}

// endpointShape is the shape of an endpoint.
var endpointShape = shape{types: "object", fields: []field{
	{name: "service_id", required: true, shape: shape{types: "string", max: maxName}},
	{name: "interface", required: true, shape: shape{types: "string", enum: []string{"admin", "internal", "public"}}},
	{name: "url", required: true, shape: shape{types: "string", max: maxURL}.like("^[a-zA-Z0-9+.-]+:.+", isURL)},
	{name: "region", shape: shape{types: "string", max: maxName}}, // as it was called in v3's first year
	{name: "region_id", shape: shape{types: "string null", max: maxName}},
	{name: "enabled", shape: aBool},
}}

// maxURL bounds the URLs of endpoints, in characters. Keystone has the same bound.
const maxURL = 225

// urlPattern is the pattern of Keystone's schema: a scheme, and anything at all.
var urlPattern = regexp.MustCompile(`^[a-zA-Z0-9+.-]+:.+`)

// isURL reports whether a text can be the URL of an endpoint. Beside those that
// Keystone accepts, these are URLs of the bundled services.
func isURL(text string) bool {
	return urlPattern.MatchString(text) || strings.HasPrefix(text, baseWord)
}

// endpoints are the addresses of services as a resource.
func (s *Service) endpoints() resource[identitydb.Endpoint] {
	return resource[identitydb.Endpoint]{
		service: s, noun: "endpoint", plural: "endpoints",
		table:   func(s *identitydb.Store) identitydb.Table[identitydb.Endpoint] { return s.Endpoints },
		id:      func(v identitydb.Endpoint) string { return v.ID },
		filters: map[string]string{"service_id": "service_id", "interface": "interface", "region_id": "region_id"},
		list:    canReadAll, show: canReadAll,
		shape: endpointShape,
		draft: func(*request) identitydb.Endpoint { return identitydb.Endpoint{ID: newID(), Enabled: true} },
		read: func(f *form, v *identitydb.Endpoint) {
			f.text("service_id", &v.ServiceID)
			f.text("interface", &v.Interface)
			f.textOrNull("region", &v.RegionID)
			f.textOrNull("region_id", &v.RegionID)
			f.text("url", &v.URL)
			f.enabled(&v.Enabled)
		},
		extra: func(v *identitydb.Endpoint) *map[string]any { return &v.Fields.V },
		view: func(r *request, v identitydb.Endpoint) object {
			return object{
				"id": v.ID, "service_id": v.ServiceID, "interface": v.Interface, "region_id": v.RegionID, "region": v.RegionID,
				"url": strings.ReplaceAll(v.URL, baseWord, s.base(r.Request)), "enabled": v.Enabled,
				"links": r.link("endpoints", v.ID),
			}
		},
		prepare: s.createNamedRegion,
		check:   checkEndpoint,
	}
}

// createNamedRegion creates the region that a body names by its old field,
// region, unless it exists. Only a region_id must exist before.
func (s *Service) createNamedRegion(r *request, f *form) error {
	name, sent := f.fields["region"].(string)
	if _, byID := f.fields["region_id"]; !sent || byID {
		return nil
	}
	err := s.store.Regions.Create(r.Context(), identitydb.Region{ID: name})
	if nova.Is(err, nova.Conflict) {
		return nil
	}
	return err
}

// checkEndpoint refuses an endpoint whose service or region doesn't exist, or
// with words in its URL that can't be filled in.
func checkEndpoint(ctx context.Context, tx *identitydb.Store, _ *identitydb.Endpoint, v identitydb.Endpoint) error {
	// All words that can be filled in are gone after that, so what still looks like
	// one is none.
	if rest := fillWords(v.URL, "", identitydb.Session{}); strings.Contains(rest, "$(") || strings.Contains(rest, "%(") {
		return nova.Errorf(nova.Invalid, "Cannot create an endpoint with an invalid URL: %s.", v.URL)
	}
	if _, err := tx.Services.Get(ctx, v.ServiceID); err != nil {
		return replaceNotFound(err, errMissing("endpoint service_id", "service table"))
	}
	if v.RegionID == nil {
		return nil
	}
	_, err := tx.Regions.Get(ctx, *v.RegionID)
	return replaceNotFound(err, errMissing("endpoint region_id", "region table"))
}
