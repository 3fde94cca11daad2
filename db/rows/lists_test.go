package rows_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/db/dbtest"
	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/internal/nova"
)

// slowQueries take longer than anybody waits.
var slowQueries = map[string]string{
	"postgres": "SELECT 1 FROM pg_sleep(3600)",
	"sqlite":   "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000000) SELECT COUNT(*) FROM n",
}

func TestLists_GiveUp(t *testing.T) {
	t.Parallel()
	dbtest.EachConnection(t, func(t *testing.T, connection string) {
		s := dbtest.Open(t, connection, func(o *rows.Options) { o.ListTimeout = 10 * time.Millisecond })
		if _, err := rows.All[int](t.Context(), s.Lists(), slowQueries[s.Dialect()]); !nova.Is(err, nova.Unavailable) {
			t.Errorf("a slow list: %v", err)
		}
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := rows.All[int](gone, s.Lists(), "SELECT 1"); err == nil || nova.Is(err, nova.Unavailable) {
			t.Errorf("a list that nobody waits for: %v", err)
		}
	})
}

// Whatever becomes of the process that asked, PostgreSQL gives up too.
func TestLists_GiveUpOnTheServer(t *testing.T) {
	t.Parallel()
	dbtest.EachConnection(t, func(t *testing.T, connection string) {
		s := dbtest.Open(t, connection, func(o *rows.Options) { o.ListTimeout = 7001 * time.Millisecond })
		if s.Dialect() != "postgres" {
			return
		}
		timeout, err := rows.Get[string](t.Context(), s.Lists(), "SHOW statement_timeout")
		if err != nil || timeout != "7001ms" {
			t.Errorf("statement_timeout is %s, %v", timeout, err)
		}
		if timeout, err = rows.Get[string](t.Context(), s.DB, "SHOW statement_timeout"); err != nil || timeout != "0" {
			t.Errorf("of what isn't a list: %s, %v", timeout, err)
		}
	})
}

func TestLists_LeaveOthersAlone(t *testing.T) {
	t.Parallel()
	dbtest.EachConnection(t, func(t *testing.T, connection string) {
		const lists = 4 // more than there are connections for
		begun := make(chan struct{}, 100)
		s := dbtest.Open(t, connection, func(o *rows.Options) {
			o.MaxConns, o.Observe = 2, func(string, []any) { begun <- struct{}{} }
			o.ListTimeout = 10 * time.Second // for a cancellation that comes before PostgreSQL has the statement
		})
		slow, cancel := context.WithCancel(t.Context())
		var group sync.WaitGroup
		for range lists {
			group.Go(func() { _, _ = rows.All[int](slow, s.Lists(), slowQueries[s.Dialect()]) })
		}
		for range lists {
			<-begun
		}
		if err := s.Ping(t.Context()); err != nil {
			t.Errorf("a probe: %v", err)
		}
		if _, err := s.Heartbeat(t.Context(), "this process", "host"); err != nil {
			t.Errorf("a heartbeat: %v", err)
		}
		if _, err := s.Services(t.Context(), db.ServiceFilter{}, time.Minute); err != nil {
			t.Errorf("a short read: %v", err)
		}
		cancel()
		group.Wait()
	})
}
