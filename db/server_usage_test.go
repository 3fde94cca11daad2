package db_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/db/dbtest"
	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/internal/nova"
)

// TestUsedServers finds out which servers were there in a period, and walks
// them in pages of every size.
func TestUsedServers(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *db.Store) {
		start := time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)
		period := nova.Period{Start: start, Stop: start.Add(24 * time.Hour)}
		hour := func(hours int) *time.Time { return new(start.Add(time.Duration(hours) * time.Hour)) }
		for _, c := range []struct {
			id              string
			launched, ended *time.Time
		}{
			{"b-always", hour(-1), nil},
			{"a-ended-within", hour(-1), hour(1)},
			{"c-launched-within", hour(23), nil},
			{"d-ended-after", hour(-9), hour(30)},
			{"e-ended-before", hour(-9), hour(-1)},
			{"f-ended-at-the-start", hour(-9), hour(0)},
			{"g-launched-at-the-end", hour(24), nil},
			{"h-launched-after", hour(25), nil},
			{"i-never-launched", nil, nil},
			{"j-never-launched-and-ended", nil, hour(1)},
		} {
			for _, project := range []string{"q", "p"} {
				_, err := s.CreateServer(t.Context(), nova.Server{
					ID: c.id + "-" + project, ProjectID: project, Name: c.id, VMState: nova.Active, Flavor: nova.Flavor{Name: "m1.tiny", RAM: 512},
					CreatedAt: start, LaunchedAt: c.launched, TerminatedAt: c.ended, DeletedAt: c.ended,
				})
				must(t, err)
			}
		}
		ofP := []string{"a-ended-within-p", "b-always-p", "c-launched-within-p", "d-ended-after-p"}
		ofQ := []string{"a-ended-within-q", "b-always-q", "c-launched-within-q", "d-ended-after-q"}
		for project, want := range map[string][]string{"p": ofP, "q": ofQ, "": slices.Concat(ofP, ofQ), "r": {}} {
			for size := 1; size <= len(want)+1; size++ {
				if diff := cmp.Diff(want, usedPages(t, s, period, project, size)); diff != "" {
					t.Errorf("used by %q in pages of %d (-want +got):\n%s", project, size, diff)
				}
			}
		}
		found, err := s.UsedServers(t.Context(), period, "p", nova.Page{Limit: 1})
		must(t, err)
		want := nova.Server{
			ID: "a-ended-within-p", Name: "a-ended-within", ProjectID: "p", VMState: nova.Active, Flavor: nova.Flavor{Name: "m1.tiny", RAM: 512},
			LaunchedAt: hour(-1), TerminatedAt: hour(1),
		}
		if diff := cmp.Diff([]nova.Server{want}, found); diff != "" {
			t.Errorf("what usage is computed from (-want +got):\n%s", diff)
		}
		for _, limit := range []int{0, 1} {
			_, err = s.UsedServers(t.Context(), period, "", nova.Page{Limit: limit, Marker: "nobody"})
			if !nova.Is(err, nova.Invalid) || err.Error() != "Marker nobody could not be found." {
				t.Errorf("marker of no server: %v", err)
			}
		}
	})
}

// usedPages walks the used servers in pages, and returns their IDs.
func usedPages(t *testing.T, s *db.Store, period nova.Period, project string, size int) []string {
	t.Helper()
	ids := []string{}
	for marker := ""; ; marker = ids[len(ids)-1] {
		page, err := s.UsedServers(t.Context(), period, project, nova.Page{Limit: size, Marker: marker})
		must(t, err)
		for _, server := range page {
			ids = append(ids, server.ID)
		}
		if len(page) < size {
			return ids
		}
	}
}

// TestUsedServers_Indexes asks SQLite how it finds used servers: by the indexes
// that leave out what ended before the period.
func TestUsedServers_Indexes(t *testing.T) {
	t.Parallel()
	s := dbtest.Open(t, dbtest.SQLite(t))
	before := time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		condition string
		args      []any
		index     string
	}{
		{"terminated_at IS NULL", nil, "servers_in_use"},
		{"terminated_at > ?", []any{before.Add(-time.Hour)}, "servers_by_end"},
	} {
		for _, project := range []string{"", "p"} {
			query, args := db.UsedPart(c.condition, c.args, before, project, nil, 1000)
			plan, err := rows.All[struct {
				ID, Parent, NotUsed int
				Detail              string
			}](t.Context(), s.DB, "EXPLAIN QUERY PLAN "+query, args...)
			must(t, err)
			if text := fmt.Sprint(plan); !strings.Contains(text, c.index) {
				t.Errorf("%s: %s, want it by %s", query, text, c.index)
			}
		}
	}
}
