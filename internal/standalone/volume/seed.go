package volume

import (
	"context"

	"github.com/nova-api/nova-api/db/volumedb"
	"github.com/nova-api/nova-api/internal/nova"
)

// The type that a new cloud starts with, and that volumes have whose type nobody
// has said. Its ID is always the same, so that several processes that start at
// once agree on it.
const (
	defaultType   = "__DEFAULT__"
	defaultTypeID = "0e7a0003-0000-4000-8000-000000000001"
)

// Seed makes the default type, unless it is there. Call it at every start.
func (s *Service) Seed(ctx context.Context) error {
	_, err := s.Store.Types.Get(ctx, defaultTypeID)
	if !nova.Is(err, nova.NotFound) {
		return err
	}
	t := volumedb.Type{Name: defaultType, Description: new("Default Volume Type"), IsPublic: true}
	t.ID = defaultTypeID
	_, err = s.Store.Types.Create(ctx, t)
	if nova.Is(err, nova.Conflict) { // another process was faster
		return nil
	}
	return err
}
