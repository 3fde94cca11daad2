package volume

import (
	"context"
	"maps"
	"net/http"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"github.com/nova-api/nova-api/db/volumedb"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/standalone/kit"
)

// typeAdminRoutes are the calls by which administrators manage types.
func (s *Service) typeAdminRoutes() []route {
	return []route{
		{"POST", "/types", 0, s.createType},
		{"PUT", "/types/{type}", 0, s.updateType},
		{"DELETE", "/types/{type}", 0, s.deleteType},
		{"GET", "/types/{type}/extra_specs", 0, s.listSpecs},
		{"POST", "/types/{type}/extra_specs", 0, s.addSpecs},
		{"GET", "/types/{type}/extra_specs/{key}", 0, s.showSpec},
		{"PUT", "/types/{type}/extra_specs/{key}", 0, s.setSpec},
		{"DELETE", "/types/{type}/extra_specs/{key}", 0, s.removeSpec},
		{"GET", "/types/{type}/os-volume-type-access", 0, s.listAccess},
		{"POST", "/types/{id}/action", 0, s.actOn(map[string]action{
			"addProjectAccess":    {schema: accessBody, do: s.addAccess},
			"removeProjectAccess": {schema: accessBody, do: s.removeAccess},
		})},
	}
}

// newType is what an administrator says of a new type.
var newType = schema{key: "volume_type", props: []prop{
	{name: "name", check: nonEmptyText, required: true},
	{name: "description", check: optionalText},
	{name: "extra_specs", check: metadataValues},
	{name: "os-volume-type-access:is_public", check: boolean},
}}

// createType creates a type, which is public unless the body says otherwise.
//
// POST /types answers 200, and Conflict for a name that there is.
func (s *Service) createType(r *http.Request) (kit.Reply, error) {
	if err := mayAdminister(nova.CallerOf(r.Context()), "volume_extension:type_create"); err != nil {
		return kit.Reply{}, err
	}
	body, err := s.body(r, newType)
	if err != nil {
		return kit.Reply{}, err
	}
	t := volumedb.Type{Name: *textOf(body, "name"), Description: textOf(body, "description"), IsPublic: true, Specs: textsOf(body["extra_specs"])}
	t.ID = uuid.NewString()
	if public, ok := boolOf(body["os-volume-type-access:is_public"]); ok {
		t.IsPublic = public
	}
	if err := checkCount(t.Specs); err != nil {
		return kit.Reply{}, err
	}
	t, err = s.Store.Types.Create(r.Context(), t)
	if nova.Is(err, nova.Conflict) {
		err = nova.Errorf(nova.Conflict, "Volume Type %s already exists.", t.Name)
	}
	view := writtenType(t)
	view["os-volume-type-access:is_public"] = t.IsPublic
	return kit.Reply{Body: object{"volume_type": view}}, err
}

// changedType is what an administrator may change of a type.
var changedType = schema{key: "volume_type", props: []prop{
	{name: "name", check: optionalText},
	{name: "description", check: optionalText},
	{name: "is_public", check: boolean},
}}

// updateType changes the name, the description, and who may use a type. PUT
// /types/{id} answers 200: Invalid for a body that changes nothing and for an
// empty name, Conflict for a name that there is. Volumes keep their type.
func (s *Service) updateType(r *http.Request) (kit.Reply, error) {
	body, err := s.body(r, changedType)
	if err != nil {
		return kit.Reply{}, err
	}
	name, description := textOf(body, "name"), textOf(body, "description")
	public, hasPublic := boolOf(body["is_public"])
	if name != nil && *name == "" {
		return kit.Reply{}, nova.Errorf(nova.Invalid, "Volume type name can not be empty.")
	}
	if name == nil && description == nil && !hasPublic {
		return kit.Reply{}, nova.Errorf(nova.Invalid, "Specify volume type name, description, is_public or a combination thereof.")
	}
	t, err := s.changeType(r, "volume_extension:type_update", func(t *volumedb.Type) error {
		if name != nil {
			t.Name = *name
		}
		if description != nil {
			t.Description = description
		}
		if hasPublic {
			t.IsPublic = public
		}
		return nil
	})
	if nova.Is(err, nova.Conflict) {
		err = nova.Errorf(nova.Conflict, "Volume Type %s already exists.", *name)
	}
	return kit.Reply{Body: object{"volume_type": writtenType(t)}}, err
}

// changeType asks a policy rule, and changes the type that the path names. Volumes of
// the type see the change at once.
func (s *Service) changeType(r *http.Request, rule string, change func(t *volumedb.Type) error) (volumedb.Type, error) {
	if err := mayAdminister(nova.CallerOf(r.Context()), rule); err != nil {
		return volumedb.Type{}, err
	}
	id := chi.URLParam(r, "type")
	t, err := s.Store.Types.Change(r.Context(), id, func(_ *volumedb.Store, t *volumedb.Type) error { return change(t) })
	return t, missing(err, noType(id))
}

// deleteType deletes a type that no volume has. Default ones stay, of all projects or
// of one.
//
// DELETE /types/{id} answers 202, and Invalid while a volume has the type.
func (s *Service) deleteType(r *http.Request) (kit.Reply, error) {
	if err := mayAdminister(nova.CallerOf(r.Context()), "volume_extension:type_delete"); err != nil {
		return kit.Reply{}, err
	}
	id := chi.URLParam(r, "type")
	isDefault, err := s.Store.IsDefaultType(r.Context(), id)
	if err != nil {
		return kit.Reply{}, err
	}
	if id == defaultTypeID || isDefault {
		return kit.Reply{}, nova.Errorf(nova.Invalid, "The volume type %s is a default volume type and cannot be deleted.", id)
	}
	err = s.Store.Types.Delete(r.Context(), id)
	if nova.Is(err, nova.Conflict) {
		return kit.Reply{}, nova.Errorf(nova.Invalid, "Target volume type is still in use.")
	}
	return accepted(), missing(err, noType(id))
}

// listSpecs shows the extra specs of a type that the caller may know. GET
// /types/{id}/extra_specs answers 200: all for an administrator, visibleSpecs for
// others.
func (s *Service) listSpecs(r *http.Request) (kit.Reply, error) {
	t, err := s.findType(r.Context(), chi.URLParam(r, "type"))
	return kit.Reply{Body: object{"extra_specs": specsFor(nova.CallerOf(r.Context()), t)}}, err
}

// noSpec is the error for an extra spec that isn't there.
func noSpec(r *http.Request) error {
	return nova.Errorf(nova.NotFound, "Volume Type %s has no extra specs with key %s.", chi.URLParam(r, "type"), chi.URLParam(r, "key"))
}

// showSpec shows one extra spec. GET /types/{id}/extra_specs/{key} answers 200,
// and NotFound also for one that the caller may not know: there is no difference
// to see.
func (s *Service) showSpec(r *http.Request) (kit.Reply, error) {
	t, err := s.findType(r.Context(), chi.URLParam(r, "type"))
	if err != nil {
		return kit.Reply{}, err
	}
	key := chi.URLParam(r, "key")
	value, ok := specsFor(nova.CallerOf(r.Context()), t)[key]
	if !ok {
		return kit.Reply{}, noSpec(r)
	}
	return kit.Reply{Body: object{key: value}}, nil
}

// addSpecs adds to the extra specs. POST /types/{id}/extra_specs {"extra_specs":
// {…}} answers 200 with what was given; keys that were there get new values.
func (s *Service) addSpecs(r *http.Request) (kit.Reply, error) {
	values, err := s.body(r, schema{key: "extra_specs", open: latest + 1})
	if err != nil {
		return kit.Reply{}, err
	}
	return s.mergeSpecs(r, "volume_extension:types_extra_specs:create", values, object{"extra_specs": values})
}

// setSpec sets the extra spec that the path names. PUT
// /types/{id}/extra_specs/{key} {key: value} answers 200, and Invalid if the body
// has another key.
func (s *Service) setSpec(r *http.Request) (kit.Reply, error) {
	var values object
	if err := s.kit.Decode(r, &values); err != nil {
		return kit.Reply{}, err
	}
	if _, ok := values[chi.URLParam(r, "key")]; !ok || len(values) != 1 {
		return kit.Reply{}, nova.Errorf(nova.Invalid, "Request body and URI mismatch")
	}
	return s.mergeSpecs(r, "volume_extension:types_extra_specs:update", values, values)
}

// mergeSpecs adds extra specs to the type that the path names, and answers with what
// the caller says. Their number is bounded (see checkCount).
func (s *Service) mergeSpecs(r *http.Request, rule string, values, answer object) (kit.Reply, error) {
	if wrong := metadataValues(values); wrong != "" {
		return kit.Reply{}, badField("extra_specs", values, wrong)
	}
	_, err := s.changeType(r, rule, func(t *volumedb.Type) error {
		t.Specs = maps.Clone(t.Specs)
		maps.Copy(t.Specs, textsOf(values))
		return checkCount(t.Specs)
	})
	return kit.Reply{Body: answer}, err
}

// removeSpec removes an extra spec. DELETE /types/{id}/extra_specs/{key} answers
// 202, and NotFound for a key that isn't there.
func (s *Service) removeSpec(r *http.Request) (kit.Reply, error) {
	key := chi.URLParam(r, "key")
	_, err := s.changeType(r, "volume_extension:types_extra_specs:delete", func(t *volumedb.Type) error {
		if _, ok := t.Specs[key]; !ok {
			return noSpec(r)
		}
		t.Specs = maps.Clone(t.Specs)
		delete(t.Specs, key)
		return nil
	})
	return accepted(), err
}

// listAccess shows the projects that may use a type that isn't public.
func (s *Service) listAccess(r *http.Request) (kit.Reply, error) {
	if err := mayAdminister(nova.CallerOf(r.Context()), "volume_extension:volume_type_access:get_all_for_type"); err != nil {
		return kit.Reply{}, err
	}
	t, err := s.findType(r.Context(), chi.URLParam(r, "type"))
	if err != nil {
		return kit.Reply{}, err
	}
	if t.IsPublic {
		return kit.Reply{}, nova.Errorf(nova.NotFound, "Access list not available for public volume types.")
	}
	projects, err := s.Store.ProjectsOf(r.Context(), t.ID)
	views := make([]object, len(projects))
	for i, project := range projects {
		views[i] = object{"volume_type_id": t.ID, "project_id": project}
	}
	return kit.Reply{Body: object{"volume_type_access": views}}, err
}

// accessBody names a project.
var accessBody = schema{props: []prop{{name: "project", check: nonEmptyText, required: true}}}

// addAccess lets a project use a type, and removeAccess ends that.
func (s *Service) addAccess(r *http.Request, id string, body object) (kit.Reply, error) {
	return s.changeAccess(r, id, "volume_extension:volume_type_access:addProjectAccess", func(ctx context.Context, t volumedb.Type) error {
		added, err := s.Store.AddProject(ctx, t.ID, *textOf(body, "project"))
		if err == nil && !added {
			err = nova.Errorf(nova.Conflict, "Volume type access for %s / %s combination already exists.", t.ID, *textOf(body, "project"))
		}
		return err
	})
}

// removeAccess takes a type from a project. Volumes that it has keep the type.
func (s *Service) removeAccess(r *http.Request, id string, body object) (kit.Reply, error) {
	return s.changeAccess(r, id, "volume_extension:volume_type_access:removeProjectAccess", func(ctx context.Context, t volumedb.Type) error {
		removed, err := s.Store.RemoveProject(ctx, t.ID, *textOf(body, "project"))
		if err == nil && !removed {
			err = nova.Errorf(nova.NotFound, "Volume type access not found for %s / %s combination.", t.ID, *textOf(body, "project"))
		}
		return err
	})
}

// changeAccess changes who may use a type; of a public one that is
// Invalid: everybody may.
func (s *Service) changeAccess(r *http.Request, id, rule string, change func(ctx context.Context, t volumedb.Type) error) (kit.Reply, error) {
	if err := mayAdminister(nova.CallerOf(r.Context()), rule); err != nil {
		return kit.Reply{}, err
	}
	t, err := s.findType(r.Context(), id)
	if err != nil {
		return kit.Reply{}, err
	}
	if t.IsPublic {
		return kit.Reply{}, nova.Errorf(nova.Invalid, "Invalid volume type: Type access modification is not applicable to public volume type.")
	}
	return accepted(), change(r.Context(), t)
}
