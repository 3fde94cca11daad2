package identity

import (
	"context"

	"github.com/nova-api/nova-api/db/identitydb"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/standalone/kit"
)

func (s *Service) roles() resource[identitydb.Role] {
	return resource[identitydb.Role]{
		service: s, noun: "role", plural: "roles",
		table:   func(i *identitydb.Store) identitydb.Table[identitydb.Role] { return i.Roles },
		id:      func(v identitydb.Role) string { return v.ID },
		filters: map[string]string{"name": "name"},
		list:    reads, show: reads,
		draft:    func(*request) identitydb.Role { return identitydb.Role{ID: newID()} },
		required: []string{"name"},
		read: func(f *form, v *identitydb.Role) {
			was := v.Immutable
			f.option("immutable", &v.Immutable)
			if was && v.Immutable {
				f.failWith(immutable("update", v.ID))
			}
			f.name("name", maxName, &v.Name)
			if f.has("description") {
				text := ""
				f.description(&text)
				v.Description = &text
			}
			if domain := ""; f.has("domain_id") && f.fields["domain_id"] != nil {
				f.text("domain_id", 1, maxName, &domain)
				f.fail("Roles that belong to a domain are not supported: domain_id must be null.")
			}
		},
		deleting: func(_ context.Context, _ *identitydb.Store, v identitydb.Role) error {
			if v.Immutable {
				return immutable("delete", v.ID)
			}
			return nil
		},
		revokes: everybodys,
		taken:   func(v identitydb.Role) string { return "Duplicate entry found with name " + v.Name },
		view:    roleView,
	}
}

func immutable(verb, id string) error {
	return nova.Errorf(nova.Forbidden, `Unable to %s immutable role resource: %s. Set resource option "immutable" to false first.`, verb, id)
}

func roleView(r *request, v identitydb.Role) object {
	options := object{}
	if v.Immutable {
		options["immutable"] = true
	}
	return object{
		"id": v.ID, "name": v.Name, "domain_id": nil, "description": v.Description, "options": options, "links": r.link("roles", v.ID),
	}
}

// roleInferences lists which roles come with which others.
func (s *Service) roleInferences(r *request) (kit.Reply, error) {
	implications, err := s.store.Implications(r.Context(), maxList)
	if err != nil {
		return kit.Reply{}, err
	}
	inferences, last := []object{}, ""
	for _, i := range implications {
		if i.PriorID != last {
			prior := object{"id": i.PriorID, "name": i.PriorName, "links": r.link("roles", i.PriorID)}
			inferences = append(inferences, object{"prior_role": prior, "implies": []object{}})
			last = i.PriorID
		}
		inference := inferences[len(inferences)-1]
		implies, _ := inference["implies"].([]object)
		inference["implies"] = append(implies, object{"id": i.ImpliedID, "name": i.ImpliedName, "links": r.link("roles", i.ImpliedID)})
	}
	return kit.Reply{Body: object{"role_inferences": inferences, "links": object{"self": s.self(r.Request, "/v3/role_inferences")}}}, nil
}
