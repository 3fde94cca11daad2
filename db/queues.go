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
		SELECT q.queue, q.actions, q.waiting, oldest.start_time AS oldest, overdue.lease_until AS ended
		FROM (
			SELECT queue, COUNT(*) AS actions, SUM(CASE WHEN owner = '' THEN 1 ELSE 0 END) AS waiting, MIN(id) AS first
			FROM actions
			WHERE finish_time IS NULL
			GROUP BY queue
		) AS q
		JOIN actions oldest ON oldest.id = q.first
		LEFT JOIN actions overdue ON overdue.id = (
			SELECT id FROM actions WHERE finish_time IS NULL AND queue = q.queue AND owner <> '' ORDER BY lease_until LIMIT 1
		)
		ORDER BY q.queue`)
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
