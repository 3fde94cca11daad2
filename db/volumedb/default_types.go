package volumedb

import (
	"context"

	"github.com/nova-api/nova-api/db/rows"
)

// A DefaultType is the type that the volumes of a project have if nobody says
// which.
type DefaultType struct {
	ProjectID string `db:"project_id"`
	TypeID    string `db:"type_id"`
}

// DefaultTypes lists the projects that have a default type of their own.
func (s *Store) DefaultTypes(ctx context.Context) ([]DefaultType, error) {
	return rows.All[DefaultType](ctx, s.DB, "SELECT project_id, type_id FROM volume_default_types ORDER BY project_id")
}

// DefaultTypeOf finds the ID of a project's default type. The error is NotFound if
// it has none of its own.
func (s *Store) DefaultTypeOf(ctx context.Context, project string) (string, error) {
	return rows.Get[string](ctx, s.DB, "SELECT type_id FROM volume_default_types WHERE project_id = ?", project)
}

// IsDefaultType reports whether any project has a type as its default.
func (s *Store) IsDefaultType(ctx context.Context, typeID string) (bool, error) {
	number, err := rows.Get[int64](ctx, s.DB, "SELECT COUNT(*) FROM volume_default_types WHERE type_id = ?", typeID)
	return number > 0, err
}

// SetDefaultType gives a project a default type. The error is Conflict if there is
// no such type.
func (s *Store) SetDefaultType(ctx context.Context, d DefaultType) error {
	_, err := rows.Exec(ctx, s.DB, `
		INSERT INTO volume_default_types (project_id, type_id) VALUES (?, ?)
		ON CONFLICT (project_id) DO UPDATE SET type_id = excluded.type_id`, d.ProjectID, d.TypeID)
	return err
}

// UnsetDefaultType takes it from a project, if it has one.
func (s *Store) UnsetDefaultType(ctx context.Context, project string) error {
	_, err := rows.Exec(ctx, s.DB, "DELETE FROM volume_default_types WHERE project_id = ?", project)
	return err
}
