package db_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/db/dbtest"
	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/internal/nova"
)

func TestIOOps(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *db.Store) {
		for _, is := range []struct {
			host string
			vm   nova.VMState
			task nova.TaskState
		}{
			{"a", nova.Building, nova.Spawning},
			{"a", nova.Active, nova.ImageSnapshot},
			{"a", nova.Active, nova.Idle},
			{"b", nova.Active, nova.Rebuilding},
			{"b", nova.Active, nova.PoweringOff},
			{"c", nova.Stopped, nova.PoweringOn},
			{"", nova.Building, nova.Scheduling},
		} {
			server := newServer()
			server.Host, server.VMState, server.TaskState = is.host, is.vm, is.task
			createServer(t, s, server)
		}
		got, err := s.IOOps(t.Context())
		if diff := cmp.Diff(map[string]int{"a": 2, "b": 1}, got); diff != "" || err != nil {
			t.Errorf("%v, servers that data is moved for (-want +got):\n%s", err, diff)
		}
	})
}

func TestQueues(t *testing.T) {
	t.Parallel()
	dbtest.EachConnection(t, func(t *testing.T, connection string) {
		now := time.Date(2026, 11, 26, 8, 0, 0, 0, time.UTC)
		s := dbtest.Open(t, connection, func(o *rows.Options) { o.Clock = func() time.Time { return now } })
		if queues, err := s.Queues(t.Context()); err != nil || len(queues) != 0 {
			t.Fatal(queues, err)
		}
		for _, queue := range []string{"q", "q", nova.QueueSchedule} {
			queued(t, s, func(a *nova.Action) { a.Queue = queue })
			now = now.Add(time.Minute)
		}
		c := db.Claim{Worker: "w", Queues: []string{"q"}, Verbs: []string{"create"}, Lease: lease, Limit: 1}
		if claimed, err := s.ClaimActions(t.Context(), c); err != nil || len(claimed) != 1 {
			t.Fatal(claimed, err)
		}
		now = now.Add(lease + time.Minute)
		queues, err := s.Queues(t.Context())
		want := []nova.Queue{
			{Name: "q", Actions: 2, Waiting: 1, Oldest: 5 * time.Minute, Overdue: time.Minute},
			{Name: nova.QueueSchedule, Actions: 1, Waiting: 1, Oldest: 3 * time.Minute},
		}
		if diff := cmp.Diff(want, queues); diff != "" || err != nil {
			t.Errorf("%v, queues (-want +got):\n%s", err, diff)
		}
	})
}
