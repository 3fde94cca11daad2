package api

import (
	"context"

	"github.com/nova-api/nova-api/api/rest"
	"github.com/nova-api/nova-api/internal/nova"
)

// A project is the ID of a project that a request is about. Policy is asked
// about that project, and not about the caller's own.
type project string

// Owner is the project itself.
func (p project) Owner() (projectID, userID string) { return string(p), "" }

// projectInPath loads the project that the path names. Whether the identity
// service knows it is asked after policy, by checkProject.
func projectInPath(_ context.Context, r *rest.Request) (project, error) { return project(r.ID()), nil }

// checkProject refuses a project that the identity service does not know.
func (o Options) checkProject(ctx context.Context, p project) error {
	found, err := o.ProjectExists(ctx, string(p))
	if err == nil && !found {
		return nova.Errorf(nova.Invalid, "Project ID %s is not a valid project.", p)
	}
	return err
}
