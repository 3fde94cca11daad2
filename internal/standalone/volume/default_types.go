package volume

import (
	"net/http"

	"github.com/go-chi/chi/v5"

	"github.com/nova-api/nova-api/db/volumedb"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/standalone/kit"
)

// withDefaultTypes is the version from which on projects have default types.
const withDefaultTypes version = 62

// defaultTypeRoutes are the calls about the types that a project's volumes have if
// nobody says which. Only administrators may use them.
func (s *Service) defaultTypeRoutes() []route {
	return []route{
		{"GET", "/default-types", withDefaultTypes, s.listDefaultTypes},
		{"GET", "/default-types/{target}", withDefaultTypes, s.showDefaultType},
		{"PUT", "/default-types/{target}", withDefaultTypes, s.setDefaultType},
		{"DELETE", "/default-types/{target}", withDefaultTypes, s.unsetDefaultType},
	}
}

// defaultTypeView shows the default type of a project; both are IDs.
func defaultTypeView(d volumedb.DefaultType) object {
	return object{"project_id": d.ProjectID, "volume_type_id": d.TypeID}
}

// listDefaultTypes shows the projects that have a default type of their own.
func (s *Service) listDefaultTypes(r *http.Request) (kit.Reply, error) {
	if err := mayAdminister(nova.CallerOf(r.Context()), "volume_extension:default_get_all"); err != nil {
		return kit.Reply{}, err
	}
	found, err := s.Store.DefaultTypes(r.Context())
	views := make([]object, len(found))
	for i, d := range found {
		views[i] = defaultTypeView(d)
	}
	return kit.Reply{Body: object{"default_types": views}}, err
}

// showDefaultType shows the default type of one project. GET /default-
// types/{project} (3.62) answers 200, and NotFound for a project without.
func (s *Service) showDefaultType(r *http.Request) (kit.Reply, error) {
	if err := mayAdminister(nova.CallerOf(r.Context()), "volume_extension:default_get"); err != nil {
		return kit.Reply{}, err
	}
	project := chi.URLParam(r, "target")
	id, err := s.Store.DefaultTypeOf(r.Context(), project)
	err = missing(err, nova.Errorf(nova.NotFound, "Default type for project %s not found.", project))
	return kit.Reply{Body: object{"default_type": defaultTypeView(volumedb.DefaultType{ProjectID: project, TypeID: id})}}, err
}

// newDefaultType names a type, by its ID or its name.
var newDefaultType = schema{key: "default_type", props: []prop{{name: "volume_type", check: nonEmptyText, required: true}}}

// setDefaultType gives a project a default type. It is not asked whether there is
// such a project: the identity service's user has no right to know.
//
// PUT /default-types/{project} (3.62) answers 200, and Invalid for a type that
// there isn't.
func (s *Service) setDefaultType(r *http.Request) (kit.Reply, error) {
	caller := nova.CallerOf(r.Context())
	if err := mayAdminister(caller, "volume_extension:default_set_or_update"); err != nil {
		return kit.Reply{}, err
	}
	body, err := s.body(r, newDefaultType)
	if err != nil {
		return kit.Reply{}, err
	}
	t, err := usableType(r.Context(), s.Store, caller, *textOf(body, "volume_type"))
	if nova.Is(err, nova.NotFound) {
		return kit.Reply{}, nova.Errorf(nova.Invalid, "%s", err)
	}
	if err != nil {
		return kit.Reply{}, err
	}
	d := volumedb.DefaultType{ProjectID: chi.URLParam(r, "target"), TypeID: t.ID}
	return kit.Reply{Body: object{"default_type": defaultTypeView(d)}}, s.Store.SetDefaultType(r.Context(), d)
}

// unsetDefaultType takes it from a project, if it has one. DELETE /default-
// types/{project} (3.62) answers 204.
func (s *Service) unsetDefaultType(r *http.Request) (kit.Reply, error) {
	if err := mayAdminister(nova.CallerOf(r.Context()), "volume_extension:default_unset"); err != nil {
		return kit.Reply{}, err
	}
	return kit.Reply{}, s.Store.UnsetDefaultType(r.Context(), chi.URLParam(r, "target"))
}
