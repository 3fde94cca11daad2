package identity

import (
	"context"
	"slices"

	"github.com/nova-api/nova-api/db/identitydb"
	"github.com/nova-api/nova-api/internal/nova"
)

// maxDepth is how many levels of projects there may be below a domain.
const maxDepth = 5

// parentsOf lists the projects above a project, the nearest first. The error is
// NotFound if its parent doesn't exist.
func parentsOf(ctx context.Context, tx *identitydb.Store, v identitydb.Project) ([]identitydb.Project, error) {
	parents := []identitydb.Project{}
	// A parent is never changed, and exists before its children do. So this ends.
	for v.ParentID != nil {
		parent, err := tx.Projects.Get(ctx, *v.ParentID)
		if err != nil {
			return nil, err
		}
		parents, v = append(parents, parent), parent
	}
	return parents, nil
}

// subtreeOf lists the projects below a project, level by level.
func subtreeOf(ctx context.Context, tx *identitydb.Store, id string) ([]identitydb.Project, error) {
	below, level := []identitydb.Project{}, []any{id}
	for len(level) > 0 && len(below) < maxList {
		children, err := tx.Projects.List(ctx, []identitydb.Condition{{Column: "parent_id", Values: level}}, nova.Page{Limit: maxList})
		if err != nil {
			return nil, err
		}
		below, level = append(below, children...), nil
		for _, child := range children {
			level = append(level, child.ID)
		}
	}
	return below, nil
}

// relatives adds to the view of a project what its query asks for: the projects
// above or below it, as a list of those that the caller has a role on, or as a
// tree of IDs.
func (s *Service) relatives(r *request, v identitydb.Project, view object) error {
	for _, relation := range []string{"parents", "subtree"} {
		asList, asIDs := r.flagged(relation+"_as_list"), r.flagged(relation+"_as_ids")
		if asList && asIDs {
			return nova.Errorf(nova.Invalid, "Cannot use %s_as_list and %s_as_ids query params at the same time.", relation, relation)
		}
		if !asList && !asIDs {
			continue
		}
		related, err := parentsOf(r.Context(), s.store, v)
		if relation == "subtree" {
			related, err = subtreeOf(r.Context(), s.store, v.ID)
		}
		if err != nil {
			return err
		}
		switch {
		case asList:
			view[relation], err = s.ownOf(r, related)
		case relation == "parents":
			view[relation] = parentIDs(v, related)
		default:
			view[relation] = subtreeIDs(v.ID, related)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// ownOf shows those of some projects that the caller has a role on.
func (s *Service) ownOf(r *request, projects []identitydb.Project) ([]object, error) {
	own, err := s.store.ProjectsOf(r.Context(), r.caller.UserID, false, nova.Page{Limit: maxList})
	views := []object{}
	for _, project := range projects {
		if slices.ContainsFunc(own, func(o identitydb.Project) bool { return o.ID == project.ID }) {
			views = append(views, object{"project": s.projects().fullView(r, project)})
		}
	}
	return views, err
}

// parentIDs nests the IDs above a project in each other, up to its domain's.
func parentIDs(v identitydb.Project, parents []identitydb.Project) object {
	// From the top down: each level becomes the value of the one below it, and the
	// domain has nothing above it.
	var above any
	ids := []string{}
	for _, parent := range parents {
		ids = append(ids, parent.ID)
	}
	for _, id := range slices.Backward(append(ids, v.DomainID)) {
		above = object{id: above}
	}
	tree, _ := above.(object)
	return tree
}

// subtreeIDs nests the IDs below a project in each other: nil if there are none.
func subtreeIDs(id string, below []identitydb.Project) any {
	tree := object{}
	for _, project := range below {
		if parentOf(project) == id {
			tree[project.ID] = subtreeIDs(project.ID, below)
		}
	}
	if len(tree) == 0 {
		return nil
	}
	return tree
}
