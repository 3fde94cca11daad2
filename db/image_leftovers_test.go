package db_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/db/dbtest"
)

func TestImageLeftovers(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *db.Store) {
		now := s.Now()
		want := func(ids ...string) {
			t.Helper()
			left, err := s.LeftImages(t.Context())
			if diff := cmp.Diff(ids, left); diff != "" && len(ids)+len(left) > 0 || err != nil {
				t.Errorf("%v; left (-want +got):\n%s", err, diff)
			}
		}
		do := func(err error) {
			t.Helper()
			if err != nil {
				t.Error(err)
			}
		}
		do(s.LeaveImages(t.Context(), nil, now))
		want()
		do(s.LeaveImages(t.Context(), []string{"a", "b"}, now))
		do(s.LeaveImages(t.Context(), []string{"c"}, now.Add(-time.Second)))
		do(s.LeaveImages(t.Context(), []string{"d"}, now.Add(time.Hour)))
		do(s.LeaveImages(t.Context(), []string{"b"}, now.Add(time.Hour))) // again, and later
		want("c", "a")
		do(s.ForgetImage(t.Context(), "a"))
		do(s.ForgetImage(t.Context(), "never noted"))
		want("c")
	})
}
