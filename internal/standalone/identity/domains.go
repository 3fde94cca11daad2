package identity

import (
	"context"

	"github.com/nova-api/nova-api/db/identitydb"
	"github.com/nova-api/nova-api/internal/nova"
)

// maxProjectName is how long the name of a project or domain may be, in
// characters.
const maxProjectName = 64

// domainFields are the fields that projects and domains have in common: for
// Keystone, a domain is a project.
var domainFields = []field{
	{name: "name", required: true, shape: shape{types: "string", min: 1, max: maxProjectName}.notBlank()},
	{name: "description", shape: aTextOrNull},
	{name: "enabled", shape: aBool},
	{name: "tags", shape: tagList},
	{name: "options", shape: immutability},
}

// domainID is for the next links of lists.
func domainID(v identitydb.Domain) string { return v.ID }

// domains are the domains as a resource. Disabling a domain revokes all tokens
// that have to do with it; it must be disabled before it can be deleted, with
// all users and projects in it.
func (s *Service) domains() resource[identitydb.Domain] {
	return resource[identitydb.Domain]{
		service: s, noun: "domain", plural: "domains",
		table:   func(s *identitydb.Store) identitydb.Table[identitydb.Domain] { return s.Domains },
		id:      domainID,
		filters: map[string]string{"name": "name", "enabled": "enabled"},
		list:    canReadAll, show: either(canReadAll, ownDomain),
		shape: shape{types: "object", fields: domainFields},
		draft: func(*request) identitydb.Domain {
			return identitydb.Domain{ID: newID(), Description: new(""), Enabled: true}
		},
		read: func(f *form, v *identitydb.Domain) {
			f.name("name", &v.Name)
			f.textOrNull("description", &v.Description)
			f.enabled(&v.Enabled)
			f.texts("tags", &v.Tags.V)
			v.Values.V = f.options(v.Values.V)
		},
		extra:     func(v *identitydb.Domain) *map[string]any { return &v.Fields.V },
		view:      domainView,
		immutable: func(v identitydb.Domain) bool { return v.Immutable() },
		afterChange: func(ctx context.Context, tx *identitydb.Store, before, after identitydb.Domain) error {
			if before.Enabled && !after.Enabled {
				return tx.DeleteTokensIn(ctx, after.ID)
			}
			return nil
		},
		beforeDelete: func(ctx context.Context, tx *identitydb.Store, v identitydb.Domain) error {
			if v.Enabled {
				return nova.Errorf(nova.Forbidden, "Cannot delete a domain that is enabled, please disable it first.")
			}
			// The projects go with the domain by themselves; what users hold on them is in
			// a table that knows no projects.
			if err := tx.ForgetProjects(ctx, v.ID); err != nil {
				return err
			}
			return tx.ForgetScope(ctx, identitydb.OnDomain(v.ID))
		},
		revokes: tokensOfAll,
		conflictText: func(v identitydb.Domain, _ bool) string {
			return "project - it is not permitted to have two projects acting as domains with the same name: " + v.Name
		},
	}
}

// domainView shows a domain.
func domainView(r *request, v identitydb.Domain) object {
	return object{
		"id": v.ID, "name": v.Name, "description": v.Description, "enabled": v.Enabled,
		"tags": orEmpty(v.Tags.V), "options": orObject(v.Values.V), "links": r.link("domains", v.ID),
	}
}

// findDomainOf reads the domain that a body names. The error is Invalid if there
// is none.
func findDomainOf(ctx context.Context, tx *identitydb.Store, id string) (identitydb.Domain, error) {
	domain, err := tx.Domains.Get(ctx, id)
	return domain, replaceNotFound(err, nova.Errorf(nova.Invalid, "Could not find domain: %s.", id))
}
