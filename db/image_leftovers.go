package db

import (
	"context"
	"fmt"
	"time"

	"github.com/nova-api/nova-api/db/rows"
)

// LeaveImages notes images that may never get their data, to be looked at
// when they are due.
func (s *Store) LeaveImages(ctx context.Context, ids []string, due time.Time) error {
	for _, id := range ids {
		if _, err := rows.Exec(ctx, s.DB, `
			INSERT INTO image_leftovers (image_id, due) VALUES (?, ?)
			ON CONFLICT (image_id) DO UPDATE SET due = excluded.due`, id, due); err != nil {
			return fmt.Errorf("note unfinished image: %w", err)
		}
	}
	return nil
}

// LeftImages lists images that were noted and are due.
func (s *Store) LeftImages(ctx context.Context) ([]string, error) {
	const most = 100
	return rows.All[string](ctx, s.DB, "SELECT image_id FROM image_leftovers WHERE due <= ? ORDER BY due LIMIT ?", s.Now(), most)
}

// ForgetImage strikes a note out.
func (s *Store) ForgetImage(ctx context.Context, id string) error {
	_, err := rows.Exec(ctx, s.DB, "DELETE FROM image_leftovers WHERE image_id = ?", id)
	return err
}
