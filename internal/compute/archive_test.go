package compute_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/compute"
	"github.com/nova-api/nova-api/internal/nova"
)

// TestArchive takes out what was deleted long ago, with all that there is about it, and
// nothing else; broken off in between, it goes on where it was.
func TestArchive(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		s.flavor(small)
		demo := s.as("demo")
		var deleted []string
		remove := func(server nova.Server) {
			s.must(s.api.Delete(demo, server))
			s.work()
			deleted = append(deleted, server.ID)
		}
		moved := s.boot(demo)
		s.must(s.api.Resize(demo, moved, compute.NewFlavor{ID: small.ID}))
		s.work()
		remove(s.server(moved.ID))
		for range 2 {
			remove(s.boot(demo))
		}
		stays, stranded := s.boot(demo), s.boot(demo)
		s.must(s.api.Delete(demo, stranded))
		s.work()
		s.must(s.store.LeaveOnHost(t.Context(), nova.Leftover{ServerID: stranded.ID, Host: "away"})) // which is yet to remove the server
		for range 3 {                                                                                // word of their ports is kept for a while
			s.clock.advance(time.Hour)
			s.sweepPorts()
		}
		before := s.store.Now()
		s.clock.advance(time.Hour)
		late := s.boot(demo)
		s.must(s.api.Delete(demo, late))
		s.work()

		var kept []db.ArchivedRow
		run := func(ctx context.Context, told func(int)) (int, error) {
			return compute.Archive{
				Store: s.store, Before: before, Batch: 1,
				Keep: func(rows []db.ArchivedRow) error { kept = append(kept, rows...); return nil },
				Told: func(servers int, _ time.Time) { told(servers) },
			}.Run(ctx)
		}
		full := errors.New("the disk is full")
		if number, err := (compute.Archive{Store: s.store, Before: before, Batch: 1, Keep: func([]db.ArchivedRow) error { return full }}).Run(t.Context()); number != 0 || !errors.Is(err, full) {
			t.Errorf("nothing can be kept: %d, %v", number, err)
		}
		ctx, interrupt := context.WithCancel(t.Context())
		if number, err := run(ctx, func(int) { interrupt() }); number != 1 || !errors.Is(err, context.Canceled) {
			t.Errorf("interrupted: %d, %v", number, err)
		}
		var told []int
		if number, err := run(t.Context(), func(servers int) { told = append(told, servers) }); number != 2 || err != nil {
			t.Errorf("the rest: %d, %v", number, err)
		}
		if diff := cmp.Diff([]int{1, 2}, told); diff != "" {
			t.Errorf("told (-want +got):\n%s", diff)
		}
		s.wantKept(kept, deleted)
		for _, id := range deleted {
			if _, err := s.store.AnyServer(t.Context(), id); !nova.Is(err, nova.NotFound) {
				t.Errorf("%s is still there: %v", id, err)
			}
			if actions := s.actions(id); len(actions) > 0 {
				t.Errorf("actions of %s are still there", id)
			}
			if migrations, err := s.store.MigrationsOf(t.Context(), id); err != nil || len(migrations) > 0 {
				t.Errorf("migrations of %s: %v, %v", id, migrations, err)
			}
		}
		for _, id := range []string{stays.ID, stranded.ID, late.ID} {
			if len(s.actions(id)) == 0 {
				t.Errorf("%s or what was done to it is gone", id)
			}
			s.server(id)
		}
	})
}

// wantKept checks that all rows of servers were kept, each once.
func (s *site) wantKept(kept []db.ArchivedRow, ids []string) {
	s.t.Helper()
	counts, servers := map[string]int{}, []string{}
	for _, row := range kept {
		counts[row.Table]++
		if row.Table == "servers" {
			servers = append(servers, row.Row["uuid"].(string))
		}
	}
	if diff := cmp.Diff(ids, servers); diff != "" {
		s.t.Errorf("servers kept (-want +got):\n%s", diff)
	}
	if counts["actions"] < 2*len(ids) || counts["action_events"] < counts["actions"] || counts["migrations"] != 1 {
		s.t.Errorf("kept: %v", counts)
	}
	actions := []string{}
	for _, row := range kept {
		if row.Table == "actions" && row.Row["server_uuid"] == ids[0] {
			actions = append(actions, row.Row["action"].(string))
		}
	}
	slices.Sort(actions)
	if diff := cmp.Diff([]string{"create", "delete", "resize"}, actions); diff != "" {
		s.t.Errorf("actions of the first (-want +got):\n%s", diff)
	}
}
