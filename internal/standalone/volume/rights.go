package volume

import (
	"context"

	"github.com/nova-api/nova-api/db/volumedb"
	"github.com/nova-api/nova-api/internal/nova"
)

// isAdmin reports whether the caller is an administrator of the service, by
// Cinder's own rule.
func isAdmin(c nova.Caller) bool { return c.HasRole("admin") }

// canRead reports whether the caller may see what belongs to a project.
func canRead(c nova.Caller, project string) bool {
	return isAdmin(c) || c.HasRole("reader") && c.ProjectID != "" && c.ProjectID == project
}

// canWrite reports whether the caller may make and change what belongs to a
// project.
func canWrite(c nova.Caller, project string) bool {
	return isAdmin(c) || c.HasRole("member") && c.ProjectID != "" && c.ProjectID == project
}

// mayRead asks whether a caller may see things of a project.
func mayRead(c nova.Caller, project, rule string) error { return allow(canRead(c, project), rule) }

// mayWrite asks whether a caller may change things of a project; the error is
// Forbidden, and names the rule.
func mayWrite(c nova.Caller, project, rule string) error { return allow(canWrite(c, project), rule) }

// mayAdminister asks whether a caller may do what only administrators do.
func mayAdminister(c nova.Caller, rule string) error { return allow(isAdmin(c), rule) }

// allow is nil or the error that names the rule.
func allow(allowed bool, rule string) error {
	if allowed {
		return nil
	}
	return nova.Errorf(nova.Forbidden, "Policy doesn't allow %s to be performed.", rule)
}

// findVolume finds a volume that the caller may see. One of another project is
// not found, so that nobody learns which IDs there are.
func (s *Service) findVolume(ctx context.Context, id string) (volumedb.Volume, error) {
	v, err := s.Store.Volumes.Get(ctx, id)
	if err == nil && !canRead(nova.CallerOf(ctx), v.ProjectID) || nova.Is(err, nova.NotFound) {
		return v, noVolume(id)
	}
	return v, err
}

// noVolume is the error for a volume that isn't there.
func noVolume(id string) error {
	return nova.Errorf(nova.NotFound, "Volume %s could not be found.", id)
}

// changeVolume finds a volume, asks a policy rule, and changes the volume while it
// is locked.
func (s *Service) changeVolume(ctx context.Context, id, rule string, change func(tx *volumedb.Store, v *volumedb.Volume) error) (volumedb.Volume, error) {
	v, err := s.findVolume(ctx, id)
	if err != nil {
		return v, err
	}
	if err := mayWrite(nova.CallerOf(ctx), v.ProjectID, rule); err != nil {
		return v, err
	}
	return s.alter(ctx, id, change)
}

// alter changes a volume while it is locked.
func (s *Service) alter(ctx context.Context, id string, change func(tx *volumedb.Store, v *volumedb.Volume) error) (volumedb.Volume, error) {
	v, err := s.Store.Volumes.Change(ctx, id, change)
	return v, missing(err, noVolume(id))
}
