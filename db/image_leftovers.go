package db

import (
	"context"
	"fmt"
	"time"

	"github.com/nova-api/nova-api/db/rows"
)

// A LeftImage is an image that is to be removed.
type LeftImage struct {
	ID       string `db:"image_id"`
	Finished bool   `db:"finished"` // even if it has data
}

// LeaveImages notes images that may never get their data, to be looked at when they
// are due. Finished ones are removed whatever data they have.
func (s *Store) LeaveImages(ctx context.Context, ids []string, due time.Time, finished bool) error {
	for _, id := range ids {
		if _, err := rows.Exec(ctx, s.DB, `
			INSERT INTO image_leftovers (image_id, due, finished) VALUES (?, ?, ?)
			ON CONFLICT (image_id) DO UPDATE SET due = excluded.due, finished = image_leftovers.finished OR excluded.finished`,
			id, due, finished); err != nil {
			return fmt.Errorf("note unfinished image: %w", err)
		}
	}
	return nil
}

// LeftImages lists images that were noted and are due.
func (s *Store) LeftImages(ctx context.Context) ([]LeftImage, error) {
	const most = 100
	return rows.All[LeftImage](ctx, s.DB, "SELECT image_id, finished FROM image_leftovers WHERE due <= ? ORDER BY due LIMIT ?", s.Now(), most)
}

// ForgetImage strikes a note out.
func (s *Store) ForgetImage(ctx context.Context, id string) error {
	_, err := rows.Exec(ctx, s.DB, "DELETE FROM image_leftovers WHERE image_id = ?", id)
	return err
}
