package api

import (
	"context"

	"github.com/nova-api/nova-api/internal/nova"
)

// projects asks the identity service whether there is a project.
type projects func(ctx context.Context, id string) (bool, error)

// known refuses a project that the identity service doesn't know.
func (exists projects) known(ctx context.Context, id string) error {
	found, err := exists(ctx, id)
	if err == nil && !found {
		return nova.Errorf(nova.Invalid, "Project ID %s is not a valid project.", id)
	}
	return err
}
