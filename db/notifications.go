package db

import (
	"context"
	"fmt"
	"time"

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

// Outbox tells how many notifications wait, and for how long.
func (s *Store) Outbox(ctx context.Context) (nova.Outbox, error) {
	waiting, err := rows.Get[int](ctx, s.DB, "SELECT COUNT(*) FROM notifications")
	if err != nil || waiting == 0 {
		return nova.Outbox{}, err
	}
	first, err := s.Notifications(ctx, 1)
	if err != nil || len(first) == 0 { // it has just been sent
		return nova.Outbox{}, err
	}
	return nova.Outbox{Waiting: waiting, Oldest: max(0, s.Now().Sub(first[0].CreatedAt))}, nil
}

// DeleteNotifications removes notifications that have been sent from the outbox.
func (s *Store) DeleteNotifications(ctx context.Context, serials []int64) error {
	if len(serials) == 0 {
		return nil
	}
	_, err := rows.Exec(ctx, s.DB, "DELETE FROM notifications WHERE id IN ("+rows.Marks(len(serials))+")", rows.Anys(serials)...)
	return err
}

// LeaseOutbox makes a process the one that sends notifications, for as long as the
// lease, and reports whether it is: others are not, until the lease has ended.
func (s *Store) LeaseOutbox(ctx context.Context, owner string, lease time.Duration) (bool, error) {
	changed, err := rows.Exec(ctx, s.DB, `
		INSERT INTO notification_senders (id, owner, lease_until) VALUES (1, ?, `+s.Moment(lease)+`)
		ON CONFLICT (id) DO UPDATE SET owner = excluded.owner, lease_until = excluded.lease_until
		WHERE notification_senders.owner = excluded.owner OR notification_senders.lease_until < `+s.Moment(0), owner)
	return changed == 1, err
}

// ReleaseOutbox lets another process send at once.
func (s *Store) ReleaseOutbox(ctx context.Context, owner string) error {
	released, err := rows.Exec(ctx, s.DB, "DELETE FROM notification_senders WHERE owner = ?", owner)
	if err != nil || released == 0 {
		return err
	}
	return s.Wake(ctx, nova.QueueNotifications)
}
