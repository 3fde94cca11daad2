package db

import (
	"context"
	"fmt"

	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/internal/nova"
)

// Unfinished lists all actions that are not over, oldest first.
func (s *Store) Unfinished(ctx context.Context) ([]nova.Action, error) {
	found, err := rows.All[nova.Action](ctx, s.DB, "SELECT "+actionColumns+" FROM actions WHERE finish_time IS NULL ORDER BY id")
	if err != nil {
		return nil, fmt.Errorf("list what is under way: %w", err)
	}
	return found, nil
}

// A Counted is what is counted as used by a project, or by a user of it.
type Counted struct {
	ProjectID string `db:"project_id"`
	UserID    string `db:"user_id"` // empty for the project as a whole
	Instances int    `db:"instances"`
	Cores     int    `db:"cores"`
	RAM       int    `db:"ram"` // MB
}

// Usages lists what is counted of servers for all projects and users.
func (s *Store) Usages(ctx context.Context) ([]Counted, error) {
	found, err := rows.All[Counted](ctx, s.DB, "SELECT project_id, user_id, instances, cores, ram FROM quota_usages ORDER BY project_id, user_id")
	if err != nil {
		return nil, fmt.Errorf("list usages: %w", err)
	}
	return found, nil
}
