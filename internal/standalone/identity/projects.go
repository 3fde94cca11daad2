package identity

import (
	"context"

	"github.com/nova-api/nova-api/db/identitydb"
	"github.com/nova-api/nova-api/internal/nova"
)

const (
	maxTags        = 80 // of a project
	maxProjectName = 64 // characters; the same for domains
)

func projectID(v identitydb.Project) string { return v.ID }
func domainID(v identitydb.Domain) string   { return v.ID }

func (s *Service) projects() resource[identitydb.Project] {
	return resource[identitydb.Project]{
		service: s, noun: "project", plural: "projects",
		table:   func(i *identitydb.Store) identitydb.Table[identitydb.Project] { return i.Projects },
		id:      projectID,
		filters: map[string]string{"name": "name", "domain_id": "domain_id", "enabled": "enabled", "parent_id": "parent_id"},
		list:    reads, show: either(reads, ownProject),
		draft: func(r *request) identitydb.Project {
			return identitydb.Project{ID: newID(), DomainID: domainOf(r.caller), Enabled: true}
		},
		required: []string{"name"},
		read:     readProject,
		check:    checkProject,
		changed: func(ctx context.Context, tx *identitydb.Store, before, after identitydb.Project) error {
			if before.Enabled && !after.Enabled {
				return tx.DeleteTokensFor(ctx, identitydb.OnProject(after.ID))
			}
			return nil
		},
		deleting: func(ctx context.Context, tx *identitydb.Store, v identitydb.Project) error {
			children, err := tx.Projects.List(ctx, map[string]any{"parent_id": v.ID}, nova.Page{Limit: 1})
			if err != nil {
				return err
			}
			if len(children) > 0 {
				return nova.Errorf(nova.Forbidden, "Cannot delete the project %s since it is not a leaf in the hierarchy.", v.ID)
			}
			return tx.ForgetScope(ctx, identitydb.OnProject(v.ID))
		},
		revokes: everybodys,
		taken: func(v identitydb.Project) string {
			return "it is not permitted to have two projects with either the same name or same id in the same domain: name is " + v.Name
		},
		view: projectView,
	}
}

func readProject(f *form, v *identitydb.Project) {
	if f.creating {
		f.name("domain_id", maxName, &v.DomainID)
		f.reference("parent_id", &v.ParentID)
		if v.ParentID != nil && *v.ParentID == v.DomainID {
			v.ParentID = nil
		}
	} else {
		f.fixed("domain_id", v.DomainID, "Cannot change Domain ID")
		f.fixed("parent_id", parentOf(*v), "Cannot change parent_id")
	}
	f.name("name", maxProjectName, &v.Name)
	f.description(&v.Description)
	f.flag("enabled", &v.Enabled)
	f.list("tags", maxTags, &v.Tags.V)
	isDomain := false
	f.flag("is_domain", &isDomain)
	if isDomain {
		f.fail("A project that acts as a domain is made with POST /v3/domains.")
	}
}

func checkProject(ctx context.Context, tx *identitydb.Store, v identitydb.Project) error {
	if err := checkDomain(ctx, tx, v.DomainID); err != nil {
		return err
	}
	if v.ParentID == nil {
		return nil
	}
	parent, err := tx.Projects.Get(ctx, *v.ParentID)
	if err == nil && parent.DomainID != v.DomainID {
		return nova.Errorf(nova.Invalid, "Cannot create project, since it specifies its domain_id %s, but specifies a parent in a different domain (%s).", v.DomainID, parent.DomainID)
	}
	return elsewhere(err, nova.Errorf(nova.Invalid, "Could not find project: %s.", *v.ParentID))
}

// parentOf is the project or domain that a project is in.
func parentOf(v identitydb.Project) string {
	if v.ParentID != nil {
		return *v.ParentID
	}
	return v.DomainID
}

func projectView(r *request, v identitydb.Project) object {
	return object{
		"id": v.ID, "name": v.Name, "domain_id": v.DomainID, "parent_id": parentOf(v), "is_domain": false,
		"description": v.Description, "enabled": v.Enabled, "tags": orEmpty(v.Tags.V), "options": object{}, "links": r.link("projects", v.ID),
	}
}

func orEmpty(l []string) []string {
	if l == nil {
		return []string{}
	}
	return l
}

func (s *Service) domains() resource[identitydb.Domain] {
	return resource[identitydb.Domain]{
		service: s, noun: "domain", plural: "domains",
		table:   func(i *identitydb.Store) identitydb.Table[identitydb.Domain] { return i.Domains },
		id:      domainID,
		filters: map[string]string{"name": "name", "enabled": "enabled"},
		list:    reads, show: either(reads, ownDomain),
		draft:    func(*request) identitydb.Domain { return identitydb.Domain{ID: newID(), Enabled: true} },
		required: []string{"name"},
		read: func(f *form, v *identitydb.Domain) {
			f.name("name", maxProjectName, &v.Name)
			f.description(&v.Description)
			f.flag("enabled", &v.Enabled)
		},
		changed: func(ctx context.Context, tx *identitydb.Store, before, after identitydb.Domain) error {
			if before.Enabled && !after.Enabled {
				return tx.DeleteTokensIn(ctx, after.ID)
			}
			return nil
		},
		deleting: func(ctx context.Context, tx *identitydb.Store, v identitydb.Domain) error {
			if v.Enabled {
				return nova.Errorf(nova.Forbidden, "Cannot delete a domain that is enabled, please disable it first.")
			}
			if err := tx.ForgetProjects(ctx, v.ID); err != nil {
				return err
			}
			return tx.ForgetScope(ctx, identitydb.OnDomain(v.ID))
		},
		revokes: everybodys,
		taken: func(v identitydb.Domain) string {
			return "it is not permitted to have two projects acting as domains with the same name: " + v.Name
		},
		view: domainView,
	}
}

func domainView(r *request, v identitydb.Domain) object {
	return object{
		"id": v.ID, "name": v.Name, "description": v.Description, "enabled": v.Enabled,
		"tags": []string{}, "options": object{}, "links": r.link("domains", v.ID),
	}
}
