package identity

import (
	"context"
	"strings"

	"github.com/nova-api/nova-api/db/identitydb"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/standalone/kit"
)

// maxCatalog bounds the endpoints that a token lists.
const maxCatalog = 1000

// baseWord stands, at the start of an endpoint's URL, for where clients reach
// this process. It is replaced when the endpoint is shown, so that what is in
// the database doesn't depend on the port of the day.
const baseWord = "{base}"

// expand fills in an endpoint's URL for a session: false if the URL wants a
// project and the session has none.
func expand(template, base string, session identitydb.Session) (string, bool) {
	project := ""
	if session.Kind == identitydb.KindProject {
		project = session.Target
	}
	if project == "" && (strings.Contains(template, "(project_id)s") || strings.Contains(template, "(tenant_id)s")) {
		return "", false
	}
	return strings.NewReplacer(
		baseWord, base,
		"$(project_id)s", project, "%(project_id)s", project,
		"$(tenant_id)s", project, "%(tenant_id)s", project,
		"$(user_id)s", session.UserID, "%(user_id)s", session.UserID,
	).Replace(template), true
}

// catalog lists the services and their endpoints, for a session.
func (s *Service) catalog(r *request, session identitydb.Session) ([]object, error) {
	entries, err := s.store.Catalog(r.Context(), maxCatalog)
	if err != nil {
		return nil, err
	}
	services, last := []object{}, ""
	for _, e := range entries {
		if e.ServiceID != last {
			services = append(services, object{"id": e.ServiceID, "type": e.ServiceType, "name": e.ServiceName, "endpoints": []object{}})
			last = e.ServiceID
		}
		if e.EndpointID == nil {
			continue
		}
		url, ok := expand(*e.URL, s.base(r.Request), session)
		if !ok {
			continue
		}
		service := services[len(services)-1]
		endpoints, _ := service["endpoints"].([]object)
		service["endpoints"] = append(endpoints, object{
			"id": *e.EndpointID, "interface": *e.Interface, "region_id": e.RegionID, "region": e.RegionID, "url": url,
		})
	}
	return services, nil
}

func (s *Service) showCatalog(r *request) (kit.Reply, error) {
	if r.caller.Kind == "" {
		return kit.Reply{}, forbidden("identity:get_auth_catalog")
	}
	catalog, err := s.catalog(r, r.caller)
	return kit.Reply{Body: object{"catalog": catalog, "links": object{"self": s.self(r.Request, "/v3/auth/catalog")}}}, err
}

func (s *Service) regions() resource[identitydb.Region] {
	return resource[identitydb.Region]{
		service: s, noun: "region", plural: "regions",
		table:   func(i *identitydb.Store) identitydb.Table[identitydb.Region] { return i.Regions },
		id:      func(v identitydb.Region) string { return v.ID },
		filters: map[string]string{"parent_region_id": "parent_region_id"},
		list:    authenticated, show: authenticated,
		draft: func(*request) identitydb.Region { return identitydb.Region{ID: newID()} },
		read: func(f *form, v *identitydb.Region) {
			if f.creating {
				f.name("id", maxName, &v.ID)
			}
			f.description(&v.Description)
			f.reference("parent_region_id", &v.ParentID)
		},
		check: func(ctx context.Context, tx *identitydb.Store, v identitydb.Region) error {
			if v.ParentID == nil {
				return nil
			}
			if *v.ParentID == v.ID {
				return nova.Errorf(nova.Invalid, "A region can't be its own parent.")
			}
			_, err := tx.Regions.Get(ctx, *v.ParentID)
			return err
		},
		deleting: func(ctx context.Context, tx *identitydb.Store, v identitydb.Region) error {
			return refuseIfUsed(ctx, tx, v.ID)
		},
		taken: func(v identitydb.Region) string { return "Duplicate ID, " + v.ID },
		view: func(r *request, v identitydb.Region) object {
			return object{"id": v.ID, "description": v.Description, "parent_region_id": v.ParentID, "links": r.link("regions", v.ID)}
		},
	}
}

// refuseIfUsed keeps a region that has endpoints or regions in it.
func refuseIfUsed(ctx context.Context, tx *identitydb.Store, id string) error {
	endpoints, err := tx.Endpoints.List(ctx, map[string]any{"region_id": id}, nova.Page{Limit: 1})
	if err != nil {
		return err
	}
	children, err := tx.Regions.List(ctx, map[string]any{"parent_region_id": id}, nova.Page{Limit: 1})
	if err != nil {
		return err
	}
	if len(endpoints)+len(children) > 0 {
		return nova.Errorf(nova.Forbidden, "Unable to delete region %s because it or its child regions have associated endpoints.", id)
	}
	return nil
}

func (s *Service) services() resource[identitydb.Service] {
	return resource[identitydb.Service]{
		service: s, noun: "service", plural: "services",
		table:   func(i *identitydb.Store) identitydb.Table[identitydb.Service] { return i.Services },
		id:      func(v identitydb.Service) string { return v.ID },
		filters: map[string]string{"name": "name", "type": "type", "enabled": "enabled"},
		list:    reads, show: reads,
		draft:    func(*request) identitydb.Service { return identitydb.Service{ID: newID(), Enabled: true} },
		required: []string{"type"},
		read: func(f *form, v *identitydb.Service) {
			f.name("type", maxName, &v.Type)
			f.name("name", maxName, &v.Name)
			f.description(&v.Description)
			f.flag("enabled", &v.Enabled)
		},
		view: func(r *request, v identitydb.Service) object {
			return object{
				"id": v.ID, "type": v.Type, "name": v.Name, "description": v.Description, "enabled": v.Enabled,
				"links": r.link("services", v.ID),
			}
		},
	}
}

func (s *Service) endpoints() resource[identitydb.Endpoint] {
	return resource[identitydb.Endpoint]{
		service: s, noun: "endpoint", plural: "endpoints",
		table: func(i *identitydb.Store) identitydb.Table[identitydb.Endpoint] { return i.Endpoints },
		id:    func(v identitydb.Endpoint) string { return v.ID },
		filters: map[string]string{
			"service_id": "service_id", "interface": "interface", "region_id": "region_id", "region": "region_id", "enabled": "enabled",
		},
		list: reads, show: reads,
		draft:    func(*request) identitydb.Endpoint { return identitydb.Endpoint{ID: newID(), Enabled: true} },
		required: []string{"service_id", "interface", "url"},
		read: func(f *form, v *identitydb.Endpoint) {
			f.name("service_id", maxName, &v.ServiceID)
			f.oneOf("interface", []string{"admin", "internal", "public"}, &v.Interface)
			f.reference("region", &v.RegionID) // as it was called in v3's first year
			f.reference("region_id", &v.RegionID)
			f.name("url", maxName, &v.URL)
			f.flag("enabled", &v.Enabled)
		},
		check: func(ctx context.Context, tx *identitydb.Store, v identitydb.Endpoint) error {
			if _, err := tx.Services.Get(ctx, v.ServiceID); err != nil {
				return elsewhere(err, missing("endpoint service_id", "service table"))
			}
			if v.RegionID == nil {
				return nil
			}
			_, err := tx.Regions.Get(ctx, *v.RegionID)
			return elsewhere(err, missing("endpoint region_id", "region table"))
		},
		view: func(r *request, v identitydb.Endpoint) object {
			return object{
				"id": v.ID, "service_id": v.ServiceID, "interface": v.Interface, "region_id": v.RegionID, "region": v.RegionID,
				"url": strings.ReplaceAll(v.URL, baseWord, s.base(r.Request)), "enabled": v.Enabled,
				"links": r.link("endpoints", v.ID),
			}
		},
	}
}

// elsewhere replaces a NotFound that is not about what the request names.
func elsewhere(err, by error) error {
	if nova.Is(err, nova.NotFound) {
		return by
	}
	return err
}
