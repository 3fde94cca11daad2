package db

import (
	"context"
	"fmt"

	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/internal/nova"
)

// The tags of nova.Notification name its columns.
var (
	notificationColumns = rows.List[nova.Notification]()
	insertNotification  = rows.Insert[nova.Notification]("notifications", "id")
)

// AddNotification writes a notification into the outbox, and wakes whoever sends
// them once that is committed. Call it in the transaction of what it tells of, after
// that is locked: so those about one thing are in the order in which it changed.
func (s *Store) AddNotification(ctx context.Context, n nova.Notification) error {
	q, args, err := rows.Named(insertNotification, n)
	if err != nil {
		return err
	}
	if _, err := rows.Exec(ctx, s.DB, q, args...); err != nil {
		return fmt.Errorf("write a notification: %w", err)
	}
	return s.Wake(ctx, nova.QueueNotifications)
}

// Notifications lists what is in the outbox, oldest first. What is about one thing is
// in order, whatever other transactions commit later: they have waited for one
// another.
func (s *Store) Notifications(ctx context.Context, limit int) ([]nova.Notification, error) {
	found, err := rows.All[nova.Notification](ctx, s.DB, "SELECT "+notificationColumns+" FROM notifications ORDER BY id LIMIT ?", limit)
	if err != nil {
		return nil, fmt.Errorf("list notifications: %w", err)
	}
	return found, nil
}
