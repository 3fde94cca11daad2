package db_test

import (
	"testing"
	"time"

	"github.com/nova-api/nova-api/db/dbtest"
	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/internal/nova"
)

func TestOutbox(t *testing.T) {
	t.Parallel()
	dbtest.EachConnection(t, func(t *testing.T, connection string) {
		now := time.Date(2026, 11, 26, 8, 0, 0, 0, time.UTC)
		s := dbtest.Open(t, connection, func(o *rows.Options) { o.Clock = func() time.Time { return now } })
		wants := func(want nova.Outbox) {
			t.Helper()
			if got, err := s.Outbox(t.Context()); got != want || err != nil {
				t.Errorf("%+v, %v, want %+v", got, err, want)
			}
		}
		wants(nova.Outbox{})
		for range 3 {
			if err := s.AddNotification(t.Context(), nova.Notification{Subject: "s", Priority: "INFO", EventType: "instance.update", CreatedAt: now}); err != nil {
				t.Fatal(err)
			}
			now = now.Add(time.Minute)
		}
		wants(nova.Outbox{Waiting: 3, Oldest: 3 * time.Minute})
		first, err := s.Notifications(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.DeleteNotifications(t.Context(), []int64{first[0].Serial}); err != nil {
			t.Fatal(err)
		}
		wants(nova.Outbox{Waiting: 2, Oldest: 2 * time.Minute})
	})
}
