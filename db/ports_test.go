package db_test

import (
	"testing"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/db/dbtest"
	"github.com/nova-api/nova-api/db/rows"
)

// A hold keeps others away until it is dropped, or what had it is over.
func TestHoldPort(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *db.Store) {
		hold := func(server string, want bool) {
			t.Helper()
			got, err := s.HoldPort(t.Context(), "port", server)
			if err != nil || got != want {
				t.Errorf("hold by %s: %v, %v; want %v", server, got, err, want)
			}
		}
		action, other := queued(t, s), queued(t, s)
		first, second := action.ServerID, other.ServerID
		hold(first, true)
		hold(first, true)
		hold(second, false)
		if err := s.DropPortHold(t.Context(), "port", second); err != nil { // which it hasn't
			t.Fatal(err)
		}
		hold(second, false)
		if _, err := rows.Exec(t.Context(), s.DB, "UPDATE actions SET finish_time = ? WHERE id = ?", s.Now(), action.Serial); err != nil {
			t.Fatal(err)
		}
		hold(second, true)
		hold(first, false)
		if err := s.DropPortHold(t.Context(), "port", second); err != nil {
			t.Fatal(err)
		}
		hold(first, true)
	})
}
