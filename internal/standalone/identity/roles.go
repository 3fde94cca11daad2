package identity

import (
	"net/http"

	"github.com/nova-api/nova-api/db/identitydb"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/standalone/kit"
)

// roleShape is the shape of a role.
var roleShape = shape{types: "object", fields: []field{
	{name: "name", required: true, shape: aName},
	{name: "description", shape: aText},
	{name: "domain_id", shape: anIDOrNull},
	{name: "options", shape: immutability},
}}

// roles are the roles as a resource. Whoever holds a role that is changed or
// deleted has other tokens from then on, and that may be anybody.
func (s *Service) roles() resource[identitydb.Role] {
	return resource[identitydb.Role]{
		service: s, noun: "role", plural: "roles",
		table:   func(s *identitydb.Store) identitydb.Table[identitydb.Role] { return s.Roles },
		id:      func(v identitydb.Role) string { return v.ID },
		filters: map[string]string{"name": "name"},
		list:    canReadAll, show: canReadAll,
		shape:   roleShape,
		draft:   func(*request) identitydb.Role { return identitydb.Role{ID: newID()} },
		prepare: refuseDomainRole,
		read: func(f *form, v *identitydb.Role) {
			f.text("name", &v.Name)
			f.textOrNull("description", &v.Description)
			v.Values.V = f.options(v.Values.V)
		},
		extra: func(v *identitydb.Role) *map[string]any { return &v.Fields.V },
		view: func(r *request, v identitydb.Role) object {
			return object{
				"id": v.ID, "name": v.Name, "domain_id": nil, "description": v.Description,
				"options": orObject(v.Values.V), "links": r.link("roles", v.ID),
			}
		},
		narrow: func(r *request, found []identitydb.Condition) ([]identitydb.Condition, bool, error) {
			return found, r.URL.Query().Get("domain_id") == "", nil // no domain has roles of its own
		},
		immutable: func(v identitydb.Role) bool { return v.Immutable() },
		revokes:   tokensOfAll,
		conflictText: func(v identitydb.Role, _ bool) string {
			return "role - Duplicate entry found with name " + v.Name
		},
	}
}

// refuseDomainRole refuses a role that belongs to a domain.
func refuseDomainRole(r *request, f *form) error {
	switch {
	case f.fields["domain_id"] == nil:
		return nil
	case r.Method == http.MethodPatch:
		return nova.Errorf(nova.Invalid, "Update of `domain_id` is not allowed.")
	}
	return nova.Errorf(nova.Invalid, "Roles that belong to a domain are not supported: domain_id must be null.")
}

// implicationRoutes are the calls about roles that come with other roles.
func (s *Service) implicationRoutes() []route {
	const many, one = "/v3/roles/{role_id}/implies", "/v3/roles/{role_id}/implies/{implied_id}"
	return []route{
		{"GET", "/v3/role_inferences", "identity:list_role_inference_rules", canReadAll, s.roleInferences},
		{"GET", many, "identity:list_implied_roles", canReadAll, s.impliedRoles},
		{"GET", one, "identity:get_implied_role", canReadAll, s.impliedRole},
		{"PUT", one, "identity:create_implied_role", admin, s.imply},
		{"DELETE", one, "identity:delete_implied_role", admin, s.stopImplying},
	}
}

// roleRef shows a role in a few words.
func roleRef(r *request, id, name string) object {
	return object{"id": id, "name": name, "links": r.link("roles", id)}
}

// roleInferences lists all roles that come with others, by the role that they
// come with.
func (s *Service) roleInferences(r *request) (kit.Reply, error) {
	implications, err := s.store.Implications(r.Context(), "", maxList)
	if err != nil {
		return kit.Reply{}, err
	}
	inferences, last := []object{}, ""
	for _, i := range implications {
		if i.PriorID != last {
			inferences = append(inferences, object{"prior_role": roleRef(r, i.PriorID, i.PriorName), "implies": []object{}})
			last = i.PriorID
		}
		inference := inferences[len(inferences)-1]
		implies, _ := inference["implies"].([]object)
		inference["implies"] = append(implies, roleRef(r, i.ImpliedID, i.ImpliedName))
	}
	return kit.Reply{Body: object{"role_inferences": inferences, "links": object{"self": s.self(r.Request, "/v3/role_inferences")}}}, nil
}

// impliedRoles lists the roles that come with one role.
func (s *Service) impliedRoles(r *request) (kit.Reply, error) {
	prior, err := s.store.Roles.Get(r.Context(), r.param("role_id"))
	if err != nil {
		return kit.Reply{}, err
	}
	implications, err := s.store.Implications(r.Context(), prior.ID, maxList)
	implies := []object{}
	for _, i := range implications {
		implies = append(implies, roleRef(r, i.ImpliedID, i.ImpliedName))
	}
	return kit.Reply{Body: object{
		"role_inference": object{"prior_role": roleRef(r, prior.ID, prior.Name), "implies": implies},
		"links":          object{"self": s.self(r.Request, "/v3/roles/"+prior.ID+"/implies")},
	}}, err
}

// twoRoles reads the roles that a path names.
func (s *Service) twoRoles(r *request) (prior, implied identitydb.Role, err error) {
	if prior, err = s.store.Roles.Get(r.Context(), r.param("role_id")); err != nil {
		return prior, implied, err
	}
	implied, err = s.store.Roles.Get(r.Context(), r.param("implied_id"))
	return prior, implied, err
}

// implicationReply shows that one role comes with another.
func (s *Service) implicationReply(r *request, status int, prior, implied identitydb.Role) kit.Reply {
	return kit.Reply{Status: status, Body: object{
		"role_inference": object{"prior_role": roleRef(r, prior.ID, prior.Name), "implies": roleRef(r, implied.ID, implied.Name)},
		"links":          object{"self": s.self(r.Request, "/v3/roles/"+prior.ID+"/implies/"+implied.ID)},
	}}
}

// impliedRole shows whether one role comes with another: NotFound if not.
func (s *Service) impliedRole(r *request) (kit.Reply, error) {
	prior, implied, err := s.twoRoles(r)
	if err != nil {
		return kit.Reply{}, err
	}
	implications, err := s.store.Implications(r.Context(), prior.ID, maxList)
	if err != nil {
		return kit.Reply{}, err
	}
	for _, i := range implications {
		if i.ImpliedID == implied.ID {
			return s.implicationReply(r, http.StatusOK, prior, implied), nil
		}
	}
	return kit.Reply{}, nova.Errorf(nova.NotFound, "%s does not imply %s.", prior.ID, implied.ID)
}

// imply makes one role come with another. Whoever holds the one gets the other,
// so everybody's tokens say something else.
func (s *Service) imply(r *request) (kit.Reply, error) {
	prior, implied, err := s.twoRoles(r)
	if err != nil {
		return kit.Reply{}, err
	}
	// A role may come to imply itself, over other roles; queries follow each role
	// once.
	err = s.revoke(r.Context(), tokensOfAll(prior.ID), func(tx *identitydb.Store) error {
		return tx.Imply(r.Context(), prior.ID, implied.ID)
	})
	return s.implicationReply(r, http.StatusCreated, prior, implied), err
}

// stopImplying ends that one role comes with another.
func (s *Service) stopImplying(r *request) (kit.Reply, error) {
	prior, implied, err := s.twoRoles(r)
	if err != nil {
		return kit.Reply{}, err
	}
	return kit.Reply{}, s.revoke(r.Context(), tokensOfAll(prior.ID), func(tx *identitydb.Store) error {
		return tx.StopImplying(r.Context(), prior.ID, implied.ID)
	})
}
