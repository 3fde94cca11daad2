package volume

import (
	"context"
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"github.com/nova-api/nova-api/db/volumedb"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/standalone/kit"
)

// typeRoutes are the calls about the types of volumes.
func (s *Service) typeRoutes() []route {
	return []route{
		{"GET", "/types", 0, s.listTypes},
		{"GET", "/types/{type}", 0, s.showType},
	}
}

// isMultiattach reports whether several servers may have a volume of a type at
// once.
func isMultiattach(t volumedb.Type) bool { return t.Specs["multiattach"] == "<is> True" }

// usableType finds a type by its ID or its name: for none, the default one of the
// caller's project, or of all. A type that the caller's project may not use isn't
// there.
func usableType(ctx context.Context, tx *volumedb.Store, c nova.Caller, idOrName string) (volumedb.Type, error) {
	if idOrName == "" {
		own, err := tx.DefaultTypeOf(ctx, c.ProjectID)
		if err != nil && !nova.Is(err, nova.NotFound) {
			return volumedb.Type{}, err
		}
		idOrName = own
	}
	column := "name"
	if _, err := uuid.Parse(idOrName); err == nil {
		column = "id"
	}
	if idOrName == "" {
		idOrName = defaultType
	}
	f := volumedb.Filter{Where: []volumedb.Condition{volumedb.Equal(column, idOrName)}, Page: nova.Page{Limit: 1}}
	if !isAdmin(c) {
		f.Where = append(f.Where, volumedb.UsableBy(c.ProjectID))
	}
	found, err := tx.Types.List(ctx, f)
	switch {
	case err != nil:
		return volumedb.Type{}, err
	case len(found) > 0:
		return found[0], nil
	case column == "id":
		return volumedb.Type{}, noType(idOrName)
	}
	return volumedb.Type{}, noTypeNamed(idOrName)
}

// noTypeNamed is the error for a name that no type has.
func noTypeNamed(name string) error {
	return nova.Errorf(nova.NotFound, "Volume type with name %s could not be found.", name)
}

// noType is the error for a type that isn't there.
func noType(id string) error {
	return nova.Errorf(nova.NotFound, "Volume type %s could not be found.", id)
}

// findType finds a type by its ID, or the default one by that word.
func (s *Service) findType(ctx context.Context, id string) (volumedb.Type, error) {
	if id == "default" {
		return usableType(ctx, s.Store, nova.CallerOf(ctx), "")
	}
	if _, err := uuid.Parse(id); err != nil { // types have names, which this call doesn't take
		return volumedb.Type{}, noType(id)
	}
	return usableType(ctx, s.Store, nova.CallerOf(ctx), id)
}

// visibleSpecs are the extra specs that everybody may know.
var visibleSpecs = []string{"RESKEY:availability_zones", "multiattach", "replication_enabled"}

// writtenType shows a type to the administrator who has just made or changed it.
func writtenType(t volumedb.Type) object {
	return object{"id": t.ID, "name": t.Name, "description": t.Description, "is_public": t.IsPublic, "extra_specs": t.Specs}
}

// typeView shows a type to who reads it. Administrators see more of it.
func typeView(c nova.Caller, t volumedb.Type) object {
	view := writtenType(t)
	view["extra_specs"], view["os-volume-type-access:is_public"] = specsFor(c, t), t.IsPublic
	if isAdmin(c) {
		view["qos_specs_id"] = t.QosID
	}
	return view
}

// specsFor are those extra specs of a type that a caller may know.
func specsFor(c nova.Caller, t volumedb.Type) map[string]string {
	if isAdmin(c) {
		return t.Specs
	}
	specs := map[string]string{}
	for _, name := range visibleSpecs {
		if value, ok := t.Specs[name]; ok {
			specs[name] = value
		}
	}
	return specs
}

// showType shows one type, or the default one. GET /types/{id}, or
// /types/default, answers 200. The path takes no name, as in Cinder; NotFound for
// a type that the caller's project may not use.
func (s *Service) showType(r *http.Request) (kit.Reply, error) {
	t, err := s.findType(r.Context(), chi.URLParam(r, "type"))
	return kit.Reply{Body: object{"volume_type": typeView(nova.CallerOf(r.Context()), t)}}, err
}

// listTypes shows the types that the caller may use. An administrator sees public
// ones, or all with is_public=None.
//
// GET /types answers 200. Types that aren't public are there for the projects
// with access to them.
func (s *Service) listTypes(r *http.Request) (kit.Reply, error) {
	caller := nova.CallerOf(r.Context())
	f, err := pageOf(r)
	if err != nil {
		return kit.Reply{}, err
	}
	if f.Where, err = typeConditions(r, caller); err != nil {
		return kit.Reply{}, err
	}
	if f.Page.Marker != "" {
		if _, err := s.findType(r.Context(), f.Page.Marker); err != nil {
			return kit.Reply{}, err
		}
	}
	found, err := s.Store.Types.List(r.Context(), f)
	if err != nil {
		return kit.Reply{}, err
	}
	views := make([]object, len(found))
	for i, t := range found {
		views[i] = typeView(caller, t)
	}
	body := object{"volume_types": views}
	if len(found) > 0 && len(found) == f.Page.Limit {
		body["volume_type_links"] = s.nextLink(r, "types", found[len(found)-1].ID)
	}
	return kit.Reply{Body: body}, nil
}

// typeConditions reads the filters of a list of types.
func typeConditions(r *http.Request, c nova.Caller) ([]volumedb.Condition, error) {
	query, usable := r.URL.Query(), volumedb.UsableBy(c.ProjectID)
	if !isAdmin(c) && versionOf(r) < withTypeFilters {
		return []volumedb.Condition{usable}, nil
	}
	conditions, err := filtersOf(r, typeFilters)
	if err != nil {
		return nil, err
	}
	if !isAdmin(c) {
		if hidden(query.Get("extra_specs")) {
			usable = volumedb.Nothing()
		}
		return append(conditions, usable), nil
	}
	public, ok := boolOf(query.Get("is_public"))
	switch text := query.Get("is_public"); {
	case strings.EqualFold(text, "none"):
		return conditions, nil
	case query.Has("is_public") && !ok:
		return nil, nova.Errorf(nova.Invalid, "Invalid is_public filter [%s]", text)
	case ok && !public:
		return append(conditions, volumedb.Equal("is_public", false)), nil
	}
	return append(conditions, usable), nil
}
