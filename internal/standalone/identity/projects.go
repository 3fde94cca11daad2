package identity

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/nova-api/nova-api/db/identitydb"
	"github.com/nova-api/nova-api/internal/nova"
)

// projectShape is the shape of a project.
var projectShape = shape{types: "object", fields: slices.Concat(domainFields, []field{
	{name: "domain_id", shape: anIDOrNull},
	{name: "parent_id", shape: anIDOrNull},
	{name: "is_domain", shape: aBool},
})}

// projectID is for the next links of lists.
func projectID(v identitydb.Project) string { return v.ID }

// projects are the projects as a resource. The servers, images and networks of
// a deleted project stay: they are other services'.
func (s *Service) projects() resource[identitydb.Project] {
	return resource[identitydb.Project]{
		service: s, noun: "project", plural: "projects",
		table:   func(s *identitydb.Store) identitydb.Table[identitydb.Project] { return s.Projects },
		id:      projectID,
		filters: map[string]string{"name": "name", "domain_id": "domain_id", "enabled": "enabled"},
		list:    canReadAll, show: either(canReadAll, ownProject),
		shape: projectShape,
		draft: func(r *request) identitydb.Project {
			return identitydb.Project{ID: newID(), DomainID: domainOf(r.caller), Description: new(""), Enabled: true}
		},
		prepare:      refuseToActAsDomain,
		read:         readProject,
		extra:        func(v *identitydb.Project) *map[string]any { return &v.Fields.V },
		view:         projectView,
		repeatsExtra: true,
		narrow:       s.narrowProjects,
		details:      s.relatives,
		check:        checkProject,
		immutable:    func(v identitydb.Project) bool { return v.Immutable() },
		afterChange: func(ctx context.Context, tx *identitydb.Store, before, after identitydb.Project) error {
			if before.Enabled && !after.Enabled {
				return tx.DeleteTokensFor(ctx, identitydb.OnProject(after.ID))
			}
			return nil
		},
		beforeDelete: beforeProjectDelete,
		revokes:      tokensOfAll,
		conflictText: func(v identitydb.Project, _ bool) string {
			return "project - it is not permitted to have two projects with either the same name or same id in the same domain: name is " +
				v.Name + ", project id " + v.ID
		},
	}
}

// refuseToActAsDomain refuses a project that is a domain: this service keeps the
// two apart.
func refuseToActAsDomain(_ *request, f *form) error {
	if f.fields["is_domain"] == true {
		return nova.Errorf(nova.Invalid, "A project that acts as a domain is made with POST /v3/domains.")
	}
	return nil
}

// readProject reads the parent and the domain of a new project only: they can't
// be changed. What a change says of them is compared in checkProject.
func readProject(f *form, v *identitydb.Project) {
	f.name("name", &v.Name)
	f.textOrNull("description", &v.Description)
	f.enabled(&v.Enabled)
	f.texts("tags", &v.Tags.V)
	v.Values.V = f.options(v.Values.V)
	f.text("domain_id", &v.DomainID)
	f.textOrNull("parent_id", &v.ParentID)
	if _, sent := f.fields["domain_id"]; sent && f.fields["domain_id"] == nil && !f.creating {
		v.DomainID = ""
	}
	if v.ParentID != nil && *v.ParentID == v.DomainID {
		v.ParentID = nil
	}
}

// checkProject refuses a project in the wrong place: in a domain or below a
// parent that doesn't exist, too deep, below a disabled project, or elsewhere
// than before.
func checkProject(ctx context.Context, tx *identitydb.Store, before *identitydb.Project, v identitydb.Project) error {
	// What a project is called and described as needs no look at its neighbours, and
	// most changes are about that.
	if before != nil {
		switch {
		case before.DomainID != v.DomainID:
			return nova.Errorf(nova.Invalid, "Cannot change Domain ID")
		case parentOf(*before) != parentOf(v):
			return nova.Errorf(nova.Forbidden, "Update of `parent_id` is not allowed.")
		case before.Enabled == v.Enabled:
			return nil
		case !v.Enabled:
			return refuseEnabledBelow(ctx, tx, v.ID)
		}
	}
	domain, err := findDomainOf(ctx, tx, v.DomainID)
	if err != nil {
		return err
	}
	parents, err := parentsOf(ctx, tx, v)
	if err != nil {
		return badParent(ctx, tx, v, err)
	}
	if len(parents) > 0 && parents[0].DomainID != v.DomainID {
		return nova.Errorf(nova.Invalid, "Cannot create project, since it specifies its domain_id %s, but specifies a parent in a different domain (%s).", v.DomainID, parents[0].DomainID)
	}
	return refuseDisabledAbove(before, v, parents, domain)
}

// badParent says why the parent of a new project is none.
func badParent(ctx context.Context, tx *identitydb.Store, v identitydb.Project, err error) error {
	if _, noDomain := tx.Domains.Get(ctx, *v.ParentID); noDomain == nil {
		return nova.Errorf(nova.Invalid, "Cannot create project, the parent (%s) is acting as a domain, but this project's domain id (%s) does not match the parent's id.",
			*v.ParentID, v.DomainID)
	}
	return replaceNotFound(err, nova.Errorf(nova.Invalid, "Could not find project: %s.", *v.ParentID))
}

// refuseDisabledAbove refuses to create or enable a project below a disabled
// one, and to create one too deep.
func refuseDisabledAbove(before *identitydb.Project, v identitydb.Project, parents []identitydb.Project, domain identitydb.Domain) error {
	disabled := ""
	for _, parent := range parents {
		if !parent.Enabled {
			disabled = parent.ID
		}
	}
	if !domain.Enabled {
		disabled = domain.ID
	}
	switch {
	case before != nil && disabled != "":
		return nova.Errorf(nova.Forbidden, "Cannot enable project %s since it has disabled parents.", v.ID)
	case disabled != "":
		return nova.Errorf(nova.Invalid, "cannot create a project in a branch containing a disabled project: %s", disabled)
	case before == nil && len(parents) >= maxDepth:
		return nova.Errorf(nova.Forbidden, "Max hierarchy depth reached for %s branch.", *v.ParentID)
	}
	return nil
}

// refuseEnabledBelow refuses to disable a project above enabled ones.
func refuseEnabledBelow(ctx context.Context, tx *identitydb.Store, id string) error {
	below, err := subtreeOf(ctx, tx, id)
	if err == nil && slices.ContainsFunc(below, func(p identitydb.Project) bool { return p.Enabled }) {
		return nova.Errorf(nova.Forbidden, "Cannot disable project %s since its subtree contains enabled projects.", id)
	}
	return err
}

// beforeProjectDelete refuses to delete a project with projects below it, and
// deletes the assignments on it.
func beforeProjectDelete(ctx context.Context, tx *identitydb.Store, v identitydb.Project) error {
	children, err := tx.Projects.List(ctx, identitydb.Equal("parent_id", v.ID), nova.Page{Limit: 1})
	if err != nil {
		return err
	}
	if len(children) > 0 {
		return nova.Errorf(nova.Forbidden, "Cannot delete the project %s since it is not a leaf in the hierarchy. Use the cascade option if you want to delete a whole subtree.", v.ID)
	}
	return tx.ForgetScope(ctx, identitydb.OnProject(v.ID))
}

// parentOf is the project or domain that a project is in.
func parentOf(v identitydb.Project) string {
	if v.ParentID != nil {
		return *v.ParentID
	}
	return v.DomainID
}

// narrowProjects reads the filters that are not simply about a column.
func (s *Service) narrowProjects(r *request, found []identitydb.Condition) ([]identitydb.Condition, bool, error) {
	q := r.URL.Query()
	if q.Has("is_domain") && truth(q.Get("is_domain")) { // GET /v3/domains has them
		return nil, false, nil
	}
	for parameter, condition := range map[string]identitydb.Condition{
		"tags": {All: true}, "tags-any": {}, "not-tags": {All: true, Not: true}, "not-tags-any": {Not: true},
	} {
		if !q.Has(parameter) {
			continue
		}
		condition.Column, condition.Comparison = "tags", identitydb.Contains
		// Tags have no commas and no quotes that JSON wouldn't escape, so a tag is in the
		// column if it is there between quotes.
		for tag := range strings.SplitSeq(q.Get(parameter), ",") {
			quoted, err := json.Marshal(tag) // as it stands in the column
			if err != nil {
				return nil, false, err
			}
			condition.Values = append(condition.Values, string(quoted))
		}
		found = append(found, condition)
	}
	if !q.Has("parent_id") {
		return found, true, nil
	}
	parent := q.Get("parent_id")
	// A project directly below a domain has no parent in the database.
	switch _, err := s.store.Domains.Get(r.Context(), parent); {
	case err == nil:
		found = append(found, identitydb.Equal("domain_id", parent)...)
		return append(found, identitydb.Equal("parent_id", nil)...), true, nil
	case !nova.Is(err, nova.NotFound):
		return nil, false, err
	}
	return append(found, identitydb.Equal("parent_id", parent)...), true, nil
}

// projectView shows a project. Its parent is its domain if it has no other.
func projectView(r *request, v identitydb.Project) object {
	return object{
		"id": v.ID, "name": v.Name, "domain_id": v.DomainID, "parent_id": parentOf(v), "is_domain": false,
		"description": v.Description, "enabled": v.Enabled, "tags": orEmpty(v.Tags.V), "options": orObject(v.Values.V),
		"links": r.link("projects", v.ID),
	}
}
