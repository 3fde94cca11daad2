package db

import (
	"context"
	"fmt"
	"time"

	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/internal/nova"
)

// Queues tells what waits in each queue that has anything, by name.
func (s *Store) Queues(ctx context.Context) ([]nova.Queue, error) {
	found, err := rows.All[struct {
		Name    string     `db:"queue"`
		Actions int        `db:"actions"`
		Waiting int        `db:"waiting"`
		Oldest  time.Time  `db:"oldest"`
		Ended   *time.Time `db:"ended"`
	}](ctx, s.DB, `
		SELECT queue, COUNT(*) AS actions, SUM(CASE WHEN owner = '' THEN 1 ELSE 0 END) AS waiting,
			MIN(start_time) AS oldest, MIN(CASE WHEN owner <> '' THEN lease_until END) AS ended
		FROM actions
		WHERE finish_time IS NULL
		GROUP BY queue
		ORDER BY queue`)
	if err != nil {
		return nil, fmt.Errorf("look at the queues: %w", err)
	}
	now, queues := s.Now(), make([]nova.Queue, len(found))
	for i, q := range found {
		queues[i] = nova.Queue{Name: q.Name, Actions: q.Actions, Waiting: q.Waiting, Oldest: now.Sub(q.Oldest)}
		if q.Ended != nil {
			queues[i].Overdue = max(0, now.Sub(*q.Ended))
		}
	}
	return queues, nil
}
