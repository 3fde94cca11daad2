package db_test

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/db/dbtest"
	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/internal/nova"
)

// Servers come with their tags, sorted, in one statement.
func TestServers_OneStatement(t *testing.T) {
	t.Parallel()
	dbtest.EachConnection(t, func(t *testing.T, connection string) {
		var statements atomic.Int64
		s := dbtest.Open(t, connection, func(o *rows.Options) { o.Observe = func(string, []any) { statements.Add(1) } })
		for id, tags := range map[string][]string{"a": {"z", "b c", "y"}, "b": nil} {
			_, err := s.CreateServer(t.Context(), nova.Server{ID: id, Tags: tags})
			must(t, err)
		}
		statements.Store(0)
		one, err := s.Server(t.Context(), "a")
		must(t, err)
		if n := statements.Swap(0); n != 1 || !cmp.Equal(one.Tags, []string{"b c", "y", "z"}) {
			t.Errorf("tags %q after %d statements", one.Tags, n)
		}
		all, err := s.Servers(t.Context(), db.ServerFilter{}, nova.Page{Limit: 10})
		must(t, err)
		if n := statements.Load(); n != 1 || len(all) != 2 {
			t.Errorf("%d servers after %d statements", len(all), n)
		}
		for _, server := range all {
			if want := map[string][]string{"a": one.Tags}[server.ID]; !cmp.Equal(server.Tags, want) {
				t.Errorf("tags of %s in the list: %q", server.ID, server.Tags)
			}
		}
	})
}

// Those who wait for each other's lock see each other's tags.
func TestAddTag_Most(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *db.Store) {
		_, err := s.CreateServer(t.Context(), nova.Server{ID: "a"})
		must(t, err)
		const most = 5
		var all sync.WaitGroup
		var added atomic.Int64
		for _, tag := range []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"} {
			all.Go(func() {
				if ok, err := s.AddTag(t.Context(), "a", tag, most); ok {
					added.Add(1)
				} else if !nova.Is(err, nova.Invalid) {
					t.Errorf("add %s: %v", tag, err)
				}
			})
		}
		all.Wait()
		server, err := s.Server(t.Context(), "a")
		must(t, err)
		if added.Load() != most || len(server.Tags) != most || !slices.IsSorted(server.Tags) {
			t.Errorf("%d tags were added, these are there: %q", added.Load(), server.Tags)
		}
	})
}
